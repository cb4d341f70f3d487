"""Every page of the domain: who may open it, what it says when there is nothing, and that fragments stay fragments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from jobs.models import Job
from leads import importing, scanning, services, snoozing
from leads.models import Alert, Event, ImportBatch, Lead, Note, Tag, VerdictState
from leads.templatetags.leads import signed
from leads.urls import urlpatterns
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]
HTMX = {"HX-Request": "true"}
ACME = "acme.example"


@pytest.fixture
def scanned(dns: Served, work_off: WorkOff) -> Lead:
    dns(google(ACME))
    lead = make_lead(ACME, company_name="Işık Acme A.Ş.")
    scanning.queue_scan(Lead.objects.all(), title="scan.list")
    work_off()
    lead.refresh_from_db()
    return lead


def batch_in_preview() -> int:
    file = SimpleUploadedFile("list.csv", "FİRMA ADI;WEB SİTESİ\nÖrnek A.Ş.;ornek.example\n".encode())
    return importing.create_batch(file, "list.csv", by=None).pk


def batch_to_undo() -> int:
    batch = ImportBatch.objects.create(file_name="list.csv", state=ImportBatch.State.CANCELLED, created_count=1)
    make_lead("list.example", import_batch=batch)
    return batch.pk


def pages() -> dict[str, str]:
    """Every page that can be opened with GET, with data behind it."""
    job = Job.objects.create(kind="scan", key="k", subject="Scan of something", state=Job.State.DONE)
    return {
        "today": reverse("leads:today"),
        "list": reverse("leads:list"),
        "add": reverse("leads:add"),
        "detail": reverse("leads:detail", args=[ACME]),
        "scan_state": reverse("leads:scan_state", args=[ACME]),
        "claims": reverse("leads:claims", args=[ACME]),
        "brief": reverse("leads:brief", args=[ACME]),
        "outside": reverse("leads:outside", args=[ACME]),
        "peek": reverse("leads:peek", args=[ACME]),
        "scan": reverse("leads:scan", args=[ACME, Lead.objects.get(domain=ACME).scans.get().pk]),
        "outcomes": reverse("leads:outcomes"),
        "digest": reverse("leads:digest"),
        "imports": reverse("leads:imports"),
        "import_detail": reverse("leads:import_detail", args=[batch_in_preview()]),
        "import_rejects": reverse("leads:import_rejects", args=[batch_in_preview()]),
        "import_undo": reverse("leads:import_undo", args=[batch_to_undo()]),
        "export": reverse("leads:export"),
        "jobs": reverse("leads:jobs"),
        "job": reverse("leads:job", args=[job.pk]),
        "alerts": reverse("leads:alerts"),
        "search": reverse("leads:search"),
    }


def test_no_page_escapes_these_tests(scanned: Lead) -> None:
    actions = {
        "rescan", "note", "work", "dismiss", "restore", "import_reread",
        "import_start", "known", "known_end", "known_keep", "opt_out", "snooze", "wake", "outcome", "outcome_undo",
        "import_discard", "import_cancel", "job_cancel", "job_retry", "alert_read", "brief_answer", "brief_follow_up",
        "brief_follow_up_undo", "watch",
        "outside_again", "snooze_undo", "view_add", "view_change", "view_delete", "bulk",
        "bulk_action", "bulk_undo",
    }  # fmt: skip
    named = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}
    assert named == set(pages()) | actions


def test_every_page_opens_in_both_languages(as_administrator: Client, scanned: Lead) -> None:
    for name, url in pages().items():
        for language in ("tr", "en"):
            response = as_administrator.get(url, headers={"accept-language": language})
            assert response.status_code == 200, name
            if response.headers["Content-Type"].startswith("text/html"):
                assert "Vary" in response.headers


def test_every_page_opens_on_an_empty_database(as_operator: Client) -> None:
    for name in ("today", "list", "add", "imports", "jobs", "alerts"):
        response = as_operator.get(reverse(f"leads:{name}"))
        assert response.status_code == 200, name


def test_a_fragment_is_not_a_whole_page(as_operator: Client, scanned: Lead) -> None:
    for name in ("today", "list", "imports", "jobs", "alerts"):
        response = as_operator.get(reverse(f"leads:{name}"), headers=HTMX)
        assert "<html" not in response.content.decode(), name
        assert "HX-Request" in response.headers["Vary"]


def test_a_stranger_is_sent_to_sign_in_everywhere(client: Client, scanned: Lead) -> None:
    for name, url in pages().items():
        response = client.get(url)
        assert response.status_code == 302, name
        assert response.headers["Location"].startswith("/accounts/login/")


def test_a_viewer_reads_and_changes_nothing(as_viewer: Client, scanned: Lead) -> None:
    for name in ("today", "list", "imports", "jobs", "alerts"):
        assert as_viewer.get(reverse(f"leads:{name}")).status_code == 200, name
    assert as_viewer.get(reverse("leads:detail", args=[ACME])).status_code == 200
    for name in ("rescan", "note", "work", "dismiss", "restore"):
        assert as_viewer.post(reverse(f"leads:{name}", args=[ACME]), {"text": "x"}).status_code == 403, name
    for url in (reverse("leads:add"), reverse("leads:export"), reverse("leads:imports")):
        assert as_viewer.post(url, {"text": "yeni.example"}).status_code in (403, 405), url
    assert not Note.objects.exists()
    assert not Event.objects.exists()
    assert Lead.objects.count() == 1


def test_an_account_manager_works_on_leads_but_does_not_import_or_export(as_seller: Client, scanned: Lead) -> None:
    assert as_seller.post(reverse("leads:note", args=[ACME]), {"text": "Aradım, yarın dönecek"}).status_code == 302
    assert Note.objects.get().text == "Aradım, yarın dönecek"
    assert as_seller.get(reverse("leads:export")).status_code == 403
    assert as_seller.post(reverse("leads:imports"), {}).status_code == 403
    assert as_seller.post(reverse("leads:bulk"), {"action": "rescan", "all": "1"}).status_code == 403


def test_actions_refuse_get(as_administrator: Client, scanned: Lead) -> None:
    for name in ("rescan", "note", "work", "dismiss", "restore"):
        assert as_administrator.get(reverse(f"leads:{name}", args=[ACME])).status_code == 405, name


def test_the_lead_page_shows_rows_that_add_up_with_their_evidence(as_seller: Client, scanned: Lead) -> None:
    page = as_seller.get(reverse("leads:detail", args=[ACME]))
    text = page.content.decode()
    assert "Işık Acme A.Ş." in text
    assert sum(row.points for row in page.context["scan"].rows) == scanned.score == 90
    for row in page.context["scan"].rows:
        assert row.evidence, row.key
    assert "v=DMARC1; p=reject" in text
    assert "smtp.google.com" in text


def test_the_brief_speaks_both_languages(as_seller: Client, scanned: Lead) -> None:
    english = as_seller.get(reverse("leads:detail", args=[ACME]), headers={"accept-language": "en"}).content.decode()
    turkish = as_seller.get(reverse("leads:detail", args=[ACME]), headers={"accept-language": "tr"}).content.decode()
    assert "Strong candidate for a move to Microsoft 365" in english
    assert "Strong candidate" not in turkish


def test_adding_one_domain_opens_its_page_and_scans_it(as_seller: Client, dns: Served, work_off: WorkOff) -> None:
    dns(google(ACME))
    response = as_seller.post(reverse("leads:add"), {"text": "https://www.ACME.example/iletisim"})
    assert response.headers["Location"] == f"/leads/{ACME}/"
    assert Lead.objects.get().scan_job is not None
    work_off()
    assert Lead.objects.get().score == 90


def test_adding_nothing_usable_says_why_and_keeps_the_text(as_seller: Client) -> None:
    response = as_seller.post(reverse("leads:add"), {"text": "bakkal@gmail.com"})
    assert response.status_code == 422
    assert "bakkal@gmail.com" in response.content.decode()
    assert not Lead.objects.exists()


def test_dismissing_hides_a_lead_and_restoring_brings_it_back(as_seller: Client, scanned: Lead) -> None:
    as_seller.post(reverse("leads:dismiss", args=[ACME]), {"reason": "rakip"})
    assert ACME not in as_seller.get(reverse("leads:list"), headers=HTMX).content.decode()
    as_seller.post(reverse("leads:restore", args=[ACME]))
    assert ACME in as_seller.get(reverse("leads:list"), headers=HTMX).content.decode()
    assert [event.kind for event in Event.objects.order_by("pk")] == ["dismissed", "restored"]


def test_an_import_runs_from_upload_to_leads_in_the_browser_forms(as_operator: Client, work_off: WorkOff) -> None:
    data = "FİRMA ÜNVANI;WEB SİTESİ\nÖrnek A.Ş.;www.ornek.example\nBoş Ltd.;\n".encode("cp1254")
    uploaded = as_operator.post(reverse("leads:imports"), {"file": SimpleUploadedFile("liste.csv", data)})
    page = as_operator.get(uploaded.headers["Location"])
    assert "Örnek A.Ş." in page.content.decode()
    form = page.context["form"]
    fields = {name: field.initial for name, field in form.fields.items()} | form.initial
    start = uploaded.headers["Location"] + "start/"
    as_operator.post(start, {name: value for name, value in fields.items() if value not in (None, False)})
    as_operator.post(start, {})  # the second click does nothing
    work_off()
    done = as_operator.get(uploaded.headers["Location"])
    assert "ornek.example" in done.content.decode()
    assert Lead.objects.get().company_name == "Örnek A.Ş."
    rejects = b"".join(as_operator.get(uploaded.headers["Location"] + "rejects.csv").streaming_content).decode()
    assert "Boş Ltd." in rejects


def test_a_filter_that_hides_everything_says_how_many(as_seller: Client, scanned: Lead) -> None:
    page = as_seller.get(reverse("leads:list"), {"q": "yokböylebirşey"})
    assert page.context["hidden"] == 1


def test_what_sleeps_is_not_hidden_by_the_filter_and_unused_tags_are_no_filter(
    as_seller: Client, seller: User, scanned: Lead
) -> None:
    snoozing.snooze(
        make_lead("uyur.example"), until=timezone.localdate() + timedelta(days=9), until_change=False, by=seller
    )
    services.set_tags(scanned, ["fuar"], by=seller)
    Tag.objects.create(name="boşta")
    page = as_seller.get("/leads/?segment=Skip&view=all")
    assert (page.context["total"], page.context["hidden"]) == (0, 1)
    assert "fuar" in {tag.name for tag in page.context["tags"]}
    assert "boşta" not in {tag.name for tag in page.context["tags"]}


def test_a_finished_job_stops_its_page_from_asking(as_operator: Client, scanned: Lead) -> None:
    job = Job.objects.get()
    assert as_operator.get(reverse("leads:job", args=[job.pk]), headers=HTMX).status_code in (200, 286)
    assert "every 2s" not in as_operator.get(reverse("leads:job", args=[job.pk]), headers=HTMX).content.decode()


@pytest.mark.parametrize(("state", "said"), [("running", "90 so far"), ("done", "100%")])
def test_the_progress_of_a_job_without_a_total_says_what_it_counts(as_operator: Client, state: str, said: str) -> None:
    job = Job.objects.create(kind="sync", state=state, done=90)
    row = as_operator.get(reverse("leads:jobs")).content.decode().split(f'id="job-{job.pk}"')[1].split("</tr>")[0]
    assert said in row
    page = as_operator.get(reverse("leads:job", args=[job.pk])).content.decode()
    assert ("90 so far" in page) is (state == "running")


def test_alerts_are_marked_read_by_whom(as_seller: Client, scanned: Lead) -> None:
    event = Event.objects.create(lead=scanned, kind="mx", old="google.com", new="outlook.com")
    alert = Alert.objects.create(lead=scanned, event=event, type="mx_changed")
    unread = as_seller.get(reverse("leads:alerts")).content.decode()
    assert ACME in unread
    assert "what one of you marks as read is read for all" in unread
    as_seller.post(reverse("leads:alert_read"), {"alert": [alert.pk]})
    alert.refresh_from_db()
    assert alert.read_by is not None
    assert alert.read_by.username == "seller"
    row = as_seller.get(reverse("leads:alerts"), {"read": "1"}).content.decode().partition("<tbody")[2]
    assert 'data-label="Read by">seller' in row


def test_an_undetermined_lead_never_shows_a_score(as_seller: Client) -> None:
    make_lead(ACME, verdict_state=VerdictState.UNDETERMINED, undetermined_reason="mx_unknown")
    response = as_seller.get(reverse("leads:detail", args=[ACME]))
    assert response.status_code == 200
    assert response.context["scan"] is None


def test_unknown_leads_and_odd_names_are_not_found(as_seller: Client) -> None:
    for name in ("yok.example", "a%00b", "..", "<script>", "x" * 300):
        assert as_seller.get(f"/leads/{name}/").status_code in (301, 404)


def test_the_admin_opens_every_list_and_lead(as_administrator: Client, scanned: Lead) -> None:
    from django.contrib import admin

    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        assert as_administrator.get(reverse(f"admin:{label}_changelist")).status_code == 200, label
    assert as_administrator.get(reverse("admin:leads_lead_change", args=[scanned.pk])).status_code == 200
    found = as_administrator.get(reverse("admin:leads_lead_changelist"), {"q": "isik"})
    assert ACME in found.content.decode()


def test_the_admin_says_of_a_lead_what_its_page_says(
    as_administrator: Client, as_viewer: Client, viewer: User, scanned: Lead
) -> None:
    viewer.is_staff = True
    viewer.save()
    scanned.contact_emails = ["info@acme.example", "satis@acme.example"]
    scanned.save()
    Lead.objects.update(mail_service="self-hosted", tenant_size="large", tenant_size_source="person")
    tagged = [Tag.objects.get_or_create(name=name, automatic=True)[0] for name in ("expire-soon", "local-mx")]
    scanned.tags.set([*tagged, Tag.objects.create(name="fuar")])
    url = reverse("admin:leads_lead_change", args=[scanned.pk])
    for client in (as_administrator, as_viewer):
        client.post("/i18n/setlang/", {"language": "tr"})
        page = client.get(url).content.decode()
        assert f"<strong>{scanned.score}</strong>" in page
        for row in scanned.scans.get().verdict["rows"]:
            assert signed(row[2]) in page
        words = ("kendi sunucusu", "Büyük", "Alan adının süresi yakında doluyor", "Yerel veya kendi e-posta sunucusu")
        for word in words:
            assert word in page, word
        for code in ("self-hosted", "expire-soon", "local-mx", ">large<", ">Hot<", ">Warm<", ">Cold<", "[&quot;"):
            assert code not in page, code
        for heat in ("HIGH", "MEDIUM", "LOW", "GREENFIELD", "COMPETITIVE", "NO_GO", "WEAK_PARTNER"):
            assert f">{heat}<" not in page, heat
        assert "info@acme.example" in page
    addresses = "yeni@acme.example\r\nikinci@acme.example\r\n"
    shown = {"initial-contact_emails": "info@acme.example\r\nsatis@acme.example"}
    form = {"company_name": "Acme", "source": "manual", "contact_emails": addresses, **shown}
    assert as_administrator.post(url, form).status_code == 302
    assert Lead.objects.get().contact_emails == ["yeni@acme.example", "ikinci@acme.example"]


def test_health_pages_answer_without_a_worker(client: Client, as_administrator: Client) -> None:
    assert client.get("/healthz/live").status_code == 200
    assert client.get("/healthz/ready").status_code == 200
    assert client.get("/healthz/status").status_code == 302
    assert as_administrator.get("/healthz/status").status_code == 200


def test_the_admin_keeps_the_rules_of_the_pages(as_administrator: Client) -> None:
    add = reverse("admin:leads_lead_add")
    form = {"domain": "mail.acme.example", "contact_emails": "", "source": "manual"}
    assert as_administrator.post(add, {**form, "domain": "com.tr"}).status_code == 200  # refused, the form again
    assert as_administrator.post(add, {**form, "contact_emails": "info@acme.example\nacme"}).status_code == 200
    assert not Lead.objects.exists()
    assert as_administrator.post(add, form).status_code == 302
    lead = Lead.objects.get()
    assert lead.domain == ACME
    assert lead.scan_job is not None
    change = reverse("admin:leads_lead_change", args=[lead.pk])
    as_administrator.post(change, {"company_name": "Yeni Ad", "contact_emails": "", "source": "manual"})
    assert Lead.objects.get().company_name == "Yeni Ad"
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == ["created", "edited"]


def test_who_may_not_import_reads_who_does(as_seller: Client, as_operator: Client, operator: User) -> None:
    ImportBatch.objects.filter(pk=batch_in_preview()).update(created_by=operator)
    text = as_seller.get(reverse("leads:imports")).content.decode()
    assert "Your role does not import lists" in text
    assert "Waits for its check" in text
    assert "Waiting for your check" not in text
    assert '<span class="muted">–</span>' in text
    own = as_operator.get(reverse("leads:imports")).content.decode()
    assert "Your role does not import lists" not in own
    assert "Waiting for your check" in own
