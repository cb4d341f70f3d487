"""A sandbox Dynamics in another process, and leads to push into it; for the benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SECRET = "sandbox"
# Commands come as lines of JSON on its standard input; each is answered with a line.
_CLOUD = """
import json, sys
from sandbox.cloud import Cloud
from sandbox.dynamics import HOST
with Cloud() as cloud:
    cloud.entra.switch(client_secret="sandbox")
    print(json.dumps([cloud.url, cloud.entra.tenant, "https://" + HOST]), flush=True)
    for line in sys.stdin:
        word, options = json.loads(line)
        answer = None
        if word == "switch":
            cloud.dynamics.switch(**options)
        elif word == "weather":
            cloud.faults.random_weather(**options)
        elif word == "calm":
            cloud.faults.clear()
        elif word == "counts":
            creates = cloud.dynamics.creates
            rows = cloud.dynamics.leads()
            answer = {
                "rows": len(rows),
                "domains": len({row["hnt_domain"] for row in rows}),
                "created_twice": sum(1 for count in creates.values() if count > 1),
                "early_requests": cloud.dynamics.early_requests,
                "writes": cloud.dynamics.writes,
                "requests": sum(1 for request in cloud.journal.requests() if "/api/data/" in request.path),
                "scores": sorted({row["hnt_finalscore"] for row in rows}),
            }
        print(json.dumps(answer), flush=True)
"""


class Remote:
    """The sandbox as the benchmark talks to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url, self.tenant, self.base_url = self._answer()

    def ask(self, word: str, **options: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([word, options]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HUNTER_SANDBOX_URL": self.url,
            "HUNTER_D365_ENABLED": "true",
            "HUNTER_D365_BASE_URL": self.base_url,
            "HUNTER_D365_CLIENT_ID": "bench",
            "HUNTER_D365_CLIENT_SECRET": SECRET,
            "HUNTER_D365_TENANT_ID": self.tenant,
        }


@contextmanager
def remote() -> Iterator[Remote]:
    command = [sys.executable, "-c", _CLOUD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        try:
            yield Remote(process)
        finally:
            process.stdin.close()  # tells the sandbox to stop


def add_scored_leads(count: int) -> None:
    """Leads with a verdict and the scan behind it, as a rescan would leave them."""
    from django.utils import timezone

    from leads.models import Lead, Scan
    from sandbox.market import companies

    now = timezone.now()
    rows = [["base", "base", 20], ["provider", "Google", 40], ["signal", "spf", 10], ["signal", "dkim", 2]]
    verdict = {"score": 72, "priority_label": "Competitive Takeover", "rows": rows}
    leads = []
    for company in companies(count):
        lead = Lead(
            domain=company.domain, company_name=company.name, city=company.city, contact_emails=[],
            verdict_state="complete", provider="Google", segment="Migration", score=72, score_low=72, score_high=72,
            confidence=90, priority_category="P2", priority_score=2, technical_heat="Hot", commercial_heat="WARM",
            commercial_segment="COMPETITIVE", tenant_size="medium", has_spf=True, has_dkim=True, dmarc_policy="none",
            rules_version="v1", scanned_at=now, rescan_at=None,
        )  # fmt: skip
        lead.set_search_keys()
        leads.append(lead)
    leads = Lead.objects.bulk_create(leads, batch_size=500)
    Scan.objects.bulk_create(
        [
            Scan(lead=lead, status="complete", observations=[], facts={}, verdict=verdict, rules_version="v1",
                 duration=0.1, created_at=now)
            for lead in leads
        ],
        batch_size=500,
    )  # fmt: skip
