"""Connect, sync runs, light and banner, unreadable rows, administration: what each says and does, and for whom."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from jobs.models import Job
from jobs.tasks import run_job
from leads.models import Lead
from referrals import doctor
from referrals.models import Quarantine, Referral, ReferralLink, SignIn, SyncCursor, SyncRun
from referrals.status import moment, why_refused
from referrals.templatetags.referrals import status_word, substatus_word
from sandbox.cloud import Cloud
from tests.factories import make_lead
from tests.referrals.conftest import Sync

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
CONNECT, RUNS, LIGHT = reverse("referrals:connect"), reverse("referrals:runs"), reverse("referrals:light")
CODE, STATE = reverse("referrals:connect_code"), reverse("referrals:connect_state")
CANCEL, SIGN_OUT = reverse("referrals:connect_cancel"), reverse("referrals:connect_sign_out")
BROWSER, CALLBACK = reverse("referrals:connect_browser"), reverse("referrals:connect_callback")
SYNC, QUARANTINE = reverse("referrals:sync_now"), reverse("referrals:quarantine")
ACTIONS = [CODE, CANCEL, BROWSER, SIGN_OUT]


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def ask_for_code(browser: Client) -> str:
    """The code that the page shows."""
    assert browser.post(CODE).status_code == 302
    page = text_of(browser.get(CONNECT))
    found = re.search(r'class="sign-in-code"[^>]*>(\w+)<', page)
    assert found, page
    SignIn.objects.update(next_poll_at=None)
    return found[1]


def through_microsoft(cloud: Cloud, address: str, decision: str = "approve") -> str:
    """What a person's browser does at Microsoft; the path and query it comes back with."""
    with requests.Session() as person:
        person.trust_env = False
        form = {"user": cloud.entra.users[0], "decision": decision}
        answer = person.post(address, data=form, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def work_off() -> None:
    while job := Job.objects.filter(kind="referrals", state=Job.State.QUEUED).first():
        run_job(job.pk)


def asked_of_this_room(browser: Client, url: str) -> list[str]:
    """The queries that a page asks of the tables of referrals."""
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return [query["sql"] for query in queries.captured_queries if '"referrals_' in query["sql"]]


def unreadable(**values: Any) -> Quarantine:
    return Quarantine.objects.create(content_hash="0" * 64, raw='{"name": "Örnek"}', reason="no_id", **values)


# Off and not set up


def test_what_is_off_explains_itself_and_refuses(as_administrator: Client) -> None:
    for url in (CONNECT, RUNS, QUARANTINE):
        assert "HUNTER_PARTNER_CENTER_ENABLED" in text_of(as_administrator.get(url)), url
    for url in ACTIONS:
        assert as_administrator.post(url).status_code == 302
    assert SignIn.objects.filter(flow="", state=SignIn.State.NONE).count() == SignIn.objects.count()
    assert "switched off" in text_of(as_administrator.post(SYNC, follow=True))
    assert not Job.objects.exists()
    assert as_administrator.get(LIGHT).status_code == 204
    assert 'id="sync-light"' not in text_of(as_administrator.get(CONNECT))


def test_the_frame_asks_nothing_while_the_integration_is_off(as_operator: Client) -> None:
    assert not asked_of_this_room(as_operator, reverse("leads:jobs"))


def test_light_and_banner_of_a_page_share_one_query(as_operator: Client, signed_in: Cloud) -> None:
    SignIn.objects.update(state=SignIn.State.REAUTH_REQUIRED, reason="mfa_required")
    SyncCursor.get()
    assert len(asked_of_this_room(as_operator, reverse("leads:jobs"))) == 1


def test_missing_settings_are_named(as_operator: Client, connected: Cloud, settings: Any) -> None:
    settings.HUNTER_PARTNER_CENTER_TENANT_ID = ""
    page = text_of(as_operator.get(CONNECT))
    assert "HUNTER_PARTNER_CENTER_TENANT_ID" in page
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID" not in page
    as_operator.post(CODE)
    assert not SignIn.get().flow


# Who may


def test_who_may_not_connect_sees_the_state_and_changes_nothing(as_seller: Client, connected: Cloud) -> None:
    assert "Nobody is signed in" in text_of(as_seller.get(CONNECT))
    for url in [*ACTIONS, CALLBACK]:
        response = as_seller.get(url) if url == CALLBACK else as_seller.post(url)
        assert response.status_code == 403, url
    assert not connected.entra.waiting_codes()
    assert not SignIn.get().flow


def test_a_code_is_shown_only_to_who_may_sign_in(as_operator: Client, as_viewer: Client, connected: Cloud) -> None:
    code = ask_for_code(as_operator)
    connected.entra.approve(code)
    page = text_of(as_viewer.get(CONNECT)) + text_of(as_viewer.get(STATE))
    assert code not in page
    assert "operator is signing in" in page
    assert SignIn.get().flow, "a look without the permission does not finish the sign-in"


def test_actions_refuse_get(as_administrator: Client, connected: Cloud) -> None:
    row = unreadable()
    for url in [*ACTIONS, SYNC, reverse("referrals:quarantine_resolve", args=[row.pk])]:
        assert as_administrator.get(url).status_code == 405, url
    for url in (CONNECT, STATE, RUNS, LIGHT, QUARANTINE, CALLBACK):
        assert as_administrator.post(url).status_code == 405, url


def test_a_stranger_is_sent_to_sign_in_without_microsofts_code(client: Client, connected: Cloud) -> None:
    for url in (CONNECT, STATE, RUNS, LIGHT, QUARANTINE, f"{CALLBACK}?code=secret-code&state=x"):
        response = client.get(url)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/")
        assert "secret-code" not in response.headers["Location"]


# Sign-in with a code


def test_sign_in_with_a_code_starts_the_first_sync(as_operator: Client, connected: Cloud) -> None:
    code = ask_for_code(as_operator)
    waiting = as_operator.get(STATE, headers=HTMX)
    assert "valid for another 14:" in text_of(waiting)
    assert "sign-in-code" not in text_of(waiting), "what somebody may be copying is not swapped"
    connected.entra.approve(code)
    SignIn.objects.update(next_poll_at=None)
    done = as_operator.get(STATE, headers=HTMX)
    assert done.headers["HX-Retarget"] == "#connect"
    assert f"autofocus data-focus>Signed in as {connected.entra.users[0]}" in text_of(done)
    assert RUNS in text_of(done)
    job = Job.objects.get(kind="referrals")
    assert job.started_by is not None
    assert job.started_by.username == "operator"
    page = text_of(as_operator.get(CONNECT))
    assert "Renewed at each use" in page
    assert "The sync has started" not in page, "told once"


def test_without_javascript_a_look_is_a_page(as_operator: Client, connected: Cloud) -> None:
    code = ask_for_code(as_operator)
    assert f'href="{STATE}"' in text_of(as_operator.get(CONNECT))
    connected.entra.approve(code)
    page = text_of(as_operator.get(STATE))
    assert "<html" in page
    assert "The sync has started" in page


def test_two_clicks_ask_for_one_code(as_operator: Client, connected: Cloud) -> None:
    ask_for_code(as_operator)
    as_operator.post(CODE)
    assert len(connected.entra.waiting_codes()) == 1


def test_a_code_can_be_cancelled(as_operator: Client, connected: Cloud) -> None:
    ask_for_code(as_operator)
    page = text_of(as_operator.post(CANCEL, follow=True))
    assert "Show a code" in page
    assert not SignIn.get().flow


@pytest.mark.parametrize(
    ("switch", "says"),
    [
        ({"declined": True}, "The sign-in was declined."),
        ({"block_device_code": True}, "conditional access policy"),
        ({"expired": True}, "has expired"),
        ({"token_error": 50076}, "multi-factor authentication"),
        ({"public_client": False}, "does not allow sign-in by code"),
    ],
)
def test_why_a_code_did_not_work(as_operator: Client, connected: Cloud, switch: dict[str, Any], says: str) -> None:
    code = ask_for_code(as_operator)
    connected.entra.approve(code)
    connected.entra.switch(**switch)
    page = text_of(as_operator.get(STATE, headers=HTMX))
    assert says in page
    assert "error code" in page
    assert "request id" in page
    assert "Show a code" in page, "both ways are offered again"
    assert not Job.objects.exists()


def test_a_new_code_ends_the_story_of_the_last_one(as_operator: Client, connected: Cloud) -> None:
    ask_for_code(as_operator)
    connected.entra.switch(declined=True)
    ended = text_of(as_operator.get(STATE, headers=HTMX))
    assert "choose “Accept” on Microsoft&#x27;s page" in ended
    assert re.search(r"autofocus>The sign-in was declined", ended), "the focus does not get lost"
    connected.entra.switch(declined=False)
    code = ask_for_code(as_operator)
    page = text_of(as_operator.get(CONNECT))
    assert "The sign-in was declined" not in page
    assert f'data-copy="{code}"' in page


def test_the_time_of_a_code_runs_out(as_operator: Client, connected: Cloud) -> None:
    ask_for_code(as_operator)
    SignIn.objects.update(flow_expires_at=timezone.now() - timedelta(seconds=1))
    assert "has expired" in text_of(as_operator.get(STATE, headers=HTMX))


@pytest.mark.parametrize("url", [CODE, BROWSER])
def test_microsoft_cannot_be_reached(as_operator: Client, connected: Cloud, url: str) -> None:
    connected.stop()
    page = text_of(as_operator.post(url, follow=True))
    assert "could not be reached" in page
    assert "Show a code" in page
    assert "could not be reached" not in text_of(as_operator.get(CONNECT)), "told once"


def test_microsoft_goes_away_while_a_code_waits(as_operator: Client, connected: Cloud) -> None:
    ask_for_code(as_operator)
    connected.faults.add("*", "status", code=503, times=None)
    fragment = text_of(as_operator.get(STATE, headers=HTMX))
    assert "Hunter goes on trying" in fragment
    assert "hx-get" in fragment
    page = text_of(as_operator.get(STATE))
    assert "has trouble" in page
    assert "sign-in-code" in page
    assert "request id" in page


# Sign-in in the browser


def test_sign_in_in_the_browser(as_operator: Client, connected: Cloud) -> None:
    policy = as_operator.get(CONNECT).headers["Content-Security-Policy"]
    assert f"form-action 'self' https://login.microsoftonline.com {connected.url};" in policy
    address = as_operator.post(BROWSER).headers["Location"]
    assert address.startswith(f"{connected.url}/login.microsoftonline.com/")
    back = through_microsoft(connected, address)
    answer = as_operator.get(back)
    assert answer.headers["Location"] == CONNECT, "the code does not stay in the address"
    page = text_of(as_operator.get(CONNECT))
    assert "Signed in as" in page
    assert "The sync has started" in page
    assert SignIn.get().method == SignIn.Method.BROWSER
    before = SignIn.get().signed_in_at
    again = text_of(as_operator.get(back, follow=True))
    assert SignIn.get().signed_in_at == before
    main = again.partition("<main")[2].partition("</main>")[0]
    assert 'role="alert"' not in main, "coming here again is harmless"


def test_a_strange_answer_is_refused(as_operator: Client, connected: Cloud) -> None:
    as_operator.post(BROWSER)
    page = text_of(as_operator.get(f"{CALLBACK}?code=stolen&state=of-another", follow=True))
    assert "Microsoft refused the sign-in" in page
    assert "stolen" not in page
    assert SignIn.get().state == SignIn.State.NONE


def test_a_strange_answer_leaves_the_sign_in_that_waits(as_operator: Client, connected: Cloud) -> None:
    back = through_microsoft(connected, as_operator.post(BROWSER).headers["Location"])
    as_operator.get(f"{CALLBACK}?code=stolen&state=of-another")
    assert "Signed in as" in text_of(as_operator.get(back, follow=True))
    assert SignIn.get().state == SignIn.State.OK


def test_an_answer_without_a_beginning(as_operator: Client, connected: Cloud) -> None:
    page = text_of(as_operator.get(f"{CALLBACK}?code=x&state=y", follow=True))
    assert "has expired" in page
    assert SignIn.get().state == SignIn.State.NONE


def test_declined_in_the_browser(as_operator: Client, connected: Cloud) -> None:
    back = through_microsoft(connected, as_operator.post(BROWSER).headers["Location"], "decline")
    assert "The sign-in was declined." in text_of(as_operator.get(back, follow=True))


def test_nothing_logs_the_code(as_operator: Client, connected: Cloud, caplog: Any) -> None:
    caplog.set_level(0)
    back = through_microsoft(connected, as_operator.post(BROWSER).headers["Location"])
    code = re.search(r"code=([^&]+)", back)
    assert code
    as_operator.get(back, follow=True)
    as_operator.post(back)
    assert code[1] not in caplog.text


def test_sign_out(as_operator: Client, signed_in: Cloud) -> None:
    page = text_of(as_operator.post(SIGN_OUT, follow=True))
    assert "Signed out of Partner Center" in page
    row = SignIn.get()
    assert (row.state, row.cache, row.account_name) == (SignIn.State.NONE, "", "")


def test_reauth_says_what_happened_and_how_to_mend_it(as_operator: Client, as_viewer: Client, signed_in: Cloud) -> None:
    SignIn.objects.update(
        state=SignIn.State.REAUTH_REQUIRED, reason="password_changed", error_code="AADSTS50173", request_id="abc-1"
    )
    page = text_of(as_operator.get(CONNECT))
    for words in ("password was changed", "goes on where it stopped", "AADSTS50173", "abc-1", "Show a code"):
        assert words in page
    elsewhere = text_of(as_operator.get(reverse("leads:jobs")))
    assert "referrals are not updated until then" in elsewhere
    assert "password was changed" in elsewhere
    assert "referrals are not updated until then" not in text_of(as_viewer.get(reverse("leads:jobs")))
    assert f"Last signed in: <strong>{signed_in.entra.users[0]}</strong>" in page


def test_a_quiet_banner_on_referral_pages_only(as_operator: Client, connected: Cloud) -> None:
    words = "Nobody is signed in to Partner Center yet"
    assert words in text_of(as_operator.get(RUNS))
    assert words not in text_of(as_operator.get(reverse("leads:jobs")))
    assert words not in text_of(as_operator.get(CONNECT))


# The sync


def test_sync_now_shows_its_progress_in_place(as_seller: Client, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    started = as_seller.post(SYNC, headers=HTMX)
    assert "sync-changed" in started.headers["HX-Trigger"]
    assert "waits for the worker" in text_of(started)
    job = Job.objects.get()
    follow = f"{RUNS}?job={job.pk}"
    assert f'hx-get="{follow}"' in text_of(started)
    work_off()
    done = as_seller.get(follow, headers=HTMX)
    assert "Sync finished" in text_of(done)
    assert "1 new" in text_of(done)
    assert "hx-get" not in text_of(done)
    assert Referral.objects.count() == 1


def test_sync_now_without_javascript(as_seller: Client, signed_in: Cloud) -> None:
    page = text_of(as_seller.post(SYNC, follow=True))
    assert "The sync was started" in page
    assert "A sync waits for the worker" in page
    assert "every 2s" in page


def test_a_sync_that_cannot_start_says_why(as_seller: Client, connected: Cloud) -> None:
    page = text_of(as_seller.post(SYNC, follow=True))
    assert "Nobody is signed in to Partner Center yet" in page
    assert CONNECT in page
    fragment = text_of(as_seller.post(SYNC, headers=HTMX))
    assert "Nobody is signed in" in fragment
    assert "<html" not in fragment
    assert not Job.objects.exists()


def test_a_pause_of_microsoft_is_kept(as_seller: Client, sync: Sync, signed_in: Cloud) -> None:
    signed_in.faults.add("referrals", "throttle", retry_after=120, times=None)
    assert sync().state == SyncRun.State.THROTTLED
    assert "asked for a pause" in text_of(as_seller.post(SYNC, follow=True))
    assert "goes on by itself at" in text_of(as_seller.post(SYNC, headers=HTMX))
    page = text_of(as_seller.get(RUNS))
    assert "goes on at" in page
    assert "Partner Center asks for a pause" in page


def test_a_pause_of_our_own_is_not_told_as_microsofts(as_seller: Client, sync: Sync, signed_in: Cloud) -> None:
    signed_in.faults.add("referrals", "status", code=503, times=None)
    assert sync().state == SyncRun.State.FAILED
    for page in (text_of(as_seller.get(RUNS)), text_of(as_seller.get(LIGHT)), why_refused("waiting")):
        assert "asked for a pause" not in page
        assert "Paused by Microsoft" not in page
    assert "next try at" in text_of(as_seller.get(LIGHT))
    assert re.search(r"tries again by itself at \d", why_refused("waiting"))
    assert "The sync was started" in text_of(as_seller.post(SYNC, follow=True)), "who asks need not wait"


def test_only_operations_may_have_everything_read(as_seller: Client, as_operator: Client, signed_in: Cloud) -> None:
    assert as_seller.post(SYNC, {"full": "1"}).status_code == 403
    assert not Job.objects.exists()
    assert "Read everything" not in text_of(as_seller.get(RUNS))
    assert "Read everything" in text_of(as_operator.get(RUNS))
    as_operator.post(SYNC, {"full": "1"})
    work_off()
    assert SyncRun.objects.filter(mode=SyncRun.Mode.FULL, state=SyncRun.State.DONE).exists()


def test_a_viewer_does_not_sync(as_viewer: Client, signed_in: Cloud) -> None:
    assert as_viewer.post(SYNC).status_code == 403
    assert not Job.objects.exists()
    assert as_viewer.get(RUNS).status_code == 200


def test_the_ledger_and_a_run(as_operator: Client, sync: Sync, signed_in: Cloud) -> None:
    for _number in range(3):
        signed_in.partner_center.add()
    run = sync()
    ledger = text_of(as_operator.get(RUNS))
    assert run.get_absolute_url() in ledger
    assert "Done" in ledger
    page = text_of(as_operator.get(run.get_absolute_url()))
    assert "3 rows came: 3 new + 0 changed + 0 unchanged + 0 unreadable." in page
    for client_id, remote_id, _status in run.request_ids:
        assert client_id in page
        assert remote_id in page
    assert "<html" not in text_of(as_operator.get(run.get_absolute_url(), headers=HTMX))


def test_a_failed_run_says_what_to_do(as_operator: Client, sync: Sync, signed_in: Cloud) -> None:
    signed_in.faults.add("referrals", "forbidden", times=None)
    run = sync()
    page = text_of(as_operator.get(run.get_absolute_url()))
    assert "may not read referrals" in page
    assert "Referrals Admin" in page
    assert "status=403" in page
    assert "Sync failed" in text_of(as_operator.get(LIGHT))
    fragment = text_of(as_operator.get(f"{RUNS}?job={run.job_id}", headers=HTMX))
    assert "may not read referrals" in fragment


def test_what_only_a_person_can_mend_is_a_banner_on_every_page(
    as_operator: Client, as_viewer: Client, sync: Sync, signed_in: Cloud
) -> None:
    signed_in.faults.add("referrals", "forbidden", times=None)
    run = sync()
    words = "referrals are not updated until this is mended"
    for url in (reverse("leads:jobs"), RUNS, CONNECT):
        page = text_of(as_operator.get(url))
        assert words in page, url
        assert "Give it the role Referrals Admin" in page
        assert run.get_absolute_url() in page
    assert words not in text_of(as_operator.get(run.get_absolute_url())), "the run says so itself"
    assert words not in text_of(as_viewer.get(reverse("leads:jobs")))
    [check] = doctor.checks()
    assert (check.key, check.ok) == ("partner_center", False)
    assert "Give it the role Referrals Admin" in check.advice


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        ("status", {"code": 503}, "Partner Center has trouble at the moment."),
        ("close", {}, "Partner Center could not be reached."),
        ("malformed", {}, "an answer that cannot be read"),
        ("value_missing", {}, "an answer without a list of referrals"),
    ],
)
def test_what_passes_by_itself_is_told_apart_and_needs_no_banner(
    as_operator: Client, sync: Sync, signed_in: Cloud, kind: str, options: dict[str, Any], says: str
) -> None:
    signed_in.faults.add("referrals", kind, times=None, **options)
    run = sync()
    assert run.state == SyncRun.State.FAILED
    for page in (as_operator.get(run.get_absolute_url()), as_operator.get(RUNS)):
        assert says in text_of(page)
        assert "until this is mended" not in text_of(page)


