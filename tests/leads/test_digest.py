"""Alerts by e-mail: at most once, one line a lead and day, in the reader's language, whatever the server does."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads import digest
from leads.models import Alert, DigestSetting, Event, Lead
from leads.preferences import language_of, remember_language
from leads.tasks import send_digests
from tests.factories import make_lead, make_user

pytestmark = pytest.mark.django_db
AT_ONCE, DAILY, OFF = "immediate", "daily", "off"
MINUTES = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    """Ten in the morning, Istanbul time."""
    with time_machine.travel("2026-03-04T10:00:00+03:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def reader(clock: Any, settings: Any) -> User:
    settings.HUNTER_PUBLIC_URL = "https://hunter.example"
    return make_user("ayse", role="Account manager", first_name="Ayşe", last_name="Kaya", email="ayse@partner.example")


def want(user: User, rhythm: str, language: str = "en", *, own: bool = False) -> DigestSetting:
    remember_language(user, language)
    return digest.choose(user, rhythm=rhythm, own_leads_only=own)


def alarm(lead: Lead | None, kind: str = "mx_changed", old: str = "google.com", new: str = "outlook.com") -> Alert:
    if lead is None:
        return Alert.objects.create(
            type=kind, title="Bir kayıt", path="/referrals/quarantine/", created_at=timezone.now()
        )
    event = Event.objects.create(lead=lead, kind="mx", old=old, new=new, at=timezone.now())
    return Alert.objects.create(lead=lead, event=event, type=kind, created_at=timezone.now())


def run() -> list[Any]:
    before = len(mail.outbox)
    send_digests()
    return mail.outbox[before:]


def test_an_alert_goes_out_once_with_words_and_a_link(clock: Any, reader: User) -> None:
    lead = make_lead("acme.example", company_name="Acme A.Ş.")
    alarm(lead, new="before.example")  # what was there before somebody asked for e-mails
    want(reader, AT_ONCE)
    alarm(lead)
    assert run() == []  # not settled yet
    clock.shift(3 * MINUTES)
    (message,) = run()
    assert message.to == ["ayse@partner.example"]
    assert message.subject == "Hunter: Acme A.Ş.: The mail host changed"
    text, html = message.body, str(message.alternatives[0][0])
    for body in (text, html):
        assert "Hello Ayşe Kaya" in body
        assert "https://hunter.example/leads/acme.example/" in body
        assert "google.com → outlook.com" in body
        assert "before.example" not in body
        assert "https://hunter.example/accounts/digest/" in body
    assert "style" not in html
    assert run() == []
    clock.shift(30 * MINUTES)
    assert run() == []


def test_it_speaks_the_language_of_its_reader(clock: Any, reader: User) -> None:
    other = make_user("john", role="Account manager", email="john@partner.example")
    want(reader, AT_ONCE, "tr")
    want(other, AT_ONCE, "en")
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    by_reader = {message.to[0]: message for message in run()}
    assert "Hello john" in by_reader["john@partner.example"].body
    turkish = by_reader["ayse@partner.example"]
    assert "Merhaba Ayşe Kaya" in turkish.body
    assert 'lang="tr"' in turkish.alternatives[0][0]


def test_at_once_means_one_line_a_lead_and_day(clock: Any, reader: User) -> None:
    want(reader, AT_ONCE)
    one, two = make_lead("bir.example"), make_lead("iki.example")
    alarm(one)
    alarm(one, "score_changed")
    clock.shift(3 * MINUTES)
    (first,) = run()
    assert first.body.count("https://hunter.example/leads/bir.example/") == 1
    assert "The mail host changed" in first.body
    assert "The score changed its class" in first.body
    alarm(one, "dmarc_added")
    alarm(two)
    clock.shift(3 * MINUTES)
    (second,) = run()
    assert "iki.example" in second.body
    assert "bir.example" not in second.body
    clock.shift(timedelta(days=1))
    alarm(one)
    clock.shift(3 * MINUTES)
    (third,) = run()
    assert "bir.example" in third.body


def test_once_a_day_comes_at_eight_with_everything(clock: Any, reader: User) -> None:
    want(reader, DAILY)
    leads = [make_lead(f"firma{number}.example") for number in range(3)]
    for lead in leads:
        alarm(lead)
        alarm(lead, "score_changed")
    clock.shift(timedelta(hours=9))
    assert run() == []
    clock.move_to(datetime.fromisoformat("2026-03-05T08:03:00+03:00"))
    (message,) = run()
    assert message.subject == "Hunter: news at 3 leads"
    assert message.body.count("https://hunter.example/leads/") == 3
    alarm(leads[0], "dmarc_added")
    clock.shift(timedelta(hours=5))
    assert run() == []
    clock.move_to(datetime.fromisoformat("2026-03-06T09:30:00+03:00"))  # the worker was down at eight
    assert len(run()) == 1
    assert run() == []


def test_who_hears_of_what(clock: Any, reader: User) -> None:
    mine = make_lead("mine.example", owner=reader)
    watched = make_lead("watched.example")
    watched.watchers.add(reader)
    others = make_lead("others.example")
    asleep = make_lead("asleep.example", owner=reader, snoozed_until=timezone.now() + timedelta(days=9))
    gone = make_lead("gone.example", owner=reader, dismissed_at=timezone.now())
    read = make_lead("read.example", owner=reader)
    setting = want(reader, AT_ONCE, own=True)
    for lead in (mine, watched, others, asleep, gone):
        alarm(lead)
    Alert.objects.filter(pk=alarm(read).pk).update(read_at=timezone.now(), read_by=reader)
    alarm(None, "row_parked")
    clock.shift(3 * MINUTES)
    due = digest.due_for(setting, timezone.now())
    assert due is not None
    assert {line.first.subject for line in due.lines} == {"mine.example", "watched.example"}
    setting = want(reader, AT_ONCE, own=False)
    due = digest.due_for(setting, timezone.now())
    assert due is not None
    assert {line.first.subject for line in due.lines} == {
        "mine.example", "watched.example", "others.example", "Bir kayıt",
    }  # fmt: skip
    reader.groups.clear()
    setting = DigestSetting.objects.select_related("user").get()
    due = digest.due_for(setting, timezone.now())
    assert due is not None
    assert due.lines == []  # without the permission to see alerts


def test_nobody_is_written_to_without_address_account_or_wish(clock: Any, reader: User) -> None:
    nameless = make_user("nameless", role="Account manager")
    former = make_user("former", role="Account manager", email="former@partner.example", is_active=False)
    want(nameless, AT_ONCE)
    want(former, AT_ONCE)
    want(reader, AT_ONCE)
    want(reader, OFF)
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    assert run() == []
    want(reader, AT_ONCE)  # on again: what came in between is not news
    clock.shift(3 * MINUTES)
    assert run() == []


def test_without_a_mail_server_nothing_is_claimed(clock: Any, reader: User, settings: Any) -> None:
    want(reader, AT_ONCE)
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    settings.HUNTER_EMAIL_ENABLED = False
    assert run() == []
    settings.HUNTER_EMAIL_ENABLED = True
    assert len(run()) == 1


class Unreachable(BaseEmailBackend):
    def open(self) -> bool:
        raise ConnectionRefusedError


class Refusing(EmailBackend):
    """Says no before it takes anything."""

    code = 451

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPDataError(self.code, b"not now")


class Full(Refusing):
    code = 552


class Silent(EmailBackend):
    """Takes the message and falls silent before it says so."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


