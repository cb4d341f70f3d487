"""A brief as it leaves the screen: the same sheet as plain text, as a PDF and on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from leads.brief import STALE_AFTER, Brief, Sentence, build_brief, cut, day, score_words
from leads.brief_public import build_public
from leads.brief_sources import Material, marks, material_of, open_records
from leads.call_answers import answers_of, was_asked
from leads.models import CallAnswer, Lead

NAME_LENGTH = 160  # characters of a company's name; what is cut shows as …
_NOTE_LENGTH = 200  # characters of an answer
_TICKED = ("call", "questions")


@dataclass(frozen=True, slots=True)
class Line:
    """`mark`: "–", or a box to tick; `note` is what came of it; `record` is shown below, as it was published."""

    text: str
    mark: str
    numbers: tuple[int, ...]
    note: str = ""
    record: str = ""


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


def sheet_of(lead: Lead, *, public: bool, full: bool = False) -> Sheet:
    """In the active language; `public` for the customer's eyes, `full` as in `build_brief`."""
    material = material_of(lead)
    if public:
        return _sheet(material, build_public(material), {}, public=True)
    return _sheet(material, build_brief(material, full=full), answers_of(lead), public=False)


def _sheet(material: Material, brief: Brief, answers: Mapping[str, CallAnswer], *, public: bool) -> Sheet:
    lead = material.lead
    blocks = (
        Block(section.title, tuple(_line(section.key, sentence, answers) for sentence in section.sentences))
        for section in brief.sections
    )
    return Sheet(
        title=cut(lead.title, NAME_LENGTH),
        domain=lead.shown_domain,
        facts=tuple(_as_of(material) if public else _facts(lead, brief)),
        blocks=tuple(blocks),
        notes=tuple((note.number, note.text) for note in brief.notes),
        notes_title=_("How to check this yourself") if public else _("What this rests on"),
        foot=foot_of(material, public=public),
        public=public,
    )


def _line(section: str, sentence: Sentence, answers: Mapping[str, CallAnswer]) -> Line:
    if section not in _TICKED:
        return Line(sentence.text, "–", sentence.notes, record=sentence.record)
    answer = answers.get(sentence.id)
    ticked = was_asked(answer)
    note = cut(" ".join(answer.note.split()), _NOTE_LENGTH) if answer else ""
    return Line(sentence.text, "☑" if ticked else "☐", sentence.notes, note)


def _as_of(material: Material) -> Iterator[str]:
    if material.seen_at is not None:
        yield as_of(material)


def as_of(material: Material) -> str:
    """The date of what the customer's page says; old facts are called old."""
    values = {"date": day(material.seen_at), "days": number_format(material.age, force_grouping=True)}
    if material.age >= STALE_AFTER:
        return _("As of %(date)s, %(days)s days ago: what follows may have changed since.") % values
    return _("As of %(date)s") % values


def _facts(lead: Lead, brief: Brief) -> Iterator[str]:
    if lead.segment:
        yield lead.get_segment_display()
    if lead.priority_category:
        yield f"{lead.priority_category} {lead.get_priority_category_display()}"
    if lead.score is not None:
        yield _("score %(score)s") % {"score": score_words(lead)}
    figures = brief.figures
    if figures is not None:
        yield f"{_('Potential')} {figures.potential} / 100"
        yield f"{_('Urgency')}: {figures.urgency}"
        if figures.risk:
            yield f"{_('Security risk')}: {figures.risk}"
        yield f"{_('Offer')}: {figures.tier}"


def foot_of(material: Material, *, public: bool) -> str:
    """When it was seen, and for whom it is."""
    seen = material.seen_at
    if seen is None:
        words = _("Nothing was looked up yet.")
        if material.last is not None:
            values = {"date": day(material.last.created_at), "records": ", ".join(open_records(material.last))}
            words = _("The look of %(date)s got no answer about %(records)s.") % values
        return words if public else f"{words} {_('For internal use.')}"
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
            lines += [f"      {more}" for more in (line.record, line.note) if more]
    if sheet.notes:
        lines += ["", sheet.notes_title, *(f"  [{number}] {said}" for number, said in sheet.notes)]
    return "\n".join([*lines, "", sheet.foot])