def test_a_run_without_mfa_leads_to_the_sign_in(as_operator: Client, sync: Sync, signed_in: Cloud) -> None:
    signed_in.faults.add("referrals", "mfa_missing", times=None)
    run = sync()
    assert run.state == SyncRun.State.NEEDS_SIGN_IN
    assert CONNECT in text_of(as_operator.get(run.get_absolute_url()))
    assert CONNECT in text_of(as_operator.get(LIGHT))
    assert run.job is not None
    [check] = doctor.checks()
    told = {
        "connect": text_of(as_operator.get(CONNECT)),
        "banner": text_of(as_operator.get(reverse("leads:jobs"))),
        "runs": text_of(as_operator.get(RUNS)),
        "run": text_of(as_operator.get(run.get_absolute_url())),
        "job": text_of(as_operator.get(reverse("leads:job", args=[run.job.pk]))),
        "sync now": text_of(as_operator.post(SYNC, headers=HTMX)),
        "command": why_refused("sign_in"),
        "doctor": check.advice,
    }
    for place, page in told.items():
        assert "Microsoft wants a sign-in with multi-factor authentication." in page, place
        assert "does not accept the sign-in any more" not in page, place
        assert "Nobody is signed in" not in page, place


def test_the_ledger_takes_the_same_queries_for_any_number_of_runs(
    as_operator: Client, signed_in: Cloud, operator: Any
) -> None:
    SyncRun.objects.create(mode=SyncRun.Mode.FULL, state=SyncRun.State.DONE, started_by=operator)
    as_operator.get(RUNS)  # makes the rows that there is one of
    few = len(asked_of_this_room(as_operator, RUNS))
    for _number in range(20):
        SyncRun.objects.create(mode=SyncRun.Mode.FULL, state=SyncRun.State.DONE, started_by=operator)
    assert len(asked_of_this_room(as_operator, RUNS)) == few


