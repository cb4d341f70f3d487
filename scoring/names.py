"""Domain names: normal form, validity, and the root of an MX host (scoring-v1 sections 2 and 3)."""

from __future__ import annotations

import re
import unicodedata

import idna

from scoring.rules import TWO_PART_SUFFIXES

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST_LABEL = r"(?![0-9]+\Z)[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
_is_shaped_like_a_domain = re.compile(rf"(?:{_LABEL}\.)+{_LAST_LABEL}").fullmatch
_MAX_LENGTH = 253
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PATH = re.compile(r"[/?#]")
_IPV4 = re.compile(r"\[?[0-9]{1,3}(?:\.[0-9]{1,3}){3}\]?")
_WWW = "www."


def is_valid_domain(value: str | None) -> bool:
    """Whether the text, but for outer white space, is a host name of two or more labels in ASCII."""
    # The placeholders of the rule (nan, n/a, none, website ...) have one label, so the shape refuses them.
    if not value:
        return False
    name = value.strip()
    return len(name) <= _MAX_LENGTH and _is_shaped_like_a_domain(name) is not None


def normalize_domain(value: str | None) -> str:
    """The A-label form of a domain or http(s) URL, without leading `www.`; "" = invalid. Idempotent."""
    name = (value or "").strip()
    if "://" in name:
        name = _host(_authority(name))
    # NFC before the replacement, or a decomposed capital dotted I would keep its dot.
    name = unicodedata.normalize("NFC", name.rstrip(".")).replace("\u0130", "i").lower().strip()
    name = _to_ascii(_without_www(name))
    return name if is_valid_domain(name) else ""


def extract_domain_from_email(value: str | None) -> str:
    """The normalised domain of an address; "" = none."""
    _, at, domain = (value or "").strip().rpartition("@")
    return normalize_domain(domain) if at else ""


def extract_domain_from_website(value: str | None) -> str:
    """The normalised domain of a web address with or without a scheme; "" = none, an e-mail or another scheme."""
    text = (value or "").strip()
    authority = _authority(text)
    if "@" in authority and not _SCHEME.match(text):
        return ""
    return normalize_domain(_host(authority))


def extract_mx_root(host: str | None) -> str | None:
    """The registered part of an MX host by the two-part suffixes of the rules; None = no name."""
    name = host_name(host)
    if not name or ":" in name or _IPV4.fullmatch(name):
        return None
    labels = name.split(".")
    return ".".join(labels[-3:] if ".".join(labels[-2:]) in TWO_PART_SUFFIXES else labels[-2:])


def host_name(value: str | None) -> str:
    """The host as a resolver gave it, in lower case without outer blanks and trailing dots; "" = none."""
    return (value or "").strip().rstrip(".").strip().lower()


def _authority(text: str) -> str:
    """What stands between an http(s) scheme, or the start, and the path; "" for another scheme."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _PATH.split(text, 1)[0]
    return _PATH.split(text[scheme.end() :], 1)[0] if scheme[1].lower() in ("http", "https") else ""


def _host(authority: str) -> str:
    # What is left of an address in brackets is "[", which no valid domain contains.
    return authority.rpartition("@")[2].partition(":")[0].strip()


def _without_www(name: str) -> str:
    while name.startswith(_WWW):
        rest = name.removeprefix(_WWW).strip()
        if rest in TWO_PART_SUFFIXES:
            break
        name = rest
    return name


def _to_ascii(name: str) -> str:
    """IDNA 2008 without mapping; "" = not encodable. ASCII labels, A-labels among them, are left as they are."""
    if len(name) > _MAX_LENGTH:  # encoded it would be longer still, and encoding takes quadratic time
        return ""
    try:
        return ".".join(label if label.isascii() else idna.alabel(label).decode() for label in name.split("."))
    except idna.IDNAError:
        return ""
