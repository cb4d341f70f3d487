"""Rows of companies: from a table and the meaning of its columns to names, addresses and domain claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from leads.company_list.claims import Claim, Rejection, claims_from_text, judge_host, name_in_line
from leads.company_list.header import DOMAIN_ROLES, Because, ColumnMapping, Role
from leads.company_list.reading import Table, head, open_table
from leads.company_list.shared_domains import is_consumer_domain
from leads.company_list.tables import Row
from leads.folding import fold, unicode_address

MAX_NAME_CHARS = 4000
SAMPLES = 5
FIRST_ROWS = 15  # of the file as it is, to find the row of the titles by eye

# What people write into a cell that has to be filled; folded.
_NOTHING = frozenset({
    "", "-", "--", "---", ".", "0", "x", "xx", "xxx", "n a", "na", "nan", "none", "null", "unknown", "no",
    "yok", "yoktur", "bilinmiyor", "belirtilmemis", "bos", "mevcut degil", "web sitesi yok", "sitesi yok", "mail yok",
    "e-posta yok",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """One row of a company list; `number` is the one a spreadsheet shows. Without claims there is at least one
    rejection, the most telling first. `emails`: all addresses it names, private ones, too; `contacts`: those among them
    that are for the lead of each claimed domain. `is_text`: the row is free text, and each of its rejections is told
    beside its claims."""

    number: int
    company_name: str
    emails: list[str]
    contacts: dict[str, list[str]]
    claims: list[Claim]
    rejections: list[Rejection]
    city: str
    country: str
    is_text: bool = False

    @property
    def shown_contacts(self) -> list[str]:
        """The addresses that the leads of this row get, as people write them."""
        kept = {email for emails in self.contacts.values() for email in emails}
        return [unicode_address(email) for email in self.emails if email in kept]

    @property
    def shown_others(self) -> list[str]:
        """The addresses that none of the leads of this row gets, as people write them."""
        kept = {email for emails in self.contacts.values() for email in emails}
        return [unicode_address(email) for email in self.emails if self.claims and email not in kept]


@dataclass(frozen=True, slots=True)
class Column:
    """One column as understood: `confidence` from 0 to 1 and what it rests on, `samples` the first texts in it."""

    index: int
    title: str
    role: Role
    confidence: float
    because: Because
    samples: list[str]

    @property
    def sureness(self) -> str:
        """ "chosen", "sure", "likely", "unsure" or, for a column of no known meaning, ""."""
        if self.because.code == "person":
            return "chosen"
        if not self.role:
            return ""
        if self.because.code == "unborne_title" or self.confidence < 0.5:
            return "unsure"
        return "sure" if self.confidence >= 0.8 else "likely"


@dataclass(frozen=True, slots=True)
class Preview:
    """A company list as understood, for a person to check. `header_row` 0 = there is none; `row_count` is an upper
    bound; `rows` are the first companies, `first_rows` the first rows of the file as it is."""

    columns: list[Column]
    header_row: int
    kind: str
    encoding: str
    delimiter: str
    sheet: str
    sheets: tuple[str, ...]
    row_count: int
    rows: list[CompanyRow]
    first_rows: list[Row]

    @property
    def unsure(self) -> list[Column]:
        """The columns a person should look at."""
        return [column for column in self.columns if column.sureness == "unsure"]

    @property
    def names_no_domain(self) -> bool:
        """Whether no column can name a domain, so that every row would be rejected."""
        return not any(column.role in (Role.MIXED, *DOMAIN_ROLES) for column in self.columns)


def preview(
    path: Path | str,
    filename: str = "",
    *,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str = "",
    delimiter: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Preview:
    """What the file says. `header_row`: 0 = there is none, None = look for it; `columns`: what a person said they mean,
    index to a value of Role. Raises UnreadableFile."""
    table = open_table(path, filename, sheet, encoding=encoding, delimiter=delimiter)
    mapping = _with_choices(table.mapping_at(header_row), columns or {})
    data = [row for row in head(table.source, mapping.header_row) if row.number > mapping.header_row]
    found = [
        Column(
            column,
            title,
            mapping.roles[column],
            mapping.confidence[column],
            mapping.because[column],
            _samples(data, column),
        )
        for column, title in mapping.titles.items()
    ]
    source = table.source
    first = [
        row
        for row in head(table.source)
        if row.number <= (mapping.header_row + 5 if mapping.header_row else FIRST_ROWS)
    ]
    return Preview(
        columns=found,
        header_row=mapping.header_row,
        kind=source.kind,
        encoding=source.encoding,
        delimiter=source.delimiter,
        sheet=source.sheet,
        sheets=source.sheets,
        row_count=source.row_count,
        rows=[_company_row(row, mapping) for row in data[:SAMPLES]],
        first_rows=first,
    )


def _with_choices(mapping: ColumnMapping, columns: Mapping[str, str]) -> ColumnMapping:
    """The mapping with what a person decided otherwise."""
    chosen = {int(column): Role(role) for column, role in columns.items()}
    changed = {column: role for column, role in chosen.items() if mapping.roles.get(column, role) != role}
    # One column of text in which everything may stand is a way of reading, not a guess about a column.
    because = Because("free_text" if chosen == {0: Role.MIXED} else "person")
    return replace(
        mapping,
        roles={**mapping.roles, **changed},
        confidence={**mapping.confidence, **dict.fromkeys(changed, 1.0)},
        because={**mapping.because, **dict.fromkeys(changed, because)},
    )


def iter_rows(table: Table, mapping: ColumnMapping, start_row: int = 0) -> Iterator[CompanyRow]:
    """The companies below the header, from row `start_row` on; blank rows are skipped. Raises UnreadableFile when the
    file turns out to be broken."""
    first = max(start_row, mapping.header_row + 1)
    for row in table.rows():
        if row.number >= first:
            yield _company_row(row, mapping)


def _company_row(row: Row, mapping: ColumnMapping) -> CompanyRow:
    name = _first(row, mapping.columns(Role.COMPANY))[:MAX_NAME_CHARS]
    sites, site_rejections = _named(row, mapping.columns(Role.WEBSITE, Role.DOMAIN), mapping)
    mails, mail_rejections = _named(row, mapping.columns(Role.EMAIL), mapping)
    texts = [_text(row, column) for column in mapping.columns(Role.MIXED)]
    mixed = claims_from_text("\n".join(texts))
    count = len({claim.domain for claim in mixed.claims})
    name = name or next((words for text in texts if (words := name_in_line(text, count))), "")
    rejections = [*site_rejections, *mail_rejections, *(_told(rejection) for rejection in mixed.rejections)]
    found: list[Claim | Rejection] = [*sites, *mails, *mixed.claims, *rejections]
    # An address tells less than a web site: it may belong to the bookkeeper.
    on_web = [claim for claim in sites if claim.via != Role.EMAIL]
    claims = _once_per_domain([*(on_web or sites + mails), *mixed.claims])
    if not claims and not rejections:
        rejections = [Rejection(name, "no_domain" if name else "empty_row")]
    emails = list(dict.fromkeys(one.email for one in found if one.email))
    return CompanyRow(
        number=row.number,
        company_name=name,
        emails=emails,
        contacts=_contacts(emails, claims, is_text=bool(texts)),
        claims=claims,
        rejections=rejections,
        city=_first(row, mapping.columns(Role.CITY)),
        country=_first(row, mapping.columns(Role.COUNTRY)),
        is_text=bool(texts),
    )


def _contacts(emails: Iterable[str], claims: Iterable[Claim], *, is_text: bool) -> dict[str, list[str]]:
    """The addresses for the lead of each claimed domain. Whoever has an address at the domain of another company, its
    bookkeeper, its agency, the next company on the line, is no contact. A row of a table is one company: `isik.com` is
    its own beside `isik.com.tr`. At a mail service open to everyone the address is the company's, if the row is one."""
    contacts: dict[str, list[str]] = {claim.domain: [] for claim in claims}
    is_one = not is_text or len(contacts) == 1
    for email in emails:
        domain = judge_host(email.rpartition("@")[2])[1]
        if domain in contacts:
            holders = [domain]
        elif is_one and is_consumer_domain(domain):
            holders = list(contacts)
        else:
            holders = [other for other in contacts if not is_text and _stem(other) == _stem(domain)]
        for holder in holders:
            contacts[holder].append(email)
    return contacts


