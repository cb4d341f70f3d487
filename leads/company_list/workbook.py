"""XLSX workbooks, read as a stream.

Sheets are read with expat instead of openpyxl's read-only mode because that mode shows neither merged cells nor link
targets nor formulas without a cached value, keeps something of every row in memory, and lets one cell in a far column
cost a row of 16,384. Names of parts and elements: ECMA-376 part 1, section 18.
"""

from __future__ import annotations

import errno
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from leads.company_list.messages import UnreadableFile
from leads.company_list.tables import MAX_CELL_CHARS, MAX_COLUMNS, MAX_ROWS, Row

MAX_UNPACKED_BYTES = 500 << 20  # more than a million rows of ten columns
MAX_RATIO = 200  # real workbooks pack 5 to 60 times
RATIO_FROM_BYTES = 10 << 20  # small workbooks may pack better
MAX_PARTS = 5_000
MAX_SHARED_CHARS = 64 << 20  # texts that cells share are the one thing held in memory

_CHUNK = 1 << 18
_TAIL_BYTES = 32 << 20
_END_OF_CELLS = re.compile(rb"</(?:\w+:)?sheetData>|<(?:\w+:)?sheetData\s*/>")
_TAIL_ELEMENT = re.compile(rb"<(?:\w+:)?(mergeCell|hyperlink)\s([^>]*)>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_CELL_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")
_HYPERLINK = re.compile(r'^\s*HYPERLINK\(\s*"([^"]+)"\s*(?:[,;]\s*"([^"]*)")?', re.IGNORECASE)
_LETTERS = str.maketrans("", "", "0123456789$")


class _Merge(NamedTuple):
    column: int
    last_row: int


class _Sheet(NamedTuple):
    part: str
    hidden: bool


class Workbook:
    """One sheet of an XLSX file. A value merged over several rows counts for each of them."""

    kind = "xlsx"
    encoding = ""
    delimiter = ""

    def __init__(self, path: Path, sheet: str = "") -> None:
        """Raises UnreadableFile: unpacks_too_large, unsafe_workbook, damaged_workbook, no_such_sheet,
        too_many_rows."""
        self.path = path
        with open_archive(path) as archive:
            _refuse_bombs(path, archive)
            self._read_index(archive)
        if sheet and sheet not in self._sheets:
            raise UnreadableFile("no_such_sheet", sheet=sheet)
        self.sheets = tuple(name for name, found in self._sheets.items() if not found.hidden) or tuple(self._sheets)
        self._strings: list[str] | None = None
        self.select(sheet or self.sheets[0])

    def select(self, sheet: str) -> None:
        """Read `sheet` from now on."""
        self.sheet = sheet
        with open_archive(self.path) as archive:
            self._read_tail(archive)
        if self.row_count > MAX_ROWS:
            raise UnreadableFile("too_many_rows", limit=MAX_ROWS)

    def rows(self) -> Iterator[Row]:
        """See Source.rows."""
        filling: dict[int, tuple[int, str]] = {}
        with open_archive(self.path) as archive:
            if self._strings is None:
                self._strings = _shared_strings(archive)
            reader = _SheetReader(self._strings, self._date_styles, self._epoch)
            for number, cells, links in reader.rows(archive, self._sheets[self.sheet].part):
                if number > MAX_ROWS:
                    raise UnreadableFile("too_many_rows", limit=MAX_ROWS)
                if filling or number in self._merges:
                    self._fill_down(number, cells, filling)
                if number in self._links:
                    links = links | self._links[number]
                yield Row(number, cells, links)

    def _fill_down(self, number: int, cells: list[str], filling: dict[int, tuple[int, str]]) -> None:
        for column, (last_row, text) in list(filling.items()):
            if number > last_row:
                del filling[column]
                continue
            cells.extend([""] * (column + 1 - len(cells)))
            cells[column] = cells[column] or text
        for merge in self._merges.get(number, ()):
            if merge.column < len(cells):
                filling[merge.column] = (merge.last_row, cells[merge.column])

    def _read_index(self, archive: ZipFile) -> None:
        """Names and parts of the sheets, and which cell styles show a date."""
        root = _relations(archive, "")
        book = next((target for kind, target in root.values() if kind.endswith("/officeDocument")), "xl/workbook.xml")
        relations = _relations(archive, book)
        self._sheets: dict[str, _Sheet] = {}
        self._epoch: datetime = CALENDAR_WINDOWS_1900
        for name, attributes in _elements(archive, book):
            if name == "sheet":
                identifier = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                kind, part = relations.get(identifier, ("", ""))
                if kind.endswith("/worksheet"):
                    hidden = attributes.get("state", "visible") != "visible"
                    self._sheets[attributes.get("name", part)] = _Sheet(part, hidden)
            elif name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                self._epoch = CALENDAR_MAC_1904
        if not self._sheets:
            raise UnreadableFile("damaged_workbook")
        styles = next((target for kind, target in relations.values() if kind.endswith("/styles")), "")
        self._date_styles = _date_styles(archive, styles) if styles in archive.namelist() else frozenset()

    def _read_tail(self, archive: ZipFile) -> None:
        """Row count, merged cells and hyperlinks; the last two stand behind the cells of a sheet."""
        part = self._sheets[self.sheet].part
        self.row_count = 0
        self._merges: defaultdict[int, list[_Merge]] = defaultdict(list)
        self._links: defaultdict[int, dict[int, str]] = defaultdict(dict)
        tail, before = b"", b""
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                if tail:
                    tail += chunk
                    if len(tail) > _TAIL_BYTES:
                        break
                    continue
                self.row_count += chunk.count(b"<row") + chunk.count(b":row ")
                if end := _END_OF_CELLS.search(before + chunk):
                    tail = (before + chunk)[end.start() :]
                before = chunk[-32:]
        relations = _relations(archive, part)
        for kind, text in _TAIL_ELEMENT.findall(tail):
            attributes = {key.decode(): value.decode("utf-8", "replace") for key, value in _ATTRIBUTE.findall(text)}
            place = _CELL_RANGE.fullmatch(attributes.get("ref", ""))
            if not place:
                continue
            column, row = _column_index(place[1]), int(place[2])
            if kind == b"hyperlink":
                identifier = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                if identifier in relations:
                    self._links[row][column] = relations[identifier][1]
            elif place[4] and int(place[4]) > row and column < MAX_COLUMNS:
                self._merges[row].append(_Merge(column, int(place[4])))


