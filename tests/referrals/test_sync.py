"""From Partner Center to referrals, leads and the ledger."""

from __future__ import annotations

from jobs.models import Job
from leads.models import Event, Lead
from referrals.models import Referral, ReferralLink, SyncCursor, SyncRun
from sandbox.cloud import Cloud
from tests.referrals.conftest import Sync


def customer(*emails: str, name: str = "Ege Soğutma Sanayi Ltd. Şti.") -> dict[str, object]:
    team = [{"firstName": "Kaan", "lastName": "Deneme", "email": email} for email in emails]
    return {"name": name, "team": team}


def test_a_fresh_referral_becomes_a_linked_lead_that_waits_for_its_scan(sync: Sync, signed_in: Cloud) -> None:
    remote_id = signed_in.partner_center.add(customerProfile=customer("Kaan.Deneme@mail.egesogutma.example"))
    run = sync()
    assert (run.state, run.fetched, run.created, run.linked, run.needs_domain) == ("done", 1, 1, 1, 0)
    referral = Referral.objects.get(remote_id=remote_id)
    lead = Lead.objects.get()
    assert (referral.link.lead, referral.link.how) == (lead, "email")
    assert (lead.domain, lead.company_name, lead.source) == (
        "egesogutma.example", "Ege Soğutma Sanayi Ltd. Şti.", "partner_center",
    )  # fmt: skip
    assert (lead.referral_count, lead.referral_state) == (1, "new")
    assert lead.referral_deadline == referral.expires_at
    assert lead.scan_job is not None
    assert lead.scan_job.payload["thorough"] is True
    assert Event.objects.filter(lead=lead, kind="linked").count() == 1


def test_the_first_page_is_filtered_and_sorted_once_there_is_a_watermark(sync: Sync, signed_in: Cloud) -> None:
    signed_in.partner_center.add()
    sync()
    first = signed_in.journal.requests("referrals")
    assert [entry.options for entry in first] == [{"$orderby": "updatedDateTime asc"}]
    signed_in.journal.clear()
    run = sync()
    (again,) = signed_in.journal.requests("referrals")
    assert again.options["$orderby"] == "updatedDateTime asc"
    assert again.options["$filter"].startswith("updatedDateTime ge 20")
    assert (run.fetched, run.unchanged) == (1, 1)
    assert SyncCursor.get().watermark == Referral.objects.get().source_stamp


def test_a_change_updates_the_row_and_tells_the_lead(sync: Sync, signed_in: Cloud) -> None:
    remote_id = signed_in.partner_center.add(customerProfile=customer("a@egesogutma.example"))
    sync()
    signed_in.partner_center.set_state(remote_id, "Active", "Accepted")
    run = sync()
    assert (run.created, run.updated, run.unchanged) == (0, 1, 0)
    assert Referral.objects.get().status == "Active"
    lead = Lead.objects.get()
    assert (lead.referral_state, lead.referral_deadline) == ("active", None)
    event = Event.objects.get(kind="referral")
    assert (event.old.split(" / ")[0], event.new) == ("New", "Active / Accepted")


def test_a_full_pass_finds_what_vanished_and_what_came_back(sync: Sync, signed_in: Cloud) -> None:
    kept, gone = signed_in.partner_center.add(), signed_in.partner_center.add()
    sync()
    row = signed_in.partner_center.row(gone)
    signed_in.partner_center.remove(gone)
    sync(full=True)
    full = SyncRun.objects.get(mode="full")
    assert (full.state, full.fetched, full.unchanged, full.not_visible) == ("done", 1, 1, 1)
    assert set(Referral.objects.filter(not_visible_since__isnull=True).values_list("remote_id", flat=True)) == {kept}
    signed_in.partner_center.load([row])
    sync(full=True)
    assert not Referral.objects.filter(not_visible_since__isnull=False).exists()


def test_pages_are_followed_through_their_odd_links(sync: Sync, signed_in: Cloud) -> None:
    for _ in range(250):
        signed_in.partner_center.add()
    run = sync()
    assert (run.state, run.pages, run.requests, run.fetched, run.created) == ("done", 3, 3, 250, 250)
    assert Referral.objects.count() == ReferralLink.objects.count() == 250
    assert {entry.host for entry in signed_in.journal.requests("referrals")} == {"api.partner.microsoft.com"}
    assert Job.objects.filter(kind="referrals").get().done == 250
