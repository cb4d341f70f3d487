"""Sentences for what cannot be read or used, by the code that is stored and logged.

Placeholders are filled with `%` and the params that travel with the code.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

FILE_ERRORS = {
    "gone": _("The file is no longer there. Upload it again."),
    "empty": _("The file is empty. Check that you chose the right file."),
    "no_rows": _("No sheet of this file holds any text. Check that you chose the right file."),
    "no_such_sheet": _("There is no sheet named “%(sheet)s” in this file. Choose one of its sheets."),
    "too_large": _("The file has %(size_mb)d MB; the limit is %(limit_mb)d MB. Split the list into smaller files."),
    "too_many_rows": _("The file has more than %(limit)d rows. Split the list into smaller files."),
    "row_too_long": _(
        "Row %(row)d is longer than any company list needs. Check that the file is a table with one company per row."
    ),
    "unpacks_too_large": _(
        "Unpacked, this workbook would take %(size_mb)d MB. "
        "Copy the company columns into a new workbook and upload that."
    ),
    "unsafe_workbook": _(
        "This workbook holds parts that Excel does not write. Open it in Excel and save it again as XLSX."
    ),
    "damaged_workbook": _(
        "This workbook is damaged. Open it in Excel, let Excel repair it, and save it again as XLSX."
    ),
    "password_protected": _(
        "This workbook is protected with a password. Remove the password in Excel and upload it again."
    ),
    "old_excel": _("This is an old Excel file (XLS). Open it in Excel and save it as XLSX or CSV."),
    "binary_excel": _("This is a binary Excel file (XLSB). Open it in Excel and save it as XLSX or CSV."),
    "open_document": _("This is an OpenDocument file. Open it and save it as XLSX or CSV."),
    "word_document": _("This is a Word or PowerPoint file. Copy the table into Excel and save it as XLSX."),
    "pdf": _("This is a PDF file. Copy the table into Excel and save it as XLSX."),
    "archive": _("This is a packed archive. Unpack it and upload the list inside."),
    "image": _("This is a picture. Upload the list as XLSX or CSV."),
    "web_page": _(
        "This is a web page or XML file, whatever its name says. Open it in Excel and save it as XLSX or CSV."
    ),
    "not_a_table": _("This file is neither a spreadsheet nor text. Save the list as XLSX or CSV."),
}

REJECTIONS = {
    "empty_row": _("The row names no company and no domain."),
    "no_domain": _("The row has neither a web site nor a company e-mail. Add one of them."),
    "invalid_domain": _("This is not a valid domain name. Correct it and add it again."),
    "too_long": _("The name is longer than a domain name can be. Correct it and add it again."),
    "ip_address": _("This is an IP address. Give the domain name instead."),
    "public_suffix_only": _("This is an ending shared by many companies. Give the full name."),
    "consumer_email": _(
        "This mail service is open to everyone and is not the company's own. Add the company's domain."
    ),
    "several_domains": _("The text names more than one company domain. Give one."),
    "shared_platform": _("This is a page on a shared platform. Add the company's own web site or e-mail."),
}

FLAGS = {
    "mixed_dotless_i": _("The name mixes a capital I with Turkish letters; it was read as i, not ı. Check the domain."),
    "unknown_ending": _("The name has an ending that is not in use. Check the domain for a slip."),
}

ROLES = {
    "": _("Not used"),
    "company": _("Company name"),
    "website": _("Web site"),
    "email": _("E-mail"),
    "domain": _("Domain"),
    "mixed": _("Names and addresses"),
    "city": _("City"),
    "country": _("Country"),
    "phone": _("Phone (not used)"),
    "address": _("Address (not used)"),
    "tax": _("Tax number (not used)"),
}

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "cp1254": _("Windows-1254 (Turkish)"),
    "cp857": _("MS-DOS 857 (Turkish)"),
    "cp1252": _("Windows-1252 (Western European)"),
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}

DELIMITERS = {
    ";": _("Semicolon (;)"),
    ",": _("Comma (,)"),
    "tab": _("Tab"),
    "|": _("Vertical bar (|)"),
    "none": _("None: each line is one text"),
}

# How the meaning of a column was recognised.
RECOGNISED_BY = {
    "title": _("Recognised by its title."),
    "part_of_title": _("Recognised by a word of its title."),
    "unborne_title": _("The title says so, but hardly a cell looks like it."),
    "content": _("Recognised by its content: %(share)d of 100 cells."),
    "legal_forms": _("Recognised by its content: legal forms such as A.Ş. or Ltd. in %(share)d of 100 cells."),
    "guess": _("A guess: the first column with words and no title."),
    "only_column": _("A guess: it is the only column."),
    "free_text": _("Each line is read as text: addresses are found wherever they stand."),
    "person": _("Your choice."),
    "nothing": _("Nothing in the title or the cells tells what this is."),
}


def reason_text(code: str) -> str:
    """The sentence behind the code of a rejection or a flag; a code nobody knows any more stands for itself."""
    return str((REJECTIONS | FLAGS).get(code, code))


class UnreadableFile(Exception):
    """The file cannot be read as a company list. `code` is a key of FILE_ERRORS, `params` fill its sentence."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, str | int] = params

    def __str__(self) -> str:
        """The sentence in the language of the reader."""
        return str(FILE_ERRORS[self.code] % self.params)
