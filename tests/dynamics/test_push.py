"""One lead on its way into Dynamics."""

from __future__ import annotations

from django.contrib.auth.models import User

from integrations_d365.models import Push, PushAttempt
from integrations_d365.pushing import request_push
from leads.models import Event, Lead
from sandbox.cloud import Cloud
from tests.dynamics.conftest import scored, work


def push(lead: Lead, by: User | None = None) -> Push:
    work(request_push(lead, by=by).job)
    return Push.objects.get(lead=lead)


def test_a_lead_appears_in_dynamics_with_its_verdict(connected: Cloud, seller: User) -> None:
    lead = scored(contact_emails=["info@anadolu-tekstil.example"], city="Bursa")
    done = push(lead, seller)
    (row,) = connected.dynamics.by_domain(lead.domain)
    assert (done.state, done.remote_id, done.remote_state) == ("synced", row["leadid"], "open")
    assert (row["hnt_finalscore"], row["hnt_provider"], row["companyname"]) == (72, "Google", "Anadolu Tekstil A.Ş.")
    assert row["hnt_externalid"] == str(done.external_id)
    assert PushAttempt.objects.get(push=done).outcome == "created"
    assert Event.objects.filter(lead=lead, kind=Event.Kind.PUSHED, by=seller).count() == 1


def test_nothing_is_sent_when_nothing_changed(connected: Cloud) -> None:
    lead = scored()
    push(lead)
    connected.journal.clear()
    assert push(lead).state == "synced"
    assert connected.journal.requests() == []


def test_a_changed_score_travels_alone_and_the_seller_keeps_his_edit(connected: Cloud) -> None:
    lead = scored()
    remote = push(lead).remote_id
    connected.dynamics.edit(remote, subject="Call on Monday", companyname="Anadolu")
    Lead.objects.filter(pk=lead.pk).update(score=81)
    lead.refresh_from_db()
    done = push(lead)
    row = connected.dynamics.lead(remote)
    assert (row["hnt_finalscore"], row["subject"], row["companyname"]) == (81, "Call on Monday", "Anadolu")
    attempt = PushAttempt.objects.filter(push=done).latest("pk")
    assert (attempt.operation, attempt.columns) == ("update", ["hnt_finalscore", "hnt_intelligencejson"])
    assert connected.dynamics.creates[lead.domain] == 1
