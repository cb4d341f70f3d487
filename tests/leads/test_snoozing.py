"""A lead sleeps until a date, until something changes or until whichever comes first, and wakes by itself."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads import scanning, services, snoozing
from leads.forms import day_of
from leads.models import Event, Lead
from leads.services import ReferralNote
from sandbox.dns import Fault
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]
ACME = "acme.example"
SOON = timedelta(days=10)


def asleep(now: datetime | None = None) -> set[str]:
    now = now or timezone.now()
    sleeping = set(Lead.objects.asleep(now).values_list("domain", flat=True))
    awake = set(Lead.objects.awake(now).values_list("domain", flat=True))
    assert sleeping.isdisjoint(awake)
    assert sleeping | awake == set(Lead.objects.values_list("domain", flat=True))
    assert sleeping == {lead.domain for lead in Lead.objects.all() if snoozing.is_asleep(lead, now)}
    return sleeping


def test_each_way_to_sleep_has_its_own_end(seller: User) -> None:
    now = timezone.now()
    day = timezone.localdate() + SOON
    for name, until, until_change in (("date", day, False), ("change", None, True), ("either", day, True)):
        snoozing.snooze(make_lead(f"{name}.example"), until=until, until_change=until_change, by=seller)
    make_lead("never.example")
    make_lead("changed-long-ago.example", changed_at=now - SOON)
    assert asleep() == {"date.example", "change.example", "either.example"}
    assert asleep(now + SOON - timedelta(days=1)) == {"date.example", "change.example", "either.example"}
    assert asleep(now + SOON) == {"change.example"}
    Lead.objects.filter(snoozed_by=seller).update(changed_at=timezone.now())
    assert asleep() == {"date.example"}


def test_it_leaves_the_first_page_and_the_list_and_can_be_asked_for(as_seller: Client, seller: User) -> None:
    hot = {"segment": "Migration", "priority_score": 1, "priority_category": "P2", "verdict_state": "complete"}
    lead = make_lead(ACME, score=90, **hot)
    make_lead("other.example", score=80, **hot)
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    response = as_seller.post(
        reverse("leads:snooze", args=[ACME]), {"snooze-until": tomorrow, "snooze-seen": ""}, follow=True
    )
    assert "This lead sleeps until" in response.content.decode()

    def listed(**query: str) -> list[str]:
        return [found.domain for found in as_seller.get(reverse("leads:list"), query).context["page"]]

    assert listed() == ["other.example"]
    assert listed(segment="Migration") == ["other.example"]
    assert listed(snoozed="1") == [ACME]
    assert listed(q="acme") == [ACME]  # whoever types a name wants that company
    first_page = as_seller.get(reverse("leads:today")).context
    assert [row.lead.domain for row in first_page["rows"]] == ["other.example"]
    assert {tile.key: tile.count for tile in first_page["tiles"]}["hot"] == 1
    as_seller.post(reverse("leads:wake", args=[ACME]))
    assert listed() == [ACME, "other.example"]
    told = list(Event.objects.filter(lead=lead).order_by("pk").values_list("kind", "old", "new", "by"))
    assert told == [("snoozed", "", tomorrow, seller.pk), ("snoozed", tomorrow, "woken", seller.pk)]
    lead.refresh_from_db()
    assert (lead.snoozed_until, lead.snoozed_by) == (None, None)


def test_a_change_wakes_it_and_an_unknown_does_not(dns: Served, work_off: WorkOff, seller: User) -> None:
    dns(google(ACME, dmarc="none"))
    lead = make_lead(ACME)

    def look() -> None:
        scanning.rescan_lead(lead, started_by=None)
        work_off()

    look()
    snoozing.snooze(lead, until=None, until_change=True, by=seller)
    look()
    assert asleep() == {ACME}
    dns(google(ACME, dmarc="none"), [Fault("*", "*", "servfail")])
    look()
    assert asleep() == {ACME}
    dns(google(ACME, dmarc="reject"))
    look()
    assert asleep() == set()


@pytest.mark.parametrize("until_change", [True, False])
def test_a_referral_that_appears_or_changes_wakes_it(seller: User, until_change: bool) -> None:
    lead = make_lead(ACME)
    day = timezone.localdate() + SOON
    deadline = timezone.now() + timedelta(days=2)

    def sleep() -> None:
        snoozing.snooze(lead, until=day, until_change=until_change, by=seller)
        assert asleep() == {ACME}

    sleep()
    services.note_referrals({lead.pk: ReferralNote(count=1, state="new", deadline=deadline)})
    assert asleep() == set()
    sleep()
    services.note_referrals({lead.pk: ReferralNote(count=1, state="new", deadline=deadline)})  # the nightly repair
    assert asleep() == {ACME}
    services.note_referrals({lead.pk: ReferralNote(count=1, state="active", deadline=None)})
    assert asleep() == set()
    assert Event.objects.filter(kind="snoozed", new="referral", by=None).count() == 2


def test_two_tabs_and_empty_or_past_dates(as_seller: Client, seller: User) -> None:
    lead = make_lead(ACME)
    url = reverse("leads:snooze", args=[ACME])
    today = timezone.localdate()
    assert as_seller.post(url, {"snooze-seen": ""}).status_code == 422
    assert as_seller.post(url, {"snooze-until": today.isoformat(), "snooze-seen": ""}).status_code == 422
    snoozing.snooze(lead, until=today + SOON, until_change=False, by=seller)
    response = as_seller.post(url, {"snooze-until_change": "on", "snooze-seen": ""}, follow=True)
    assert "Somebody changed this" in response.content.decode()
    lead.refresh_from_db()
    assert lead.snoozed_until_change_since is None


def way_back(page: str) -> str:
    """Where the Undo of the last message of a page posts; "" without one."""
    found = re.findall(r'<form action="([^"]+)" method="post" data-undo>', page)
    return html.unescape(found[-1]) if found else ""


def now() -> str:
    """What a page made now says of the sleep of the lead."""
    lead = Lead.objects.get()
    return snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since)


def test_the_message_offers_the_way_back(as_seller: Client) -> None:
    make_lead(ACME)
    snooze, dismiss = (reverse(f"leads:{name}", args=[ACME]) for name in ("snooze", "dismiss"))
    sent = {"snooze-until_change": "on", "next": reverse("leads:list")}
    page = as_seller.post(snooze, sent, follow=True).content.decode()
    assert "is awake again" in as_seller.post(way_back(page), follow=True).content.decode()
    assert asleep() == set()
    page = as_seller.post(dismiss, {"next": reverse("leads:list")}, follow=True).content.decode()
    for _click in range(2):
        assert "is on the list again" in as_seller.post(way_back(page), follow=True).content.decode()
    assert Lead.objects.get().dismissed_at is None


def test_the_undo_of_a_first_snooze_wakes_no_other_sleep(as_seller: Client, as_operator: Client) -> None:
    make_lead(ACME)
    snooze, wake = (reverse(f"leads:{name}", args=[ACME]) for name in ("snooze", "wake"))
    undo = way_back(as_seller.post(snooze, {"snooze-preset": "tomorrow"}, follow=True).content.decode())
    as_operator.post(wake)
    as_operator.post(snooze, {"snooze-preset": "tomorrow"})  # the same day, and yet another sleep
    assert "Somebody changed this" in as_seller.post(undo, follow=True).content.decode()
    assert asleep() == {ACME}
    assert Lead.objects.get().snoozed_by == User.objects.get(username="operator")


def test_the_undo_of_a_snooze_knows_it_from_another_of_the_same_day(as_seller: Client, as_operator: Client) -> None:
    make_lead(ACME)
    snooze, wake = (reverse(f"leads:{name}", args=[ACME]) for name in ("snooze", "wake"))
    as_seller.post(snooze, {"snooze-preset": "tomorrow"})
    sent = {"snooze-preset": "month", "snooze-seen": now()}
    undo = way_back(as_seller.post(snooze, sent, follow=True).content.decode())
    for client in (as_operator, as_seller):  # somebody else's, then one's own
        as_operator.post(wake)
        client.post(snooze, {"snooze-preset": "month"})
        before = Lead.objects.values(*snoozing.COLUMNS).get()
        assert "Somebody changed this" in as_seller.post(undo, follow=True).content.decode()
        assert Lead.objects.values(*snoozing.COLUMNS).get() == before


def test_a_second_press_says_what_the_first_did(as_seller: Client, as_operator: Client) -> None:
    lead = make_lead(ACME)
    snooze = reverse("leads:snooze", args=[ACME])
    sent = {"snooze-preset": "tomorrow", "snooze-seen": ""}
    as_operator.post(snooze, sent)
    page = as_seller.post(snooze, sent, follow=True).content.decode()
    assert f"{ACME} sleeps until" in page
    assert "Somebody changed this" not in page
    assert way_back(page) == ""  # it is not theirs to take back
    assert lead.events.filter(kind="snoozed").count() == 1


def test_the_undo_of_a_dismissal_takes_back_no_other(as_seller: Client, as_operator: Client) -> None:
    make_lead(ACME)
    dismiss, restore = (reverse(f"leads:{name}", args=[ACME]) for name in ("dismiss", "restore"))
    undo = way_back(as_seller.post(dismiss, follow=True).content.decode())
    as_operator.post(restore)
    as_operator.post(dismiss, {"reason": "rakip"})
    for url in (undo, f"{restore}?dismissal=", f"{restore}?dismissal=x"):
        assert "Somebody changed this" in as_seller.post(url, follow=True).content.decode()
    lead = Lead.objects.get()
    assert lead.dismissed_at is not None
    assert lead.dismissed_reason == "rakip"
    assert way_back(as_seller.post(dismiss, follow=True).content.decode()) == ""  # nothing of theirs was done


def test_a_snooze_in_the_place_of_another_is_taken_back_to_that_one(
    as_seller: Client, as_operator: Client, operator: User
) -> None:
    lead = make_lead(ACME, changed_at=timezone.now() - SOON)
    snoozing.snooze(lead, until=timezone.localdate() + SOON, until_change=True, by=operator)
    lead.refresh_from_db()
    before = [getattr(lead, column) for column in snoozing.COLUMNS]
    snooze = reverse("leads:snooze", args=[ACME])
    page = as_seller.post(snooze, {"snooze-preset": "month", "snooze-seen": now()}, follow=True).content.decode()
    assert "sleeps until" in page
    lead.refresh_from_db()
    assert lead.snoozed_until_change_since is None
    undo = way_back(page)
    assert as_operator.get(undo).status_code == 405
    as_seller.post(undo)
    lead.refresh_from_db()
    assert [getattr(lead, column) for column in snoozing.COLUMNS] == before
    assert asleep() == {ACME}
    last = lead.events.latest("pk")
    assert (last.kind, last.new) == ("snoozed", snoozing.code(lead.snoozed_until, lead.snoozed_until_change_since))
    assert "Somebody changed this" in as_seller.post(undo, follow=True).content.decode()  # used up

    make_lead("other.example")
    other = undo.replace(ACME, "other.example")
    assert "Somebody changed this" in as_seller.post(other, follow=True).content.decode()
    assert "Somebody changed this" in as_seller.post(undo.replace("was=", "was=x"), follow=True).content.decode()
    assert asleep() == {ACME}


def test_the_undo_of_a_snooze_leaves_what_somebody_decided_since(as_seller: Client, as_operator: Client) -> None:
    make_lead(ACME)
    snooze = reverse("leads:snooze", args=[ACME])
    as_seller.post(snooze, {"snooze-preset": "tomorrow"})
    undo = way_back(
        as_seller.post(snooze, {"snooze-preset": "month", "snooze-seen": now()}, follow=True).content.decode()
    )
    as_operator.post(snooze, {"snooze-until_change": "on", "snooze-seen": now()})
    assert "Somebody changed this" in as_seller.post(undo, follow=True).content.decode()
    assert Lead.objects.get().snoozed_until is None
    assert asleep() == {ACME}


def test_a_lead_that_was_woken_can_be_put_back_to_its_sleep(as_seller: Client) -> None:
    make_lead(ACME)
    as_seller.post(reverse("leads:snooze", args=[ACME]), {"snooze-preset": "month"})
    undo = way_back(as_seller.post(reverse("leads:wake", args=[ACME]), follow=True).content.decode())
    assert asleep() == set()
    as_seller.post(undo)
    assert asleep() == {ACME}


def test_it_wakes_on_the_morning_of_the_day(seller: User) -> None:
    lead = make_lead(ACME)
    day = timezone.localdate() + SOON
    snoozing.snooze(lead, until=day, until_change=False, by=seller)
    morning = timezone.make_aware(datetime.combine(day, time(0, 1)))
    with time_machine.travel(morning):
        assert asleep() == set()


def test_a_change_that_the_lead_did_not_show_yet_wakes_it(seller: User) -> None:
    """A scan wrote the change before somebody snoozed, and committed it after their page was read."""
    lead = make_lead(ACME, changed_at=timezone.now() - SOON)
    Lead.objects.update(changed_at=timezone.now())
    snoozing.snooze(lead, until=None, until_change=True, by=seller)
    assert asleep() == set()


def test_what_a_change_woke_can_be_put_to_sleep_again(seller: User) -> None:
    lead = make_lead(ACME)
    snoozing.snooze(lead, until=None, until_change=True, by=seller)
    Lead.objects.update(changed_at=timezone.now())
    assert asleep() == set()
    lead.refresh_from_db()
    snoozing.snooze(lead, until=None, until_change=True, by=seller)
    assert asleep() == {ACME}


@pytest.mark.parametrize(
    ("today", "preset", "day"),
    [
        (date(2026, 11, 25), "tomorrow", date(2026, 11, 26)),
        (date(2026, 11, 25), "week", date(2026, 11, 30)),
        (date(2026, 11, 30), "week", date(2026, 12, 7)),
        (date(2026, 11, 25), "month", date(2026, 12, 25)),
        (date(2027, 10, 31), "month", date(2027, 11, 30)),
        (date(2026, 12, 31), "month", date(2027, 2, 1)),  # of Sunday, the last day that January has
        (date(2026, 11, 26), "month", date(2026, 12, 28)),  # of Saturday
    ],
)
def test_a_button_stands_for_a_day(today: date, preset: str, day: date) -> None:
    assert day_of(preset, today) == day


def test_a_button_snoozes_and_sets_a_follow_up_without_a_date(as_seller: Client) -> None:
    lead = make_lead("a.example")
    tomorrow = timezone.localdate() + timedelta(days=1)
    text = as_seller.get(lead.get_absolute_url()).content.decode()
    assert 'name="preset" value="tomorrow"' in text
    assert 'name="snooze-preset" value="week"' in text
    as_seller.post(reverse("leads:work", args=["a.example"]), {"on": "2026-01-01", "preset": "tomorrow"})
    as_seller.post(reverse("leads:snooze", args=["a.example"]), {"snooze-until": "", "snooze-preset": "tomorrow"})
    lead.refresh_from_db()
    assert lead.follow_up_on == tomorrow
    assert timezone.localtime(lead.snoozed_until).date() == tomorrow
    answer = as_seller.post(reverse("leads:work", args=["a.example"]), {"preset": "never"})
    assert answer.status_code == 422
    lead.refresh_from_db()
    assert lead.follow_up_on == tomorrow


def test_no_follow_up_on_a_day_that_is_over_but_one_that_was_set_may_stay(as_seller: Client) -> None:
    lead = make_lead("a.example")
    url, over = reverse("leads:work", args=["a.example"]), timezone.localdate() - timedelta(days=1)
    answer = as_seller.post(url, {"on": over.isoformat(), "on_seen": "="})
    assert answer.status_code == 422
    assert "This date is over." in answer.content.decode()
    lead.refresh_from_db()
    assert lead.follow_up_on is None
    Lead.objects.update(follow_up_on=over)
    as_seller.post(url, {"on": over.isoformat(), "on_seen": f"={over}", "tags": "fuar", "tags_seen": "="})
    lead.refresh_from_db()
    assert lead.follow_up_on == over
    assert lead.tags.get().name == "fuar"
    today = timezone.localdate()
    as_seller.post(url, {"on": today.isoformat(), "on_seen": f"={over}"})
    lead.refresh_from_db()
    assert lead.follow_up_on == today


def test_the_drawer_sets_a_follow_up_and_a_snooze_in_one_press(as_seller: Client, seller: User) -> None:
    lead = make_lead("a.example")
    text = as_seller.get(f"{lead.get_absolute_url()}peek/").content.decode()
    for name in ("preset", "snooze-preset"):
        for value in ("tomorrow", "week", "month"):
            assert f'type="submit" name="{name}" value="{value}"' in text
    monday = day_of("week", timezone.localdate())
    sent = {"preset": "week", "on_seen": "=", "next": reverse("leads:list")}
    page = as_seller.post(reverse("leads:work", args=["a.example"]), sent, follow=True).content.decode()
    assert "Follow-up on Monday" in page
    lead.refresh_from_db()
    assert lead.follow_up_on == monday
    # Somebody set another day since the drawer was opened: it is asked, with the day of the button in the field
    answer = as_seller.post(reverse("leads:work", args=["a.example"]), sent | {"preset": "tomorrow"})
    assert answer.status_code == 409
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert answer.context["work_form"]["on"].value() == tomorrow.isoformat()
    lead.refresh_from_db()
    assert lead.follow_up_on == monday
    snoozing.snooze(lead, until=tomorrow, until_change=False, by=seller)
    drawer = as_seller.get(f"{lead.get_absolute_url()}peek/").content.decode()
    assert drawer.count(f'name="snooze-seen" value="{tomorrow.isoformat()}"') == 2
    services.dismiss(lead, by=seller)
    assert "preset" not in as_seller.get(f"{lead.get_absolute_url()}peek/").content.decode()
