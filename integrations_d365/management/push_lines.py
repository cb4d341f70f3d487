"""A push job run in this process, and what became of each lead (`push_leads`, `retry_pushes`)."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from integrations_d365.management.refusals import TROUBLE, clock, exit_code
from integrations_d365.messages import REFUSED, failure, parked
from integrations_d365.models import Push, PushAttempt
from integrations_d365.push_page import awaits
from integrations_d365.status import connection
from jobs.models import Job
from jobs.tasks import run_job
from leads.models import Lead, LeadQuerySet, PushState

_PATIENCE: Final = 5.0  # seconds a command waits for a job that waits; the worker goes on with a longer pause
_AT_ONCE: Final = 500
_OUTCOMES: Final = ("created", "updated", "unchanged")
UNKNOWN: Final = "unknown"


def run(job: Job | None, *, out: OutputWrapper | None) -> datetime | None:
    """Run the job to its end, or until it waits for longer than a moment: then, until when. `out` gets the progress."""
    told = 0
    while job is not None and job.is_active:
        run_job(job.pk)
        job.refresh_from_db()
        if out is not None and job.done != told:
            told = job.done
            out.write(f"{told} …")
            out.flush()
        if job.state == Job.State.QUEUED:
            wait = (job.next_attempt_at - timezone.now()).total_seconds()
            if wait > _PATIENCE:
                return job.next_attempt_at
            time.sleep(max(0.0, wait))
        elif job.is_active:
            time.sleep(0.2)  # a worker has it
    return None


class Report:
    """Prints a line a lead and a last one with the counts; `finish` ends the command with its exit code."""

    def __init__(self, out: OutputWrapper, *, as_json: bool) -> None:
        self._out, self._as_json = out, as_json
        self._counts: Counter[str] = Counter()

    def leads(self, pks: Sequence[int], job: Job | None) -> None:
        for start in range(0, len(pks), _AT_ONCE):
            chunk = pks[start : start + _AT_ONCE]
            arrived = _arrived(chunk, job)
            for lead in each(chunk):
                outcome, request_id = arrived.get(lead.pk, ("", ""))
                row = _row(lead)
                self._tell(row | {"request_id": row["request_id"] or request_id or None}, outcome)

    def unknown(self, domains: Iterable[str]) -> None:
        for domain in domains:
            self._tell(_unknown(domain), "")

    def finish(self, job: Job | None, until: datetime | None) -> None:
        category, why = _why_it_ended(job, until, self._counts)
        counts = {name: self._counts[name] for name in ("leads", *PushState.values, UNKNOWN, *_OUTCOMES, "failed")}
        if self._as_json:
            about = {"error_category": category or None, "error": why or None}
            self._out.write(json.dumps(counts | about, ensure_ascii=False))
        else:
            told = [f"{_words(name)}: {count}" for name, count in counts.items() if count or name == "leads"]
            self._out.write(", ".join(told))
        if why:
            raise CommandError(why, returncode=exit_code(category))
        if self._counts["failed"]:
            raise SystemExit(TROUBLE)

    def _tell(self, row: dict[str, Any], outcome: str) -> None:
        state = row["state"]
        self._counts["leads"] += 1
        self._counts[state] += 1
        self._counts["failed"] += state in (PushState.PARKED, PushState.NOT_PUSHED, UNKNOWN)
        if state == PushState.SYNCED:
            self._counts[outcome or "unchanged"] += 1
        if self._as_json:
            self._out.write(json.dumps(row, ensure_ascii=False))
            return
        texts = (outcome or _words(state), row["error"], row["request_id"] and f"({row['request_id']})")
        self._out.write(f"{row['domain']}: {' '.join(text for text in texts if text)}")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _arrived(leads: Sequence[int], job: Job | None) -> dict[int, tuple[str, str]]:
    """What the job's requests did, by lead: created or updated, and the request's id."""
    if job is None:
        return {}
    found = PushAttempt.objects.filter(job=job, push__lead__in=leads, outcome__in=("created", "updated"))
    rows = found.order_by("pk").values_list("push__lead_id", "outcome", "request_id")
    return {lead: (outcome, request_id) for lead, outcome, request_id in rows}


def _row(lead: Lead) -> dict[str, Any]:
    push: Push | None = getattr(lead, "push", None)
    if push is None or push.state == PushState.NOT_PUSHED:
        reason = awaits(lead) or str(REFUSED["no_verdict"]) if lead.score is None else "Nobody asked for it."
        return _line(lead.domain, PushState.NOT_PUSHED, error=reason)
    error = ""
    if push.state == PushState.PARKED:
        error = " ".join(map(str, parked(push.reason, push.error_category, push.error_code)))
        error += f" Dynamics said: {push.error_said}" if push.error_said else ""
    elif push.is_closed:
        error = str(REFUSED["closed"])
    elif push.error_category:
        error = " ".join(map(str, failure(push.error_category, push.error_code)))
    elif push.state == PushState.QUEUED:
        error = awaits(lead)
    return _line(
        lead.domain,
        push.state,
        lead_id=push.remote_id,
        error_category=push.error_category,
        error=error,
        request_id=push.error_request_id,
    )


def _unknown(domain: str) -> dict[str, Any]:
    return _line(domain, UNKNOWN, error="Not a lead. Add or import it first.")


def _line(domain: str, state: str, **more: str) -> dict[str, Any]:
    names = ("lead_id", "error_category", "error", "request_id")
    return {"domain": domain, "state": str(state), **{name: more.get(name) or None for name in names}}


def _why_it_ended(job: Job | None, until: datetime | None, counts: Counter[str]) -> tuple[str, str]:
    """(category, sentences) when the run ended before its rows did."""
    waiting = counts[PushState.QUEUED] + counts[PushState.IN_PROGRESS]
    stay = f" {waiting} waiting: the worker goes on with them." if waiting else ""
    stands = connection()
    if stands.state == "paused" and stands.governor is not None:
        request = f" ({stands.request_id})" if stands.request_id else ""
        return stands.governor.paused_category, f"{' '.join(map(str, stands.story))}{request}{stay}"
    if until is not None:
        told = f" Not before {clock(max(until, stands.until or until))}."
        category = {"throttled": "rate_limit", "down": "network"}.get(stands.state, "server")
        return category, f"{stands.story[0] if stands.story else failure('server')[0]}{told}{stay}"
    if job is not None and job.state in (Job.State.FAILED, Job.State.CANCELLED):
        category, separator, code = job.error.partition(":")
        story = " ".join(map(str, failure(category, code))) if separator else job.error or job.get_state_display()
        return category if separator else "server", f"{story}{stay}"
    return "", ""


def named(names: Sequence[str]) -> tuple[LeadQuerySet, list[str]]:
    """(the leads, names that are no lead)."""
    leads = Lead.objects.filter(domain__in=names).order_by("domain")
    known = set(leads.values_list("domain", flat=True))
    return leads, [name for name in names if name not in known]


def each(pks: Sequence[int]) -> Iterator[Lead]:
    """The leads in the order of their keys in `pks`."""
    for start in range(0, len(pks), _AT_ONCE):
        chunk = pks[start : start + _AT_ONCE]
        leads = Lead.objects.select_related("push").in_bulk(chunk)
        yield from (leads[pk] for pk in chunk if pk in leads)
