"""The administration says in words what each column and field is; only words can be translated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.contrib.auth.models import Group, User
from django.core.exceptions import FieldDoesNotExist
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import override

from jobs.models import Job, ScheduleState
from leads import outcomes
from leads.models import CallAnswer, DomainClaim, Override, Scan, Tag
from tests.factories import make_lead

ROOMS = ("integrations_d365", "jobs", "leads", "referrals")
SAME_IN_EVERY_LANGUAGE = {"id", "eTag", "SPF", "DKIM", "DMARC", "Dynamics 365"}


@pytest.mark.django_db
def test_whatever_the_administration_shows_has_a_name(administrator: User) -> None:
    request: Any = RequestFactory().get("/admin/")
    request.user = administrator
    nameless = []
    for model, shown in admin.site._registry.items():
        if model._meta.app_label not in ROOMS:
            continue
        names = {*shown.get_list_display(request), *flatten_fieldsets(shown.get_fieldsets(request, None))}
        for name in map(str, names):
            if callable(getattr(shown, name, None)):
                continue  # computed, and named where it is written
            try:
                label: Any = getattr(model._meta.get_field(name), "verbose_name", None)
            except FieldDoesNotExist:
                continue
            if not isinstance(label, Promise) and label not in SAME_IN_EVERY_LANGUAGE:
                nameless.append(f"{model._meta.label}.{name}")
    assert sorted(nameless) == []


def _words_of(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(f"admin:{name}", args=args), headers={"accept-language": "tr"}).content.decode()


@pytest.mark.django_db
def test_no_label_begins_with_a_dotless_capital_where_turkish_writes_a_dotted_one(administrator: User) -> None:
    """Django writes labels with a capital by rules that are not Turkish: those that begin with i carry theirs."""
    request: Any = RequestFactory().get("/admin/")
    request.user = administrator
    wrong = set()
    with override("tr"):
        for model, shown in admin.site._registry.items():
            names = {*shown.get_list_display(request), *flatten_fieldsets(shown.get_fieldsets(request, None))}
            for name in names - {"usable_password", "password1", "password2"}:  # of the form alone
                label = str(label_for_field(name, model, shown))
                if label.startswith("i"):
                    wrong.add(f"{model._meta.label}.{name}: {label}")
    assert sorted(wrong) == []


@pytest.mark.django_db
def test_permissions_are_offered_in_the_readers_language(as_administrator: Client) -> None:
    page = _words_of(as_administrator, "auth_group_change", Group.objects.get(name="Viewer").pk)
    assert "Adaylar | aday | görüntüleme" in page
    assert "Adaylar | aday | Şirket listelerini içe aktarabilir" in page
    assert "Can view" not in page
    assert "<h2>İzleyici</h2>" in page


@pytest.mark.django_db
def test_what_is_stored_as_a_code_is_shown_in_words(as_administrator: Client, administrator: User) -> None:
    lead = make_lead("acme.example")
    at = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
    scan = Scan.objects.create(
        lead=lead, status="complete", observations=[], facts={}, rules_version="v1", duration=0.6335665, created_at=at
    )
    job = Job.objects.create(kind="scan", key="x", subject="scan.due", payload={"title": "scan.due"}, state="done")
    duty = ScheduleState.objects.create(name="rescan due", interval=600, next_run=at)
    answer = CallAnswer.objects.create(lead=lead, question="discovery.common.budget", by=administrator)
    entry = Override.objects.create(lead=lead, field="tenant_size", value="medium", by=administrator)
    claim = DomainClaim.objects.create(lead=lead, claim="info@acme.example", via="email", source="manual")
    outcomes.decide(lead, "won", by=administrator)
    for address, shown, code in (
        (("leads_scan_change", scan.pk), "<h2>acme.example, 26.11.2026 01:30</h2>", "0.6335665"),
        (("leads_scan_changelist",), ">0,63<", "0.6335665"),
        (("jobs_job_change", job.pk), "<h2>Zamanı gelen adayların yeniden taranması</h2>", "payload"),
        (("jobs_schedulestate_change", duty.pk), "zamanı gelen adayların yeniden taranması", "rescan due"),
        (("jobs_schedulestate_changelist",), ">10 dakika<", ">600<"),
        (("leads_callanswer_change", answer.pk), "bütçesini nasıl planlıyorsunuz", "Mesaj kimliği"),
        (("leads_callanswer_change", answer.pk), "bütçesini nasıl planlıyorsunuz", "discovery.common"),
        (("leads_override_change", entry.pk), "<h2>Büyüklük: Orta</h2>", "medium"),
        (("leads_domainclaim_change", claim.pk), ">e-posta adresi<", ">email<"),
        (("leads_outcomerecord_change", lead.outcomes.get().pk), "<h2>acme.example: Kazanıldı</h2>", ": won"),
        (("leads_tag_change", Tag.objects.get(name="expire-soon").pk), "<h2>Alan adının süresi", "expire-soon"),
    ):
        page = _words_of(as_administrator, *address)
        assert shown in page, address
        assert not code or code not in page, address


@pytest.mark.django_db
def test_a_list_is_named_and_counted_as_the_readers_language_has_it(as_administrator: Client) -> None:
    """Turkish nouns stay singular after a number, and names that begin with İ are small within a line."""
    for key in "ab":
        Job.objects.create(kind="scan", key=key, subject="scan.due", payload={"title": "scan.due"}, state="done")
    page = _words_of(as_administrator, "jobs_job_changelist")
    assert "<title>İşler · Hunter</title>" in page
    assert "2 iş\n" in page
    english = as_administrator.get(reverse("admin:jobs_job_changelist"), headers={"accept-language": "en"})
    assert "2 jobs\n" in english.content.decode()


@pytest.mark.django_db
def test_the_menu_is_in_turkish_order(as_administrator: Client) -> None:
    page = _words_of(as_administrator, "index")
    places = [page.index(f">{name}<") for name in ("Girilen bilgiler", "İçe aktarmalar", "Kayıtlı görünümler")]
    assert places == sorted(places)


@pytest.mark.django_db
def test_the_page_of_anothers_password_is_in_one_language(as_administrator: Client, administrator: User) -> None:
    """Django keeps one of its texts in the language of the server, and another in English."""
    address = reverse("admin:auth_user_password_change", args=[administrator.pk])
    pages = {code: as_administrator.get(address, headers={"accept-language": code}) for code in ("tr", "en")}
    words = {code: page.content.decode() for code, page in pages.items()}
    assert "Kullanıcının parola kullanarak" in words["tr"]
    assert "If disabled" not in words["tr"]
    assert "Whether the user will be able" in words["en"]


@pytest.mark.django_db
def test_what_goes_with_a_role_is_said_in_words(as_administrator: Client) -> None:
    page = _words_of(as_administrator, "auth_group_delete", Group.objects.get(name="Viewer").pk)
    assert "silinsin mi" in page
    assert " object (" not in page
    assert "Group-permission" not in page