class _SheetReader:
    """Cells of one sheet as text; expat's events arrive in the methods named after elements."""

    def __init__(self, strings: list[str], date_styles: frozenset[int], epoch: datetime) -> None:
        self.strings, self.date_styles, self.epoch = strings, date_styles, epoch
        self.done: list[tuple[int, list[str], dict[int, str]]] = []
        self.number = 0
        self.column = -1
        self.cells: list[str] = []
        self.links: dict[int, str] = {}
        self.kind, self.style = "n", 0
        self.value: list[str] = []
        self.formula: list[str] = []
        self.target: list[str] | None = None
        self.length = 0
        self.in_phonetic = False

    def rows(self, archive: ZipFile, part: str) -> Iterator[tuple[int, list[str], dict[int, str]]]:
        """(row number, cells, links of formulas) of every row with text."""
        parser = _parser(self._start, self._end)
        parser.CharacterDataHandler = self._text
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk)
                yield from self.done
                self.done = []
        parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r")
            self.column = _column_index(place.translate(_LETTERS)) if place else self.column + 1
            self.kind = attributes.get("t", "n")
            self.style = int(attributes.get("s", 0))
            self.value, self.formula, self.length = [], [], 0
        elif name == "v" or (name == "t" and not self.in_phonetic):
            self.target = self.value
        elif name == "f":
            self.target = self.formula
        elif name == "row":
            self.number = int(attributes.get("r") or self.number + 1)
            self.column = -1
            self.cells, self.links = [], {}
        elif name == "rPh":
            self.in_phonetic = True

    def _text(self, text: str) -> None:
        if self.target is not None and self.length < MAX_CELL_CHARS:
            self.target.append(text)
            self.length += len(text)

    def _end(self, name: str) -> None:
        if name in ("v", "t", "f"):
            self.target = None
        elif name == "c":
            if (self.value or self.formula) and 0 <= self.column < MAX_COLUMNS:
                self._keep_cell()
        elif name == "row":
            if any(self.cells):
                self.done.append((self.number, self.cells, self.links))
        elif name == "rPh":
            self.in_phonetic = False

    def _keep_cell(self) -> None:
        text = self._shown("".join(self.value))
        if self.formula and (link := _HYPERLINK.match("".join(self.formula))):
            self.links[self.column] = link[1]
            text = text or link[2] or link[1]
        self.cells.extend([""] * (self.column + 1 - len(self.cells)))
        self.cells[self.column] = text[:MAX_CELL_CHARS].strip()

    def _shown(self, value: str) -> str:
        if self.kind == "s":
            return self.strings[int(value)]
        if self.kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if self.kind == "n" and value:
            return self._number(value)
        return value

    def _number(self, value: str) -> str:
        """A date as ISO 8601, a whole number without a fraction, anything else as stored."""
        number = float(value)
        if self.style in self.date_styles:
            try:
                return _iso(from_excel(number, self.epoch))
            except (OverflowError, ValueError):
                return value
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else value


