"""The brief as a page: sentences beside what came of the call, footnotes beside their raw rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django import forms

from leads.brief import Brief, Section, Sentence, build_brief
from leads.brief_messages import text
from leads.brief_public import build_public
from leads.brief_sheet import as_of, foot_of
from leads.brief_sources import Material, Raw, material_of
from leads.call_answers import answers_of, version_of, was_asked
from leads.models import CallAnswer, Lead

_CALL = ("call", "questions")
# What comes before the call; every other section stands beside it.
_FIRST = ("headline", "today", "news", "next", "contact", "known", "todo")


class CallAnswerForm(forms.Form):
    asked = forms.BooleanField(required=False)
    note = forms.CharField(required=False, max_length=1000)
    seen = forms.CharField(required=False, max_length=40)


class FollowUpForm(forms.Form):
    seen = forms.DateField(required=False, input_formats=["%Y-%m-%d"])


class TakenUpForm(forms.Form):
    """The keys of events, as services.TakenUp has them."""

    follow_up = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


@dataclass(frozen=True, slots=True)
class Item:
    """A line to say or a question to ask, and what came of it. `seen` is the version a form sends back; `form` what
    was refused, `theirs` the answer that somebody else saved meanwhile."""

    id: str
    text: str
    sentence: Sentence | None
    answer: CallAnswer | None
    seen: str
    form: CallAnswerForm | None = None
    theirs: CallAnswer | None = None

    @property
    def takes_note(self) -> bool:
        """Questions take an answer; lines of the script are only ticked."""
        return self.id.startswith("discovery.")

    @property
    def asked(self) -> bool:
        if self.form is not None:
            return bool(self.form["asked"].value())
        return was_asked(self.answer)

    @property
    def note(self) -> str:
        if self.form is not None:
            return self.form["note"].value() or ""
        return self.answer.note if self.answer is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefPage:
    """`first` and `beside` are the sections without the call, `script` and `questions` the call, `kept` answers to
    questions that this brief no longer asks, `raws` the rows that footnotes link to. `full`: the call was asked for
    although the lead has ended."""

    brief: Brief
    material: Material
    public: bool
    script: tuple[Item, ...]
    questions: tuple[Item, ...]
    kept: tuple[Item, ...]
    full: bool = False

    @classmethod
    def of(cls, lead: Lead, *, public: bool = False, full: bool = False) -> BriefPage:
        material = material_of(lead)
        if public:
            brief = build_public(material)
            return cls(brief=brief, material=material, public=True, script=(), questions=(), kept=())
        brief, answers = build_brief(material, full=full), answers_of(lead)
        script, questions = (_items(brief.section(key), answers) for key in _CALL)
        shown = {item.id for item in (*script, *questions)}
        kept = [_item(name, text(name), None, answer) for name, answer in answers.items() if name not in shown]
        return cls(
            brief=brief,
            material=material,
            public=False,
            script=script,
            questions=questions,
            kept=tuple(item for item in kept if item.asked or item.note),
            full=full,
        )

    @property
    def first(self) -> tuple[Section, ...]:
        return tuple(section for section in self.brief.sections if section.key in _FIRST)

    @property
    def beside(self) -> tuple[Section, ...]:
        return tuple(section for section in self.brief.sections if section.key not in (*_FIRST, *_CALL))

    @property
    def calls(self) -> bool:
        """The call comes first: it is the next step, or was asked for."""
        return self.full or (self.brief.step is not None and self.brief.step.kind == "call")

    @property
    def has_answers(self) -> bool:
        return any(item.asked or item.note for item in (*self.script, *self.questions))

    @property
    def mails(self) -> bool:
        """An e-mail is the next step, and there is somebody to write to."""
        lead, step = self.material.lead, self.brief.step
        return step is not None and step.kind == "email" and bool(lead.usable_emails)

    @property
    def as_of(self) -> str:
        return as_of(self.material)

    @property
    def foot(self) -> str:
        """When it was seen, and for whom it is."""
        return foot_of(self.material, public=self.public)

    @property
    def raws(self) -> tuple[Raw, ...]:
        rows = {note.raw.anchor: note.raw for note in self.brief.notes if note.raw is not None}
        return tuple(rows.values())

    def item(self, question: str) -> Item:
        """Also for a question that this brief does not ask."""
        found = next((item for item in (*self.script, *self.questions, *self.kept) if item.id == question), None)
        return found or _item(question, text(question), None, None)

    def refused(self, question: str, form: CallAnswerForm, theirs: CallAnswer | None) -> BriefPage:
        """The page with what was sent kept in its form; whoever sends it again has seen `theirs`."""
        item = replace(self.item(question), form=form, theirs=theirs)

        def put(items: tuple[Item, ...]) -> tuple[Item, ...]:
            return tuple(item if one.id == question else one for one in items)

        script, questions, kept = put(self.script), put(self.questions), put(self.kept)
        if item not in (*script, *questions, *kept):
            kept = (*kept, item)
        return replace(self, script=script, questions=questions, kept=kept)


def _items(section: Section | None, answers: Mapping[str, CallAnswer]) -> tuple[Item, ...]:
    sentences = section.sentences if section else ()
    return tuple(_item(line.id, line.text, line, answers.get(line.id)) for line in sentences)


def _item(name: str, said: str, sentence: Sentence | None, answer: CallAnswer | None) -> Item:
    return Item(name, said, sentence, answer, version_of(answer))
