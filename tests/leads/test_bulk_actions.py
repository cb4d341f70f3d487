"""Many leads changed at once: exactly those that were meant, row by row, and back again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import jobs.services
from jobs.models import Job
from jobs.tasks import run_job
from leads import bulk_actions
from leads.bulk import insert_rows
from leads.models import BulkAction, Event, Lead, Tag
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]


def many(count: int, **values: Any) -> None:
    leads = [Lead(domain=f"n{number}.example", **values) for number in range(count)]
    for lead in leads:
        lead.set_search_keys()
    insert_rows(leads)


def choose(client: Client, action: str, *, query: str = "", **values: Any) -> BulkAction:
    """From the list to the preview."""
    client.post(reverse("leads:bulk"), {"action": action, "query": query, **values})
    return BulkAction.objects.latest("pk")


def confirm(client: Client, action: BulkAction, **values: Any) -> BulkAction:
    assert client.post(action.get_absolute_url(), values).status_code == 302
    action.refresh_from_db()
    return action


def results(action: BulkAction) -> Counter[str]:
    return Counter(action.rows.values_list("result", flat=True))


def undo(client: Client, action: BulkAction) -> None:
    client.post(reverse("leads:bulk_undo", args=[action.pk]))
    action.refresh_from_db()


def test_fifty_ticked_leads_are_tagged_and_untagged_again(as_operator: Client) -> None:
    many(60)
    chosen = list(Lead.objects.order_by("pk").values_list("pk", flat=True)[:50])
    has_it = Lead.objects.get(pk=chosen[0])
    has_it.tags.add(Tag.objects.create(name="fuar"))
    action = choose(as_operator, "tag", lead=chosen)
    assert (action.state, action.total) == ("draft", 50)
    assert as_operator.get(action.get_absolute_url()).status_code == 200
    assert not Event.objects.exists()
    confirm(as_operator, action, tag="fuar")
    assert results(action) == {"changed": 49, "same": 1}
    assert Lead.objects.filter(tags__name="fuar").count() == 50
    assert Event.objects.filter(kind="tag", new="fuar").count() == 49
    assert as_operator.get(action.get_absolute_url()).context["undoable"] == 49
    Lead.objects.get(pk=chosen[1]).tags.clear()  # somebody changed it since
    undo(as_operator, action)
    assert results(action) == {"undone": 48, "left": 1, "same": 1}
    assert list(Lead.objects.filter(tags__name="fuar")) == [has_it]
    undo(as_operator, action)
    assert results(action) == {"undone": 48, "left": 1, "same": 1}


def test_all_matching_are_those_of_the_preview_even_when_rows_change(
    as_operator: Client, seller: User, work_off: WorkOff
) -> None:
    many(1_284, segment="Migration")
    action = choose(as_operator, "assign", query="?segment=Migration", all="1", total="1284")
    Lead.objects.filter(domain__in=["n1.example", "n2.example"]).update(segment="Cold")  # leave the filter
    make_lead("late.example", segment="Migration")  # enters it
    Lead.objects.get(domain="n3.example").delete()
    confirm(as_operator, action, owner=seller.pk)
    assert action.state == "running"
    assert "every 2s" in as_operator.get(action.get_absolute_url()).content.decode()
    work_off()
    action.refresh_from_db()
    assert action.state == "done"
    assert results(action) == {"changed": 1_283, "gone": 1}
    assert Lead.objects.filter(owner=seller).count() == 1_283
    assert Lead.objects.get(domain="late.example").owner is None
    assert Event.objects.filter(kind="owner", new="seller").count() == 1_283
    Lead.objects.filter(domain="n9.example").update(owner=None)
    undo(as_operator, action)
    work_off()
    action.refresh_from_db()
    assert action.state == "undone"
    assert results(action) == {"undone": 1_282, "left": 1, "gone": 1}
    assert not Lead.objects.filter(owner=seller).exists()


def test_an_owner_who_is_deleted_meanwhile_ends_the_action_and_takes_no_lead_from_anybody(
    as_operator: Client, operator: User, seller: User, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(1_200, owner=operator)
    action = confirm(as_operator, choose(as_operator, "assign", all="1"), owner=seller.pk)
    job = Job.objects.get(kind="bulk")
    with monkeypatch.context() as patch:
        patch.setattr(jobs.services, "SLICE_SECONDS", 0.0)
        run_job(job.pk)
    assert Lead.objects.filter(owner=seller).count() == 500
    seller.delete()
    run_job(job.pk)
    job.refresh_from_db()
    action.refresh_from_db()
    assert (job.state, action.state) == ("failed", "done")
    assert Lead.objects.filter(owner=operator).count() == 700
    page = as_operator.get(action.get_absolute_url())
    assert (page.context["untouched"], page.context["undoable"]) == (700, 500)
    assert "The new owner was deleted meanwhile." in page.content.decode()
    assert "The new owner was deleted meanwhile." in as_operator.get(f"/jobs/{job.pk}/").content.decode()
    undo(as_operator, action)
    work_off()
    action.refresh_from_db()
    assert (action.state, results(action)) == ("undone", {"left": 500})  # nobody holds them for the one who is gone


def test_an_owner_who_is_gone_when_few_leads_are_assigned_at_once_changes_nothing(
    as_operator: Client, operator: User, seller: User
) -> None:
    many(3, owner=operator)
    action = choose(as_operator, "assign", all="1")
    gone = seller.pk
    seller.delete()
    with pytest.raises(bulk_actions.OwnerGone):
        bulk_actions.start(action, {"owner": gone, "name": "seller"}, by=operator)
    action.refresh_from_db()
    assert (action.state, Lead.objects.filter(owner=operator).count()) == ("draft", 3)
    assert as_operator.post(action.get_absolute_url(), {"owner": gone}).status_code == 422


def test_a_job_whose_time_is_up_goes_on_where_it_was(as_operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    many(1_200)
    action = choose(as_operator, "dismiss", all="1")
    confirm(as_operator, action, reason="rakip")
    monkeypatch.setattr(jobs.services, "SLICE_SECONDS", 0.0)
    job = Job.objects.get(kind="bulk")
    run_job(job.pk)
    assert results(action) == {"changed": 500}
    while Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).exists():
        run_job(job.pk)
    assert results(action) == {"changed": 1_200}
    assert Event.objects.filter(kind="dismissed", new="rakip").count() == 1_200
    assert Job.objects.get(kind="bulk").done == 1_200


def test_an_undo_is_not_lost_behind_a_worker_that_died_when_all_was_done(
    as_operator: Client,
) -> None:
    many(300)
    action = confirm(as_operator, choose(as_operator, "dismiss", all="1"))
    first = Job.objects.get(kind="bulk")
    run_job(first.pk)
    vanished = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(pk=first.pk).update(state=Job.State.RUNNING, lease_until=vanished, finished_at=None)
    undo(as_operator, action)
    second = Job.objects.get(kind="bulk", state=Job.State.QUEUED)
    run_job(first.pk)  # whoever comes after the dead one
    action.refresh_from_db()
    assert action.state == "undoing"
    run_job(second.pk)
    action.refresh_from_db()
    assert (action.state, results(action)) == ("undone", {"undone": 300})
    assert not Lead.objects.filter(dismissed_at__isnull=False).exists()


def test_a_cancelled_job_leaves_what_it_did_and_that_is_undone(as_operator: Client, operator: User) -> None:
    many(300)
    action = confirm(as_operator, choose(as_operator, "dismiss", all="1"))
    jobs.services.cancel(Job.objects.get(kind="bulk"), by=operator)
    action.refresh_from_db()
    assert action.state == "done"
    page = as_operator.get(action.get_absolute_url())
    assert (page.context["untouched"], page.context["undoable"]) == (300, 0)


def test_snoozed_leads_get_their_old_sleep_back(as_operator: Client, operator: User) -> None:
    many(3)
    awake, asleep, other = Lead.objects.order_by("pk")
    before = timezone.now() + timedelta(days=90)
    Lead.objects.filter(pk=asleep.pk).update(snoozed_until=before, snoozed_by=operator)
    day = timezone.localdate() + timedelta(days=10)
    action = confirm(
        as_operator,
        choose(as_operator, "snooze", all="1", query="?snoozed=1"),
        until=day.isoformat(),
        until_change="on",
    )
    assert action.total == 1
    action = confirm(
        as_operator, choose(as_operator, "snooze", lead=[awake.pk, other.pk]), until=day.isoformat(), until_change="on"
    )
    assert results(action) == {"changed": 2}
    assert Lead.objects.asleep(timezone.now()).count() == 3
    Lead.objects.filter(pk=other.pk).update(snoozed_until=None, snoozed_until_change_since=None)
    undo(as_operator, action)
    assert results(action) == {"undone": 1, "left": 1}
    undo(as_operator, BulkAction.objects.earliest("pk"))
    asleep.refresh_from_db()
    assert (asleep.snoozed_until, asleep.snoozed_by) == (before, operator)
    awake.refresh_from_db()
    assert (awake.snoozed_until, awake.snoozed_by) == (None, None)


def test_a_dismissal_is_undone_unless_somebody_decided_again(as_operator: Client) -> None:
    many(3)
    first = Lead.objects.order_by("pk")[0]
    action = confirm(as_operator, choose(as_operator, "dismiss", all="1"), reason="kapandı")
    Lead.objects.filter(pk=first.pk).update(dismissed_at=timezone.now())
    undo(as_operator, action)
    assert results(action) == {"undone": 2, "left": 1}
    assert list(Lead.objects.filter(dismissed_at__isnull=False)) == [first]
    assert Event.objects.filter(kind="restored").count() == 2


def test_a_rescan_queues_each_lead_once_and_cannot_be_undone(as_operator: Client) -> None:
    many(3)
    waiting = Lead.objects.order_by("pk")[0]
    Lead.objects.filter(pk=waiting.pk).update(scan_job=Job.objects.create(kind="scan", key="k", subject="s"))
    action = confirm(as_operator, choose(as_operator, "rescan", all="1"))
    assert results(action) == {"changed": 2, "same": 1}
    assert Job.objects.get(key=f"scan:bulk:{action.pk}").total == 2
    undo(as_operator, action)
    assert action.state == "done"


def test_a_tag_is_removed_where_it_is_and_given_back(as_operator: Client) -> None:
    many(2)
    tag = Tag.objects.create(name="fuar")
    Lead.objects.order_by("pk")[0].tags.add(tag)
    action = confirm(as_operator, choose(as_operator, "untag", all="1"), tag=tag.pk)
    assert results(action) == {"changed": 1, "same": 1}
    assert not tag.leads.exists()
    undo(as_operator, action)
    assert tag.leads.count() == 1


def test_what_cannot_be_is_refused(as_operator: Client, as_seller: Client) -> None:
    many(2)
    key = Lead.objects.latest("pk").pk
    assert as_seller.post(reverse("leads:bulk"), {"action": "dismiss", "lead": key}).status_code == 403
    assert as_operator.post(reverse("leads:bulk"), {"action": "delete", "lead": key}).status_code == 403
    assert as_operator.post(reverse("leads:bulk"), {"action": "dismiss"}).headers["Location"] == "/leads/"
    assert not BulkAction.objects.exists()
    action = choose(as_operator, "tag", lead=key)
    for tag in ("", "local-mx", "bir, iki", "\u200b"):  # one that Hunter gives by itself, and no names
        assert as_operator.post(action.get_absolute_url(), {"tag": tag}).status_code == 422
    assert as_seller.get(action.get_absolute_url()).status_code == 403
    assert as_seller.post(reverse("leads:bulk_undo", args=[action.pk])).status_code == 403
    assert not action.rows.exists()


def test_a_second_click_changes_nothing(as_operator: Client) -> None:
    many(2)
    action = confirm(as_operator, choose(as_operator, "dismiss", all="1"), reason="a")
    confirm(as_operator, action, reason="b")
    assert Event.objects.filter(kind="dismissed").count() == 2
    assert set(Lead.objects.values_list("dismissed_reason", flat=True)) == {"a"}


def test_drafts_go_after_a_day_and_what_is_done_after_a_season(as_operator: Client, operator: User) -> None:
    many(1)
    now = timezone.now()
    kept = bulk_actions.draft("dismiss", Lead.objects.all(), query="", by=operator)
    draft = bulk_actions.draft("dismiss", Lead.objects.all(), query="", by=operator)
    done = confirm(as_operator, choose(as_operator, "dismiss", all="1"))
    recent = confirm(as_operator, choose(as_operator, "rescan", query="?dismissed=1", all="1"))
    BulkAction.objects.filter(pk__in=(draft.pk, recent.pk)).update(created_at=now - timedelta(days=2))
    BulkAction.objects.filter(pk=done.pk).update(created_at=now - timedelta(days=91))
    bulk_actions.prune(now)
    assert set(BulkAction.objects.all()) == {kept, recent}


def test_export_and_push_take_what_was_chosen(as_operator: Client) -> None:
    many(3)
    keys = list(Lead.objects.order_by("pk").values_list("pk", flat=True)[:2])
    answer = as_operator.post(reverse("leads:bulk"), {"action": "export", "lead": keys, "query": "?sort=name"})
    assert answer.headers["Location"] == f"/leads/export.csv?lead={keys[0]}&lead={keys[1]}"
    lines = b"".join(as_operator.get(answer.headers["Location"]).streaming_content).decode().splitlines()
    assert len(lines) == 3
    answer = as_operator.post(reverse("leads:bulk"), {"action": "push", "all": "1", "query": "?segment=Cold"})
    assert answer.headers["Location"] == f"{reverse('d365:bulk')}?segment=Cold"


def test_the_list_offers_boxes_to_those_who_may(as_operator: Client, as_seller: Client) -> None:
    many(60)
    assert 'name="lead"' not in as_seller.get("/leads/").content.decode()
    text = as_operator.get("/leads/").content.decode()
    assert text.count('name="lead"') == 50
    assert "All 60 of this list" in text


def test_what_was_done_at_once_is_found_again_among_the_jobs(as_operator: Client, as_seller: Client) -> None:
    make_lead("a.example")
    action = confirm(as_operator, choose(as_operator, "tag", all="1"), tag="fuar")
    assert action.job is None
    draft = choose(as_operator, "dismiss", all="1")
    text = as_operator.get(reverse("leads:jobs")).content.decode()
    assert f'href="{action.get_absolute_url()}"' in text
    assert f'href="{draft.get_absolute_url()}"' not in text
    assert action.get_absolute_url() not in as_seller.get(reverse("leads:jobs")).content.decode()


def test_the_field_of_a_draft_has_the_focus(as_operator: Client, operator: User) -> None:
    make_lead("a.example")
    for kind in ("tag", "untag", "assign"):
        draft = bulk_actions.draft(kind, Lead.objects.all(), query="", by=operator)
        assert " autofocus" in as_operator.get(draft.get_absolute_url()).content.decode(), kind


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("assign", {"owner": "nobody"}),
        ("tag", {"tag": "fuar"}),
        ("snooze", {"until_change": "on"}),
        ("dismiss", {}),
    ],
)
def test_the_timeline_of_a_lead_leads_back_to_the_change_of_many(
    as_operator: Client, as_seller: Client, operator: User, seller: User, kind: str, params: dict[str, str]
) -> None:
    lead = make_lead("a.example", owner=seller)
    action = confirm(as_operator, choose(as_operator, kind, all="1"), **params)
    event = lead.events.latest("pk")
    assert event.bulk == action
    link = f'href="{action.get_absolute_url()}"'
    assert link in as_operator.get(lead.get_absolute_url()).content.decode()
    assert link not in as_seller.get(lead.get_absolute_url()).content.decode()  # who may not open it
    undo(as_operator, action)
    assert lead.events.latest("pk").bulk == action
    assert lead.events.latest("pk") != event
    action.delete()
    event.refresh_from_db()
    assert event.bulk is None
    assert link not in as_operator.get(lead.get_absolute_url()).content.decode()


def test_what_one_lead_got_by_itself_leads_nowhere(as_operator: Client) -> None:
    lead = make_lead("a.example")
    as_operator.post(reverse("leads:snooze", args=["a.example"]), {"snooze-preset": "week"})
    page = as_operator.get(lead.get_absolute_url()).content.decode()
    assert lead.events.filter(kind="snoozed", bulk=None).count() == 1
    assert "/leads/bulk/" not in page
