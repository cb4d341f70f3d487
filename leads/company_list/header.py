"""What the columns of a company list mean: by the title above them, else by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from leads.company_list.messages import RECOGNISED_BY, ROLES
from leads.company_list.tables import MAX_COLUMNS, Row
from leads.folding import fold

HEADER_WITHIN = 30  # rows with text; titles and logos above a header are shorter than this
MAX_TITLE_CHARS = 60


class Role(StrEnum):
    """The meaning of a column. Phone, address and tax columns are known so that nothing is taken from them."""

    NONE = ""
    COMPANY = "company"
    WEBSITE = "website"
    EMAIL = "email"
    DOMAIN = "domain"
    MIXED = "mixed"
    CITY = "city"
    COUNTRY = "country"
    PHONE = "phone"
    ADDRESS = "address"
    TAX = "tax"

    @property
    def label(self) -> str:
        """The name of the role in the language of the reader."""
        return str(ROLES[self.value])


class Because(NamedTuple):
    """How the meaning of a column was recognised: a key of `messages.RECOGNISED_BY`, and the share of cells that speak
    for it (0 to 1) where content decides."""

    code: str
    share: float = 0.0

    def text(self) -> str:
        """The sentence in the language of the reader."""
        return str(RECOGNISED_BY[self.code] % {"share": round(self.share * 100)})


DOMAIN_ROLES = (Role.WEBSITE, Role.DOMAIN, Role.EMAIL)


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """`roles` and `confidence` (0 to 1) by column index; data starts below `header_row` (0 = there is no header)."""

    header_row: int
    roles: Mapping[int, Role]
    confidence: Mapping[int, float] = field(default_factory=dict)
    titles: Mapping[int, str] = field(default_factory=dict)
    because: Mapping[int, Because] = field(default_factory=dict)

    def columns(self, *roles: Role) -> list[int]:
        """The columns with one of these roles, the surest first."""
        found = [column for column, role in self.roles.items() if role in roles]
        return sorted(found, key=lambda column: (-self.confidence.get(column, 1.0), column))

    @property
    def score(self) -> float:
        """How well this looks like a company list: the best confidence of each useful role."""
        names = self._best(Role.COMPANY)
        domains = max(self._best(role) for role in DOMAIN_ROLES)
        places = self._best(Role.CITY) + self._best(Role.COUNTRY)
        return names + 2 * domains + places / 4

    def _best(self, role: Role) -> float:
        return max((self.confidence.get(column, 1.0) for column in self.columns(role)), default=0.0)


# Exact titles, folded and without punctuation.
_TITLES = {
    Role.COMPANY: (
        "firma unvani,firma adi,firma ismi,firma,firmalar,sirket adi,sirket unvani,sirket,sirket ismi,unvan,unvani,"
        "ticari unvan,ticari unvani,ticaret unvani,kurum,kurum adi,kurulus,kurulus adi,isletme,isletme adi,musteri,"
        "musteri adi,musteri unvani,mus adi,mus unvani,cari adi,cari hesap adi,cari unvan,cari unvani,hesap adi,"
        "company,company name,companyname,account,account name,organization,organisation,organization name,"
        "business name,customer,customer name"
    ),
    Role.WEBSITE: (
        "web sitesi,web site,website,web adresi,web sayfasi,internet sitesi,internet adresi,internet sayfasi,"
        "web,site,site adresi,url,www,web url,website url,company website,homepage,home page,web address,webpage"
    ),
    Role.EMAIL: (
        "e posta,eposta,e mail,email,mail,mail adresi,e posta adresi,eposta adresi,email adresi,e mail adresi,"
        "elektronik posta,email address,e mail address,mail address,kurumsal e posta,iletisim e posta"
    ),
    Role.DOMAIN: "domain,domain adi,alan adi,alan adlari,domain name,domains,email domain,mail domain,kok domain",
    Role.CITY: "sehir,il,ili,city,province,vilayet,bulundugu il,town,il ilce,sehir ilce",
    Role.COUNTRY: "ulke,ulkesi,country,country region",
    Role.PHONE: "telefon,tel,telefon no,tel no,gsm,cep,cep telefonu,faks,fax,phone,phone number,mobile",
    Role.ADDRESS: "adres,adresi,address,street,street address,acik adres,posta kodu,zip,postal code,ilce,ilcesi",
    Role.TAX: (
        "vergi no,vergi numarasi,vergi dairesi,v no,v d,vkn,tckn,mersis no,mersis,tax number,tax id,vat,vat number"
    ),
}
_ROLE_OF_TITLE = {title: role for role, titles in _TITLES.items() for title in titles.split(",")}
# `S.NO` and `Firma.Adı` look like domains, but every word of them is one that titles are made of.
_ABBREVIATED = "s,sn,sr,sira,no,nosu,nu,num,numara,numarasi,kod,kodu,uye,bayi,abone,sicil,hes,tic,kayit,belge,fatura"
_TITLE_WORDS = frozenset(",".join([*_ROLE_OF_TITLE, _ABBREVIATED]).replace(" ", ",").split(","))

# A word that decides when the whole title is unknown; the first line that matches wins.
_ROLE_OF_WORD = (
    (Role.TAX, re.compile(r"\b(vergi|vkn|tckn|mersis|tax|vat|sicil)\b")),
    (Role.DOMAIN, re.compile(r"\b(domain\w*|alan ad[il]\w*)\b")),
    (Role.EMAIL, re.compile(r"\b(e posta\w*|eposta\w*|e ?mail\w*|mail\w*)\b")),
    (Role.WEBSITE, re.compile(r"\b(web\w*|site|sitesi|url|internet|www|homepage)\b")),
    (Role.PHONE, re.compile(r"\b(telefon\w*|tel|gsm|cep|faks|fax|phone|mobile|santral)\b")),
    (Role.ADDRESS, re.compile(r"\b(adres\w*|address|street|cadde\w*|sokak\w*|mahalle\w*|postal?|zip|ilce\w*)\b")),
    (Role.CITY, re.compile(r"\b(sehir|sehri|il|ili|city|province)\b")),
    (Role.COUNTRY, re.compile(r"\b(ulke|ulkesi|country)\b")),
    (
        Role.COMPANY,
        re.compile(r"\b(firma\w*|sirket\w*|unvan\w*|kurum\w*|kurulus\w*|isletme\w*|company|organi[sz]ation)\b"),
    ),
)
# The column tells something about a company, its mail or its site, not what they are.
_ABOUT = re.compile(
    r"\b(kod\w*|code|id|tur|turu|tip|tipi|type|sayi\w*|count|adedi|sunucu\w*|server|saglayici\w*|provider|durum\w*"
    r"|status|tarih\w*|date|size|buyuklu\w*|sektor\w*|sector|industry|liste\w*|list|rapor\w*|not|notu|notlar\w*)\b"
)
_ABOUT_PEOPLE = re.compile(r"\b(no|yetkili\w*|ilgili|contact|person|kisi\w*|bilgi\w*)\b")
_NEVER_TAKEN = (Role.PHONE, Role.ADDRESS, Role.TAX)
_SURE, _LIKELY, _BY_CONTENT, _GUESSED = 1.0, 0.7, 0.6, 0.4
_BECAUSE_OF_TITLE = {_SURE: "title", _LIKELY: "part_of_title", 0.0: "nothing"}

_EMAIL_IN = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+\.[^\s@<>;,]{2,}")
_WEBSITE_CELL = re.compile(r"(?:https?://|www\.)[^\s@]+", re.IGNORECASE)
_DOMAIN_CELL = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}\.?(?:/\S*)?")
_LEGAL_FORM = re.compile(
    r"\b(a\.? ?s|ltd|limited|sti|san|tic|anonim|holding|kooperatifi?|inc|llc|gmbh|corp|b\.?v|s\.?a|s\.?r\.?l|plc)\b"
)
_HAS_LETTERS = re.compile(r"[^\W\d_]{2}")


def role_of_title(title: str) -> tuple[Role, float]:
    """The role a column title names, and how sure that is (0 to 1)."""
    if not title or len(title) > MAX_TITLE_CHARS:
        return Role.NONE, 0.0
    plain = " ".join(_words(title)).rstrip("0123456789 ")
    if plain in _ROLE_OF_TITLE:
        return _ROLE_OF_TITLE[plain], _SURE
    role = next((role for role, words in _ROLE_OF_WORD if words.search(plain)), Role.NONE)
    if role not in _NEVER_TAKEN and _ABOUT.search(plain):
        return Role.NONE, 0.0
    if role == Role.NONE or (role == Role.COMPANY and _ABOUT_PEOPLE.search(plain)):
        return Role.NONE, 0.0
    return role, _LIKELY


def _words(title: str) -> list[str]:
    return re.sub(r"[-_.@/]", " ", fold(title)).split()


def find_mapping(rows: Sequence[Row], header_row: int | None = None) -> ColumnMapping:
    """The meaning of the columns, judged by the first rows with text. `header_row`: a person's word on which row the
    header is (0 = none); None = look for it."""
    if header_row is None:
        header_row = _find_header(rows)
    header = next((row.cells for row in rows if row.number == header_row), [])
    data = [row.cells for row in rows if row.number > header_row]
    width = min(max((len(cells) for cells in [header, *data]), default=0), MAX_COLUMNS)
    titles = {column: header[column] if column < len(header) else "" for column in range(width)}
    roles: dict[int, Role] = {}
    confidence: dict[int, float] = {}
    because: dict[int, Because] = {}
    for column, title in titles.items():
        roles[column], confidence[column] = role_of_title(title)
        because[column] = Because(_BECAUSE_OF_TITLE[confidence[column]])
    _judge_by_content(roles, confidence, because, data)
    if width == 1 and not roles[0] and data:
        roles[0], confidence[0], because[0] = Role.MIXED, _GUESSED, Because("only_column")
    elif Role.COMPANY not in roles.values():
        _find_names(roles, confidence, because, data, has_titles=bool(header))
    return ColumnMapping(header_row, roles, confidence, titles, because)


def _find_header(rows: Sequence[Row]) -> int:
    """The number of the row whose cells name most roles; 0 = none does."""
    best, best_score = 0, 0.9  # one sure title, or two likely ones
    for row in rows[:HEADER_WITHIN]:
        score = _header_score(row.cells)
        if score > best_score:
            best, best_score = row.number, score
    return best


def _header_score(cells: Sequence[str]) -> float:
    """The sum of confidences of the roles the cells name; 0 for a row of data. An address as a sample among the titles
    does not make a row of data, as long as clear titles outnumber it."""
    titles = [cell for cell in cells if not kind_of_cell(cell)]
    found: dict[Role, float] = {}
    for title in titles:
        role, confidence = role_of_title(title)
        if role:
            found[role] = max(confidence, found.get(role, 0.0))
    samples = len(cells) - len(titles)
    if samples and sum(confidence == _SURE for confidence in found.values()) <= samples:
        return 0.0
    useful = any(role in (Role.COMPANY, *DOMAIN_ROLES) for role in found)
    return sum(found.values()) if useful else 0.0


def kind_of_cell(cell: str) -> Role:
    """EMAIL, WEBSITE or DOMAIN when the cell holds one, else NONE; a column title is none of them."""
    if "@" in cell and _EMAIL_IN.search(cell):
        return Role.EMAIL
    if "." not in cell or _TITLE_WORDS.issuperset(_words(cell)):
        return Role.NONE
    first = re.split(r"[\s,;]", cell, maxsplit=1)[0]
    if _WEBSITE_CELL.match(first):
        return Role.WEBSITE
    return Role.DOMAIN if _DOMAIN_CELL.fullmatch(first) and not _LEGAL_FORM.search(fold(cell)) else Role.NONE


def _judge_by_content(
    roles: dict[int, Role],
    confidence: dict[int, float],
    because: dict[int, Because],
    data: Sequence[list[str]],
) -> None:
    """Lower the confidence of titles that their column does not bear out, and find what no title names."""
    filled = {column: _filled(data, column) for column in roles}
    kinds = {column: _shares(cells) for column, cells in filled.items()}
    for column, role in roles.items():
        if role in DOMAIN_ROLES and filled[column] and not kinds[column]:
            confidence[column] /= 2
            because[column] = Because("unborne_title")
    sites_named = any(role in (Role.WEBSITE, Role.DOMAIN) for role in roles.values())
    for column, shares in kinds.items():
        if roles[column] or not shares:
            continue
        role = max(shares, key=lambda kind: shares[kind])
        if sum(shares.values()) >= 0.6 and not (sites_named and role in (Role.WEBSITE, Role.DOMAIN)):
            share = sum(shares.values())
            roles[column], confidence[column] = role, round(_BY_CONTENT * share, 2)
            because[column] = Because("content", share)


def _filled(data: Sequence[list[str]], column: int) -> list[str]:
    return [cells[column] for cells in data if column < len(cells) and cells[column]]


def _shares(cells: Sequence[str]) -> dict[Role, float]:
    """The share of cells with an e-mail, a web address or a domain."""
    kinds = [kind_of_cell(cell) for cell in cells]
    return {role: kinds.count(role) / len(cells) for role in DOMAIN_ROLES if role in kinds}


def _find_names(
    roles: dict[int, Role],
    confidence: dict[int, float],
    because: dict[int, Because],
    data: Sequence[list[str]],
    *,
    has_titles: bool,
) -> None:
    """The column with the most legal forms, such as A.Ş. and Ltd. Şti., holds the names; where no column has a title,
    the first column of words will do."""
    legal_share = {}
    for column, role in roles.items():
        cells = _filled(data, column)
        if not role and sum(bool(_HAS_LETTERS.search(cell)) for cell in cells) * 5 >= len(cells) * 4 > 0:
            legal_share[column] = sum(bool(_LEGAL_FORM.search(fold(cell))) for cell in cells) / len(cells)
    best = max(legal_share, key=lambda column: legal_share[column], default=None)
    if best is None:
        return
    if legal_share[best] >= 0.3:
        roles[best], confidence[best] = Role.COMPANY, _BY_CONTENT
        because[best] = Because("legal_forms", legal_share[best])
    elif not has_titles:
        first = min(legal_share)
        roles[first], confidence[first], because[first] = Role.COMPANY, _GUESSED, Because("guess")
