"""The names of tags that people give: how a line of them is read and written, and which new ones there may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from leads.folding import fold, turkish_sort_key
from leads.models import Tag

LENGTH: Final = 60  # characters of a name, as in the column
NEW_AT_ONCE: Final = 20

# One name of a line. Possessive, so that no line takes more time than its length.
_NAME = re.compile(r'\s*(?:"((?:[^"]|"")*+)"\s*|([^,]*))(?:,|$)')
# Control and format characters, blanks, and marks that need a letter to stand on.
_UNSEEN = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp", "Mn"))
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"


def names_in(line: str) -> list[str]:
    """The names of a line, each once. They are separated by commas; one that holds a comma is in quotation marks, with
    its own doubled."""
    read = (found[2] if found[1] is None else found[1].replace('""', '"') for found in _NAME.finditer(line))
    return list(dict.fromkeys(name for name in map(str.strip, read) if name))


def in_a_line(names: Iterable[str]) -> str:
    """What `names_in` reads, in Turkish order."""
    ordered = sorted(names, key=lambda name: (turkish_sort_key(name), name))
    return ", ".join(_quoted(name) if "," in name or name.startswith('"') else name for name in ordered)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def called(names: Iterable[str]) -> list[Tag]:
    """The tags of these names, each once. A name that differs from one there is in case or dots alone means that one,
    as in the search; a new one is made."""
    known = list(Tag.objects.filter(automatic=False).order_by("pk"))
    by_name, by_key = {tag.name: tag for tag in known}, {fold(tag.name): tag for tag in reversed(known)}
    found: dict[Tag, None] = {}
    for name in names:
        key = fold(name)
        tag = by_name.get(name) or (by_key.get(key) if key else None) or Tag.objects.get_or_create(name=name)[0]
        by_key.setdefault(key, tag)
        found[tag] = None
    return list(found)


def faults(names: Collection[str]) -> list[str]:
    """Why these names cannot be given to a lead, a sentence for each that cannot. A name that people gave to a tag
    before is good, whatever it is."""
    if len(names) > NEW_AT_ONCE:
        return [_("These are more than %(count)d new tags. Save some of them first.") % {"count": NEW_AT_ONCE}]
    is_automatic = dict(Tag.objects.filter(name__in=names).values_list("name", "automatic"))
    found = {name: _fault(name, is_automatic.get(name)) for name in sorted(names, key=turkish_sort_key)}
    return [said % {"tag": Truncator(name).chars(LENGTH)} for name, said in found.items() if said]


def _fault(name: str, is_automatic: bool | None) -> str:
    """`is_automatic`: None when there is no such tag yet."""
    if is_automatic is not None:
        return _("Hunter gives the tag “%(tag)s” by itself. Choose another name.") if is_automatic else ""
    if all(unicodedata.category(char) in _UNSEEN or char in _BLANK_LETTERS for char in name):
        return _("A tag needs letters or signs that can be seen.")
    if len(name) > LENGTH:
        return _("The tag “%(tag)s” is longer than 60 characters. Shorten it.")
    if "," in name:
        return _("The tag “%(tag)s” holds a comma, which separates tags. Choose a name without one.")
    return ""
