"""Which registrable domains a text names: domains, e-mail and web addresses in any mixture, as people type them.

Names and IDN: a host belongs to the registrable domain under the ICANN section of the public suffix list; `İ` is `i`
before IDNA, and a capital `I` is read as DNS reads it, `i`, with a flag when Turkish letters stand next to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import idna
from publicsuffixlist import PublicSuffixList

import scoring
from leads.company_list.messages import reason_text
from leads.company_list.shared_domains import is_consumer_domain, is_platform_domain
from leads.folding import unicode_name

MAX_NAME_CHARS = 253  # RFC 1035, without the last dot
MAX_LABEL_CHARS = 63

_SUFFIXES = PublicSuffixList(only_icann=True)
_RESERVED_ENDINGS = frozenset({"example", "test", "invalid"})  # RFC 6761: for samples and tests

_ABBREVIATED_ENDINGS = frozenset({"no", "ltd", "as", "inc", "llc"})  # endings in use, and words in names
_PIECES = re.compile(r"[,;|•·\t]+")
_QUOTED = re.compile('["“„]([^"“”„]*)["“”]')
_PIECES_WITH_QUOTES = re.compile(r"(?:[\"“„][^\"“”„]*[\"“”]|[^,;|•·\t])+")
# An apostrophe parts a Turkish ending from a name (acme.com'un), but not an address (o'neil@acme.com).
_WORDS = re.compile(r"[\s<>()\[\]{}\"“”„«»]+|['’](?=\w{0,6}(?:\s|$))")
_JOINING_WORDS = frozenset({"ve", "veya", "ya", "da", "and", "or", "&", "/", "-", "–", "—"})
_EDGES = "@.,;:!?*=-–—/\\'‘’`"
_MAILTO = re.compile(r"^(?:mailto|e-?mail|e-?posta|mail)\s*:\s*(?=.*@)", re.IGNORECASE)
_LABEL_IN_FRONT = re.compile(r"^(?:web|site|www|url|internet)\s*:\s*(?!//)", re.IGNORECASE)
_SCHEME = re.compile(r"^https?\s*[:;.]?\s*[/\\]{1,3}", re.IGNORECASE)
_WWW = re.compile(r"www\.", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"^[a-z][a-z0-9+-]*://", re.IGNORECASE)
_END_OF_AUTHORITY = re.compile(r"[/\\?#]")
_COMMON_ENDING = re.compile(r"\.(?:com|net|org|info|biz|tr|eu|de)\.?$", re.IGNORECASE)
_FOUR_NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_BULLET = re.compile(r"^\s*(?:\d{1,6}[.)]|[-–—*•])\s+")
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_OTHER_LABEL = re.compile(
    r"(?:tel|telefon|phone|gsm|cep|faks|fax|adres|address|vergi|vkn|web|site|www|url|mail|e-?mail|e-?posta)\b.{0,20}(?::|$)"
    r"|(?:tel|gsm|cep|fax|faks)\b.*\d",
    re.IGNORECASE,
)
_TURKISH_LETTER = re.compile("[ıİşŞğĞüÜöÖçÇ]")


@dataclass(frozen=True, slots=True)
class Claim:
    """`raw`, as written, names `domain` (registrable, lower-case, A-labels). `via`: "website", "email" or "domain";
    `flag`: a key of `messages.FLAGS`, or ""; `email`: the address, if it is one."""

    domain: str
    via: str
    raw: str
    flag: str = ""
    email: str = ""

    @property
    def shown_domain(self) -> str:
        """As people write it: Turkish letters instead of A-labels."""
        return unicode_name(self.domain)


@dataclass(frozen=True, slots=True)
class Rejection:
    """`raw`, as written, names no company domain. `reason`: a key of `messages.REJECTIONS`."""

    raw: str
    reason: str
    email: str = ""

    def text(self) -> str:
        """The reason as a sentence in the language of the reader."""
        return reason_text(self.reason)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a text names, each thing once, in the order of the text."""

    claims: list[Claim] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


def claims_from_text(text: str) -> Claims:
    """The domains a text names. Plain words in a line that names a domain are names of companies and people and are
    passed over; a line that names nothing is rejected as a whole."""
    found: dict[Claim | Rejection, None] = {}
    for line in text.splitlines():
        outcomes = list(_outcomes(line))
        if line.strip() and not outcomes:
            outcomes = [Rejection(line.strip(), "invalid_domain")]
        found.update(dict.fromkeys(outcomes))
    return Claims(
        claims=[outcome for outcome in found if isinstance(outcome, Claim)],
        rejections=[outcome for outcome in found if isinstance(outcome, Rejection)],
    )


def name_in_line(line: str, domains: int) -> str:
    """The company that a line of free text names beside its addresses, which name so many domains; "" when it names
    none for certain.

    `Işık A.Ş.; isik.example`, `"Işık, Ay" isik.example` and `1. Işık A.Ş. – isik.example` name one. `Ayşe Kaya
    <ayse@isik.example>` is a person, `Işık isik.example, Ay ay.example` are two companies, and words behind an address
    make a sentence.
    """
    beside: list[str] = []
    apart: list[str] = []
    for piece in _pieces(line):
        words = piece.split()
        addressed = [any(_judge(part, alone=len(words) == 1) for part in _words(word)) for word in words]
        if not any(addressed):
            apart.append(_as_name(piece))
        elif "<" not in piece:
            first = addressed.index(True)
            beside.append(_as_name(" ".join(words[:first])) if all(addressed[first:]) else "")
    names = [name for name in apart if name] or (beside if len(beside) == 1 else [])
    return names[0] if names and (domains < 2 or len(names) == 1) else ""


