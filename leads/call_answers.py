"""What came of the call: lines said, questions asked, answers written down. Two windows never overwrite each other
unnoticed: whoever saves says which version they saw."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from leads.brief_messages import is_known
from leads.models import CallAnswer, Lead

NEVER: Final = ""  # the version of a question nobody has touched
_FAMILIES: Final = ("call.", "discovery.")


class AnsweredMeanwhile(Exception):
    """Somebody else saved this question since the page was opened; `answer` is what they wrote."""

    def __init__(self, answer: CallAnswer) -> None:
        super().__init__(answer.question)
        self.answer = answer


def is_question(message_id: str) -> bool:
    """Whether this is a line of the call script or a discovery question."""
    return message_id.startswith(_FAMILIES) and is_known(message_id)


def answers_of(lead: Lead) -> dict[str, CallAnswer]:
    """By message id."""
    return {answer.question: answer for answer in lead.call_answers.select_related("by")}


def was_asked(answer: CallAnswer | None) -> bool:
    """Whoever wrote down an answer has asked."""
    return answer is not None and (answer.asked or bool(answer.note.strip()))


def version_of(answer: CallAnswer | None) -> str:
    """Which version of an answer a page shows."""
    return NEVER if answer is None else answer.at.isoformat()


def save_answer(lead: Lead, question: str, *, asked: bool, note: str, seen: str, by: User) -> CallAnswer:
    """Keep what came of `question`; `seen` is the version that the person looked at. Saving what is there already
    changes nothing, and an answer counts as asked. Raises AnsweredMeanwhile."""
    asked = asked or bool(note.strip())
    with transaction.atomic():
        Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)  # two first answers at once wait for each other
        answer = lead.call_answers.select_related("by").filter(question=question).first()
        if answer is not None and (answer.asked, answer.note) == (asked, note):
            return answer
        if version_of(answer) != seen and answer is not None:
            raise AnsweredMeanwhile(answer)
        answer = answer or CallAnswer(lead=lead, question=question)
        answer.asked, answer.note, answer.by, answer.at = asked, note, by, timezone.now()
        answer.save()
    return answer