def _iso(moment: datetime | time | timedelta | None) -> str:
    if isinstance(moment, datetime):
        return moment.date().isoformat() if moment.time() == time() else moment.isoformat(" ", "minutes")
    return str(moment or "")


@contextmanager
def open_archive(path: Path) -> Iterator[ZipFile]:
    """The archive; whatever breaks while reading becomes UnreadableFile: damaged_workbook, unsafe_workbook."""
    try:
        with ZipFile(path) as archive:
            yield archive
    except (BadZipFile, zlib.error, EOFError, KeyError, IndexError, ValueError, expat.ExpatError) as error:
        raise UnreadableFile("damaged_workbook") from error
    except (NotImplementedError, RuntimeError) as error:  # packing methods and encryption that Excel does not use
        raise UnreadableFile("unsafe_workbook") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: the directory of the archive points before its start
            raise
        raise UnreadableFile("damaged_workbook") from error


def _refuse_bombs(path: Path, archive: ZipFile) -> None:
    """Sizes in the directory can be trusted: zipfile stops at them and checks the CRC."""
    packed = path.stat().st_size
    parts = archive.infolist()
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise UnreadableFile("unsafe_workbook")
    unpacked = sum(part.file_size for part in parts)
    too_dense = unpacked > RATIO_FROM_BYTES and unpacked > packed * MAX_RATIO
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED_BYTES or too_dense:
        raise UnreadableFile("unpacks_too_large", size_mb=unpacked >> 20)


def _parser(
    start: Callable[[str, dict[str, str]], None], end: Callable[[str], None] | None = None
) -> expat.XMLParserType:
    """An expat parser that reports names without prefix and refuses a DTD, so that no entity can expand."""

    def refuse(*_: object) -> None:
        raise UnreadableFile("unsafe_workbook")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if end:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    return parser


def _elements(archive: ZipFile, part: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(name, attributes) of every element of a part."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = _parser(lambda name, attributes: found.append((name, attributes)))
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk)
            yield from found
            found.clear()
    parser.Parse(b"", True)


def _relations(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Relationships of a part ("" = the package): id to (type, target); targets inside the package are absolute."""
    place = PurePosixPath(part)
    name = str(place.parent / "_rels" / f"{place.name}.rels")
    if name not in archive.NameToInfo:
        return {}
    found = {}
    for element, attributes in _elements(archive, name):
        if element != "Relationship":
            continue
        target = attributes.get("Target", "")
        if attributes.get("TargetMode") != "External":
            target = target.lstrip("/") if target.startswith("/") else str(place.parent / target)
        found[attributes.get("Id", "")] = (attributes.get("Type", ""), target)
    return found


def _shared_strings(archive: ZipFile) -> list[str]:
    """The text table that cells of type "s" point into. Raises UnreadableFile unpacks_too_large."""
    part = next((name for name in archive.namelist() if name.lower().endswith("sharedstrings.xml")), "")
    if not part:
        return []
    strings: list[str] = []
    text: list[str] = []
    state = {"reading": False, "phonetic": False, "chars": 0}

    def start(name: str, _: Mapping[str, str]) -> None:
        if name == "t":
            state["reading"] = not state["phonetic"]
        elif name == "rPh":
            state["phonetic"] = True
        elif name == "si":
            text.clear()

    def end(name: str) -> None:
        if name == "t":
            state["reading"] = False
        elif name == "rPh":
            state["phonetic"] = False
        elif name == "si":
            strings.append("".join(text)[:MAX_CELL_CHARS])

    def characters(data: str) -> None:
        if state["reading"]:
            text.append(data)
            state["chars"] += len(data)

    parser = _parser(start, end)
    parser.CharacterDataHandler = characters
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk)
            if state["chars"] > MAX_SHARED_CHARS:
                raise UnreadableFile("unpacks_too_large", size_mb=state["chars"] >> 20)
    parser.Parse(b"", True)
    return strings


def _date_styles(archive: ZipFile, part: str) -> frozenset[int]:
    """Indexes of the cell formats that show a date or a time."""
    formats = dict(BUILTIN_FORMATS)
    dates, index, inside = set(), 0, False
    for name, attributes in _elements(archive, part):
        if name == "numFmt":
            formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside = True
        elif name == "cellStyles":
            inside = False
        elif name == "xf" and inside:
            if is_date_format(formats.get(int(attributes.get("numFmtId", 0)), "General")):
                dates.add(index)
            index += 1
    return frozenset(dates)


@lru_cache(maxsize=1024)
def _column_index(letters: str) -> int:
    """Zero-based column of "A", "B", … "XFD". Raises ValueError."""
    index = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or index > 20_000:
            raise ValueError(letters)
        index = index * 26 + ord(letter) - 64
    if not index:
        raise ValueError(letters)
    return index - 1
