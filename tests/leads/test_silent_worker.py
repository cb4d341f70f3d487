"""A worker that stands still is told where somebody waits for it, in words for that reader."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job, WorkerHeartbeat
from leads import scanning
from leads.models import BulkAction, Lead
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
ACME = "acme.example"


def waiting_pages() -> list[str]:
    make_lead(ACME)
    scanning.queue_scan(Lead.objects.all(), title="scan.list")
    job = Job.objects.get(kind="scan")
    return [
        reverse("leads:detail", args=[ACME]),
        reverse("leads:scan_state", args=[ACME]),
        reverse("leads:job", args=[job.pk]),
        reverse("leads:jobs"),
    ]


def last_sign(minutes: int) -> None:
    WorkerHeartbeat.objects.update_or_create(pk=1, defaults={"at": timezone.now() - timedelta(minutes=minutes)})


def test_who_waits_reads_that_nothing_works_and_is_told_no_command(as_seller: Client) -> None:
    last_sign(minutes=7)
    for page in waiting_pages():
        text = as_seller.get(page).content.decode()
        assert "7\xa0minutes" in text, page
        assert "Tell your administrator" in text, page
        assert "manage.py" not in text, page


def test_an_administrator_is_led_to_the_health_of_the_system(as_administrator: Client) -> None:
    last_sign(minutes=7)
    for page in waiting_pages():
        text = as_administrator.get(page).content.decode()
        assert "7\xa0minutes" in text, page
        assert f'<a href="{reverse("healthz_status")}">' in text, page


def test_a_worker_that_never_ran_is_told_too(as_seller: Client) -> None:
    for page in waiting_pages():
        assert "has not reported yet" in as_seller.get(page).content.decode(), page


def test_a_living_worker_is_no_news(as_seller: Client) -> None:
    pages = waiting_pages()
    last_sign(minutes=0)
    for page in pages:
        assert "background worker" not in as_seller.get(page).content.decode(), page
    last_sign(minutes=7)
    Job.objects.update(state=Job.State.RUNNING, heartbeat=timezone.now())
    for page in pages:
        assert "background worker" not in as_seller.get(page).content.decode(), page


def test_a_page_that_waits_for_nothing_does_not_tell(as_seller: Client) -> None:
    last_sign(minutes=7)
    make_lead(ACME)
    assert "background worker" not in as_seller.get(reverse("leads:detail", args=[ACME])).content.decode()


def test_pages_that_wait_stay_within_their_queries(as_seller: Client, django_assert_max_num_queries: Any) -> None:
    last_sign(minutes=7)
    for page, most in zip(waiting_pages(), (15, 12, 12, 12), strict=True):
        with django_assert_max_num_queries(most):
            as_seller.get(page)


def test_a_change_of_many_leads_that_waits_says_so_too(as_operator: Client, operator: User) -> None:
    last_sign(minutes=7)
    job = Job.objects.create(kind="bulk", key="bulk:1", subject="bulk.tag", total=300)
    action = BulkAction.objects.create(kind="tag", state="running", total=300, by=operator, job=job)
    assert "7\xa0minutes" in as_operator.get(action.get_absolute_url()).content.decode()
