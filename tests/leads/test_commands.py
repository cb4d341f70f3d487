"""The commands: what they print, what they store, how they end."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.translation import override

from leads.models import ImportBatch, Lead, Scan
from sandbox.dns import Fault
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google, microsoft

pytestmark = pytest.mark.django_db
ACME = "acme.example"
VERDICT_KEYS = {
    "domain", "scored_provider", "score", "score_low", "score_high", "segment", "priority_category", "priority_score",
    "rules_version", "status", "mx_status", "mx_hosts", "null_mx", "provider", "provider_reference_rules",
    "mail_service", "local_provider", "gateway", "behind_gateway_provider", "spf", "dkim", "dmarc", "hints",
}  # fmt: skip


def run(name: str, *args: str, code: int = 0, **options: Any) -> str:
    """What the command printed, or the sentence it refused with; it must end with this exit code."""
    out, ended = StringIO(), 0
    text = ""
    try:
        call_command(name, *args, stdout=out, **options)
    except SystemExit as exit_:
        ended = int(exit_.code or 0)
    except CommandError as error:
        ended, text = error.returncode, str(error)
    assert ended == code, text
    return text or out.getvalue()


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_observe_prints_every_key_and_stores_nothing(dns: Served) -> None:
    dns([*google(ACME), *microsoft("mavi.example")])
    printed = {row["domain"]: row for row in rows(run("observe", ACME, "mavi.example", json=True))}
    assert set(printed[ACME]) >= VERDICT_KEYS
    assert (printed[ACME]["score"], printed["mavi.example"]["segment"]) == (90, "Existing")
    assert not Lead.objects.exists()


def test_observe_reads_names_from_a_file_and_takes_them_as_they_are(dns: Served, tmp_path: Path) -> None:
    dns(google("mail.acme.example"))
    path = tmp_path / "names.txt"
    path.write_text("mail.acme.example\n", encoding="utf-8")
    assert [row["domain"] for row in rows(run("observe", file=path, json=True))] == ["mail.acme.example"]


def test_observe_ends_with_1_when_a_name_stays_undetermined(dns: Served) -> None:
    dns([], [Fault("*", "*", "servfail")])
    [row] = rows(run("observe", ACME, json=True, code=1))
    assert (row["score"], row["state"], row["status"]) == (None, "undetermined", "failed")


def test_observe_without_a_name_is_a_usage_error() -> None:
    assert "domain" in run("observe", code=2)


def test_scan_leads_stores_and_prints_each_lead(dns: Served) -> None:
    dns(google(ACME))
    make_lead(ACME)
    [row] = rows(run("scan_leads", ACME, json=True))
    assert set(row) >= VERDICT_KEYS
    assert Lead.objects.get().score == row["score"] == 90
    assert Scan.objects.count() == 1


def test_import_leads_prints_a_verdict_for_each_row_and_the_counts(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("FİRMA ADI;WEB\nA;a.example\nB;b.example\nA2;www.a.example\nC;\n", encoding="utf-8")
    printed = rows(run("import_leads", str(path), json=True, no_scan=True, code=1))
    assert [(row["row"], row["verdict"]) for row in printed[:-1]] == [
        (2, "created"), (3, "created"), (4, "duplicate"), (5, "rejected"),
    ]  # fmt: skip
    assert printed[-1]["created"] == 2
    assert ImportBatch.objects.get().state == "done"


def test_a_dry_run_imports_nothing(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("WEB\na.example\n", encoding="utf-8")
    assert rows(run("import_leads", str(path), json=True, dry_run=True))[0]["verdict"] == "created"
    assert not Lead.objects.exists()
    assert not ImportBatch.objects.exists()


def test_a_file_that_is_no_list_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes(b"%PDF-1.4 ...")
    assert "PDF" in run("import_leads", str(path), code=2)


@pytest.mark.parametrize(("language", "headline"), [("en", "In short"), ("tr", "Kısaca")])
def test_brief_prints_both_languages(dns: Served, language: str, headline: str) -> None:
    dns(google(ACME))
    make_lead(ACME)
    run("scan_leads", ACME)
    assert headline in run("brief", ACME, lang=language)


def test_brief_of_an_unknown_domain_says_what_to_do() -> None:
    assert "yok.example" in run("brief", "yok.example", code=1)


def test_export_gives_one_line_a_lead_and_disarms_formulas() -> None:
    make_lead(ACME, company_name="=1+1")
    lines = run("export_leads").splitlines()
    assert len(lines) == 2
    assert "'=1+1" in lines[1]


def test_doctor_names_each_check_with_advice(dns: Served) -> None:
    dns(google(ACME))
    checks = {row["check"]: row for row in rows(run("doctor", json=True, code=1))}
    assert checks
    assert all({"check", "ok", "advice"} <= set(row) for row in checks.values())
    assert any(row["ok"] is False and row["advice"] for row in checks.values())  # no worker runs here


@pytest.mark.parametrize(("language", "advice"), [("en", "up to date"), ("tr", "güncel")])
def test_the_keys_of_doctor_are_the_same_in_every_language(dns: Served, language: str, advice: str) -> None:
    dns(google(ACME))
    with override(language):
        checks = {row["check"]: row for row in rows(run("doctor", json=True, code=1))}
    assert list(checks) == [
        "database",
        "migrations",
        "worker",
        "dns",
        "disk",
        "registries",
        "hosting",
        "partner_center",
        "dynamics_365",
    ]
    assert checks["migrations"]["advice"] == advice


def test_the_sandbox_is_refused_outside_development(settings: Any) -> None:
    settings.HUNTER_ENV = "prod"
    assert "HUNTER_ENV=dev" in run("serve", sandbox=True, code=3)
