"""Delimited text: encoding, delimiter and records, however the file was exported."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from leads.company_list.messages import UnreadableFile
from leads.company_list.tables import MAX_CELL_CHARS, MAX_COLUMNS, MAX_ROW_CHARS, MAX_ROWS, Row

# A quoted field that reaches further than this was never closed.
MAX_QUOTED_LINES = 20
MAX_QUOTED_CHARS = 64 << 10
DELIMITERS = ";,\t|"
# What a person may say that the bytes mean, when the guess is wrong; "utf-8-sig" reads UTF-8 with and without a mark.
ENCODINGS = ("utf-8-sig", "cp1254", "cp857", "cp1252", "utf-16")

_CHUNK = 1 << 20
_SAMPLE_BYTES = 64 << 10
_SAMPLE_RECORDS = 200
# Turkish letters in code page 857 (Excel's "CSV (MS-DOS)") and in Windows-1254; the two sets do not overlap.
_CP857_LETTERS = bytes.fromhex("80 81 87 8d 94 98 99 9a 9e 9f a6 a7")
_CP1254_LETTERS = bytes.fromhex("c7 d0 d6 dc dd de e7 f0 f6 fc fd fe")
_NONE = "\0"  # in place of a delimiter when there is one column: no NUL survives `_lines`
_ALL_QUOTED = re.compile('\\s*"(?:[^"]|"")*+"\\s*')
_INSIDE_QUOTES = re.compile('(?:[^"]++|"")*+')
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1a\x1b"))

csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_CHARS))


class TextTable:
    """A CSV, TSV or other delimited text file."""

    kind = "text"
    sheet = ""
    sheets: tuple[str, ...] = ()

    def __init__(self, path: Path, *, encoding: str = "", delimiter: str | None = None) -> None:
        """`encoding` "" and `delimiter` None = find out; `delimiter` "" = one column. Raises UnreadableFile:
        not_a_table, too_many_rows, row_too_long."""
        self.path = path
        if encoding:
            self.encoding, self.row_count = _as_said(path, encoding), sum(c.count(b"\n") for c in _chunks(path)) + 1
        else:
            self.encoding, self.row_count = _examine(path)
        if self.row_count > MAX_ROWS:
            raise UnreadableFile("too_many_rows", limit=MAX_ROWS)
        with self._open() as file:
            first = file.readline(10)
            declared = first.removeprefix("\ufeff").rstrip("\r\n")
            # Excel's own declaration; it is not a row of the sheet.
            self._skips_first = declared[:4].lower() == "sep=" and declared[4:5] in DELIMITERS and len(declared) == 5
            if delimiter is not None:
                self.delimiter = delimiter
            elif self._skips_first:
                self.delimiter = declared[4]
            else:
                file.seek(0)
                self.delimiter = sniff_delimiter(islice(_lines(file), _SAMPLE_RECORDS))

    def rows(self) -> Iterator[Row]:
        """See Source.rows."""
        delimiter = self.delimiter or _NONE
        with self._open() as file:
            if self._skips_first:
                file.readline()
            for number, record in enumerate(_Records(_lines(file), delimiter, delimiter), 1):
                cells = parse_record(record, delimiter)
                if any(cells):
                    yield Row(number, cells)

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding, errors="replace", newline="")


def parse_record(record: str, delimiter: str) -> list[str]:
    """The fields of one record, trimmed; a quote left open ends with the record. One column of text keeps the quotes of
    `"Acme, Inc." <info@acme.example>`; only those around all of it are not part of it."""
    if delimiter == _NONE and not _ALL_QUOTED.fullmatch(record):
        return [record[:MAX_CELL_CHARS].strip()]
    try:
        fields = next(csv.reader((record,), delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a bare carriage return between unquoted fields
        fields = record.replace('"', "").split(delimiter)
    return [field[:MAX_CELL_CHARS].strip() for field in fields[:MAX_COLUMNS]]


def sniff_delimiter(lines: Iterable[str]) -> str:
    """The delimiter that cuts most lines into the same number of fields; "" if none does (one column)."""
    sample = [line for line in lines if line.strip()]
    # Before the delimiter is known, a quote in front of any of them counts as closed.
    scores = {delimiter: _score(list(_Records(sample, delimiter, DELIMITERS)), delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0.02 else ""


def _score(records: list[str], delimiter: str) -> float:
    widths = [len(parse_record(record, delimiter)) for record in records]
    cut = [width for width in widths if width > 1]
    if not cut or (len(cut) * 2 < len(widths) and len(cut) < 3):
        return 0.0
    width, times = Counter(cut).most_common(1)[0]
    ragged = len(cut) / len(widths) / 4  # short rows still speak for a delimiter, but softly
    # A comma with a blank behind it stands in a sentence more often than between fields.
    spaced = sum(record.count(delimiter + " ") for record in records) / sum(
        record.count(delimiter) for record in records
    )
    return max(times / len(widths), ragged) ** 2 * math.log2(width) * (1 - 0.7 * spaced)


def _lines(file: TextIO) -> Iterator[str]:
    """Physical lines without NUL characters. Raises UnreadableFile row_too_long."""
    for number in range(1, 1 << 62):
        line = file.readline(MAX_ROW_CHARS)
        if not line:
            return
        if len(line) == MAX_ROW_CHARS:
            raise UnreadableFile("row_too_long", row=number)
        yield line.replace("\0", "") if "\0" in line else line


class _Records:
    """Joins the lines of quoted fields. A quote is closed by a quote right before one of `ends` or the end of a line;
    one that is never closed is dropped, so that a stray quote cannot swallow the companies below it."""

    def __init__(self, lines: Iterable[str], delimiter: str, ends: str) -> None:
        self._source = iter(lines)
        self._waiting: deque[str] = deque()
        self._delimiter = delimiter
        self._ends = ends + "\r\n"
        self._opening = re.compile(rf'(?:\A|{re.escape(delimiter)}) *+"')

    def __iter__(self) -> Iterator[str]:
        while (line := self._next_line()) is not None:
            yield self._record(line) if '"' in line else line

    def _next_line(self) -> str | None:
        return self._waiting.popleft() if self._waiting else next(self._source, None)

    def _record(self, line: str) -> str:
        """The record that begins with this line. Takes time in proportion to its length, whatever its quotes."""
        done: list[str] = []
        kept = at = 0  # `done` holds everything before `kept`; `at` is the end of the last field looked at
        size, last = len(line), self._last_closing(line)
        while opening := self._opening.search(line, at):
            start = opening.end()
            closing = _inside_quotes(line, start)
            if closing == len(line) and (rest := self._rest_of_field(size)):
                done += [line[kept:], *rest[:-1]]
                size += sum(map(len, rest))
                line = rest[-1]
                kept, at, last = 0, _inside_quotes(line) + 1, self._last_closing(line)
            elif self._closes(line, closing):
                at = closing + 1
            elif closing < last and line[closing - 1] != self._delimiter:
                at = self._end_of_field(line, closing)  # "Acme "Öz" Ltd": quotes not doubled, as some programs write
            elif self._delimiter == _NONE and line.count('"', start - 1) % 2 == 0:
                at = len(line)  # "Acme, Inc." <info@acme.example>
            else:
                at = self._end_of_field(line, start)
                done += [line[kept : start - 1], line[start:at].replace('"', "")]
                kept = at
        return "".join((*done, line[kept:]))

    def _rest_of_field(self, size: int) -> list[str]:
        """The lines up to the one that closes the quoted field; none if nothing closes it. `size`: characters of the
        record so far."""
        ahead: list[str] = []
        while len(ahead) < MAX_QUOTED_LINES - 1 and (line := self._next_line()) is not None:
            ahead.append(line)
            size += len(line)
            if size > MAX_QUOTED_CHARS:
                break
            if (closing := _inside_quotes(line)) < len(line):
                if self._closes(line, closing):
                    return ahead
                break
        self._waiting.extendleft(reversed(ahead))
        return []

    def _closes(self, line: str, quote: int) -> bool:
        return quote < len(line) and line[quote + 1 : quote + 2] in self._ends  # the end of the text is in it, too

    def _last_closing(self, line: str) -> int:
        return len(line) - 1 if line[-1] == '"' else max(line.rfind('"' + end) for end in self._ends)

    def _end_of_field(self, line: str, at: int) -> int:
        end = line.find(self._delimiter, at)
        return len(line) if end < 0 else end


def _inside_quotes(line: str, start: int = 0) -> int:
    """Where the quoted text that goes on at `start` meets a quote that is not doubled, or the end of the line."""
    return match.end() if (match := _INSIDE_QUOTES.match(line, start)) else start


def _examine(path: Path) -> tuple[str, int]:
    """Encoding and number of lines. Raises UnreadableFile not_a_table."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if encoding := _wide_encoding(sample):
        newline = "\n".encode("utf-16-be" if encoding.endswith("be") or sample.startswith(b"\xfe\xff") else "utf-16-le")
        return encoding, sum(chunk.count(newline) for chunk in _chunks(path)) + 1
    if len(sample) - len(sample.translate(None, _CONTROL)) > len(sample) * 0.05:
        raise UnreadableFile("not_a_table")
    lines = good = bad = 0
    turkish: Counter[str] = Counter()
    tail = b""
    for chunk in _chunks(path):
        lines += chunk.count(b"\n") or chunk.count(b"\r")
        if chunk.isascii() and not tail:
            continue
        text = (tail + chunk).decode("utf-8", "replace")
        tail = _unfinished(tail + chunk)
        bad += text.count("\ufffd") - bool(tail)
        good += len(text) - len(text.encode("ascii", "ignore")) - text.count("\ufffd")
        turkish["cp857"] += len(chunk) - len(chunk.translate(None, _CP857_LETTERS))
        turkish["cp1254"] += len(chunk) - len(chunk.translate(None, _CP1254_LETTERS))
    if bad + bool(tail) <= good // 20:  # a few broken bytes do not make a UTF-8 file anything else
        return ("utf-8-sig" if sample.startswith(b"\xef\xbb\xbf") else "utf-8"), lines + 1
    # Turkish wins over Western: the code pages 1252 and 1254 differ in six letters, all of them Turkish in 1254.
    return ("cp857" if turkish["cp857"] > turkish["cp1254"] else "cp1254"), lines + 1


def _as_said(path: Path, encoding: str) -> str:
    """Without a mark, Python takes no UTF-16 for granted; Windows writes it low byte first."""
    with path.open("rb") as file:
        marked = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    return "utf-16-le" if encoding == "utf-16" and not marked else encoding


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _unfinished(chunk: bytes) -> bytes:
    """The bytes of a UTF-8 character that was cut off at the end of the chunk."""
    for back in range(1, min(4, len(chunk) + 1)):
        byte = chunk[-back]
        if byte >= 0xC0:
            return chunk[-back:] if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else b""
        if byte < 0x80:
            return b""
    return b""


def _wide_encoding(sample: bytes) -> str:
    """UTF-16, told by its mark or by the empty high bytes of Latin text; "" = not UTF-16."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    high, low = sample[0::2], sample[1::2]
    if len(sample) >= 4 and low.count(0) > len(low) * 0.6 and high.count(0) < len(high) * 0.2:
        return "utf-16-le"
    if len(sample) >= 4 and high.count(0) > len(high) * 0.6 and low.count(0) < len(low) * 0.2:
        return "utf-16-be"
    return ""
