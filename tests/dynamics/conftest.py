"""A sandbox environment, a Hunter that is connected to it, leads with a verdict, and the worker's way to push."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from integrations_d365 import auth
from jobs.models import Job
from jobs.tasks import run_job
from leads.models import Lead, VerdictState
from sandbox.cloud import Cloud
from sandbox.dynamics import HOST

Work = Callable[[Job | None], Job]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        running.entra.switch(client_secret="sandbox")
        yield running


@pytest.fixture
def connected(db: None, settings: Any, cloud: Cloud) -> Iterator[Cloud]:
    """Dynamics 365 is on and set up for the sandbox."""
    settings.HUNTER_D365_ENABLED = True
    settings.HUNTER_D365_BASE_URL = f"https://{HOST}"
    settings.HUNTER_D365_CLIENT_ID = "6f5c1d8e-2a94-4d0f-8b36-c17e9a40d2b5"
    settings.HUNTER_D365_CLIENT_SECRET = "sandbox"
    settings.HUNTER_D365_TENANT_ID = cloud.entra.tenant
    settings.HUNTER_SANDBOX_URL = cloud.url
    auth.forget()
    yield cloud
    auth.forget()


def scored(domain: str = "anadolu-tekstil.example", **values: Any) -> Lead:
    """A lead with a verdict."""
    verdict: dict[str, Any] = {
        "verdict_state": VerdictState.COMPLETE,
        "provider": "Google",
        "segment": "Migration",
        "score": 72,
        "score_low": 72,
        "score_high": 72,
        "confidence": 90,
        "priority_category": "P2",
        "priority_score": 2,
        "technical_heat": "Hot",
        "commercial_segment": "COMPETITIVE",
        "commercial_heat": "WARM",
        "tenant_size": "medium",
        "has_spf": True,
        "has_dkim": False,
        "dmarc_policy": "none",
        "rules_version": "v1",
        "scanned_at": timezone.now(),
    }
    return Lead.objects.create(domain=domain, **{"company_name": "Anadolu Tekstil A.Ş."} | verdict | values)


def work(job: Job | None) -> Job:
    """Run the job to its end, the way the worker does it, without waiting for its pauses."""
    assert job is not None
    for _slice in range(200):
        job.refresh_from_db()
        if not job.is_active:
            return job
        Job.objects.filter(pk=job.pk).update(next_attempt_at=timezone.now())
        run_job(job.pk)
    raise AssertionError(f"The job does not end: {job.state} {job.error}")
