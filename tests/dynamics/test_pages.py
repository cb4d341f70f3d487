"""The pages about Dynamics 365 as people use them: board, preview and receipt, decision, bulk, rules, check, panels."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from integrations_d365 import governor
from integrations_d365.columns import BY_NAME, COLUMNS
from integrations_d365.messages import COLUMN_NAMES
from integrations_d365.models import AutoPush, EnvironmentCheck, Governor, Push, PushAttempt, Reason
from integrations_d365.push_page import link_to
from jobs.models import Job
from leads import knowledge, services
from leads.event_words import event_value
from leads.models import Event, Lead, SavedView
from referrals.models import Referral
from referrals.storing import store_rows
from sandbox.cloud import Cloud
from tests.dynamics.conftest import scored, work
from tests.factories import make_lead

HTMX = {"HX-Request": "true"}
BOARD = "/dynamics/"


def page(client: Client, url: str, status: int = 200, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def push_url(lead: Lead) -> str:
    return reverse("d365:push", args=[lead.domain])


def pushed(client: Client, lead: Lead) -> Push:
    """Pushed by a person on the lead's page, and arrived."""
    assert client.post(push_url(lead)).status_code == 302
    push = Push.objects.get(lead=lead)
    work(push.job)
    push.refresh_from_db()
    return push


def parked(lead: Lead, reason: str = Reason.ERROR, **values: Any) -> Push:
    """A push that waits for a person."""
    error = {"error_category": "validation", "error_code": "0x80040265", "error_said": "Industry is missing."}
    push = Push.objects.create(
        lead=lead, state="parked", reason=reason, error_at=timezone.now(), error_request_id="b7a6-4f0", **error | values
    )
    services.note_pushes({lead.pk: ("parked", push.remote_state)})
    return push


def in_dynamics(lead: Lead, number: int = 1, **values: Any) -> Push:
    """A push that arrived earlier."""
    return Push.objects.create(
        lead=lead, state="synced", remote_id=f"00000000-0000-4000-8000-{number:012d}", acked={"hnt_finalscore": 10},
        acked_hash="old", synced_at=timezone.now(), remote_state="open", **values,
    )  # fmt: skip


# One lead: preview, push, receipt


def test_the_preview_says_what_a_new_lead_will_hold(connected: Cloud, as_seller: Client) -> None:
    lead = scored(city="Bursa")
    text = page(as_seller, push_url(lead))
    for shown in ("What a push sends", "Written at creation only", "Anadolu Tekstil A.Ş.", "hnt_finalscore", "Bursa"):
        assert shown in text
    assert "not checked yet; this assumes that it has every column" in text
    assert connected.journal.requests() == []
    assert not Push.objects.exists()


def test_a_push_ends_in_a_receipt(connected: Cloud, as_seller: Client, seller: User) -> None:
    lead = scored()
    push = pushed(as_seller, lead)
    text = page(as_seller, f"{push_url(lead)}?asked=1")
    attempt = PushAttempt.objects.get(push=push)
    for shown in ("Created in Dynamics 365.", "Receipt", attempt.request_id, push.remote_id, "seller"):
        assert shown in text.replace("<wbr>", "")
    assert link_to(push.remote_id).replace("&", "&amp;") in text
    assert "Nothing has changed since Hunter last sent it." in text
    assert "Send everything again" in text
    assert "Sent to Dynamics 365" in page(as_seller, lead.get_absolute_url())


def test_the_preview_counts_what_the_receipt_counts(connected: Cloud, as_seller: Client) -> None:
    lead = scored(contact_emails=["info@anadolu-tekstil.example"])
    text = page(as_seller, push_url(lead))
    push = pushed(as_seller, lead)
    count = len(PushAttempt.objects.get(push=push).columns)
    assert f"{count} columns are written." in text
    assert "columns about the push itself" in text
    Lead.objects.filter(pk=lead.pk).update(score=81, has_dkim=False)
    text = page(as_seller, push_url(lead))
    push = pushed(as_seller, lead)
    count = len(PushAttempt.objects.filter(push=push).latest("pk").columns)
    assert f"{count} columns are written." in text


