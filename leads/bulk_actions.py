"""Changing many leads at once: previewed, done in chunks, remembered row by row, undone where that is possible.

Which leads is settled in the draft (docs/decisions/0007). A chunk is one transaction that locks its leads by key in
order (docs/decisions/0005), changes them, writes events and rows, and moves the checkpoint, so a kill repeats none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

import jobs.services
from jobs.models import Job
from jobs.services import JobRun, PermanentFailure
from leads import scanning, services, snoozing, tags
from leads.bulk import insert_rows, update_rows
from leads.models import BulkAction, BulkRow, Event, Lead, LeadQuerySet, Tag

Kind = BulkAction.Kind
State = BulkAction.State
Result = BulkRow.Result
AT_ONCE: Final = 200  # leads changed within the request; more are a job
CHUNK: Final = 500
SHOWN: Final = 10  # of the last actions, beside the jobs
_COUNTED_AT_ONCE: Final = 10_000  # SQLite takes 32,766 parameters in one statement
_DRAFTS_LIVE: Final = timedelta(days=1)
_KEPT: Final = timedelta(days=90)  # as long as finished jobs; the timeline of each lead keeps what was done
OWNER_GONE: Final = "bulk.owner_gone"  # the error of a job, in words in job_texts.ERRORS
Old = dict[str, Any]


class OwnerGone(PermanentFailure):
    """The new owner was deleted. Whose leads these are is then for a person to say."""

    def __init__(self) -> None:
        super().__init__(OWNER_GONE)


def draft(kind: str, leads: LeadQuerySet, *, query: str, by: User) -> BulkAction:
    """Settle which leads are meant. Nothing is changed until `start`."""
    keys = list(leads.order_by("pk").values_list("pk", flat=True))
    return BulkAction.objects.create(kind=kind, leads=keys, total=len(keys), query=query[:4000], by=by)


def already(action: BulkAction) -> int:
    """How many leads of a draft have what it gives, or something it would replace: an owner, a sleep, a dismissal, a
    scan that waits. Tags have none."""
    now = timezone.now()
    having: dict[str, Callable[[LeadQuerySet], LeadQuerySet]] = {
        Kind.ASSIGN: lambda leads: leads.filter(owner__isnull=False),
        Kind.SNOOZE: lambda leads: leads.asleep(now),
        Kind.DISMISS: lambda leads: leads.filter(dismissed_at__isnull=False),
        Kind.RESCAN: lambda leads: leads.filter(scan_job__isnull=False),
    }
    if action.kind not in having:
        return 0
    parts = (action.leads[at : at + _COUNTED_AT_ONCE] for at in range(0, action.total, _COUNTED_AT_ONCE))
    return sum(having[action.kind](Lead.objects.filter(pk__in=part)).count() for part in parts)


def start(action: BulkAction, params: Mapping[str, Any], *, by: User) -> bool:
    """Do it: at once when there are few leads, else as a job. False = somebody was faster. Raises OwnerGone and changes
    nothing."""
    with transaction.atomic():
        params = _resolved(action, params)
        drafts = BulkAction.objects.filter(pk=action.pk, state=State.DRAFT)
        if not drafts.update(state=State.RUNNING, params=params, started_at=timezone.now(), by=by):
            return False
        action.refresh_from_db()
        if action.total > AT_ONCE:
            _enqueue(action, "do", action.total, by)
        else:
            _do(action, action.leads)
            _close(action, State.RUNNING, State.DONE)
    return True


def undo(action: BulkAction, *, by: User) -> bool:
    """Give back what each lead had, where it still has what this action gave it. False = there is nothing to undo."""
    with transaction.atomic():
        done = BulkAction.objects.filter(pk=action.pk, state=State.DONE).exclude(kind=Kind.RESCAN)
        if not done.update(state=State.UNDOING, undone_by=by):
            return False
        action.refresh_from_db()
        count = action.rows.filter(result=Result.CHANGED).count()
        if count > AT_ONCE:
            _enqueue(action, "undo", count, by)
        else:
            _take_back(action, AT_ONCE)
            _close(action, State.UNDOING, State.UNDONE)
    return True


def run_bulk(run: JobRun) -> None:
    """Job handler: do or undo an action, chunk by chunk. Safe to kill anywhere and to run again."""
    action = BulkAction.objects.select_related("by", "undone_by").get(pk=run.payload["action"])
    undoing = run.payload["what"] == "undo"
    while True:
        with transaction.atomic():
            if undoing:
                count = _take_back(action, CHUNK)
            else:
                count = _do(action, action.leads[run.job.done : run.job.done + CHUNK])
            if count:
                run.checkpoint(done=run.job.done + count)
        if not count:
            break
        if run.time_is_up():
            run.again()
    if undoing:
        _close(action, State.UNDOING, State.UNDONE)
    else:
        _close(action, State.RUNNING, State.DONE)


def release(job: Job) -> None:
    """A cancelled job leaves what it did, and that can be undone; a failed one can be started again, unless the owner
    is gone, who does not come back."""
    if job.state == Job.State.CANCELLED or job.error == OWNER_GONE:
        BulkAction.objects.filter(job=job, state__in=(State.RUNNING, State.UNDOING)).update(state=State.DONE)


def recent() -> QuerySet[BulkAction]:
    """The last changes of many leads, newest first, also those that were done at once and so never were a job."""
    started = BulkAction.objects.exclude(state=State.DRAFT).defer("leads", "query")
    return started.select_related("by").order_by("-started_at", "-pk")[:SHOWN]


def prune(now: datetime) -> None:
    """Forget drafts that nobody started, and what is long done (a duty)."""
    forgotten = Q(state=State.DRAFT, created_at__lt=now - _DRAFTS_LIVE)
    forgotten |= Q(state__in=(State.DONE, State.UNDONE), created_at__lt=now - _KEPT)
    BulkAction.objects.filter(forgotten).delete()


def _enqueue(action: BulkAction, what: str, total: int, by: User) -> None:
    payload = {"title": f"bulk.{action.kind if what == 'do' else 'undo'}", "action": action.pk, "what": what}
    # An undo is a job of its own: a worker that died when all was done may still hold the first one.
    action.job = jobs.services.enqueue(
        "bulk", key=f"bulk:{what}:{action.pk}", subject=str(action), payload=payload, started_by=by, total=total
    )
    action.save(update_fields=["job"])


def _close(action: BulkAction, old: str, new: str) -> None:
    """Only from the state the caller worked in: whoever comes back late must not close what was begun since."""
    if BulkAction.objects.filter(pk=action.pk, state=old).update(state=new):
        action.state = new


def _resolved(action: BulkAction, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they are kept: a tag that does not exist yet is made."""
    if action.kind == Kind.TAG:
        (tag,) = tags.called([params["name"]])
        return {"tag": tag.pk, "name": tag.name}
    return dict(params)


