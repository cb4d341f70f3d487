"""What became of pushed leads in Dynamics: state, owner, deletion (fact sheet, section 10).

Changes come by modifiedon, with an overlap; that is blind to deletions, so a few leads are asked for by their id each
time, those not seen for longest first. Nothing else is read, and nothing a seller wrote is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

import jobs.services
from integrations_d365 import governor, pushing
from integrations_d365.client import (
    DataverseClient,
    RemoteLead,
    client_from_settings,
    is_gone,
    read_one,
    remote_lead,
)
from integrations_d365.engine import REMOTE_STATES
from integrations_d365.governor import NotNow, Turnstile
from integrations_d365.models import Governor, Push, Reason
from jobs.models import Job
from jobs.services import JobRun
from leads import services
from leads.models import Event, PushState, RemoteState
from outbound.errors import NotFound, NotPermitted, OutboundError

KEY: Final = "d365:read-back"
OVERLAP: Final = timedelta(minutes=5)
VERIFY_AFTER: Final = timedelta(hours=20)
_SANDBOX_VERIFY_AFTER: Final = timedelta(minutes=1)  # whoever deletes there is watching
VERIFIED_AT_ONCE: Final = 100
_VERIFIED_A_RUN: Final = 5  # batches


def read_back_when_due(now: datetime) -> Job | None:
    """The periodic duty. None = nothing was pushed, or pushing is off or paused."""
    if pushing.why_off() or governor.current().paused_at is not None:
        return None
    if not Push.objects.exclude(remote_id="").exists():
        return None
    return request_read_back(routine=True)


def request_read_back(*, routine: bool) -> Job:
    return jobs.services.enqueue(
        "read_back", key=KEY, subject="Dynamics 365", payload={"title": "read_back"}, routine=routine
    )


def run_read_back(run: JobRun) -> None:
    """Job handler. Trouble ends it: the next one begins where the last success ended."""
    if pushing.why_off():
        return
    row = governor.current()
    client = client_from_settings(Turnstile(row))
    try:
        _Reading(run, row, client).work()
    except NotNow as pause:  # what was read is stored; the next slice goes on behind it
        run.wait_until(pause.until)
    except OutboundError:  # the engine decides about pauses; nothing of what was read is lost
        return
    finally:
        client.close()


class _Reading:
    def __init__(self, run: JobRun, row: Governor, client: DataverseClient) -> None:
        self._run, self._row, self._client = run, row, client
        self._owners: dict[str, str] = {}
        self._count = run.job.done

    def work(self) -> None:
        self._changes()
        for _batch in range(_VERIFIED_A_RUN):
            if not self._verify():
                break

    def _changes(self) -> None:
        started = timezone.now()
        known, mid = self._row.read_back_from, self._row.read_back_mid
        since = mid or (known - OVERLAP if known else None)
        newest, next_query = mid or known, ""
        row = Governor.objects.filter(pk=self._row.pk)
        while True:
            page = self._client.changed_since(since, next_query)
            newest = max((lead.modified_at for lead in page.leads if lead.modified_at), default=newest)
            next_query = page.next_query
            names = self._names(page.leads)
            with transaction.atomic():  # how far we are goes with what was read there, under the same lease
                self._store(page.leads, names)
                if next_query:
                    row.update(read_back_mid=newest)
                else:
                    row.update(read_back_from=newest, read_back_mid=None, read_back_at=started)
            if not next_query:
                break
            if self._run.time_is_up():
                self._run.again()

    def _verify(self) -> bool:
        """Ask for some leads by their id. True = there may be more."""
        long_ago = timezone.now() - (VERIFY_AFTER if not settings.HUNTER_SANDBOX_URL else _SANDBOX_VERIFY_AFTER)
        waiting = Push.objects.exclude(remote_id="").exclude(remote_state=RemoteState.DELETED)
        for column in ("remote_asked_at", "remote_seen_at"):
            waiting = waiting.filter(Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lt": long_ago}))
        oldest = waiting.order_by(F("remote_asked_at").asc(nulls_first=True), "pk").values_list("remote_id", flat=True)
        chosen = list(oldest[:VERIFIED_AT_ONCE])
        if not chosen:
            return False
        results = self._client.send([read_one(remote_id) for remote_id in chosen])
        rows = (result.data for result in results if result.error is None and isinstance(result.data, dict))
        there = [lead for lead in map(remote_lead, rows) if lead is not None]
        self._store(there, self._names(there))
        self._bury([remote_id for remote_id, result in zip(chosen, results, strict=True) if is_gone(result.error)])
        Push.objects.filter(remote_id__in=chosen).update(remote_asked_at=timezone.now())
        return len(chosen) == VERIFIED_AT_ONCE

    def _names(self, found: Sequence[RemoteLead]) -> dict[str, str]:
        """Owner id to name."""
        return {lead.owner_id: self._owner(lead.owner_id) for lead in found}

    def _store(self, found: Sequence[RemoteLead], names: Mapping[str, str]) -> None:
        """Write what was read about our leads, in one transaction."""
        by_id = {lead.id: lead for lead in found}
        now, began = timezone.now(), self._run.job.started_at
        assert began is not None
        with transaction.atomic():
            self._run.checkpoint()
            pushes = Push.objects.select_for_update().filter(remote_id__in=by_id).order_by("pk")
            notes: dict[int, tuple[str, str]] = {}
            events = []
            changed = []
            for push in pushes:
                lead = by_id[push.remote_id]
                before = (push.remote_state, push.remote_owner)
                push.remote_state = REMOTE_STATES.get(lead.state, RemoteState.OPEN)
                push.remote_status, push.etag = lead.status, lead.etag
                push.remote_owner, push.remote_modified_at = names[lead.owner_id], lead.modified_at
                # After a pause or a kill the last second is read again.
                if push.remote_seen_at is None or push.remote_seen_at < began:
                    self._count += 1
                push.remote_seen_at = now
                changed.append(push)
                if push.remote_state != before[0]:
                    notes[push.lead_id] = (push.state, push.remote_state)
                    if before[0]:
                        events.append(_event(push, before[0], push.remote_state))
            Push.objects.bulk_update(changed, _READ, batch_size=200)
            services.note_pushes(notes)
            Event.objects.bulk_create(events)
            self._run.checkpoint(done=self._count, total=self._count)

    def _bury(self, ids: Sequence[str]) -> None:
        """Leads that are gone are shown to a person, never brought back by themselves."""
        with transaction.atomic():
            self._run.checkpoint()
            pushes = list(
                Push.objects.select_for_update()
                .filter(remote_id__in=ids)
                .exclude(state__in=(PushState.IN_PROGRESS, PushState.QUEUED))
                .order_by("pk")
            )
            events = [_event(push, push.remote_state, RemoteState.DELETED) for push in pushes]
            Push.objects.filter(pk__in=[push.pk for push in pushes]).update(
                state=PushState.PARKED, reason=Reason.DELETED, remote_state=RemoteState.DELETED,
                remote_seen_at=timezone.now(), error_at=timezone.now(), job=None,
            )  # fmt: skip
            services.note_pushes({push.lead_id: (PushState.PARKED, RemoteState.DELETED) for push in pushes})
            Event.objects.bulk_create(events)

    def _owner(self, owner_id: str) -> str:
        """The owner's name: asked for once a run; a team or a user nobody may see has none."""
        if owner_id and owner_id not in self._owners:
            try:
                self._owners[owner_id] = self._client.owner_name(owner_id)[:200]
            except (NotFound, NotPermitted):
                self._owners[owner_id] = ""
        return self._owners.get(owner_id, "")


_READ: Final = [
    "remote_state", "remote_status", "etag", "remote_owner", "remote_modified_at", "remote_seen_at",
]  # fmt: skip


def _event(push: Push, old: str, new: str) -> Event:
    return Event(lead_id=push.lead_id, kind=Event.Kind.REMOTE, old=old, new=new)