def test_the_ledger_says_what_a_run_was_and_who_started_it(
    as_operator: Client, operator: Any, sync: Sync, signed_in: Cloud
) -> None:
    first = sync()
    page = text_of(as_operator.get(RUNS))
    assert "First load · Hunter, on its schedule" in page
    SyncRun.objects.filter(pk=first.pk).update(watermark_from="2026-01-01T00:00:00.0000000Z", started_by=operator)
    assert "Changes · operator" in text_of(as_operator.get(RUNS))
    SyncRun.objects.filter(pk=first.pk).update(started_by=None, not_visible=2)
    Job.objects.filter(pk=first.job_id).update(routine=False)
    for url in (RUNS, first.get_absolute_url()):
        assert "Changes · from the command line" in text_of(as_operator.get(url))
    assert "2 referrals no longer visible" in text_of(as_operator.get(RUNS))
    assert "No longer visible" in text_of(as_operator.get(first.get_absolute_url()))


def test_the_ledger_shows_a_part(as_operator: Client, signed_in: Cloud) -> None:
    assert "With news" not in text_of(as_operator.get(RUNS)), "nothing to choose from yet"
    done, kind = SyncRun.State.DONE, SyncRun.Mode.INCREMENTAL
    idle = SyncRun.objects.create(mode=kind, state=done, fetched=1, unchanged=1)
    news = SyncRun.objects.create(mode=kind, state=done, fetched=1, created=1)
    odd = SyncRun.objects.create(mode=kind, state=done, fetched=1, quarantined=1)
    failed = SyncRun.objects.create(mode=kind, state=SyncRun.State.FAILED, error_category="server")

    def shown(query: str) -> set[int]:
        page = text_of(as_operator.get(f"{RUNS}{query}"))
        return {run.pk for run in (idle, news, odd, failed) if f'id="run-{run.pk}"' in page}

    assert shown("") == {idle.pk, news.pk, odd.pk, failed.pk}
    assert shown("?news=1") == {news.pk, odd.pk}
    assert shown("?problems=1") == {odd.pk, failed.pk}
    SyncRun.objects.exclude(pk=idle.pk).delete()
    assert "No run had a problem" in text_of(as_operator.get(f"{RUNS}?problems=1"))