def test_changes_that_are_not_sent_yet_are_told(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    pushed(as_seller, lead)
    panel = reverse("d365:lead_panel", args=[lead.domain])
    assert "not sent yet" not in page(as_seller, push_url(lead))
    Lead.objects.filter(pk=lead.pk).update(technical_heat="Very hot")
    for url in (push_url(lead), panel):
        text = page(as_seller, url)
        assert "1 change not sent yet" in text
        assert "They go out by themselves within a minute." in text
    row = governor.current()
    Governor.objects.filter(pk=row.pk).update(paused_at=timezone.now(), paused_category="auth")
    assert "they go out by themselves when it goes on" in page(as_seller, panel)


def test_everything_is_sent_again_on_demand(connected: Cloud, as_seller: Client, as_viewer: Client) -> None:
    lead = scored()
    push = pushed(as_seller, lead)
    address = reverse("d365:resend", args=[lead.domain])
    assert as_viewer.post(address).status_code == 403
    assert as_seller.post(address).headers["Location"] == f"{push_url(lead)}?asked=1"
    push.refresh_from_db()
    assert push.state == "queued"
    work(push.job)
    assert len(PushAttempt.objects.filter(push=push).latest("pk").columns) > 15
    assert "Updated in Dynamics 365." in page(as_seller, f"{push_url(lead)}?asked=1")


def test_a_lead_is_read_again_on_demand(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    push = pushed(as_seller, lead)
    Push.objects.update(remote_seen_at=timezone.now())
    response = as_seller.post(reverse("d365:read_again", args=[lead.domain]))
    address = response.headers["Location"].partition("#")[0]
    assert "Hunter is reading it again" in page(as_seller, address)
    work(Job.objects.get(kind="read_back"))
    push.refresh_from_db()
    assert push.remote_seen_at
    assert "Hunter is reading it again" not in page(as_seller, address)


def test_sellers_are_spared_what_administrators_mend(
    connected: Cloud, as_operator: Client, as_seller: Client, operator: User
) -> None:
    row = governor.current()
    Governor.objects.filter(pk=row.pk).update(
        paused_at=timezone.now(), paused_category="auth", paused_code="AADSTS7000222", paused_request_id="ab-12"
    )
    lead = scored()
    as_seller.post(push_url(lead))
    for url in (BOARD, push_url(lead)):
        text = page(as_seller, url)
        assert "Your Hunter administrator has to mend it; nothing for you to do, what you asked for waits." in text
        assert "HUNTER_D365_CLIENT_SECRET" not in text
        assert "HUNTER_D365_CLIENT_SECRET" in page(as_operator, url)


def test_the_preview_shows_old_and_new_of_what_changed(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    pushed(as_seller, lead)
    Lead.objects.filter(pk=lead.pk).update(score=81)
    push = Push.objects.get(lead=lead)
    push.acked["hnt_intelligencejson"] = f"sha256:{'0' * 64}"  # as long texts are remembered
    push.save()
    text = page(as_seller, push_url(lead))
    assert "<del>72</del>" in "".join(text.split())
    assert "<ins>81</ins>" in "".join(text.split())
    assert "changed; show the new text" in text
    assert "Company, contact, topic and owner stay" in text


def test_a_second_push_without_a_change_says_that_nothing_was_sent(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    pushed(as_seller, lead)
    pushed(as_seller, lead)
    assert "nothing was sent" in page(as_seller, f"{push_url(lead)}?asked=1")


def test_a_push_by_htmx_shows_its_progress_in_place(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    answer = as_seller.post(push_url(lead), headers={**HTMX, "HX-Target": "lead-dynamics"}).content.decode()
    assert 'id="lead-dynamics"' in answer
    assert "every 1s" in answer or "every 5s" in answer
    assert "<html" not in answer
    work(Push.objects.get(lead=lead).job)
    panel = reverse("d365:lead_panel", args=[lead.domain])
    done = page(as_seller, f"{panel}?asked=1", **HTMX)
    assert "Created in Dynamics 365." in done
    assert "hx-trigger" not in done.split("panel__head")[0]
    assert 'id="lead-push-badge" hx-swap-oob="true"' in done


def test_a_lead_that_is_being_scanned_waits_for_its_verdict(connected: Cloud, as_seller: Client) -> None:
    job = Job.objects.create(kind="scan", key="scan:1", subject="1")
    lead = make_lead("yeni-lojistik.example", scan_job=job)
    assert "waits for its verdict" in page(as_seller, push_url(lead))
    as_seller.post(push_url(lead))
    push = Push.objects.get(lead=lead)
    assert (push.state, push.job) == ("queued", None)
    assert "Scoring…" in page(as_seller, push_url(lead))


def test_without_a_verdict_and_a_scan_a_push_is_refused_with_the_reason(connected: Cloud, as_seller: Client) -> None:
    lead = make_lead("belirsiz.example")
    response = as_seller.post(push_url(lead))
    assert response.status_code == 409
    assert "no verdict yet. Scan it first." in response.content.decode()
    assert as_seller.post(push_url(lead), headers=HTMX).status_code == 422
    assert not Push.objects.exists()


def test_a_lead_that_could_not_be_judged_says_when_hunter_asks_again(connected: Cloud, as_seller: Client) -> None:
    lead = make_lead("belirsiz.example", retry_at=timezone.now() + timedelta(days=2))
    told = "No verdict yet; Hunter asks again at"
    assert told in page(as_seller, push_url(lead))
    assert "being scored" not in page(as_seller, push_url(lead))
    as_seller.post(push_url(lead))
    for url in (push_url(lead), reverse("d365:lead_panel", args=[lead.domain]), BOARD):
        assert told in page(as_seller, url)


def test_a_push_says_what_it_waits_for(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    as_seller.post(push_url(lead))
    assert "it starts at once" in page(as_seller, push_url(lead))
    row = governor.current()
    Governor.objects.filter(pk=row.pk).update(failures=2, down_since=timezone.now(), not_before=None)
    text = page(as_seller, push_url(lead))
    assert "it starts at once" not in text
    assert "It waits until Dynamics answers again." in text
    assert "Waits: Dynamics does not answer." in page(as_seller, BOARD)
    Governor.objects.filter(pk=row.pk).update(failures=0, paused_at=timezone.now(), paused_category="auth")
    assert "Waits: pushing is paused." in page(as_seller, BOARD)


def test_a_lead_that_is_not_found_any_more_is_told_as_deleted(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    push = parked(lead, Reason.DELETED, error_code="0x80040217", error_said="", remote_state="deleted")
    PushAttempt.objects.create(
        push=push, operation="update", outcome="failed", error_category="validation", error_code="0x80040217"
    )
    text = page(as_seller, push_url(lead))
    assert "The lead was not found in Dynamics (deleted)." in text
    assert "did not accept" not in text


def test_a_closed_lead_is_explained_and_not_pushed(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    in_dynamics(lead)
    Push.objects.update(remote_state="qualified")
    text = page(as_seller, push_url(lead))
    assert "was qualified in Dynamics" in text
    assert "Push to Dynamics 365" not in text
    assert as_seller.post(push_url(lead)).status_code == 409


def test_columns_that_were_left_out_are_named(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    push = in_dynamics(lead, notes=[["hnt_technicalheat", "missing", ""], ["hnt_infrasummary", "cut", "200"]])
    services.note_pushes({lead.pk: ("synced", "qualified")})
    Push.objects.filter(pk=push.pk).update(remote_state="qualified")  # no preview then, so the notes stand alone
    text = page(as_seller, push_url(lead))
    assert "Technical heat" in text
    assert "left out: the column is missing in Dynamics" in text
    assert "shortened to fit its column (200)" in text


def test_a_push_that_waits_can_be_taken_back(connected: Cloud, as_seller: Client, seller: User) -> None:
    lead = scored()
    as_seller.post(push_url(lead))
    as_seller.post(reverse("d365:take_back", args=[lead.domain]))
    assert Push.objects.get(lead=lead).state == "not_pushed"
    assert Event.objects.filter(lead=lead, kind=Event.Kind.PUSH_DECIDED, by=seller, new="taken_back").exists()
    assert "taken back" in page(as_seller, lead.get_absolute_url())


def test_every_column_has_words() -> None:
    assert set(COLUMN_NAMES) == set(BY_NAME)
    assert len(COLUMNS) == len(BY_NAME)


def test_links_open_the_app_and_never_the_api_host(settings: Any) -> None:
    settings.HUNTER_SANDBOX_URL = ""
    settings.HUNTER_D365_BASE_URL = "https://contoso.api.crm4.dynamics.com"
    settings.HUNTER_D365_APP_ID = "11111111-2222-3333-4444-555555555555"
    assert link_to("abc") == (
        "https://contoso.crm4.dynamics.com/main.aspx?appid=11111111-2222-3333-4444-555555555555"
        "&pagetype=entityrecord&etn=lead&id=abc"
    )
    assert link_to("") == ""
    settings.HUNTER_SANDBOX_URL = "http://127.0.0.1:5000"
    assert link_to("abc").startswith("http://127.0.0.1:5000/contoso.crm4.dynamics.com/main.aspx?")


# A decision


@pytest.fixture
def foreign(connected: Cloud, as_seller: Client) -> Push:
    """A lead whose domain somebody else's lead has in Dynamics."""
    lead = scored("ege-mobilya.example", company_name="Ege Mobilya A.Ş.")
    connected.dynamics.add_lead(
        hnt_domain=lead.domain, companyname="Ege Mobilya", subject="Call Ayşe", lastname="Demir"
    )
    return pushed(as_seller, lead)


def decide_url(push: Push) -> str:
    return reverse("d365:decide", args=[push.lead.domain])


def test_the_decision_shows_both_leads(foreign: Push, as_seller: Client) -> None:
    assert (foreign.state, foreign.reason) == ("parked", "foreign")
    text = page(as_seller, decide_url(foreign))
    for shown in ("Is this the same company?", "Ege Mobilya A.Ş.", "Call Ayşe", "take it over", "Leave it alone"):
        assert shown in text
    assert foreign.foreign_id in text.replace("<wbr>", "")
    assert text.count("different") >= 2
    assert "Decide" in page(as_seller, push_url(foreign.lead))


def test_taking_over_writes_our_columns_and_leaves_theirs(foreign: Push, as_seller: Client, connected: Cloud) -> None:
    response = as_seller.post(decide_url(foreign), {"choice": "adopt", "seen": foreign.foreign_id})
    assert response.status_code == 302
    push = Push.objects.get(pk=foreign.pk)
    work(push.job)
    (row,) = connected.dynamics.by_domain(foreign.lead.domain)
    assert (row["hnt_finalscore"], row["subject"], row["companyname"]) == (72, "Call Ayşe", "Ege Mobilya")
    assert page(as_seller, f"{push_url(foreign.lead)}?asked=1").count("Taken over") == 2
    Lead.objects.filter(pk=push.lead_id).update(score=81)
    pushed(as_seller, push.lead)
    text = page(as_seller, f"{push_url(foreign.lead)}?asked=1")
    assert "Updated in Dynamics 365." in text
    assert "Taken over" not in text


def test_leaving_alone_writes_nothing(foreign: Push, as_seller: Client, connected: Cloud) -> None:
    connected.journal.clear()
    as_seller.post(decide_url(foreign), {"choice": "leave"})
    assert connected.journal.requests() == []
    assert Push.objects.get(pk=foreign.pk).state == "not_pushed"
    assert "Somebody has decided already" in page(as_seller, decide_url(foreign))


def test_a_decision_about_another_lead_than_the_one_shown_is_refused(foreign: Push, as_seller: Client) -> None:
    response = as_seller.post(decide_url(foreign), {"choice": "adopt", "seen": "somebody-else"})
    assert response.status_code == 409
    assert "Meanwhile something else was decided or found" in response.content.decode()
    assert as_seller.post(decide_url(foreign), {}).status_code == 409
    assert Push.objects.get(pk=foreign.pk).state == "parked"


def test_the_decision_stands_without_an_answer_of_dynamics(
    foreign: Push, as_seller: Client, connected: Cloud, settings: Any
) -> None:
    Governor.objects.update(not_before=timezone.now() + timedelta(minutes=5))
    text = page(as_seller, decide_url(foreign))
    assert "Dynamics does not answer at the moment" in text
    assert foreign.foreign_id in text.replace("<wbr>", "")
    assert "take it over" in text


def test_a_deleted_lead_is_created_again_only_by_decision(connected: Cloud, as_seller: Client) -> None:
    lead = scored()
    push = pushed(as_seller, lead)
    connected.dynamics.delete(push.remote_id)
    Lead.objects.filter(pk=lead.pk).update(score=50)
    push = pushed(as_seller, lead)
    assert (push.state, push.reason) == ("parked", "deleted")
    assert "was deleted in Dynamics" in page(as_seller, decide_url(push))
    assert as_seller.post(push_url(lead)).status_code == 409  # a plain push brings nothing back
    as_seller.post(decide_url(push), {"choice": "create_again"})
    work(Push.objects.get(lead=lead).job)
    assert len(connected.dynamics.by_domain(lead.domain)) == 1


def test_take_back_of_a_decision_needs_the_right_to_decide(connected: Cloud, as_seller: Client, seller: User) -> None:
    lead = scored()
    push = parked(lead, Reason.FOREIGN)
    group = seller.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="decide_push"))
    assert as_seller.post(reverse("d365:take_back", args=[lead.domain])).status_code == 403
    assert as_seller.get(decide_url(push)).status_code == 403
    assert Push.objects.get(pk=push.pk).state == "parked"


# The board


def test_the_figures_of_the_board_balance_and_link(connected: Cloud, as_operator: Client) -> None:
    in_dynamics(scored("a.example"), 1)
    in_dynamics(scored("b.example"), 2)
    parked(scored("c.example"))
    Push.objects.create(lead=scored("d.example"), state="queued")
    Push.objects.create(lead=scored("e.example"), state="in_progress")
    Push.objects.create(lead=scored("f.example"), state="not_pushed")
    text = page(as_operator, BOARD)
    tiles = [part.split("<")[0] for part in text.split('class="tile__value">')[1:]]
    assert tiles == ["5", "1", "1", "2", "1"]
    labels = [part.split("</span>")[0] for part in text.split('class="tile__label">')[1:]]
    assert labels == ["All", "Queued", "Pushing", "Synced", "Needs attention"]
    assert "5 pushes" in text
    assert "?state=parked#count" in text
    assert "f.example" not in text


def test_a_row_says_what_happened_and_what_to_do(connected: Cloud, as_operator: Client) -> None:
    parked(scored())
    text = page(as_operator, BOARD)
    for shown in ("A plug-in in your Dynamics refused this lead.", "then retry.", "Industry is missing.", "b7a6-"):
        assert shown in text
    assert 'data-copy="b7a6-4f0"' in text


def test_filters_search_and_sort_narrow_the_board(connected: Cloud, as_operator: Client) -> None:
    parked(scored("celik.example", company_name="Çelik İnşaat"))
    parked(scored("orman.example", company_name="Orman A.Ş."), Reason.FOREIGN, error_category="", error_code="")
    in_dynamics(scored("deniz.example", company_name="Deniz A.Ş."))
    for query, shown in {
        "q=celik+insaat": ["celik"], "state=synced": ["deniz"], "reason=foreign": ["orman"], "remote=open": ["deniz"],
        "error=validation": ["celik"], "sort=domain": ["celik", "deniz", "orman"], "state=nonsense&error=x": [
            "celik", "deniz", "orman",
        ],
    }.items():  # fmt: skip
        text = page(as_operator, f"{BOARD}?{query}")
        found = [name for name in ("celik", "deniz", "orman") if f"/dynamics/push/{name}.example/" in text]
        assert found == shown, query


def test_the_board_of_a_job_shows_what_it_tried(connected: Cloud, as_operator: Client, operator: User) -> None:
    first, other = scored("bir.example"), scored("iki.example")
    push = pushed(as_operator, first)
    pushed(as_operator, other)
    attempt = PushAttempt.objects.get(push=push)
    text = page(as_operator, f"{BOARD}?job={attempt.job_id}")
    assert "bir.example" in text
    assert "iki.example" not in text
    assert f"{BOARD}?job={attempt.job_id}" in page(as_operator, reverse("leads:job", args=[attempt.job_id]))


def test_the_empty_boards_tell_why(connected: Cloud, as_operator: Client, settings: Any) -> None:
    assert "Nothing was pushed yet" in page(as_operator, BOARD)
    in_dynamics(scored())
    assert "The filters hide 1 push." in page(as_operator, f"{BOARD}?state=queued")
    settled = page(as_operator, f"{BOARD}?state=parked")
    assert "Nothing waits any more" in settled
    assert "The filters hide" not in settled
    settings.HUNTER_D365_CLIENT_SECRET = ""
    assert "Dynamics 365 is not set up yet" in page(as_operator, BOARD)
    settings.HUNTER_D365_ENABLED = False
    assert "HUNTER_D365_ENABLED=true" in page(as_operator, BOARD)


def test_retry_all_means_the_filter_and_leaves_decisions(connected: Cloud, as_operator: Client) -> None:
    hit = parked(scored("bir.example"))
    other = parked(scored("iki.example"), error_category="conflict")
    undecided = parked(scored("uc.example"), Reason.FOREIGN)
    assert "Retry all (2)" in page(as_operator, BOARD)
    response = as_operator.post(f"{reverse('d365:retry_all')}?error=validation&reason=error")
    assert response.headers["Location"] == "/dynamics/?reason=error&error=validation#count"
    states = {push.pk: push.state for push in Push.objects.all()}
    assert states == {hit.pk: "queued", other.pk: "parked", undecided.pk: "parked"}


def test_chosen_rows_are_retried_or_taken_back(connected: Cloud, as_operator: Client) -> None:
    first, second, third = (parked(scored(f"{name}.example")) for name in ("bir", "iki", "uc"))
    address = reverse("d365:chosen")
    as_operator.post(address, {"push": [first.pk], "do": "retry"})
    as_operator.post(address, {"push": [second.pk, "x"], "do": "take_back"})
    as_operator.post(address, {"do": "retry"})
    assert [Push.objects.get(pk=row.pk).state for row in (first, second, third)] == ["queued", "not_pushed", "parked"]


def test_one_row_is_retried_from_the_board(connected: Cloud, as_seller: Client) -> None:
    push = parked(scored())
    response = as_seller.post(push_url(push.lead), {"next": f"{BOARD}#push-{push.pk}"})
    assert response.headers["Location"] == f"{BOARD}#push-{push.pk}"
    assert Push.objects.get(pk=push.pk).state == "queued"
    assert "Retry all" not in page(as_seller, BOARD)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"paused_at": True, "paused_category": "auth", "paused_code": "AADSTS7000222", "paused_request_id": "ab-12"},
         ["Pushing is paused", "The client secret has expired.", "ab-12", "Check the connection"]),
        ({"not_before": True, "throttled_at": True}, ["It goes on at", "Dynamics asks for a pause."]),
        ({"not_before": True, "failures": 3, "down_since": True}, ["Dynamics could not be reached.", "Next try at"]),
    ],
)  # fmt: skip
def test_the_board_tells_how_the_connection_stands(
    connected: Cloud, as_operator: Client, values: dict[str, Any], shown: list[str]
) -> None:
    later = timezone.now() + timedelta(minutes=3)
    row = governor.current()
    Governor.objects.filter(pk=row.pk).update(
        **{name: later if value is True else value for name, value in values.items()}
    )
    text = page(as_operator, BOARD)
    for part in shown:
        assert part in text.replace("<wbr>", "")


def test_a_pause_is_told_to_those_who_can_mend_it(connected: Cloud, as_operator: Client, as_seller: Client) -> None:
    row = governor.current()
    Governor.objects.filter(pk=row.pk).update(paused_at=timezone.now(), paused_category="permission")
    banner = "Pushing to Dynamics 365 is paused until this is mended."
    assert banner in page(as_operator, "/leads/")
    assert banner not in page(as_seller, "/leads/")
    assert banner not in page(as_operator, BOARD)


def test_board_and_panel_ask_a_constant_number_of_queries(connected: Cloud, as_operator: Client) -> None:
    def queries(url: str) -> int:
        page(as_operator, url)
        with CaptureQueriesContext(connection) as found:
            page(as_operator, url)
        return len(found)

    lead = scored("ilk.example")
    parked(lead)
    in_dynamics(scored("ilk2.example"), 1)
    panel = reverse("d365:lead_panel", args=[lead.domain])
    before = [queries(BOARD), queries(panel), queries(push_url(lead))]
    for number in range(2, 30):
        (parked if number % 2 else in_dynamics)(scored(f"sira{number}.example"), *(() if number % 2 else (number,)))
    assert [queries(BOARD), queries(panel), queries(push_url(lead))] == before
    assert before[0] <= 14
    assert before[1] <= 13


# Many leads


def test_the_bulk_preview_counts_every_lead_once(connected: Cloud, as_operator: Client) -> None:
    scored("yeni.example")
    changed, same = scored("degisen.example"), scored("ayni.example")
    in_dynamics(changed)
    pushed(as_operator, same)
    closed = scored("kapali.example")
    in_dynamics(closed, 2)
    Push.objects.filter(lead=closed).update(remote_state="qualified")
    parked(scored("karar.example"), Reason.FOREIGN)
    Push.objects.create(lead=scored("yolda.example"), state="queued")
    make_lead("belirsiz.example")
    text = page(as_operator, reverse("d365:bulk"))
    cells = [part.split("<")[0] for part in text.split('<td role="cell" class="number')[1:]]
    assert [cell.split(">")[1] for cell in cells] == ["1", "1", "1", "1", "1", "1", "1", "7"]
    assert "Push 2 leads" in text


def test_a_bulk_push_is_a_job_over_the_filter(connected: Cloud, as_operator: Client) -> None:
    for name in ("bir", "iki"):
        scored(f"{name}.example", segment="Migration")
    scored("uc.example", segment="Cold")
    response = as_operator.post(f"{reverse('d365:bulk')}?segment=Migration", {"total": "2"})
    job = Job.objects.get(kind="push")
    assert response.headers["Location"] == reverse("leads:job", args=[job.pk])
    assert work(job).done == 2
    assert Push.objects.filter(state="synced").count() == 2
    nothing = as_operator.post(f"{reverse('d365:bulk')}?segment=Skip", {"total": "0"})
    assert nothing.headers["Location"] == "/leads/?segment=Skip"


def test_a_list_that_changed_since_it_was_read_is_counted_again(connected: Cloud, as_operator: Client) -> None:
    for number in range(2):
        scored(f"aday-{number}.example", segment="Migration")
    url = f"{reverse('d365:bulk')}?segment=Migration"
    assert 'name="total" value="2"' in page(as_operator, url)
    scored("gec.example", segment="Migration")
    refused = as_operator.post(url, {"total": "2"})
    assert refused.status_code == 409
    assert "The list has changed since you looked" in refused.content.decode()
    assert not Job.objects.filter(kind="push").exists()
    assert as_operator.post(url, {"total": "3"}).status_code == 302
    assert Push.objects.filter(state="queued").count() == 3


def test_a_bulk_push_is_named_by_its_filter(connected: Cloud, as_operator: Client) -> None:
    scored(segment="Migration", priority_category="P2")
    scored("uc.example", segment="Cold")
    text = page(as_operator, f"{reverse('d365:bulk')}?segment=Migration&priority=P2")
    assert "Push 1 lead?" in " ".join(text.split())
    as_operator.post(f"{reverse('d365:bulk')}?segment=Migration&priority=P2", {"total": "1"})
    assert "Push to Dynamics 365: Migration, P2" in page(as_operator, reverse("leads:jobs"))


def test_history_says_on_whose_wish(connected: Cloud, as_seller: Client, seller: User) -> None:
    push = in_dynamics(scored(), asked_at=timezone.now(), asked_by=seller)
    for job, by in (("push.due", None), ("push.command", None), ("push.due", seller)):
        made = Job.objects.create(kind="push", key=job, subject="", payload={"title": job}, state="done")
        Job.objects.filter(pk=made.pk).update(created_at=push.asked_at - timedelta(seconds=1))
        PushAttempt.objects.create(push=push, job=made, by=by, operation="update", outcome="failed",
                                   error_category="rate_limit")  # fmt: skip
    text = page(as_seller, push_url(push.lead))
    for shown in ("by itself", "by a command", "by a rule (seller)", "Postponed"):
        assert shown in text


def test_the_header_says_how_dynamics_stands(connected: Cloud, as_seller: Client) -> None:
    row = governor.current()
    EnvironmentCheck.objects.create(governor=row, ok=True)
    assert "Dynamics 365: connected" in page(as_seller, "/leads/")
    Governor.objects.filter(pk=row.pk).update(paused_at=timezone.now(), paused_category="auth")
    assert "Dynamics: paused" in page(as_seller, "/leads/")


def test_a_job_that_was_stopped_says_what_it_left(connected: Cloud, as_operator: Client, operator: User) -> None:
    first, second, third = (scored(f"{name}.example") for name in ("bir", "iki", "uc"))
    job = Job.objects.create(
        kind="push", key="d365:bulk:1", subject="list", payload={"title": "push.list"}, state="cancelled", total=7,
        done=3, failed=1, started_by=operator,
    )  # fmt: skip
    for push, outcome in ((in_dynamics(first, 1), "created"), (in_dynamics(second, 2), "unknown")):
        PushAttempt.objects.create(push=push, job=job, operation="create", outcome=outcome)
    push = Push.objects.create(lead=third, state="queued")
    PushAttempt.objects.create(push=push, job=job, operation="create", outcome="sent")
    text = page(as_operator, reverse("leads:job", args=[job.pk]))
    assert "1 created, 1 up to date, 1 need attention, 1 on their way when it was stopped, finished since" in text
    assert "1 on their way when it was stopped; Hunter finishes them, 2 not sent" in text
    Job.objects.filter(pk=job.pk).update(state="running")
    assert "A batch that is on its way is completed." in page(as_operator, reverse("leads:job", args=[job.pk]))


def test_many_known_leads_may_have_changed(connected: Cloud, as_operator: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("integrations_d365.bulk_page.COMPARED", 1)
    in_dynamics(scored("bir.example"), 1)
    in_dynamics(scored("iki.example"), 2)
    text = page(as_operator, reverse("d365:bulk"))
    assert "May have changed" in text
    assert "Push 2 leads" in text


def test_the_lead_list_shows_filters_and_offers(connected: Cloud, as_operator: Client, as_seller: Client) -> None:
    parked(scored("bir.example"))
    scored("iki.example")
    text = page(as_operator, "/leads/?d365=parked")
    assert "Dynamics: Needs attention" in text
    assert "iki.example" not in text
    assert "/dynamics/bulk/?d365=parked" in text
    assert "/dynamics/bulk/" not in page(as_seller, "/leads/")


# Rules


def test_a_rule_is_turned_on_after_a_question_and_off_again(
    connected: Cloud, as_operator: Client, operator: User
) -> None:
    view = SavedView.objects.create(owner=operator, name="Hot", query="?segment=Migration")
    scored("bir.example")
    rule = reverse("d365:rule", args=[view.pk])
    text = page(as_operator, rule)
    assert "1 lead matches now; 1 of them never pushed" in text
    assert "/dynamics/bulk/?segment=Migration" in text
    as_operator.post(rule, {"on": "1"})
    since = AutoPush.objects.get().enabled_at
    as_operator.post(rule, {"on": "1"})
    row = AutoPush.objects.get()
    assert (row.enabled_at, row.changed_by) == (since, operator)
    assert "On" in page(as_operator, reverse("d365:rules"))
    as_operator.post(rule, {"on": "0"})
    assert AutoPush.objects.get().enabled_at is None


def test_the_rules_take_as_many_queries_for_many_views_as_for_one(
    connected: Cloud, as_operator: Client, operator: User
) -> None:
    for number, segment in enumerate(("Migration", "Existing", "Cold", "Skip")):
        scored(f"ad{number}.example", segment=segment)
    SavedView.objects.create(owner=operator, name="A", query="?segment=Migration")
    as_operator.get(reverse("d365:rules"))
    one = as_operator.get(reverse("d365:rules")).headers["X-Query-Count"]
    for segment in ("Existing", "Cold", "Migration&segment=Skip", "Migration&q=ad0"):
        SavedView.objects.create(owner=operator, name=segment, query=f"?segment={segment}")
    many = as_operator.get(reverse("d365:rules"))
    assert many.headers["X-Query-Count"] == one
    counts = {row.name: (row.matching, row.never_pushed) for row in many.context["rows"]}
    assert counts == {
        "A": (1, 1), "Existing": (1, 1), "Cold": (1, 1), "Migration&segment=Skip": (2, 2), "Migration&q=ad0": (1, 1),
    }  # fmt: skip


def test_a_view_is_saved_from_the_address_of_the_list(connected: Cloud, as_operator: Client, operator: User) -> None:
    rules = reverse("d365:rules")
    address = "https://hunter.example/leads/?segment=Migration&nonsense=1&page=3"
    as_operator.post(rules, {"name": "Hot", "address": address, "shared": "on"})
    view = SavedView.objects.get()
    assert (view.name, view.query, view.owner, view.shared) == ("Hot", "?segment=Migration", operator, True)
    for data, why in (
        ({"name": "Hot", "address": address}, "of this name already"),
        ({"name": "All", "address": "/leads/"}, "holds no filter"),
    ):
        response = as_operator.post(rules, data)
        assert response.status_code == 422
        assert why in response.content.decode()
    assert SavedView.objects.count() == 1


def test_a_private_view_is_nobody_elses_but_its_rule_can_be_turned_off(
    connected: Cloud, as_operator: Client, as_administrator: Client, administrator: User
) -> None:
    view = SavedView.objects.create(owner=administrator, name="Gizli", query="?q=gizli-firma")
    rules, rule = reverse("d365:rules"), reverse("d365:rule", args=[view.pk])
    hidden = ("Gizli", "gizli-firma")
    assert not any(word in page(as_operator, rules) for word in hidden)
    assert as_operator.get(rule).status_code == 404
    assert as_operator.post(rule, {"on": "1"}).status_code == 404
    assert "Gizli" in page(as_administrator, rules)
    as_administrator.post(rule, {"on": "1"})
    assert AutoPush.objects.get().enabled_at is not None
    text = page(as_operator, rules)
    assert "A private view of" in text
    assert not any(word in text for word in hidden)
    assert as_operator.get(rule).status_code == 404
    assert as_operator.post(rule, {"on": "1"}).status_code == 404
    told = as_operator.post(rule, {"on": "0"}, follow=True).content.decode()
    assert "A private view of" in told
    assert not any(word in told for word in hidden)
    assert AutoPush.objects.get().enabled_at is None
    assert "A private view of" not in page(as_operator, rules)


def test_without_a_view_the_rules_lead_to_the_list(connected: Cloud, as_operator: Client) -> None:
    empty = page(as_operator, reverse("d365:rules")).split('class="empty"')[1].split("</div>")[0]
    assert 'href="/leads/"' in empty


# The check


def test_a_check_is_asked_for_and_told(connected: Cloud, as_operator: Client, operator: User) -> None:
    check = reverse("d365:check")
    assert "was not checked yet" in page(as_operator, check)
    response = as_operator.post(check, follow=True)
    text = response.content.decode()
    assert "Last check" in text
    row = governor.current().checks.get()
    assert row.by == operator
    assert row.user_id in text.replace("<wbr>", "")


def test_a_failed_check_says_what_to_do(connected: Cloud, as_operator: Client, settings: Any) -> None:
    connected.entra.switch(client_secret="another")
    text = as_operator.post(reverse("d365:check"), follow=True).content.decode()
    assert "The client secret is wrong." in text
    assert "AADSTS7000215" in text


def test_a_check_during_a_pause_waits(connected: Cloud, as_operator: Client) -> None:
    row = governor.current()
    Governor.objects.filter(pk=row.pk).update(not_before=timezone.now() + timedelta(minutes=2))
    text = as_operator.post(reverse("d365:check"), {"next": BOARD}, follow=True).content.decode()
    assert "no request may be sent before" in text
    assert not row.checks.exists()


def test_missing_settings_are_named(connected: Cloud, as_operator: Client, settings: Any) -> None:
    settings.HUNTER_D365_TENANT_ID = ""
    text = page(as_operator, reverse("d365:check"))
    assert "<code>HUNTER_D365_TENANT_ID</code>" in text
    assert "<code>HUNTER_D365_CLIENT_ID</code>" not in text


# From a referral


def test_the_steps_show_the_way_of_a_referral(connected: Cloud, as_seller: Client, as_viewer: Client) -> None:
    lead = scored()
    steps = reverse("d365:steps", args=[lead.domain])
    text = page(as_seller, steps, **HTMX)
    assert "Send to Dynamics 365" in text
    assert "Dynamics: Not pushed" in text
    assert "Send to Dynamics 365" not in page(as_viewer, steps, **HTMX)
    answer = as_seller.post(push_url(lead), headers={**HTMX, "HX-Target": "dynamics-steps"}).content.decode()
    assert "Dynamics: Queued" in answer
    assert "every 2s" in answer
    work(Push.objects.get(lead=lead).job)
    text = page(as_seller, steps, **HTMX)
    assert "Dynamics: Synced" in text
    assert "every 2s" not in text


def test_the_page_of_a_referral_shows_the_steps_or_why_not(
    connected: Cloud, as_seller: Client, as_viewer: Client, settings: Any
) -> None:
    settings.HUNTER_PARTNER_CENTER_ENABLED = True
    lead = scored("egesogutma.example")
    profile = {"name": "Ege Soğutma", "team": [{"firstName": "Kaan", "email": "kaan@egesogutma.example"}]}
    row = {"id": "r-1", "status": "New", "updatedDateTime": "2026-10-14T08:41:27Z", "customerProfile": profile}
    with transaction.atomic():
        store_rows([row], now=timezone.now())
    referral = Referral.objects.get()
    assert referral.link.lead == lead
    text = page(as_seller, referral.get_absolute_url())
    assert f'hx-get="{reverse("d365:steps", args=[lead.domain])}"' in text
    assert f'name="next" value="{referral.get_absolute_url()}"' in text
    assert "Send to Dynamics 365" not in page(as_viewer, referral.get_absolute_url())
    response = as_seller.post(push_url(lead), {"next": referral.get_absolute_url()})
    assert response.headers["Location"] == referral.get_absolute_url()
    assert "is on its way to Dynamics 365" in page(as_seller, referral.get_absolute_url())
    settings.HUNTER_D365_ENABLED = False
    text = page(as_seller, referral.get_absolute_url())
    assert "Dynamics 365 is not switched on." in text
    assert "dynamics-steps" not in text


# Who may, and when not


POSTS = [
    ("d365:push", True), ("d365:take_back", True), ("d365:decide", True), ("d365:retry_all", False),
    ("d365:chosen", False), ("d365:bulk", False), ("d365:rules", False), ("d365:check", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "with_lead"), POSTS)
def test_viewers_change_nothing(connected: Cloud, as_viewer: Client, name: str, with_lead: bool) -> None:
    lead = scored()
    push = parked(lead)
    data = {"push": [push.pk], "do": "take_back", "choice": "leave", "name": "a", "address": "?segment=Cold"}
    assert as_viewer.post(reverse(name, args=[lead.domain] if with_lead else []), data).status_code == 403
    assert Push.objects.get(pk=push.pk).state == "parked"
    assert not SavedView.objects.exists()
    assert connected.journal.requests() == []


def test_viewers_see_board_push_and_panel_without_buttons(connected: Cloud, as_viewer: Client) -> None:
    lead = scored()
    parked(lead)
    for url in (BOARD, push_url(lead), reverse("d365:lead_panel", args=[lead.domain])):
        text = page(as_viewer, url)
        assert "Retry" not in text
        assert "Push to Dynamics 365" not in text


def test_account_managers_have_no_bulk_rules_or_check(connected: Cloud, as_seller: Client, operator: User) -> None:
    view = SavedView.objects.create(owner=operator, name="Hot", query="?segment=Migration")
    parked(scored())
    for url in ("/dynamics/bulk/", "/dynamics/rules/", f"/dynamics/rules/{view.pk}/", "/dynamics/check/"):
        assert as_seller.get(url).status_code == 403
        assert as_seller.post(url, {"on": "1"}).status_code == 403
    for name in ("d365:retry_all", "d365:chosen"):
        assert as_seller.post(reverse(name)).status_code == 403
    assert not AutoPush.objects.exists()
    assert Push.objects.get().state == "parked"


def test_strangers_are_sent_to_the_sign_in(db: None, client: Client) -> None:
    for url in (BOARD, "/dynamics/push/a.example/", "/dynamics/bulk/", "/dynamics/rules/", "/dynamics/check/"):
        assert client.get(url).status_code == 302
        assert client.post(url).status_code == 401  # the sign-in, which keeps what was sent


@pytest.mark.parametrize("name", ["d365:retry_all", "d365:chosen"])
def test_actions_are_no_pages(connected: Cloud, as_operator: Client, name: str) -> None:
    assert as_operator.get(reverse(name)).status_code == 405
    assert as_operator.post(BOARD).status_code == 405
    assert as_operator.put("/dynamics/check/").status_code == 405


def test_an_unknown_lead_is_not_found(connected: Cloud, as_seller: Client) -> None:
    for name in ("d365:push", "d365:lead_panel", "d365:steps", "d365:decide"):
        assert as_seller.get(reverse(name, args=["nowhere.example"])).status_code == 404


def test_switched_off_hides_the_way_and_refuses(
    settings: Any, as_administrator: Client, administrator: User, db: None
) -> None:
    settings.HUNTER_D365_ENABLED = False
    lead = scored()
    view = SavedView.objects.create(owner=administrator, name="Hot", query="?segment=Migration")
    assert "/dynamics/" not in page(as_administrator, "/leads/")
    assert "lead-dynamics" not in page(as_administrator, lead.get_absolute_url())
    for url in (BOARD, push_url(lead), "/dynamics/bulk/", "/dynamics/rules/", "/dynamics/check/"):
        assert "Dynamics 365 is switched off" in page(as_administrator, url)
    refused = "Dynamics 365 is switched off. Set HUNTER_D365_ENABLED=true to turn it on."
    assert refused in as_administrator.post(push_url(lead)).content.decode()
    for url in ("/dynamics/check/", f"/dynamics/rules/{view.pk}/", reverse("d365:retry_all"), "/dynamics/bulk/"):
        text = as_administrator.post(url, {"on": "1"}, follow=True).content.decode()
        assert refused in text, url
    assert not Push.objects.filter(state="queued").exists()
    assert not AutoPush.objects.filter(enabled_at__isnull=False).exists()


def test_switched_off_the_board_still_shows_what_was_pushed_without_buttons(settings: Any, as_operator: Client) -> None:
    settings.HUNTER_D365_ENABLED = False
    push = parked(scored())
    for url in (BOARD, push_url(push.lead)):
        text = page(as_operator, url)
        assert "Dynamics 365 is switched off" in text
        assert "A plug-in in your Dynamics refused this lead." in text
        assert "Retry" not in text
        assert "Do not push" not in text


# The admin


def test_the_admin_pushes_retries_and_takes_back(connected: Cloud, as_administrator: Client) -> None:
    lead, other = scored("bir.example"), parked(scored("iki.example"))
    leads = reverse("admin:leads_lead_changelist")
    as_administrator.post(leads, {"action": "push_to_dynamics", "_selected_action": [lead.pk]})
    assert Push.objects.get(lead=lead).state == "queued"
    pushes = reverse("admin:integrations_d365_push_changelist")
    as_administrator.post(pushes, {"action": "retry", "_selected_action": [other.pk]})
    assert Push.objects.get(pk=other.pk).state == "queued"
    as_administrator.post(pushes, {"action": "take_back", "_selected_action": [other.pk]})
    assert Push.objects.get(pk=other.pk).state == "not_pushed"


def test_every_admin_page_opens(connected: Cloud, as_administrator: Client, operator: User) -> None:
    lead = scored()
    push = pushed(as_administrator, lead)
    view = SavedView.objects.create(owner=operator, name="Hot", query="?segment=Migration")
    rule = AutoPush.objects.create(saved_view=view)
    assert "Hot" not in page(as_administrator, reverse("admin:integrations_d365_autopush_changelist"))
    assert "Hot" not in page(as_administrator, reverse("admin:integrations_d365_autopush_add"))
    SavedView.objects.update(shared=True)  # till now the operator's alone
    rows = {
        "push": push, "pushattempt": PushAttempt.objects.first(), "governor": governor.current(),
        "environmentcheck": governor.current().checks.first(), "autopush": rule,
    }  # fmt: skip
    for name, row in rows.items():
        assert row is not None
        page(as_administrator, reverse(f"admin:integrations_d365_{name}_changelist"))
        page(as_administrator, reverse(f"admin:integrations_d365_{name}_change", args=[row.pk]))
    change = page(as_administrator, reverse("admin:integrations_d365_push_change", args=[push.pk]))
    twin = change.split('class="viewsitelink"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert as_administrator.get(twin).headers["Location"].endswith(push_url(lead))
    changelist = reverse("admin:integrations_d365_autopush_changelist")
    as_administrator.post(changelist, {"action": "turn_on", "_selected_action": [rule.pk]})
    assert AutoPush.objects.get().enabled_at is not None


def test_the_admin_hides_the_address_of_a_company_that_opted_out(
    connected: Cloud, as_administrator: Client, seller: User
) -> None:
    push = in_dynamics(scored())
    Push.objects.filter(pk=push.pk).update(acked={"emailaddress1": "info@anadolu-tekstil.example", "hnt_finalscore": 7})
    address = reverse("admin:integrations_d365_push_change", args=[push.pk])
    assert "info@anadolu-tekstil.example" in page(as_administrator, address)
    knowledge.set_opt_out(push.lead, wanted=True, by=seller)
    shown = page(as_administrator, address)
    assert "info@anadolu-tekstil.example" not in shown
    assert "hnt_finalscore" in shown


def test_the_push_action_is_gone_while_switched_off(settings: Any, as_administrator: Client) -> None:
    settings.HUNTER_D365_ENABLED = False
    scored()
    assert "push_to_dynamics" not in page(as_administrator, reverse("admin:leads_lead_changelist"))


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("pushed", "created", "created there"),
        ("push_parked", "validation:0x80040265", "its content was not accepted"),
        ("push_parked", "foreign", "another lead there has this domain"),
        ("push_decided", "adopted", "the lead found there was taken over"),
        ("remote", "qualified", "Qualified"),
        ("remote", "something_new", "something_new"),
    ],
)
def test_events_speak_in_words(kind: str, value: str, words: str) -> None:
    with override("en"):
        assert event_value(value, kind) == words


def test_the_light_is_neutral_until_the_connection_was_checked(connected: Cloud, as_seller: Client) -> None:
    def light() -> str:
        page = as_seller.get(reverse("leads:jobs")).content.decode()
        return page[page.index('class="light light--dynamics') :].partition("</a>")[0]

    row = governor.current()
    assert "light--neutral" in light()
    assert "not checked yet" in light()
    EnvironmentCheck.objects.create(governor=row, ok=False)
    assert "light--warning" in light()
    assert "the check found problems" in light()
    EnvironmentCheck.objects.create(governor=row, ok=True)
    assert "light--success" in light()