def _stem(domain: str) -> str:
    """The name in front of the ending."""
    return domain.partition(".")[0]


def _told(rejection: Rejection) -> Rejection:
    """Several words without any address are a company whose domain is missing, not a domain with a slip."""
    if rejection.reason == "invalid_domain" and len(rejection.raw.split()) > 1:
        return replace(rejection, reason="no_domain")
    return rejection


def _named(row: Row, columns: Iterable[int], mapping: ColumnMapping) -> tuple[list[Claim], list[Rejection]]:
    """What the cells of these columns name; the link behind a cell counts when its text names nothing."""
    claims: list[Claim] = []
    rejections: list[Rejection] = []
    for column in columns:
        role = mapping.roles[column]
        found = claims_from_text(_text(row, column))
        if not found.claims and column in row.links:
            linked = claims_from_text(row.links[column])
            found = linked if linked.claims or not found.rejections else found
        claims += [claim if claim.via == Role.EMAIL else replace(claim, via=role.value) for claim in found.claims]
        rejections += found.rejections
    return claims, rejections


def _once_per_domain(claims: Iterable[Claim]) -> list[Claim]:
    first: dict[str, Claim] = {}
    for claim in claims:
        first.setdefault(claim.domain, claim)
    return list(first.values())


def _first(row: Row, columns: Iterable[int]) -> str:
    return next((text for column in columns if (text := " ".join(_text(row, column).split()))), "")


def _text(row: Row, column: int) -> str:
    """The text of a cell; "" for what stands for nothing."""
    text = row.cells[column] if column < len(row.cells) else ""
    return "" if len(text) < 20 and fold(text) in _NOTHING else text


def _samples(rows: Iterable[Row], column: int) -> list[str]:
    texts = (row.cells[column] for row in rows if column < len(row.cells) and row.cells[column])
    return list(dict.fromkeys(texts))[:SAMPLES]