def test_a_run_that_does_not_exist(as_operator: Client, connected: Cloud) -> None:
    assert as_operator.get(reverse("referrals:run", args=[4711])).status_code == 404
    assert as_operator.get(f"{RUNS}?job=4711", headers=HTMX).status_code == 404
    assert as_operator.get(f"{RUNS}?job=x&page=-3").status_code == 200


@pytest.mark.parametrize("state", SyncRun.State.values)
def test_every_state_has_its_page(as_operator: Client, connected: Cloud, state: str) -> None:
    run = SyncRun.objects.create(mode=SyncRun.Mode.INCREMENTAL, state=state)
    for language in ("tr", "en"):
        for url in (run.get_absolute_url(), RUNS, LIGHT):
            assert as_operator.get(url, headers={"accept-language": language}).status_code == 200


# The light


def test_the_light_is_a_fragment_with_words(as_viewer: Client, sync: Sync, signed_in: Cloud) -> None:
    assert "Not synced yet" in text_of(as_viewer.get(LIGHT))
    sync()
    light = text_of(as_viewer.get(LIGHT))
    assert "Synced" in light
    assert "just now" in light
    assert RUNS in light
    assert "<html" not in light
    assert 'id="sync-light"' in text_of(as_viewer.get(reverse("leads:jobs")))


