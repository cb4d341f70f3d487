"""What every readable file looks like from outside: numbered rows of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

MAX_FILE_BYTES = 100 << 20  # files stream in constant memory; the limit bounds the time of one import
MAX_ROWS = 1_048_576  # Excel's own limit
MAX_COLUMNS = 100
MAX_CELL_CHARS = 32_767  # Excel's own limit
MAX_ROW_CHARS = 1 << 20

NO_LINKS: Mapping[int, str] = {}


class Row(NamedTuple):
    """One row that holds text. `number` is the 1-based row number a spreadsheet shows; `links` maps a column to the
    target of a hyperlink behind it."""

    number: int
    cells: list[str]
    links: Mapping[int, str] = NO_LINKS


class Source(Protocol):
    """A file that can be read row by row, as often as wanted, in constant memory."""

    kind: str  # "xlsx" or "text"
    encoding: str  # of a text file
    delimiter: str  # of a text file; "" = one column
    sheet: str  # of a workbook
    sheets: tuple[str, ...]
    row_count: int  # rows in the file, blank ones included; an upper bound

    def rows(self) -> Iterator[Row]:
        """Rows with text in the order of the file. Raises UnreadableFile when the file turns out to be broken."""
        ...
