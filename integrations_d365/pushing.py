"""What people and the clock ask for: push, push many, retry, take back, decide. The engine does the rest.

A lead is in one queue at most: while a live job names its Push, that job pushes it (DESIGN.md, sections 5 and 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

import jobs.services
from integrations_d365 import auth, governor
from integrations_d365.models import AutoPush, Governor, Push, PushAttempt, PushQuerySet, Reason
from jobs.models import Job
from leads import services
from leads.bulk import insert_rows
from leads.list_query import LeadQuery
from leads.models import Alert, Event, Lead, LeadQuerySet, PushState, RemoteState

State = PushState
# Dynamics is done with the lead, or has it no more: nothing is sent unless a person decides.
CLOSED: Final = (RemoteState.QUALIFIED, RemoteState.DISQUALIFIED, RemoteState.DELETED)
DUE_KEY: Final = "d365:due"
PROBE_EVERY: Final = timedelta(minutes=10)
_CHUNK: Final = 2_000
_OVERLAP: Final = timedelta(minutes=2)  # an event is seen only when its transaction has ended
# Events that change what Dynamics should hold, besides scans.
_TELLING: Final = (
    Event.Kind.LINKED, Event.Kind.UNLINKED, Event.Kind.REFERRAL, Event.Kind.EDITED, Event.Kind.TAG,
    Event.Kind.TENANT, Event.Kind.OVERRIDE, Event.Kind.OPT_OUT,
)  # fmt: skip
# Parked for one of these, a row waits for a decision, not for another try.
DECISIONS: Final = (Reason.FOREIGN, Reason.DELETED)
OTHER_ENVIRONMENT: Final = "other_environment"
# What a row that is tried again begins with; why it was parked is kept until it succeeds.
_FRESH: Final[dict[str, Any]] = {"attempts": 0, "failing_since": None}
_WHOSE: Final = ("asked_by", "asked_at")  # a row that waits already stays the wish of whoever asked first
_CLEAN: Final[dict[str, Any]] = {
    "reason": "", "error_category": "", "error_code": "", "error_said": "", "error_request_id": "", "error_at": None,
    "attempts": 0, "failing_since": None,
}  # fmt: skip


class PushRefused(Exception):
    """The lead cannot be pushed. `reason` is a key of messages.REFUSED: off, not_configured, no_verdict, closed (in
    Dynamics) or decision (a person has to decide first)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def why_off() -> str:
    """Why nothing can be asked for, a key of messages.REFUSED; "" = it can. A pause is no reason: what is asked for
    waits."""
    if not settings.HUNTER_D365_ENABLED:
        return "off"
    return "" if auth.is_configured() else "not_configured"


def request_push(lead: Lead, *, by: User | None) -> Push:
    """Queue one lead; one that waits or is being pushed already is the same one. A lead without a verdict waits for the
    scan that is under way. Raises PushRefused and LeadGone."""
    if reason := why_off():
        raise PushRefused(reason)
    with transaction.atomic():
        Push.objects.get_or_create(lead=lead)
        job = _job_of(lead, by) if lead.score is not None else None
        push = Push.objects.select_for_update().get(lead=lead)
        services.held([lead.pk])
        if refusal := _why_not(push, lead):
            raise PushRefused(refusal)
        push.asked_by, push.asked_at, push.not_before = by, timezone.now(), timezone.now()
        if push.state == State.IN_PROGRESS:
            push.again = True
        else:
            _set(push, state=State.QUEUED, job=job, **_FRESH)
        push.save()
        services.note_pushes({lead.pk: (push.state, push.remote_state)})
    return push


def _why_not(push: Push, lead: Lead) -> str:
    if (push.state == State.PARKED and push.reason in DECISIONS) or push.remote_state == RemoteState.DELETED:
        return "decision"
    if push.is_closed:
        return "closed"
    if lead.score is None and not lead.awaits_scan and lead.retry_at is None:
        return "no_verdict"
    return ""