def test_the_light_says_how_old_the_data_is_not_when_it_failed(as_viewer: Client, sync: Sync, signed_in: Cloud) -> None:
    sync()
    before = timezone.localtime().replace(hour=12, minute=0) - timedelta(days=1)
    SyncCursor.objects.update(last_success_at=before)
    signed_in.faults.add("referrals", "forbidden", times=None)
    sync()
    light = text_of(as_viewer.get(LIGHT))
    assert "Sync failed" in light
    assert f"data from {moment(before, timezone.now())}" in light
    assert "ago" not in light


def test_the_light_of_a_pause_counts_down_and_then_claims_nothing(
    as_viewer: Client, sync: Sync, signed_in: Cloud
) -> None:
    sync()
    signed_in.faults.add("referrals", "throttle", retry_after=300, times=1)
    assert sync().state == SyncRun.State.THROTTLED
    assert re.search(r"Paused by Microsoft.*goes on at \d", text_of(as_viewer.get(LIGHT)))
    SyncCursor.objects.update(not_before=timezone.now() + timedelta(seconds=32))
    assert re.search(r"Paused by Microsoft.*goes on in 3[12] s", text_of(as_viewer.get(LIGHT)))
    SyncCursor.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    light = text_of(as_viewer.get(LIGHT))
    assert "Sync is about to go on" in light
    assert "Synced" not in light
    sync()
    assert "Synced" in text_of(as_viewer.get(LIGHT))