class Killed(BaseException):
    """The process ends."""


class Deadly(EmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise Killed


def use(settings: Any, backend: type[BaseEmailBackend] | None) -> None:
    path = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL_BACKEND = path if backend is None else f"{__name__}.{backend.__name__}"


@pytest.mark.parametrize("backend", [Unreachable, Refusing])
def test_a_server_that_is_down_or_says_later_is_tried_again(
    clock: Any, reader: User, settings: Any, backend: type[BaseEmailBackend]
) -> None:
    want(reader, AT_ONCE)
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    use(settings, backend)
    for _ in range(3):
        assert run() == []
        clock.shift(MINUTES)
    use(settings, None)
    assert len(run()) == 1
    assert run() == []


@pytest.mark.parametrize(
    ("backend", "sent", "why"),
    [(Silent, 1, "The mail server broke off"), (Full, 0, "The mail server refused it for good")],
)
def test_what_may_have_been_taken_or_is_refused_for_good_is_not_sent_again(
    clock: Any, reader: User, client: Client, settings: Any, backend: type[BaseEmailBackend], sent: int, why: str
) -> None:
    want(reader, AT_ONCE)
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    use(settings, backend)
    assert len(run()) == sent
    use(settings, None)
    clock.shift(MINUTES)
    assert run() == []
    assert Alert.objects.filter(read_at=None).count() == 1  # it waits in Hunter
    client.force_login(reader)
    assert why in client.get(reverse("leads:alerts")).content.decode()
    alarm(make_lead("other.example"))
    clock.shift(3 * MINUTES)
    (message,) = run()
    for body in (message.body, str(message.alternatives[0][0])):
        assert why in body
        assert "other.example" in body
        assert "acme.example" not in body
    assert why not in client.get(reverse("leads:alerts")).content.decode()


def test_killed_between_claim_and_sending_nothing_is_doubled_and_the_reader_is_told(
    clock: Any, reader: User, client: Client, settings: Any
) -> None:
    want(reader, AT_ONCE)
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    use(settings, Deadly)
    with pytest.raises(Killed):
        run()
    use(settings, None)
    client.force_login(reader)
    why = "The worker was stopped while it was sending."
    for page in ("leads:alerts", "leads:digest"):
        assert why not in client.get(reverse(page)).content.decode()  # it may be sending still
    clock.shift(3 * MINUTES)
    for page in ("leads:alerts", "leads:digest"):
        assert why in client.get(reverse(page)).content.decode()
    (notice,) = run()
    assert notice.subject == "Hunter: an e-mail may not have reached you"
    assert why in notice.body
    assert "acme.example" not in notice.body
    assert run() == []
    assert why not in client.get(reverse("leads:alerts")).content.decode()
    assert Alert.objects.filter(read_at=None).count() == 1


def test_a_lead_whose_e_mail_may_be_missing_is_told_of_again(clock: Any, reader: User, settings: Any) -> None:
    want(reader, AT_ONCE)
    lead = make_lead("acme.example")
    alarm(lead)
    clock.shift(3 * MINUTES)
    use(settings, Silent)
    run()
    use(settings, None)
    alarm(lead, "dmarc_added")
    clock.shift(3 * MINUTES)
    (message,) = run()
    assert "acme.example" in message.body


def test_a_digest_that_cannot_be_written_stops_nobody_elses(clock: Any, reader: User) -> None:
    want(reader, AT_ONCE)
    want(make_user("john", role="Account manager", email="john@partner.example"), AT_ONCE)
    User.objects.filter(pk=reader.pk).update(email="ayse@partner.example\nBcc: x@evil.example")
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    assert [message.to for message in run()] == [["john@partner.example"]]


def test_two_workers_send_it_once(clock: Any, reader: User) -> None:
    setting = want(reader, AT_ONCE)
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    first, second = digest.due_for(setting, timezone.now()), digest.due_for(setting, timezone.now())
    assert first is not None
    assert second is not None
    assert digest.send(first, timezone.now())
    assert not digest.send(second, timezone.now())
    assert len(mail.outbox) == 1


def test_an_alert_that_appears_late_is_not_passed_over(clock: Any, reader: User) -> None:
    """Of two transactions the one with the lower key may end last."""
    want(reader, AT_ONCE)
    lead = make_lead("acme.example")
    late = Alert.objects.create(lead=lead, type="mx_changed", created_at=timezone.now() + 4 * MINUTES)
    alarm(make_lead("other.example"))
    clock.shift(3 * MINUTES)
    assert run() == []  # the one behind it waits for it
    clock.shift(4 * MINUTES)
    (message,) = run()
    assert "acme.example" in message.body
    assert "other.example" in message.body
    assert DigestSetting.objects.get().sent_to == late.pk + 1


def test_a_lead_nobody_was_told_about_was_not_told(clock: Any, reader: User) -> None:
    want(reader, AT_ONCE, own=True)
    mine, other = make_lead("mine.example", owner=reader), make_lead("other.example")
    alarm(mine)
    alarm(other)  # below the watermark from now on
    clock.shift(3 * MINUTES)
    (first,) = run()
    assert "other.example" not in first.body
    Lead.objects.filter(pk=other.pk).update(owner=reader)
    alarm(mine, "dmarc_added")
    alarm(other, "dmarc_added")
    clock.shift(3 * MINUTES)
    (second,) = run()
    assert "other.example" in second.body
    assert "mine.example" not in second.body


def test_the_day_of_an_e_mail_counts_not_that_of_the_alert(clock: Any, reader: User) -> None:
    want(reader, AT_ONCE)
    lead = make_lead("gece.example")
    clock.move_to(datetime.fromisoformat("2026-03-04T23:59:00+03:00"))
    alarm(lead)
    clock.shift(3 * MINUTES)
    assert len(run()) == 1
    alarm(lead, "dmarc_added")
    clock.shift(timedelta(hours=1))
    assert run() == []
    clock.shift(timedelta(days=1))
    alarm(lead, "score_changed")
    clock.shift(3 * MINUTES)
    assert len(run()) == 1


def test_of_very_many_alerts_none_is_left_out(clock: Any, reader: User) -> None:
    want(reader, DAILY)
    first, noisy = make_lead("ilk.example"), make_lead("gurultu.example")
    alarm(first)
    Alert.objects.bulk_create(Alert(lead=noisy, type="score_changed", created_at=timezone.now()) for _ in range(5_100))
    clock.move_to(datetime.fromisoformat("2026-03-05T08:03:00+03:00"))
    (message,) = run()
    assert "ilk.example" in message.body
    assert message.subject == "Hunter: news at 2 leads"


def test_an_address_that_no_header_can_hold_stops_nobody_else_and_is_said(
    clock: Any, reader: User, viewer: User, as_viewer: Client, settings: Any
) -> None:
    User.objects.filter(pk=viewer.pk).update(email="one@x.example\nBcc: evil@x.example")
    want(viewer, AT_ONCE)
    want(reader, AT_ONCE)
    lead = make_lead("acme.example")
    alarm(lead)
    clock.shift(3 * MINUTES)
    assert [message.to for message in run()] == [[reader.email]]
    assert run() == []
    settings.HUNTER_EMAIL_ENABLED = True
    for page in ("leads:alerts", "leads:digest"):
        shown = as_viewer.get(reverse(page)).content.decode()
        assert "No e-mail can be written to the address of your account" in shown
    User.objects.filter(pk=viewer.pk).update(email="one@x.example")
    (message,) = run()  # nothing was lost
    assert message.to == ["one@x.example"]
    assert "acme.example" in message.body
    assert "may not have reached you" not in message.body
    assert DigestSetting.objects.get(user=viewer).doubt == ""


def test_a_flood_is_one_e_mail_with_a_count(clock: Any, reader: User) -> None:
    want(reader, AT_ONCE)
    for number in range(digest.LINES + 7):
        alarm(make_lead(f"firma{number}.example"))
    clock.shift(3 * MINUTES)
    (message,) = run()
    assert message.body.count("https://hunter.example/leads/") == digest.LINES
    assert "and 7 more" in message.body


def test_a_name_cannot_write_headers(clock: Any, reader: User) -> None:
    want(reader, AT_ONCE)
    alarm(make_lead("acme.example", company_name="Acme\r\nBcc: x@evil.example"))
    clock.shift(3 * MINUTES)
    (message,) = run()
    assert "\n" not in message.subject
    assert message.recipients() == ["ayse@partner.example"]


def test_a_name_cannot_write_markup(clock: Any, reader: User) -> None:
    want(reader, AT_ONCE)
    alarm(make_lead("acme.example", company_name="<b>Acme & Oğulları</b>"))
    clock.shift(3 * MINUTES)
    (message,) = run()
    assert "&lt;b&gt;Acme &amp; Oğulları" in message.alternatives[0][0]
    assert "<b>Acme & Oğulları</b>" in message.body


def test_the_settings_page(as_viewer: Client, viewer: User) -> None:
    url = reverse("leads:digest")
    page = as_viewer.get(url).content.decode()
    assert "Your account has no e-mail address" in page
    assert "No e-mail" in page
    alarm(make_lead("acme.example"))
    assert as_viewer.post(url, {"rhythm": "hourly"}).status_code == 200
    assert not DigestSetting.objects.exists()
    assert as_viewer.post(url, {"rhythm": "daily", "own_leads_only": "on"}).status_code == 302
    setting = DigestSetting.objects.get()
    assert (setting.user, setting.rhythm, setting.own_leads_only) == (viewer, "daily", True)
    assert language_of(setting.user) == "en"  # as the page they said it on
    assert setting.sent_to == Alert.objects.get().pk


def test_the_admin_shows_and_changes_ones_own_setting_only(client: Client, administrator: User) -> None:
    reader = make_user("okur", role="Viewer", is_staff=True)
    others = want(administrator, DAILY)
    listed, add = reverse("admin:leads_digestsetting_changelist"), reverse("admin:leads_digestsetting_add")
    change = "admin:leads_digestsetting_change"
    chosen = {"user": administrator.pk, "rhythm": "off"}
    client.force_login(reader)
    assert 'class="field-rhythm' not in client.get(listed).content.decode()
    assert client.get(reverse(change, args=[others.pk])).status_code == 302  # not found: back to the index
    client.post(reverse(change, args=[others.pk]), chosen)
    own = want(reader, AT_ONCE)
    assert client.get(listed).content.decode().count('class="field-rhythm') == 1
    assert client.post(reverse(change, args=[own.pk]), chosen).status_code == 302
    reader.user_permissions.add(*Permission.objects.filter(codename__in=("add_digestsetting", "add_preference")))
    assert client.post(add, chosen | {"rhythm": "daily"}).status_code == 302
    preference = {"user": administrator.pk, "language": "tr"}
    assert client.post(reverse("admin:leads_preference_add"), preference).status_code == 302
    assert set(DigestSetting.objects.values_list("user", "rhythm")) == {(administrator.pk, DAILY), (reader.pk, DAILY)}
    assert [language_of(User.objects.get(pk=user.pk)) for user in (administrator, reader)] == ["en", "tr"]
    client.force_login(administrator)
    assert client.get(listed).content.decode().count('class="field-rhythm') == 2
    assert client.post(reverse(change, args=[own.pk]), chosen).status_code == 302
    assert set(DigestSetting.objects.values_list("user", "rhythm")) == {(administrator.pk, DAILY), (reader.pk, OFF)}


def test_a_real_smtp_server_that_is_not_there(clock: Any, reader: User, settings: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    want(reader, AT_ONCE)
    alarm(make_lead("acme.example"))
    clock.shift(3 * MINUTES)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    assert run() == []
    use(settings, None)
    assert len(run()) == 1