def queue_pushes(leads: LeadQuerySet, *, by: User | None, title: str, name: str = "") -> Job | None:
    """One job that pushes every lead of the queryset that has a verdict, is not closed in Dynamics, waits for no
    decision and is in no other queue. None = there is none. `title` is a key of job_texts.TITLES. Raises
    PushRefused."""
    if reason := why_off():
        raise PushRefused(reason)
    with transaction.atomic():
        now = timezone.now()
        key = f"d365:bulk:{now.isoformat()}:{by and by.pk}"
        job = _job(key, title, name=name, subject=name or title, by=by)
        queued = _queue(list(leads.filter(score__isnull=False).order_by().values_list("pk", flat=True)), job, by, now)
        if not queued:
            job.delete()
            return None
        Job.objects.filter(pk=job.pk).update(total=queued)
        job.total = queued
    return job


def _queue(leads: list[int], job: Job, by: User | None, now: datetime) -> int:
    """Every push row is locked before any lead, each by key: the order of decision 0006. Returns how many
    are queued."""
    wanted: list[int] = []
    for part in _parts(leads):
        known = set(Push.objects.filter(lead__in=part).values_list("lead_id", flat=True))
        insert_rows([Push(lead_id=pk) for pk in part if pk not in known], ignore_conflicts=True)
        rows = Push.objects.filter(lead__in=part).unheld().exclude(state=State.IN_PROGRESS)
        rows = rows.exclude(remote_state__in=CLOSED).exclude(state=State.PARKED, reason__in=DECISIONS)
        wanted += rows.values_list("pk", flat=True)
    notes: dict[int, tuple[str, str]] = {}
    for part in _parts(sorted(wanted)):
        rows = Push.objects.filter(pk__in=part).unheld().exclude(state=State.IN_PROGRESS)
        notes |= _lock_and_queue(rows, job, asked_by=by, asked_at=now, not_before=now)
    queued = 0
    for part in _parts(sorted(notes)):
        there = services.note_pushes({lead: notes[lead] for lead in part})
        if gone := set(part) - there:  # removed since they were counted, as by the undo of their import
            Push.objects.filter(lead__in=gone).delete()
        queued += len(there)
    return queued


def _parts(keys: list[int]) -> Iterator[list[int]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))


def _requeue(rows: PushQuerySet, job: Job | None, **changes: Any) -> int:
    """In the caller's transaction; rows are locked by key, then their leads."""
    notes = _lock_and_queue(rows, job, **changes)
    services.note_pushes(notes)
    return len(notes)


def _lock_and_queue(rows: PushQuerySet, job: Job | None, **changes: Any) -> dict[int, tuple[str, str]]:
    """What the rows' leads then say."""
    locked = rows.select_for_update(of=("self",)).order_by("pk")
    found = {pk: (lead, remote) for pk, lead, remote in locked.values_list("pk", "lead_id", "remote_state")}
    mine = Push.objects.filter(pk__in=found)
    mine.queued().update(job=job, **_FRESH, **{name: value for name, value in changes.items() if name not in _WHOSE})
    mine.exclude(state=State.QUEUED).update(state=State.QUEUED, job=job, **_FRESH, **changes)
    return {lead: (State.QUEUED, remote) for lead, remote in found.values()}


def requeue_changed(rows: PushQuerySet, job: Job, now: datetime) -> int:
    """Give the job pushed leads that changed. In the caller's transaction. Returns how many."""
    return _requeue(rows.filter(state=State.SYNCED).unheld(), job, not_before=now, asked_by=None)


def tell_about_pause(row: Governor) -> None:
    """An alert that pushing is paused, once a day for the same trouble."""
    row.refresh_from_db()
    assert row.paused_at is not None
    Alert.objects.get_or_create(
        key=f"d365:paused:{row.paused_at:%Y-%m-%d}:{row.paused_category}:{row.paused_code}"[:160],
        defaults={"type": Alert.Type.PUSH_PAUSED, "title": "Dynamics 365", "path": reverse("d365:board")},
    )


