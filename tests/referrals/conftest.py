"""A sandbox cloud, a Hunter that is connected to it, and its sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs.models import Job
from jobs.tasks import run_job
from referrals import sign_in
from referrals.models import SyncRun
from referrals.sync import request_sync
from sandbox.cloud import Cloud

Sync = Callable[..., SyncRun]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        running.entra.switch(interval=1)
        yield running


@pytest.fixture
def connected(db: None, settings: Any, cloud: Cloud) -> Cloud:
    """Partner Center is on, set up for the sandbox, and nobody is signed in yet."""
    settings.HUNTER_PARTNER_CENTER_ENABLED = True
    settings.HUNTER_PARTNER_CENTER_CLIENT_ID = "0b8d6a0e-3f0c-4b5e-9a53-3f8a6f1d2c44"
    settings.HUNTER_PARTNER_CENTER_TENANT_ID = cloud.entra.tenant
    settings.HUNTER_SANDBOX_URL = cloud.url
    return cloud


@pytest.fixture
def signed_in(connected: Cloud) -> Cloud:
    """A person has entered the code."""
    pending = sign_in.start_device_code(by=None)
    connected.entra.approve(pending.user_code)
    sign_in.SignIn.objects.update(next_poll_at=None)
    assert sign_in.poll_device_code().state == "ok"
    connected.journal.clear()
    return connected


@pytest.fixture
def sync(signed_in: Cloud) -> Sync:
    """One sync, the way the worker does it; the last run it left."""

    def run(*, full: bool = False) -> SyncRun:
        job = request_sync(by=None, full=full)
        while job.is_active:
            run_job(job.pk)
            job.refresh_from_db()
            assert job.state != Job.State.QUEUED or not job.error, job.error
        last = SyncRun.objects.filter(job=job).order_by("-pk").first()
        assert last is not None
        return last

    return run
