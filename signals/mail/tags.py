"""Tag lists as DKIM keys and DMARC records use them (RFC 6376 section 3.2, RFC 9989 section 4.7)."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType


@lru_cache(maxsize=4096)
def parse_tags(text: str) -> MappingProxyType[str, str]:
    """Tag names in lower case to values, blanks around both dropped; the first occurrence counts, and the order
    is that of the text. A part without "=" is left out."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return MappingProxyType(tags)