def test_who_may_not_see_referrals_sees_no_light(client: Client, connected: Cloud, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(LIGHT).status_code == 403
    assert 'id="sync-light"' not in text_of(client.get(reverse("password_change")))
    assert not asked_of_this_room(client, reverse("password_change"))


# Unreadable rows


def test_unreadable_rows_are_shown_and_marked(as_operator: Client, connected: Cloud) -> None:
    row = unreadable(remote_id="r-1")
    url = reverse("referrals:quarantine_resolve", args=[row.pk])
    page = text_of(as_operator.get(QUARANTINE))
    for words in ("r-1", "The row has no id.", "Örnek"):
        assert words in page
    assert "1 row could not be read" in text_of(as_operator.get(RUNS))
    for _twice in range(2):
        as_operator.post(url, {"handled": "1"})
    row.refresh_from_db()
    assert row.resolved_at is not None
    assert row.resolved_by is not None
    assert row.resolved_by.username == "operator"
    assert "r-1" not in text_of(as_operator.get(QUARANTINE))
    assert "r-1" in text_of(as_operator.get(f"{QUARANTINE}?handled=1"))
    assert "could not be read" not in text_of(as_operator.get(RUNS))
    assert f'href="{QUARANTINE}"' in text_of(as_operator.get(RUNS)), "one click away also when there is none"
    fragment = as_operator.post(url, {"next": f"{QUARANTINE}?handled=1"}, headers=HTMX, follow=True)
    assert "<html" not in text_of(fragment)
    row.refresh_from_db()
    assert row.resolved_at is None
    assert row.resolved_by is None


def test_an_account_manager_neither_sees_nor_marks_unreadable_rows(as_seller: Client, connected: Cloud) -> None:
    row = unreadable()
    assert as_seller.get(QUARANTINE).status_code == 403
    assert as_seller.post(reverse("referrals:quarantine_resolve", args=[row.pk])).status_code == 403
    row.refresh_from_db()
    assert row.resolved_at is None
    assert "could not be read" not in text_of(as_seller.get(RUNS))


# The administration


@pytest.fixture
def synced(sync: Sync, signed_in: Cloud) -> Referral:
    signed_in.partner_center.add()
    sync()
    return Referral.objects.select_related("link__lead").get()


def test_every_page_of_the_administration_opens(as_administrator: Client, synced: Referral) -> None:
    unreadable()
    rows = {
        "referral": synced,
        "referrallink": synced.link,
        "syncrun": SyncRun.objects.get(),
        "quarantine": Quarantine.objects.get(),
        "signin": SignIn.get(),
        "synccursor": SyncCursor.get(),
    }
    for name, row in rows.items():
        assert as_administrator.get(reverse(f"admin:referrals_{name}_changelist")).status_code == 200, name
        page = as_administrator.get(reverse(f"admin:referrals_{name}_change", args=[row.pk]))
        assert page.status_code == 200, name
        assert SignIn.get().cache not in text_of(page)
        assert as_administrator.get(reverse(f"admin:referrals_{name}_add")).status_code == 403, name
        assert as_administrator.get(reverse(f"admin:referrals_{name}_delete", args=[row.pk])).status_code == 403, name


def test_the_administration_searches_folded(as_administrator: Client, synced: Referral) -> None:
    url = reverse("admin:referrals_referral_changelist")
    found = reverse("admin:referrals_referral_change", args=[synced.pk])
    for words in (synced.customer_name.swapcase(), synced.remote_id):
        assert found in text_of(as_administrator.get(url, {"q": words})), words
    assert found not in text_of(as_administrator.get(url, {"q": "nobody-of-this-name"}))
    links = reverse("admin:referrals_referrallink_changelist")
    link = reverse("admin:referrals_referrallink_change", args=[synced.link.pk])
    assert synced.link.lead is not None
    for words in (synced.customer_name.swapcase(), synced.remote_id, synced.link.lead.domain):
        assert link in text_of(as_administrator.get(links, {"q": words})), words
    assert link not in text_of(as_administrator.get(links, {"q": "nobody-of-this-name"}))


def test_the_administration_speaks_of_customers_and_states_in_words(as_administrator: Client, synced: Referral) -> None:
    page = text_of(
        as_administrator.get(reverse("admin:referrals_referral_changelist"), headers={"accept-language": "tr"})
    )
    assert page.index("column-customer") < page.index("column-subject") < page.index("column-state")
    with override("tr"):
        assert f"{status_word(synced.status)} · {substatus_word(synced.substatus)}" in page
    assert Referral.objects.filter(status="New").count() == 1
    url = reverse("admin:referrals_referral_changelist")
    found = reverse("admin:referrals_referral_change", args=[synced.pk])
    assert found in text_of(as_administrator.get(url, {"status": "New"}))
    assert found not in text_of(as_administrator.get(url, {"status": "Closed"}))


def test_raw_data_needs_its_permission(client: Client, as_administrator: Client, seller: Any, synced: Referral) -> None:
    url = reverse("admin:referrals_referral_change", args=[synced.pk])
    assert "<pre>" in text_of(as_administrator.get(url))
    seller.is_staff = True
    seller.save()
    client.force_login(seller)
    page = text_of(client.get(url))
    assert "<pre>" not in page
    twin = client.get(re.findall(r'href="(/admin/r/[^"]+)"', page)[0])
    assert urlsplit(twin.headers["Location"]).path == synced.get_absolute_url()


def test_link_and_unlink_in_the_administration(as_administrator: Client, synced: Referral) -> None:
    other = make_lead("baska-firma.example")
    url = reverse("admin:referrals_referrallink_change", args=[synced.link.pk])
    assert as_administrator.post(url, {"lead": other.pk}).status_code == 302
    link = ReferralLink.objects.get()
    assert (link.lead_id, link.how, link.by and link.by.username) == (other.pk, "person", "administrator")
    assert Lead.objects.get(pk=other.pk).events.filter(kind="linked").count() == 1
    form = {"action": "unlink", "_selected_action": [synced.pk]}
    as_administrator.post(reverse("admin:referrals_referral_changelist"), form)
    assert ReferralLink.objects.get().state == ReferralLink.State.UNLINKED
    as_administrator.post(url, {"lead": other.pk})
    as_administrator.post(url, {"lead": ""})
    assert ReferralLink.objects.get().state == ReferralLink.State.UNLINKED


def test_sync_and_rows_in_the_administration(as_administrator: Client, synced: Referral) -> None:
    changelist = reverse("admin:referrals_referral_changelist")
    jobs = Job.objects.filter(kind="referrals").count()
    answer = as_administrator.post(changelist, {"action": "sync_now", "_selected_action": [synced.pk]}, follow=True)
    assert "The sync was started." in text_of(answer)
    assert Job.objects.filter(kind="referrals").count() == jobs + 1
    row = unreadable()
    rows = reverse("admin:referrals_quarantine_changelist")
    as_administrator.post(rows, {"action": "mark_handled", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.resolved_by
    as_administrator.post(rows, {"action": "open_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.resolved_at is None
    SignIn.objects.update(state=SignIn.State.NONE)
    answer = as_administrator.post(changelist, {"action": "sync_now", "_selected_action": [synced.pk]}, follow=True)
    assert "Nobody is signed in" in text_of(answer)
