"""Sentences for what cannot be read or used: code to English text, a msgid of the translation catalogue.

Placeholders are filled with `%` and the params that travel with the code.
"""

from __future__ import annotations

from collections.abc import Mapping


def gettext_noop(text: str) -> str:
    """Mark a sentence for `makemessages` and return it as it is."""
    return text


FILE_ERRORS = {
    "empty": gettext_noop("The file is empty. Check that you chose the right file."),
    "no_rows": gettext_noop("No sheet of this file holds any text. Check that you chose the right file."),
    "no_such_sheet": gettext_noop("There is no sheet named “%(sheet)s” in this file. Choose one of its sheets."),
    "too_large": gettext_noop(
        "The file has %(size_mb)d MB; the limit is %(limit_mb)d MB. Split the list into smaller files."
    ),
    "too_many_rows": gettext_noop(
        "The file has more than %(limit)d rows. Split the list into smaller files."
    ),
    "row_too_long": gettext_noop(
        "Row %(row)d is longer than any company list needs. Check that the file is a table with one company per row."
    ),
    "unpacks_too_large": gettext_noop(
        "Unpacked, this workbook would take %(size_mb)d MB. "
        "Copy the company columns into a new workbook and upload that."
    ),
    "unsafe_workbook": gettext_noop(
        "This workbook holds parts that Excel does not write. Open it in Excel and save it again as XLSX."
    ),
    "damaged_workbook": gettext_noop(
        "This workbook is damaged. Open it in Excel, let Excel repair it, and save it again as XLSX."
    ),
    "password_protected": gettext_noop(
        "This workbook is protected with a password. Remove the password in Excel and upload it again."
    ),
    "old_excel": gettext_noop("This is an old Excel file (XLS). Open it in Excel and save it as XLSX or CSV."),
    "binary_excel": gettext_noop("This is a binary Excel file (XLSB). Open it in Excel and save it as XLSX or CSV."),
    "open_document": gettext_noop("This is an OpenDocument file. Open it and save it as XLSX or CSV."),
    "word_document": gettext_noop("This is a Word or PowerPoint file. Copy the table into Excel and save it as XLSX."),
    "pdf": gettext_noop("This is a PDF file. Copy the table into Excel and save it as XLSX."),
    "archive": gettext_noop("This is a packed archive. Unpack it and upload the list inside."),
    "image": gettext_noop("This is a picture. Upload the list as XLSX or CSV."),
    "web_page": gettext_noop(
        "This is a web page or XML file, whatever its name says. Open it in Excel and save it as XLSX or CSV."
    ),
    "not_a_table": gettext_noop("This file is neither a spreadsheet nor text. Save the list as XLSX or CSV."),
}

REJECTIONS = {
    "empty_row": gettext_noop("The row names no company and no domain."),
    "no_domain": gettext_noop("The row has neither a web site nor a company e-mail. Add one of them."),
    "invalid_domain": gettext_noop("“%(value)s” is not a valid domain name. Correct it and import again."),
    "ip_address": gettext_noop("“%(value)s” is an IP address. Give the domain name instead."),
    "public_suffix_only": gettext_noop("“%(value)s” is an ending shared by many companies. Give the full name."),
    "consumer_email": gettext_noop(
        "“%(value)s” belongs to a mail service for everyone, not to the company. Add the company's own domain."
    ),
    "social_profile": gettext_noop(
        "“%(value)s” is a page on a shared platform. Add the company's own web site or e-mail."
    ),
}

FLAGS = {
    "mixed_dotless_i": gettext_noop(
        "“%(value)s” mixes a capital I with Turkish letters; it was read as i, not ı. Check the domain."
    ),
    "unknown_ending": gettext_noop("“%(value)s” has an ending that is not in use. Check the domain for a slip."),
}

ROLES = {
    "company": gettext_noop("Company name"),
    "website": gettext_noop("Web site"),
    "email": gettext_noop("E-mail"),
    "contact": gettext_noop("Contact person"),
    "phone": gettext_noop("Phone"),
    "city": gettext_noop("City"),
    "country": gettext_noop("Country"),
    "sector": gettext_noop("Sector"),
    "note": gettext_noop("Note"),
    "": gettext_noop("Not used"),
}


class UnreadableFile(Exception):
    """The file cannot be read as a company list. `code` is a key of FILE_ERRORS, `params` fill its sentence."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params: Mapping[str, str | int] = params
        super().__init__(FILE_ERRORS[code] % params)