def _let_go(rows: PushQuerySet) -> None:
    """Rows wait for the clock, with what is known about their trouble. In the caller's transaction."""
    locked = rows.select_for_update(of=("self",)).order_by("pk")
    found = {pk: (lead, remote) for pk, lead, remote in locked.values_list("pk", "lead_id", "remote_state")}
    Push.objects.filter(pk__in=found).update(state=State.QUEUED, job=None)
    services.note_pushes({lead: (State.QUEUED, remote) for lead, remote in found.values()})


def retry(pushes: PushQuerySet, *, by: User | None) -> Job | None:
    """Push parked rows again, those that wait for a decision left out. None = there was none. Raises PushRefused."""
    retried = pushes.parked().exclude(reason__in=DECISIONS)
    return queue_pushes(Lead.objects.filter(push__in=retried), by=by, title="push.retry")


def take_back(push: Push, *, by: User) -> bool:
    """A push of a lead that is not in Dynamics, or that waits for a decision, is not wanted any more; nothing changes
    in Dynamics. False = it is on its way, or the lead is there already: then its changes follow by themselves."""
    with transaction.atomic():
        row = Push.objects.select_for_update().get(pk=push.pk)
        undecided = row.state == State.PARKED and row.reason in DECISIONS
        if row.state not in (State.QUEUED, State.PARKED) or (row.remote_id and not undecided):
            return False
        # That it was deleted there is kept: a bulk push must not bring it back.
        remote = RemoteState.DELETED if row.reason == Reason.DELETED else ""
        _set(row, state=State.NOT_PUSHED, job=None, foreign_id="", **_unknown_there(), **_CLEAN)
        row.remote_state = remote
        row.save()
        services.note_pushes({row.lead_id: (State.NOT_PUSHED, remote)})
        Event.objects.create(lead_id=row.lead_id, kind=Event.Kind.PUSH_DECIDED, by=by, new="taken_back")
    return True


def _unknown_there() -> dict[str, Any]:
    """The columns of a push whose lead is not known to be in Dynamics."""
    return {
        "remote_id": "", "organization_id": "", "remote_state": "", "remote_status": None, "remote_owner": "",
        "etag": "", "acked": {}, "acked_hash": "", "compared_at": None,
    }  # fmt: skip


def resend(push: Push, *, by: User) -> Push:
    """Send every column again, whatever was acknowledged: what stands in Dynamics may have been lost there. Raises
    PushRefused."""
    with transaction.atomic():
        Push.objects.filter(pk=push.pk).update(acked={}, acked_hash="")
        return request_push(push.lead, by=by)


def resend_all(leads: LeadQuerySet, *, by: User | None) -> Job | None:
    """As `resend`, for every lead of the queryset that is in Dynamics. None = there is none. Raises PushRefused."""
    if reason := why_off():
        raise PushRefused(reason)
    there = Push.objects.filter(lead__in=leads, state=State.SYNCED).exclude(remote_id="")
    there = there.exclude(remote_state__in=CLOSED)
    with transaction.atomic():
        keys = list(there.select_for_update().order_by("pk").values_list("pk", flat=True))
        for part in _parts(keys):
            Push.objects.filter(pk__in=part).update(acked={}, acked_hash="")
        return queue_pushes(Lead.objects.filter(push__in=keys), by=by, title="push.again")


def look_again(push: Push) -> None:
    """The next read-back asks for this lead by its id."""
    Push.objects.filter(pk=push.pk).update(remote_asked_at=None, remote_seen_at=None)


def of_another_environment(organization_id: str) -> PushQuerySet:
    """Pushes whose ids belong to another organisation than this one."""
    return Push.objects.exclude(remote_id="").exclude(organization_id__in=("", organization_id))