def _as_name(text: str) -> str:
    """Without number, label and dashes; "" for what is no name, such as `Tel: 0212 555 44 33`."""
    text = _BULLET.sub("", " ".join(_QUOTED.sub(r"\1", text).split())).strip(" -–—:\"“”„«»'*•")
    return text if _TWO_LETTERS.search(text) and not _OTHER_LABEL.match(text) else ""


def judge_host(host: str) -> tuple[str, str]:
    """(reason, registrable domain) of a host as written: one of the two is ""."""
    if _FOUR_NUMBERS.fullmatch(host):
        return "ip_address", ""
    name = scoring.normalize_domain(host)
    if not name:
        labels = host.rstrip(".").split(".")
        too_long = len(host) > MAX_NAME_CHARS or any(len(label) > MAX_LABEL_CHARS for label in labels)
        return ("too_long" if too_long else "invalid_domain"), ""
    domain = _registrable(name)
    if not domain:
        return "public_suffix_only", ""
    if "xn--" in domain and not _is_international(domain):
        return "invalid_domain", ""
    return "", domain


def _outcomes(line: str) -> Iterator[Claim | Rejection]:
    for piece in _pieces(line):
        words = list(_words(piece))
        for word in words:
            if outcome := _judge(word, alone=len(words) == 1):
                yield outcome


def _pieces(line: str) -> list[str]:
    """What stands in quotes is one piece, `"Acme, Inc."`, unless addresses are listed there."""
    quoted = _QUOTED.findall(line)
    if not quoted or any("@" in text or _lists_domains(text) for text in quoted):
        return _PIECES.split(line)
    return _PIECES_WITH_QUOTES.findall(line)


def _lists_domains(text: str) -> bool:
    words = (word for piece in _PIECES.split(text) for word in _words(piece))
    return any(_judge(word, alone=False) for word in words)


def _words(piece: str) -> Iterator[str]:
    for word in _WORDS.split(piece):
        if word in _JOINING_WORDS:
            continue
        for part in _split_at_slashes(word):
            if stripped := part.strip(_EDGES):
                yield stripped


def _split_at_slashes(word: str) -> list[str]:
    """`acme.com/beta.com.tr` names two domains, `acme.com/products` and `instagram.com/acme.com` one."""
    if "/" not in word or _SCHEME.match(word):
        return [word]
    parts = [part for part in word.split("/") if part]
    several = all(part.find("@") > 0 or _COMMON_ENDING.search(part) for part in parts)
    if not parts or not several or is_platform_domain(judge_host(parts[0])[1]):
        return [word]
    return parts


def _judge(word: str, *, alone: bool) -> Claim | Rejection | None:
    """None: a plain word. `alone`: nothing stands next to the word, so that it was meant as a domain."""
    if "@" in word and "/" not in word.partition("@")[0]:
        return _judge_email(word)
    scheme = _SCHEME.match(word)
    rest = word[scheme.end() :] if scheme else _LABEL_IN_FRONT.sub("", word)
    host = _host(rest)
    if not scheme and (_OTHER_SCHEME.match(word) or "." not in host):
        return Rejection(word, "invalid_domain") if "://" in word else None
    reason, domain = judge_host(host)
    is_address = scheme or _WWW.match(host)
    if not (is_address or alone) and (reason == "invalid_domain" or _is_abbreviation(domain)):
        return None
    if not reason and is_consumer_domain(domain):
        reason = "consumer_email"
    if not reason and is_platform_domain(domain):
        reason = "shared_platform"
    if reason:
        return Rejection(word, reason)
    return Claim(domain, "website" if is_address or host != rest else "domain", word, _flag(host, domain))


def _judge_email(word: str) -> Claim | Rejection | None:
    local, _at, rest = _MAILTO.sub("", word).partition("?")[0].rpartition("@")
    host = _host(rest)
    if "." not in host:
        return Rejection(word, "invalid_domain")
    reason, domain = judge_host(host)
    email = "" if reason else f"{local}@{scoring.normalize_domain(host)}"
    if not reason and is_consumer_domain(domain):
        reason = "consumer_email"
    if reason:
        return Rejection(word, reason, email)
    return Claim(domain, "email", word, _flag(host, domain), email)


def _is_abbreviation(domain: str) -> bool:
    """Whether a bare word among others is `San.Tic.`, `Tic.Ltd.` or `Tel.No` rather than a domain."""
    ending = domain.rpartition(".")[2]
    return ending in _ABBREVIATED_ENDINGS or bool(domain and not _is_known(ending))


def _host(text: str) -> str:
    """Without path, query, user and port."""
    authority = _END_OF_AUTHORITY.split(text, maxsplit=1)[0].rpartition("@")[2]
    return authority.partition(":")[0].strip(".")


def _registrable(name: str) -> str:
    """The registrable domain of a normalised name; "" for a public suffix."""
    return _SUFFIXES.privatesuffix(name) or ""


def _is_international(domain: str) -> bool:
    """Whether the A-labels decode and the ending exists; `Ltd.Şti` has the form of a name, too."""
    try:
        idna.decode(domain)
    except UnicodeError:
        return False
    return not domain.rpartition(".")[2].startswith("xn--") or _ending_is_known(domain)


def _ending_is_known(domain: str) -> bool:
    return _is_known(domain.rpartition(".")[2])


@lru_cache(maxsize=4096)
def _is_known(ending: str) -> bool:
    return ending in _RESERVED_ENDINGS or _SUFFIXES.publicsuffix(f"a.{ending}", accept_unknown=False) is not None


def _flag(host: str, domain: str) -> str:
    if not host.isascii() and any("I" in label and _TURKISH_LETTER.search(label) for label in host.split(".")):
        return "mixed_dotless_i"
    return "" if _ending_is_known(domain) else "unknown_ending"