def _locked(keys: Sequence[int | None]) -> list[Lead]:
    leads = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("owner")
    return list(leads.filter(pk__in=[key for key in keys if key]).defer("search_text").order_by("pk"))


def _do(action: BulkAction, keys: Sequence[int]) -> int:
    """Change these leads, in the caller's transaction. Each key gets one row. Returns how many."""
    leads = _locked(keys)
    changed = _VERBS[action.kind][0](action, leads)
    there = {lead.pk: lead for lead in leads}
    rows = []
    for key in keys:
        lead = there.get(key)
        result = Result.GONE if lead is None else Result.CHANGED if key in changed else Result.SAME
        rows.append(
            BulkRow(
                action=action,
                lead=lead,
                name=lead.domain if lead else f"#{key}",
                result=result,
                old=changed.get(key, {}),
            )
        )
    insert_rows(rows)
    return len(keys)


def _take_back(action: BulkAction, limit: int) -> int:
    """Undo up to `limit` rows, in the caller's transaction. Returns how many were looked at."""
    rows = list(action.rows.filter(result=Result.CHANGED).order_by("pk")[:limit])
    leads = _locked([row.lead_id for row in rows])
    given_back = _VERBS[action.kind][1](action, leads, {row.lead_id: row.old for row in rows if row.lead_id})
    update_rows(
        BulkRow, ("result",), [(row.pk, Result.UNDONE if row.lead_id in given_back else Result.LEFT) for row in rows]
    )
    return len(rows)