def start_anew(organization_id: str, *, by: User) -> int:
    """A person says that this is another environment: what was pushed elsewhere is not there. Returns how many."""
    with transaction.atomic():
        rows = of_another_environment(organization_id)
        found = dict(rows.select_for_update().order_by("pk").values_list("pk", "lead_id"))
        for part in _parts(list(found)):
            Push.objects.filter(pk__in=part).update(state=State.NOT_PUSHED, job=None, **_unknown_there(), **_CLEAN)
        for part in _parts(sorted(found.values())):
            services.note_pushes(dict.fromkeys(part, (State.NOT_PUSHED, "")))
            Event.objects.bulk_create(
                [Event(lead_id=pk, kind=Event.Kind.PUSH_DECIDED, by=by, new="other_environment") for pk in part]
            )
    return len(found)


def keep_ids(organization_id: str) -> int:
    """A person says that this is a copy, or the same environment moved: ids stand, contents are sent again."""
    rows = of_another_environment(organization_id)
    return rows.update(organization_id=organization_id, acked={}, acked_hash="", compared_at=None)


def adopt(push: Push, *, by: User, seen: str) -> Push:
    """A person decides that the lead found in Dynamics is this one: Hunter writes its own columns there, the seller's
    stay. `seen` = the id that was shown. Raises PushRefused when it is not the one that was found any more."""
    return _decide(push, by=by, reason=Reason.FOREIGN, seen=seen, word="adopted")


def create_again(push: Push, *, by: User) -> Push:
    """A person decides that a lead that was deleted in Dynamics is wanted there once more. Raises PushRefused."""
    return _decide(push, by=by, reason=Reason.DELETED, seen="", word="created_again")


def _decide(push: Push, *, by: User, reason: str, seen: str, word: str) -> Push:
    if refusal := why_off():
        raise PushRefused(refusal)
    with transaction.atomic():
        lead = Lead.objects.get(pk=push.lead_id)
        job = _job_of(lead, by)
        row = Push.objects.select_for_update().get(pk=push.pk)
        left_deleted = reason == Reason.DELETED and row.remote_state == RemoteState.DELETED
        parked = row.state == State.PARKED and row.reason == reason
        if not (parked or (left_deleted and row.state == State.NOT_PUSHED)) or (seen and seen != row.foreign_id):
            raise PushRefused("decision")
        remote_id = row.foreign_id if reason == Reason.FOREIGN else ""
        if remote_id and Push.objects.filter(remote_id=remote_id).exists():
            raise PushRefused("taken")
        now = timezone.now()
        # A lead that is closed there is taken over as it is: nothing is written to it.
        state = row.remote_state if remote_id else ""
        _set(row, state=State.QUEUED, job=job, remote_id=remote_id, remote_state=state, foreign_id="", etag="",
             acked={}, acked_hash="", asked_by=by, asked_at=now, not_before=now, **_CLEAN)  # fmt: skip
        row.save()
        services.note_pushes({row.lead_id: (State.QUEUED, state)})
        Event.objects.create(lead_id=row.lead_id, kind=Event.Kind.PUSH_DECIDED, by=by, new=word)
    return row


