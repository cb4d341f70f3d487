"""The brief as a PDF: always one A4 page. What does not fit goes, the least important first, and the page says so."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from leads.brief_sheet import Block, Line, Sheet

_FONTS: Final = Path(__file__).parent / "brief_fonts"
_FONT: Final = "DejaVu Sans"
_MARGIN: Final = 14.0  # mm
_COLUMN: Final = 182.0  # mm: A4 without its margins
_HANG: Final = 4.5  # mm
_SIZES: Final = (8.6, 7.4)  # pt, tried in turn before anything is left out
_INK: Final = (23, 28, 34)
_MUTED: Final = (86, 96, 107)
_RULE: Final = (211, 217, 223)
# The library that cuts the fonts down to the letters used tells every step.
logging.getLogger("fontTools").setLevel(logging.ERROR)


class _FullError(Exception):
    """What is drawn does not fit on one page."""


class _OnePage(FPDF):
    @property
    def accept_page_break(self) -> bool:
        """Asked when the page is full."""
        raise _FullError


def draw(sheet: Sheet, *, language: str) -> bytes:
    """The bytes of a PDF with exactly one page."""
    for size in _SIZES:
        drawn = _draw(sheet, len(sheet.blocks), size, language)
        if drawn:
            return drawn
    # The more sections, the longer: the largest number that fits lies between one that does and one that does not.
    drawn, fits, too_many = b"", 0, len(sheet.blocks)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        more = _draw(sheet, middle, _SIZES[-1], language)
        drawn, fits, too_many = (more, middle, too_many) if more else (drawn, fits, middle)
    # A heading that fills the page gives way to the domain.
    bare = replace(sheet, title=sheet.domain, facts=(), foot="")
    return drawn or _draw(sheet, 0, _SIZES[-1], language) or _draw(bare, 0, _SIZES[-1], language)


def _draw(sheet: Sheet, sections: int, size: float, language: str) -> bytes:
    """The PDF with the first `sections` of the sheet; b"" when they need more than one page."""
    pdf = _new(sheet, language)
    try:
        _page(pdf, sheet, sheet.blocks[:sections], size)
        return bytes(pdf.output())
    except _FullError:
        return b""
    finally:
        for font in pdf.fonts.values():
            font.ttfont.close()  # type: ignore[union-attr]  # the library leaves its files open


@cache
def _font(style: str) -> str:
    return str(_FONTS / f"DejaVuSans{'-Bold' if style else ''}.ttf")


def _new(sheet: Sheet, language: str) -> FPDF:
    pdf = _OnePage(format="A4")
    pdf.set_margins(_MARGIN, 12, _MARGIN)
    pdf.set_auto_page_break(True, margin=10)
    for style in ("", "B"):
        pdf.add_font(_FONT, style, _font(style))
    pdf.set_text_shaping(True)  # scripts that join or run from the right
    pdf.set_title(f"{sheet.title} ({sheet.domain})")
    pdf.set_lang(language)
    pdf.set_creation_date(datetime.now(UTC))
    pdf.add_page()
    return pdf


def _page(pdf: FPDF, sheet: Sheet, blocks: Sequence[Block], size: float) -> None:
    _head(pdf, sheet, size)
    for block in blocks:
        _block(pdf, block, size)
    _notes(pdf, sheet, blocks, size)
    _foot(pdf, sheet, blocks, size)


def _head(pdf: FPDF, sheet: Sheet, size: float) -> None:
    _write(pdf, sheet.title, size * 1.7, style="B")
    _write(pdf, " · ".join([sheet.domain, *sheet.facts]), size, ink=_MUTED)
    pdf.ln(0.8)
    pdf.set_draw_color(*_RULE)
    pdf.line(_MARGIN, pdf.get_y(), _MARGIN + _COLUMN, pdf.get_y())


def _block(pdf: FPDF, block: Block, size: float) -> None:
    pdf.ln(size * 0.2)
    _write(pdf, block.title, size * 1.1, style="B")
    for line in block.lines:
        _line(pdf, line, size)


def _line(pdf: FPDF, line: Line, size: float) -> None:
    pdf.set_font(_FONT, "", size)
    pdf.set_text_color(*_INK)
    pdf.cell(_HANG, _height(size), line.mark)
    numbers = "".join(f"[{number}]" for number in line.numbers)
    _write(pdf, f"{line.text} {numbers}", size, left=_HANG)
    if line.record:
        _write(pdf, line.record, size, left=_HANG, ink=_MUTED)
    if line.note:
        _write(pdf, line.note, size, left=_HANG, style="B")


def _notes(pdf: FPDF, sheet: Sheet, blocks: Sequence[Block], size: float) -> None:
    """The footnotes of what is on the page, and those that they name."""
    said = dict(sheet.notes)
    needed: set[int] = set()
    wanted = {number for block in blocks for line in block.lines for number in line.numbers}
    while wanted:
        needed |= wanted
        named = {other for number in wanted for other in said if f"[{other}]" in said[number]}
        wanted = named - needed
    if not needed:
        return
    pdf.ln(size * 0.25)
    pdf.line(_MARGIN, pdf.get_y(), _MARGIN + _COLUMN, pdf.get_y())
    pdf.ln(size * 0.1)
    small = size * (1 if sheet.public else 0.8)
    _write(pdf, sheet.notes_title, small, style="B", ink=_MUTED)
    for number in sorted(needed):
        _write(pdf, f"[{number}] {said[number]}", small, ink=_MUTED)


def _foot(pdf: FPDF, sheet: Sheet, blocks: Sequence[Block], size: float) -> None:
    left_out = [block.title for block in sheet.blocks[len(blocks) :]]
    pdf.ln(size * 0.15)
    if left_out:
        words = _("Left out so that it fits on one page: %(sections)s.") % {"sections": ", ".join(left_out)}
        _write(pdf, words, size * 0.9, style="B", ink=_MUTED)
    _write(pdf, sheet.foot, size * 0.8, ink=_MUTED)


def _write(
    pdf: FPDF, words: str, size: float, *, style: str = "", left: float = 0.0, ink: tuple[int, int, int] = _INK
) -> None:
    pdf.set_font(_FONT, "B" if style else "", size)
    pdf.set_text_color(*ink)
    pdf.set_x(_MARGIN + left)
    pdf.multi_cell(_COLUMN - left, _height(size), words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _height(size: float) -> float:
    """Height of a line in mm: 1.3 times the letters."""
    return size * 0.3528 * 1.3
