"""Rows of companies: from a table and the meaning of its columns to names, addresses and domain claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from leads.company_list.claims import Claim, Rejection, claims_from_text
from leads.company_list.header import ColumnMapping, Role
from leads.company_list.reading import Table, head, open_table
from leads.company_list.tables import Row
from leads.folding import fold

MAX_NAME_CHARS = 4000
SAMPLES = 5

# What people write into a cell that has to be filled; folded.
_NOTHING = frozenset({
    "", "-", "--", "---", ".", "0", "x", "xx", "xxx", "n a", "na", "nan", "none", "null", "unknown", "no",
    "yok", "yoktur", "bilinmiyor", "belirtilmemis", "bos", "mevcut degil", "web sitesi yok", "sitesi yok", "mail yok",
    "e-posta yok",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """One row of a company list; `number` is the one a spreadsheet shows. Without claims there is at least one
    rejection, the most telling first. `emails` hold private addresses, too."""

    number: int
    company_name: str
    emails: list[str]
    claims: list[Claim]
    rejections: list[Rejection]
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column as understood: `confidence` from 0 to 1, `samples` the first texts in it."""

    index: int
    title: str
    role: Role
    confidence: float
    samples: list[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """A company list as understood, for a person to check. `header_row` 0 = there is none; `row_count` is an upper
    bound; `rows` are the first companies."""

    columns: list[Column]
    header_row: int
    kind: str
    encoding: str
    delimiter: str
    sheet: str
    sheets: tuple[str, ...]
    row_count: int
    rows: list[CompanyRow]


def preview(
    path: Path | str, filename: str = "", *, sheet: str | None = None, header_row: int | None = None
) -> Preview:
    """What the file says. `header_row`: 0 = there is none, None = look for it. Raises UnreadableFile."""
    table = open_table(path, filename, sheet)
    mapping = table.mapping_at(header_row)
    data = [row for row in head(table.source, mapping.header_row) if row.number > mapping.header_row]
    columns = [
        Column(column, title, mapping.roles[column], mapping.confidence[column], _samples(data, column))
        for column, title in mapping.titles.items()
    ]
    source = table.source
    return Preview(
        columns=columns,
        header_row=mapping.header_row,
        kind=source.kind,
        encoding=source.encoding,
        delimiter=source.delimiter,
        sheet=source.sheet,
        sheets=source.sheets,
        row_count=source.row_count,
        rows=[_company_row(row, mapping) for row in data[:SAMPLES]],
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
    rejections = site_rejections + mail_rejections
    found: list[Claim | Rejection] = [*sites, *mails, *rejections]
    # An address tells less than a web site: it may belong to the bookkeeper.
    on_web = [claim for claim in sites if claim.via != Role.EMAIL]
    claims = _once_per_domain(on_web or sites + mails)
    if not claims and not rejections:
        rejections = [Rejection(name, "no_domain" if name else "empty_row")]
    return CompanyRow(
        number=row.number,
        company_name=name,
        emails=list(dict.fromkeys(one.email for one in found if one.email)),
        claims=claims,
        rejections=rejections,
        city=_first(row, mapping.columns(Role.CITY)),
        country=_first(row, mapping.columns(Role.COUNTRY)),
    )


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