def _set(push: Push, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(push, name, value)


def _job_of(lead: Lead, by: User | None) -> Job:
    key = f"d365:lead:{lead.pk}"
    return _job(key, "push.named", name=lead.shown_domain, subject=lead.domain, by=by, total=1)


def _job(key: str, title: str, *, name: str, subject: str, by: User | None, total: int = 0) -> Job:
    payload = {"title": title, "name": name[:200]}
    return jobs.services.enqueue("push", key=key, subject=subject, payload=payload, started_by=by, total=total)


def release(job: Job) -> None:
    """A push job ended without being done. Cancelled: what it had not sent is not wanted any more. Failed: its rows
    wait for the clock. What was on its way is asked for again: whether it arrived, only Dynamics knows."""
    mine = Push.objects.filter(job=job)
    PushAttempt.objects.filter(push__in=mine.filter(state=State.IN_PROGRESS), outcome=PushAttempt.Outcome.SENT).update(
        outcome=PushAttempt.Outcome.UNKNOWN
    )
    if job.state == Job.State.CANCELLED:
        give_up(mine.queued().filter(asked_by=job.started_by_id))  # what others asked for waits for the clock
    _let_go(mine.filter(state__in=(State.IN_PROGRESS, State.QUEUED)))


def give_up(rows: PushQuerySet) -> None:
    """Queued rows become what they were before: parked for their reason, synced (and compared anew), or not pushed."""
    locked = rows.select_for_update(of=("self",)).order_by("pk")
    groups: dict[str, dict[int, tuple[int, str]]] = {}
    for pk, lead, reason, acked, remote in locked.values_list("pk", "lead_id", "reason", "acked_hash", "remote_state"):
        is_there = bool(acked) and remote != RemoteState.DELETED
        state: str = State.PARKED if reason else State.SYNCED if is_there else State.NOT_PUSHED
        groups.setdefault(state, {})[pk] = (lead, remote)
    notes: dict[int, tuple[str, str]] = {}
    for state, chosen in groups.items():
        Push.objects.filter(pk__in=chosen).update(state=state, job=None, compared_at=None)
        notes |= {lead: (state, remote) for lead, remote in chosen.values()}
    services.note_pushes(notes)


def push_when_due(now: datetime) -> Job | None:
    """The periodic duty: rows whose time has come, leads that changed since their push, rules that push by themselves;
    and while pushing is paused, every ten minutes a look whether the trouble is over. None = nothing to do."""
    if why_off():
        return None
    row = governor.current()
    if row.paused_at is not None:
        if row.probed_at is not None and row.probed_at > now - PROBE_EVERY:
            return None
    elif not _anything_due(row, now):
        return None
    return jobs.services.enqueue(
        "push", key=DUE_KEY, subject="Dynamics 365", payload={"title": "push.due"}, routine=True
    )


def _anything_due(row: Governor, now: datetime) -> bool:
    if row.not_before is not None and row.not_before > now:
        return False
    orphans = Push.objects.filter(state__in=(State.QUEUED, State.IN_PROGRESS)).unheld()
    return (
        orphans.filter(Q(lead__score__isnull=False, not_before__lte=now) | _hopeless()).exists()
        or outdated().exists()
        or _told_events(row).exists()
        or any(leads.exists() for _rule, leads in wanted_by_rules())
    )


def _hopeless() -> Q:
    """No verdict, and no scan that could bring one."""
    return Q(lead__score__isnull=True, lead__scan_job__isnull=True, lead__retry_at__isnull=True)


def outdated() -> PushQuerySet:
    """Pushed leads that were looked at since they were last compared with what Dynamics has."""
    rows = Push.objects.filter(state=State.SYNCED).exclude(remote_state__in=CLOSED)
    return rows.filter(Q(compared_at__isnull=True) | Q(lead__scanned_at__gt=F("compared_at")))


def _told_events(row: Governor) -> Any:
    since = row.events_seen_to or timezone.now() - timedelta(days=1)
    return Event.objects.filter(kind__in=_TELLING, at__gt=since, lead__push__state=State.SYNCED)


def note_told_events(now: datetime) -> None:
    """Leads whose referral, name, tags or entries of people changed are compared again."""
    row = governor.current()
    Push.objects.filter(state=State.SYNCED, lead__in=_told_events(row).values("lead")).update(compared_at=None)
    Governor.objects.filter(pk=row.pk).update(events_seen_to=now - _OVERLAP)


def park_hopeless() -> int:
    """Queued leads that will get no verdict are shown to a person. Returns how many."""
    with transaction.atomic():
        rows = Push.objects.queued().unheld().filter(_hopeless())
        found = dict(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", "lead_id"))
        Push.objects.filter(pk__in=found).update(
            state=State.PARKED, reason=Reason.NO_VERDICT, error_at=timezone.now(), job=None
        )
        services.note_pushes(dict.fromkeys(found.values(), (State.PARKED, "")))
        Event.objects.bulk_create(
            [Event(lead_id=lead, kind=Event.Kind.PUSH_PARKED, new=Reason.NO_VERDICT) for lead in found.values()]
        )
    return len(found)


def adopt_orphans(job: Job, now: datetime) -> int:
    """Rows that no live job is going to push become this job's. Returns how many."""
    with transaction.atomic():
        lost = Push.objects.filter(state=State.IN_PROGRESS).unheld()
        PushAttempt.objects.filter(push__in=lost, outcome=PushAttempt.Outcome.SENT).update(
            outcome=PushAttempt.Outcome.UNKNOWN
        )
        _let_go(lost)
        due = Push.objects.due(now).unheld().order_by("pk")
        pks = list(due.select_for_update(of=("self",)).values_list("pk", flat=True)[:_CHUNK])
        return Push.objects.filter(pk__in=pks).update(job=job)


def set_rule(rule: AutoPush, *, on: bool, by: User) -> None:
    """Turn a rule on, for the filter as it is now, or off. Raises PushRefused ("all_leads") for a view that filters
    nothing, or names filters that this version does not know: it would push everything."""
    text = rule.saved_view.query
    if on and not _filters_as_written(text):
        raise PushRefused("all_leads")
    rule.enabled_at, rule.query, rule.changed_by = (timezone.now(), text, by) if on else (None, "", by)
    rule.save()


def is_stopped(rule: AutoPush) -> bool:
    """Whether the rule is on but does nothing: its view was changed since, or cannot be read as it was written."""
    return rule.enabled_at is not None and (rule.query != rule.saved_view.query or not _filters_as_written(rule.query))


_NO_FILTERS: Final = {"sort", "page", "view", "cols", "density"}


def _filters_as_written(text: str) -> bool:
    """Whether every parameter of the query counts as a filter, and there is one."""
    given = QueryDict(text.lstrip("?"))
    wanted = {(name, value) for name in given if name not in _NO_FILTERS for value in given.getlist(name) if value}
    read = LeadQuery.from_url(given)
    return bool(wanted) and read.is_filtered and wanted <= set(read.pairs())


def wanted_by_rules() -> Iterable[tuple[AutoPush, LeadQuerySet]]:
    """Each rule that works, with the leads it wants and nobody ever pushed: scored since it was turned on."""
    for rule in AutoPush.objects.filter(enabled_at__isnull=False).select_related("saved_view__owner"):
        if is_stopped(rule):
            continue
        query = LeadQuery.from_url(QueryDict(rule.query.lstrip("?")))
        leads = query.leads(rule.saved_view.owner).filter(score__isnull=False, scanned_at__gte=rule.enabled_at)
        yield rule, leads.filter(~Exists(Push.objects.filter(lead=OuterRef("pk"))))


def queue_by_rules(job: Job) -> int:
    """Give the job what the rules want. Returns how many."""
    count = 0
    for rule, leads in wanted_by_rules():
        with transaction.atomic():
            pks = list(leads.order_by().values_list("pk", flat=True)[:_CHUNK])
            count += _queue(pks, job, rule.changed_by, timezone.now())
    return count


def board_counts() -> Mapping[str, int]:
    """Rows of the board by state, and `all` of them; one query."""
    counts = dict.fromkeys(State.values, 0)
    rows = Push.objects.values_list("state").order_by().annotate(count=Count("pk"))
    counts |= dict(rows)
    return counts | {"all": sum(count for state, count in counts.items() if state != State.NOT_PUSHED)}
