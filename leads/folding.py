"""Folded text for search and sort keys for Turkish order, the same on every database.

Folding: `IŞIK`, `Işık`, `ışık`, `ISIK` and `isik` all become `isik`.
"""

from __future__ import annotations

import re
import unicodedata

import idna

_TURKISH = str.maketrans("İIıŞşĞğÜüÖöÇç", "iiissgguuoocc")
_NOT_WORD = re.compile(r"[^\w.@-]+")

# Turkish alphabet; q, w and x stand where a Turkish reader looks for them.
_ORDER = {letter: chr(0x61 + index) for index, letter in enumerate("abcçdefgğhıijklmnoöpqrsştuüvwxyz")}
_LOWER = str.maketrans("İIŞĞÜÖÇ", "iışğüöç")


def fold(text: str) -> str:
    """Search text: Turkish letters and accents as ASCII, case and punctuation folded, blanks collapsed."""
    plain = unicodedata.normalize("NFKD", text.translate(_TURKISH)).casefold()
    if not plain.isascii():
        plain = "".join(char for char in plain if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", plain).strip()


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def address_key(email: str) -> str:
    """Equal for addresses that differ in the case of their letters A to Z only; no language has a say in it."""
    return email.translate(_ASCII_LOWER)


def unicode_name(domain: str) -> str:
    """A domain of A-labels as people write it; a label that does not decode stays as it is."""
    if "xn--" not in domain:
        return domain
    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


def unicode_address(email: str) -> str:
    """An e-mail address as people write it; the part before the @ is left alone."""
    local, at, host = email.rpartition("@")
    return local + at + unicode_name(host)


def turkish_sort_key(text: str) -> str:
    """A key whose byte order is the Turkish dictionary order; characters outside the alphabet sort after it."""
    lowered = unicodedata.normalize("NFC", text).translate(_LOWER).lower()
    return "".join(_ORDER.get(char, char if char < "a" else "~" + char) for char in lowered)[:120]