def _touched_by_others(action: BulkAction, leads: list[Lead], kind: str, *, about: str = "") -> set[int]:
    """Keys of the leads where somebody else decided the same since, `about` this tag: what they have now is theirs,
    even if it is what the action gave."""
    since = Event.objects.filter(lead__in=[lead.pk for lead in leads], kind=kind, at__gt=action.started_at)
    if about:
        since = since.filter(Q(old=about) | Q(new=about))
    return set(since.exclude(by=action.by_id).values_list("lead_id", flat=True))


def _assign(action: BulkAction, leads: list[Lead]) -> dict[int, Old]:
    wanted = action.params["owner"]
    owner = User.objects.filter(pk=wanted).first() if wanted else None
    if wanted and owner is None:
        raise OwnerGone
    old = {lead.pk: {"owner": lead.owner_id} for lead in leads if lead.owner_id != (owner and owner.pk)}
    services.assign(leads, owner, by=action.by, bulk=action)
    return old


def _unassign(action: BulkAction, leads: list[Lead], old: Mapping[int, Old]) -> set[int]:
    others = _touched_by_others(action, leads, Event.Kind.OWNER)
    mine = [lead for lead in leads if lead.owner_id == action.params["owner"] and lead.pk not in others]
    owners: dict[int | None, list[Lead]] = {}
    for lead in mine:
        owners.setdefault(old[lead.pk]["owner"], []).append(lead)
    people = User.objects.in_bulk([key for key in owners if key])
    for key, theirs in owners.items():
        services.assign(theirs, people.get(key or 0), by=action.undone_by, bulk=action)
    return {lead.pk for lead in mine}


def _tag(action: BulkAction, leads: list[Lead]) -> dict[int, Old]:
    return {key: {} for key in _set_tag(action, leads, on=True, by=action.by)}


def _untag(action: BulkAction, leads: list[Lead]) -> dict[int, Old]:
    return {key: {} for key in _set_tag(action, leads, on=False, by=action.by)}


def _tag_back(action: BulkAction, leads: list[Lead], old: Mapping[int, Old]) -> set[int]:
    others = _touched_by_others(action, leads, Event.Kind.TAG, about=action.params["name"])
    mine = [lead for lead in leads if lead.pk not in others]
    return _set_tag(action, mine, on=action.kind == Kind.UNTAG, by=action.undone_by)


def _set_tag(action: BulkAction, leads: list[Lead], *, on: bool, by: Any) -> set[int]:
    """Keys of the leads whose tag changed."""
    name, tag = action.params["name"], action.params["tag"]
    if not Tag.objects.filter(pk=tag).exists():  # deleted since
        return set()
    given = Lead.tags.through.objects.filter(tag_id=tag, lead_id__in=[lead.pk for lead in leads])
    present = set(given.values_list("lead_id", flat=True))
    changed = [lead for lead in leads if (lead.pk in present) != on]
    if on:
        insert_rows([Lead.tags.through(lead_id=lead.pk, tag_id=tag) for lead in changed], ignore_conflicts=True)
    else:
        given.delete()
    words = {"new": name} if on else {"old": name}
    insert_rows([Event(lead=lead, kind=Event.Kind.TAG, by=by, bulk=action, **words) for lead in changed])
    return {lead.pk for lead in changed}


def _snooze(action: BulkAction, leads: list[Lead]) -> dict[int, Old]:
    until, since = _sleep(action)
    new = snoozing.code(until, since)
    changed = [lead for lead in leads if _code(lead) != new]
    update_rows(Lead, snoozing.COLUMNS, [(lead.pk, until, since, action.by_id) for lead in changed])
    insert_rows(
        [
            Event(lead=lead, kind=Event.Kind.SNOOZED, by=action.by, old=_code(lead), new=new, bulk=action)
            for lead in changed
        ]
    )
    return {
        lead.pk: {
            "until": snoozing.moment_text(lead.snoozed_until),
            "since": snoozing.moment_text(lead.snoozed_until_change_since),
            "by": lead.snoozed_by_id,
        }
        for lead in changed
    }


