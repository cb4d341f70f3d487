"""A brief as it leaves the screen: the same sheet as plain text, as a PDF and on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from leads.brief import Brief, Sentence, build_brief, cut, day, score_words
from leads.brief_public import build_public
from leads.brief_sources import Material, marks, material_of
from leads.call_answers import answers_of
from leads.models import CallAnswer, Lead

NAME_LENGTH = 160  # characters of a company's name; what is cut shows as …
_NOTE_LENGTH = 200  # characters of an answer
_TICKED = ("call", "questions")


@dataclass(frozen=True, slots=True)
class Line:
    """`mark`: "–", or a box to tick; `note` is what came of it."""

    text: str
    mark: str
    numbers: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`facts` are the few words below the title; `blocks` the most important first, `notes` (number, text) what they
    rest on, under the title `notes_title`; `foot` says when it was seen."""

    title: str
    domain: str
    facts: tuple[str, ...]
    blocks: tuple[Block, ...]
    notes: tuple[tuple[int, str], ...]
    notes_title: str
    foot: str
    public: bool = False


def sheet_of(lead: Lead, *, public: bool) -> Sheet:
    """In the active language; `public` for the customer's eyes."""
    material = material_of(lead)
    if public:
        return _sheet(material, build_public(material), {}, public=True)
    return _sheet(material, build_brief(material), answers_of(lead), public=False)


def _sheet(material: Material, brief: Brief, answers: Mapping[str, CallAnswer], *, public: bool) -> Sheet:
    lead = material.lead
    blocks = (
        Block(section.title, tuple(_line(section.key, sentence, answers) for sentence in section.sentences))
        for section in brief.sections
    )
    return Sheet(
        title=cut(lead.title, NAME_LENGTH),
        domain=lead.shown_domain,
        facts=() if public else tuple(_facts(lead)),
        blocks=tuple(blocks),
        notes=tuple((note.number, note.text) for note in brief.notes),
        notes_title=_("How to check this yourself") if public else _("What this rests on"),
        foot=_foot(material, public=public),
        public=public,
    )


def _line(section: str, sentence: Sentence, answers: Mapping[str, CallAnswer]) -> Line:
    if section not in _TICKED:
        return Line(sentence.text, "–", sentence.notes)
    answer = answers.get(sentence.id)
    ticked = answer is not None and answer.asked
    note = cut(" ".join(answer.note.split()), _NOTE_LENGTH) if answer else ""
    return Line(sentence.text, "☑" if ticked else "☐", sentence.notes, note)


def _facts(lead: Lead) -> Iterator[str]:
    if lead.segment:
        yield lead.get_segment_display()
    if lead.priority_category:
        yield f"{lead.priority_category} {lead.get_priority_category_display()}"
    if lead.score is not None:
        yield _("score %(score)s") % {"score": score_words(lead)}


def _foot(material: Material, *, public: bool) -> str:
    seen = material.seen_at
    if seen is None:
        return _("Nothing was looked up yet.")
    values = {"date": day(seen)}
    if public:
        return _("Public records as they were on %(date)s. They can change at any time.") % values
    return _("Seen on %(date)s. For internal use; the customer's page holds public records only.") % values


def as_text(sheet: Sheet) -> str:
    """For a terminal or an e-mail."""
    head = [f"{sheet.title} ({sheet.domain})", " · ".join(sheet.facts)]
    lines = [line for line in head if line]
    for block in sheet.blocks:
        lines += ["", block.title]
        for line in block.lines:
            lines.append(f"  {line.mark} {line.text} {marks(line.numbers)}")
            if line.note:
                lines.append(f"      {line.note}")
    if sheet.notes:
        lines += ["", sheet.notes_title, *(f"  [{number}] {said}" for number, said in sheet.notes)]
    return "\n".join([*lines, "", sheet.foot])
