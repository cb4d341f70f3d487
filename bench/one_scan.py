"""One measured scan: `python -m bench.one_scan '{"domains": 20000, "low": 20, "high": 50}'`."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from typing import Any

from bench.setting import dns_server, fresh_hunter, peak_megabytes


def main(case: dict[str, float]) -> dict[str, Any]:
    count = int(case["domains"])
    latency = (case.get("low", 0), case.get("high", 0))
    loss, servfail = case.get("loss", 0), case.get("servfail", 0)
    with dns_server(count, latency_ms=latency, loss=loss, servfail=servfail) as port:
        if case.get("asyncresolver"):
            return _asyncresolver(port, count)
        with fresh_hunter(HUNTER_DNS_SERVERS=f"127.0.0.1:{port}", HUNTER_DNS_CONCURRENCY="2000"):
            return _scan(count)


def _scan(count: int) -> dict[str, Any]:
    from django.db import connection

    from jobs.models import Job
    from leads.models import Lead, Scan
    from leads.scanning import queue_scan
    from sandbox.market import companies

    Lead.objects.bulk_create([Lead(domain=company.domain) for company in companies(count)], batch_size=500)
    job = queue_scan(Lead.objects.all(), title="scan.list")
    assert job is not None
    idle = peak_megabytes()
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    _run_until_done(job.pk)
    seconds = time.perf_counter() - started
    spent = resource.getrusage(resource.RUSAGE_SELF)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    assert Scan.objects.count() == count
    states = {
        state: Lead.objects.filter(verdict_state=state).count() for state in ("complete", "partial", "undetermined")
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM leads_event")
        events = cursor.fetchone()[0]
    asked = sum(len(rows) for rows in Scan.objects.values_list("observations", flat=True)[:2000]) / min(count, 2000)
    return {
        "domains_per_second": round(count / seconds),
        "seconds": round(seconds, 1),
        "cpu_ms_per_domain": round((spent.ru_utime + spent.ru_stime - cpu.ru_utime - cpu.ru_stime) / count * 1000, 3),
        "queries_per_domain": round(asked, 2),
        "partial_percent": round(100 * states["partial"] / count, 3),
        "undetermined_percent": round(100 * states["undetermined"] / count, 3),
        "megabytes_above_idle": round(peak_megabytes() - idle, 1),
        "events": events,
    }


def _run_until_done(pk: int) -> None:
    from jobs.models import Job
    from jobs.tasks import run_job

    while Job.objects.filter(pk=pk, state__in=("queued", "running")).exists():
        run_job(pk)


def _asyncresolver(port: int, count: int) -> dict[str, Any]:
    """The same first eight questions a domain through dnspython's resolver, 50 domains in flight; no database."""
    import dns.asyncresolver
    import dns.exception

    from sandbox.market import companies

    async def look() -> float:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], port, 5
        resolver.use_edns(0, 0, 1232)
        gate = asyncio.Semaphore(50)

        async def one(domain: str) -> None:
            async with gate:
                questions = [
                    (domain, "MX"),
                    (domain, "TXT"),
                    (f"_dmarc.{domain}", "TXT"),
                    (f"autodiscover.{domain}", "CNAME"),
                ]
                questions += [
                    (f"{selector}._domainkey.{domain}", "TXT")
                    for selector in ("default", "google", "selector1", "selector2")
                ]
                for name, kind in questions:
                    try:
                        await resolver.resolve(name, kind, raise_on_no_answer=False)
                    except dns.exception.DNSException:
                        continue

        started = time.perf_counter()
        await asyncio.gather(*(one(company.domain) for company in companies(count)))
        return time.perf_counter() - started

    seconds = asyncio.run(look())
    return {"domains_per_second": round(count / seconds), "seconds": round(seconds, 1)}


print(json.dumps(main(json.loads(sys.argv[1]))))