def _wake(action: BulkAction, leads: list[Lead], old: Mapping[int, Old]) -> set[int]:
    others = _touched_by_others(action, leads, Event.Kind.SNOOZED)
    asleep = [lead for lead in leads if (lead.snoozed_until, lead.snoozed_until_change_since) == _sleep(action)]
    mine = [lead for lead in asleep if lead.pk not in others]
    rows = [
        (
            lead.pk,
            snoozing.moment_of(old[lead.pk]["until"]),
            snoozing.moment_of(old[lead.pk]["since"]),
            old[lead.pk]["by"],
        )
        for lead in mine
    ]
    update_rows(Lead, snoozing.COLUMNS, rows)
    insert_rows(
        [
            Event(
                lead=lead,
                kind=Event.Kind.SNOOZED,
                by=action.undone_by,
                old=_code(lead),
                new=snoozing.code(until, since) or "woken",
                bulk=action,
            )
            for lead, (_pk, until, since, _by) in zip(mine, rows, strict=True)
        ]
    )
    return {lead.pk for lead in mine}


def _sleep(action: BulkAction) -> tuple[datetime | None, datetime | None]:
    """Until when, and since when a change wakes."""
    day = action.params["until"]
    until = timezone.make_aware(datetime.combine(date.fromisoformat(day), time())) if day else None
    return until, action.started_at if action.params["until_change"] else None


def _code(lead: Lead) -> str:
    return snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since)


def _dismiss(action: BulkAction, leads: list[Lead]) -> dict[int, Old]:
    changed = [lead for lead in leads if lead.dismissed_at is None]
    reason = action.params["reason"]
    Lead.objects.filter(pk__in=[lead.pk for lead in changed]).update(
        dismissed_at=action.started_at, dismissed_by=action.by, dismissed_reason=reason
    )
    insert_rows(
        [Event(lead=lead, kind=Event.Kind.DISMISSED, by=action.by, new=reason, bulk=action) for lead in changed]
    )
    return {lead.pk: {} for lead in changed}


def _restore(action: BulkAction, leads: list[Lead], old: Mapping[int, Old]) -> set[int]:
    mine = [lead for lead in leads if lead.dismissed_at == action.started_at]
    Lead.objects.filter(pk__in=[lead.pk for lead in mine]).update(
        dismissed_at=None, dismissed_by=None, dismissed_reason=""
    )
    insert_rows([Event(lead=lead, kind=Event.Kind.RESTORED, by=action.undone_by, bulk=action) for lead in mine])
    return {lead.pk for lead in mine}


def _rescan(action: BulkAction, leads: list[Lead]) -> dict[int, Old]:
    """All chunks share one scan job, while that one lives."""
    rows = Lead.objects.filter(pk__in=[lead.pk for lead in leads])
    free = set(rows.unqueued().values_list("pk", flat=True))
    scanning.queue_scan(rows, title="scan.selected", started_by=action.by, key=f"scan:bulk:{action.pk}")
    return {pk: {} for pk in free}


def _keep(action: BulkAction, leads: list[Lead], old: Mapping[int, Old]) -> set[int]:
    """A look that was made cannot be taken back."""
    return set()


_Do = Callable[[BulkAction, list[Lead]], dict[int, Old]]
_Undo = Callable[[BulkAction, list[Lead], Mapping[int, Old]], set[int]]
_VERBS: Final[dict[str, tuple[_Do, _Undo]]] = {
    Kind.ASSIGN: (_assign, _unassign),
    Kind.TAG: (_tag, _tag_back),
    Kind.UNTAG: (_untag, _tag_back),
    Kind.SNOOZE: (_snooze, _wake),
    Kind.DISMISS: (_dismiss, _restore),
    Kind.RESCAN: (_rescan, _keep),
}
