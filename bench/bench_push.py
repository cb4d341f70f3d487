"""10,000 leads into Dynamics in bulk, then unchanged, then changed, against one pair of requests a lead in the same
run; every request takes 80 ms on its way. And how lists, scans and readiness do while Dynamics is down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.dynamics import add_scored_leads, remote
from bench.setting import fresh_hunter, middle, peak_megabytes, percentile

COUNT = 10_000
ONE_BY_ONE = 150  # leads of the per-lead approach; its speed does not depend on the number
LATENCY_MS = 80
ROUNDS = 3  # of lists and scans with Dynamics up and down by turns


def run(count: int = COUNT) -> dict[str, Any]:
    with remote() as cloud, fresh_hunter(**cloud.environment):
        from django.utils import timezone

        from integrations_d365 import pushing
        from integrations_d365.models import Push, PushAttempt
        from jobs.models import Job
        from jobs.tasks import run_job
        from leads.models import Lead

        add_scored_leads(count + ONE_BY_ONE)
        single = list(Lead.objects.order_by("-pk")[:ONE_BY_ONE])
        bulk = Lead.objects.filter(pk__lt=single[-1].pk)
        cloud.ask("switch", latency_ms=LATENCY_MS)

        def finish(job: Job | None) -> float:
            """Seconds until the job is done."""
            assert job is not None
            began = time.perf_counter()
            while job.is_active:
                run_job(job.pk)
                job.refresh_from_db()
            assert (job.state, job.failed) == ("done", 0), job.error
            return time.perf_counter() - began

        def requests() -> int:
            asked: int = cloud.ask("counts")["requests"]
            return asked

        def pushed(leads: Any) -> tuple[float, int]:
            """(seconds, requests) of one bulk push."""
            before = requests()
            seconds = finish(pushing.queue_pushes(leads, by=None, title="push.list"))
            return seconds, requests() - before

        pair = _pairs(single)
        tenth = bulk.filter(pk__lte=bulk.order_by("pk").values_list("pk", flat=True)[count // 10 - 1])
        tenth_seconds, tenth_requests = pushed(tenth)
        megabytes = peak_megabytes()
        seconds, asked = pushed(bulk.exclude(pk__in=tenth))
        peak = peak_megabytes()
        unchanged_seconds, unchanged_requests = pushed(bulk)
        Lead.objects.filter(pk__in=bulk).update(score=73, scanned_at=timezone.now())
        before = requests()
        changed_seconds = finish(pushing.push_when_due(timezone.now()))
        changed_requests = requests() - before
        counts = cloud.ask("counts")
        per_lead = (seconds + tenth_seconds) / count
        return {
            "leads": count,
            "latency_ms": LATENCY_MS,
            "seconds": round(seconds + tenth_seconds, 1),
            "leads_per_second": round(1 / per_lead),
            "requests": asked + tenth_requests,
            "leads_per_request": round(count / (asked + tenth_requests), 1),
            "unchanged_seconds": round(unchanged_seconds, 1),
            "unchanged_requests": unchanged_requests,
            "changed_seconds": round(changed_seconds, 1),
            "changed_requests": changed_requests,
            "pair_per_lead_ms": round(pair * 1000),
            "times_faster": round(pair / per_lead, 1),
            "megabytes_after_a_tenth": round(megabytes, 1),
            "megabytes_after_all": round(peak, 1),
            "created_twice": counts["created_twice"],
            "scores_in_dynamics": counts["scores"],
            "synced": Push.objects.filter(state="synced").count(),
            "ledger_rows": PushAttempt.objects.count(),
            **_while_down(cloud),
        }


def _pairs(leads: list[Any]) -> float:
    """Seconds a lead when each is looked for by its domain and then written: what a push without batches does."""
    from django.utils import timezone

    from integrations_d365 import governor, preflight
    from integrations_d365.client import client_from_settings, create_only, look_up
    from integrations_d365.facts import facts_of
    from integrations_d365.governor import Turnstile
    from integrations_d365.mapping import wanted
    from integrations_d365.models import Push

    shape = preflight.shape_of(preflight.check_environment())
    client = client_from_settings(Turnstile(governor.current()))
    pushes = [Push(pk=-lead.pk, lead=lead) for lead in leads]
    facts = facts_of(pushes, timezone.now())
    began = time.perf_counter()
    for push in pushes:
        plan = wanted(facts[push.pk], shape)
        client.send([look_up(push.lead.domain)])
        client.send([create_only(push.lead.domain, {**plan.always, **plan.about, **plan.creation})])
    return (time.perf_counter() - began) / len(leads)


def _while_down(cloud: Any) -> dict[str, Any]:
    """The list page, a scan's write and readiness, with Dynamics up and with every connection to it cut."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.db.models import F
    from django.test import Client
    from django.utils import timezone

    from integrations_d365 import pushing
    from jobs.models import Job
    from jobs.tasks import run_job
    from leads.models import Lead

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))

    def list_ms() -> tuple[float, float]:
        times = []
        for _ in range(40):
            began = time.perf_counter()
            assert client.get("/leads/").status_code == 200
            times.append((time.perf_counter() - began) * 1000)
        return middle(times), round(percentile(times, 0.95), 1)

    def tick() -> None:
        """What the worker's clock does every few seconds."""
        pushing.push_when_due(timezone.now())
        for pk in Job.objects.active().filter(next_attempt_at__lte=timezone.now()).values_list("pk", flat=True):
            run_job(pk)

    @contextmanager
    def worker() -> Iterator[None]:
        over = threading.Event()

        def work() -> None:
            while not over.wait(5):
                tick()
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        yield
        over.set()
        thread.join()

    rates: dict[bool, list[float]] = {False: [], True: []}
    lists: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    list_ms()
    for down in (False, True) * ROUNDS:  # by turns, so that a busy machine meets both
        cloud.ask("switch", down=down)
        if down:
            Lead.objects.update(score=F("score") + 1, scanned_at=timezone.now())
        tick()  # notices what changed, and that nobody answers
        with worker():
            rates[down].append(_scan_rate())
        lists[down].append(list_ms())
    ready = Client(headers={"host": "localhost"}).get("/healthz/ready").status_code
    waiting = Lead.objects.filter(push_state="queued").count()
    return {
        "list_ms_up": middle([one for one, _ in lists[False]]),
        "list_ms_down": middle([one for one, _ in lists[True]]),
        "list_p95_ms_up": middle([p95 for _, p95 in lists[False]]),
        "list_p95_ms_down": middle([p95 for _, p95 in lists[True]]),
        "scans_per_second_up": middle(rates[False]),
        "scans_per_second_down": middle(rates[True]),
        "ready_while_down": ready,
        "queued_while_down": waiting,
    }


def _scan_rate() -> float:
    """Domains a second of 5,000, in a process and a database of its own with these settings."""
    command = [sys.executable, "-m", "bench.one_scan", json.dumps({"domains": 5_000})]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ.copy())
    return float(json.loads(done.stdout.splitlines()[-1])["domains_per_second"])
