"""`d365_check`, `push_leads`, `retry_pushes` as an operator uses them: lines, JSON, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from integrations_d365 import governor, pushing
from integrations_d365.models import EnvironmentCheck, Governor, Push
from jobs.models import Job
from leads.models import Lead, SavedView
from sandbox.cloud import Cloud
from tests.dynamics.conftest import scored, work

Run = Callable[..., tuple[int, str]]
COMMANDS = [["d365_setup"], ["d365_check"], ["push_leads", "contoso.example"], ["retry_pushes", "--all"]]
PUSH_KEYS = ["domain", "state", "lead_id", "error_category", "error", "request_id"]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def _run(*arguments: str) -> tuple[int, str]:
        """(exit code, what was printed, the error's line last)"""
        code, said = 0, ""
        try:
            call_command(*arguments)
        except CommandError as error:
            code, said = error.returncode, str(error)
        except SystemExit as ended:
            code = int(str(ended.code))
        return code, capsys.readouterr().out + said

    return _run


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def writes(cloud: Cloud) -> list[str]:
    return [e.path for e in cloud.journal.requests() if e.method != "GET" and "dynamics.com" in e.host]


# Off, not configured, not let in


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_the_flag_is_off(connected: Cloud, settings: Any, run: Run, arguments: list[str]) -> None:
    settings.HUNTER_D365_ENABLED = False
    code, out = run(*arguments)
    assert (code, out) == (3, "Dynamics 365 is switched off. Set HUNTER_D365_ENABLED=true to turn it on.")
    assert connected.journal.requests() == []


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("name", ["BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"])
def test_a_setting_is_missing(connected: Cloud, settings: Any, run: Run, arguments: list[str], name: str) -> None:
    setattr(settings, f"HUNTER_D365_{name}", "")
    code, out = run(*arguments)
    assert code == 3
    assert out.startswith("Dynamics 365 is not set up:")
    assert "\n" not in out


@pytest.mark.parametrize("arguments", COMMANDS[:3], ids=lambda arguments: arguments[0])
def test_the_secret_is_wrong(connected: Cloud, run: Run, arguments: list[str]) -> None:
    connected.entra.switch(client_secret="another")
    scored("contoso.example")
    code, out = run(*arguments)
    assert code == 4
    assert "The client secret is wrong." in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["push_leads"],
        ["push_leads", "contoso.example", "--due"],
        ["push_leads", "--view", "hot", "--due"],
        ["push_leads", "--view", "nobody has it"],
        ["retry_pushes"],
        ["retry_pushes", "contoso.example", "--all"],
    ],
    ids=" ".join,
)
def test_used_wrongly(connected: Cloud, run: Run, arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


# d365_check


def test_a_healthy_environment(connected: Cloud, run: Run) -> None:
    code, out = run("d365_check")
    check = EnvironmentCheck.objects.get()
    assert code == 0
    assert out.splitlines() == [
        "ok  connection: signed in to https://hunter-demo.crm4.dynamics.com as application user "
        f"{check.user_id}, organisation {check.organization_id}",
        "ok  key: the key on the domain column is active",
        "ok  columns: all 30 columns are there and fit",
    ]
    assert writes(connected) == []


def test_one_json_object_a_check(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("conflict")
    code, out = run("d365_check", "--json")
    found = rows(out)
    assert code == 0
    assert all(list(row) == ["check", "ok", "what", "advice", "who"] for row in found)
    assert [(row["check"], row["ok"], row["who"]) for row in found] == [
        ("connection", True, None),
        ("key", True, None),
        ("column_type", None, "dynamics"),
        ("options_missing", None, "dynamics"),
        ("column_short", None, "dynamics"),
    ]


@pytest.mark.parametrize(
    ("state", "words", "who"),
    [
        ("absent", "The key on the domain column is missing", "Dynamics administrator"),
        ("pending", "Dynamics is still building the key", "nobody, it passes"),
        ("inprogress", "Dynamics is still building the key", "nobody, it passes"),
        ("failed", "The key on the domain column failed", "Dynamics administrator"),
    ],
)
def test_the_key_is_not_ready(connected: Cloud, run: Run, state: str, words: str, who: str) -> None:
    connected.dynamics.set_key_state(state)
    code, out = run("d365_check")
    (line,) = [line for line in out.splitlines() if line.startswith("BAD")]
    assert code == 1
    assert words in line
    assert line.endswith(f"[{who}]")


@pytest.mark.parametrize(
    ("entra", "dynamics", "code", "words", "who"),
    [
        ({"client_secret": "x"}, {}, 4, "The client secret is wrong.", "hunter"),
        ({"secret_expired": True}, {}, 4, "The client secret has expired.", "tenant"),
        ({"token_error": 53003}, {}, 4, "A conditional access policy blocks the application.", "tenant"),
        ({"token_error": 700016}, {}, 4, "does not know the app registration", "hunter"),
        ({}, {"application_user_missing": True}, 1, "not a user in this environment", "dynamics"),
        ({}, {"asleep": True}, 1, "Dynamics has trouble", "nobody"),
        ({}, {"down": True}, 1, "Dynamics could not be reached.", "hunter"),
    ],
)
def test_who_can_mend_it(
    connected: Cloud, run: Run, entra: dict[str, Any], dynamics: dict[str, Any], code: int, words: str, who: str
) -> None:
    if entra:
        connected.entra.switch(**entra)
    connected.dynamics.switch(**dynamics)
    ended, out = run("d365_check", "--json")
    (row,) = rows(out)
    assert (ended, row["ok"], row["who"]) == (code, False, who)
    assert words in row["what"]


def test_a_success_ends_a_pause(connected: Cloud, run: Run) -> None:
    Governor.objects.filter(pk=governor.current().pk).update(paused_at=timezone.now(), paused_category="auth")
    assert run("d365_check")[0] == 0
    assert governor.current().paused_at is None


def test_dynamics_is_left_alone_while_it_asks_for_a_pause(connected: Cloud, run: Run) -> None:
    _pause(minutes=10)
    code, out = run("d365_check")
    assert code == 1
    assert out.startswith("Dynamics asks for a pause. Not before ")
    assert connected.journal.requests() == []


# push_leads


def test_named_leads_are_pushed(connected: Cloud, run: Run) -> None:
    first, second = scored("a.example"), scored("b.example")
    code, out = run("push_leads", "a.example", "B.example.")
    assert code == 0
    assert out.splitlines()[-1] == "leads: 2, synced: 2, created: 2"
    assert {lead.push.state for lead in Lead.objects.filter(pk__in=[first.pk, second.pk])} == {"synced"}
    assert connected.dynamics.creates == {"a.example": 1, "b.example": 1}
    code, out = run("push_leads", "a.example")
    assert (code, out.splitlines()[-1]) == (0, "leads: 1, synced: 1, unchanged: 1")


def test_one_json_object_a_lead_and_the_counts(connected: Cloud, run: Run) -> None:
    scored("a.example")
    code, out = run("push_leads", "a.example", "nobody.example", "--json")
    lead, unknown, counts = [json.loads(line) for line in out.splitlines()]
    (remote,) = connected.dynamics.by_domain("a.example")
    assert code == 1
    assert list(lead) == list(unknown) == PUSH_KEYS
    assert lead | {"request_id": None} == {
        "domain": "a.example", "state": "synced", "lead_id": remote["leadid"], "error_category": None, "error": None,
        "request_id": None,
    }  # fmt: skip
    assert lead["request_id"]
    assert (unknown["domain"], unknown["state"]) == ("nobody.example", "unknown")
    assert counts == {
        "leads": 2, "not_pushed": 0, "queued": 0, "in_progress": 0, "synced": 1, "parked": 0, "unknown": 1,
        "created": 1, "updated": 0, "unchanged": 0, "failed": 1, "error_category": None, "error": None,
    }  # fmt: skip


def test_the_leads_of_a_saved_view(connected: Cloud, run: Run, seller: User, operator: User) -> None:
    scored("a.example", segment="Migration")
    scored("b.example", segment="Cold")
    SavedView.objects.create(name="hot", query="segment=Migration&d365=not_pushed", owner=seller)
    code, out = run("push_leads", "--view", "hot", "--json")
    assert (code, [row["domain"] for row in rows(out)[:-1]]) == (0, ["a.example"])
    SavedView.objects.create(name="hot", query="segment=Cold", owner=operator)
    code, out = run("push_leads", "--view", "hot")
    assert (code, out) == (2, "Several people have a view hot: seller, operator. Share one, or rename it.")
    SavedView.objects.filter(owner=operator).update(shared=True)
    assert [row["domain"] for row in rows(run("push_leads", "--view", "hot", "--json")[1])[:-1]] == ["b.example"]


def test_what_is_due(connected: Cloud, run: Run) -> None:
    assert run("push_leads", "--due") == (0, "leads: 0\n")
    lead = scored("a.example")
    work(pushing.request_push(lead, by=None).job)
    Lead.objects.filter(pk=lead.pk).update(score=81, scanned_at=timezone.now())
    scored("b.example")
    code, out = run("push_leads", "--due", "--json")
    assert code == 0
    assert [(row["domain"], row["state"]) for row in rows(out)[:-1]] == [("a.example", "synced")]
    assert rows(out)[-1]["updated"] == 1
    assert connected.dynamics.by_domain("a.example")[0]["hnt_finalscore"] == 81


def test_a_lead_without_a_verdict_is_named(connected: Cloud, run: Run) -> None:
    Lead.objects.create(domain="a.example")
    code, out = run("push_leads", "a.example")
    assert code == 1
    assert "a.example: not pushed This lead has no verdict yet. Scan it first." in out
    assert not Push.objects.exists()


def test_everything_is_sent_again_by_force(connected: Cloud, run: Run) -> None:
    scored("a.example")
    run("push_leads", "a.example")
    assert rows(run("push_leads", "a.example", "--json")[1])[-1]["unchanged"] == 1
    code, out = run("push_leads", "a.example", "--force", "--json")
    assert (code, rows(out)[-1]["updated"]) == (0, 1)
    assert run("push_leads", "--due", "--force")[0] == 2


def test_sentences_in_another_language(connected: Cloud, run: Run) -> None:
    connected.entra.switch(client_secret="x")
    told = [run("d365_check", "--json", "--lang", language)[1] for language in ("en", "tr")]
    assert "The client secret is wrong." in told[0]
    assert "The client secret is wrong." not in told[1]


def test_a_lead_whose_scan_is_under_way_waits_for_it(connected: Cloud, run: Run) -> None:
    Lead.objects.create(domain="a.example", retry_at=timezone.now() + timedelta(minutes=5))
    code, out = run("push_leads", "a.example", "--json")
    assert (code, rows(out)[0]["state"]) == (0, "queued")
    assert "Hunter asks again at" in rows(out)[0]["error"]


def test_a_parked_lead_fails_the_command_and_says_what_to_do(connected: Cloud, run: Run) -> None:
    scored("a.example")
    connected.dynamics.add_lead(hnt_domain="a.example")
    code, out = run("push_leads", "a.example", "--json")
    row, counts = rows(out)
    assert code == 1
    assert (row["state"], counts["failed"], counts["parked"]) == ("parked", 1, 1)
    assert "Dynamics has a lead with this domain that Hunter did not make." in row["error"]
    assert run("push_leads", "a.example", "--json")[0] == 1  # it waits for a decision, not for another push


def test_a_closed_lead_is_no_failure(connected: Cloud, run: Run) -> None:
    lead = scored("a.example")
    work(pushing.request_push(lead, by=None).job)
    Push.objects.update(remote_state="qualified")
    code, out = run("push_leads", "a.example", "--json")
    assert code == 0
    assert rows(out)[0]["error"] == "This lead is closed in Dynamics. Hunter does not write to it any more."


def test_a_throttled_environment_keeps_the_rows_queued(connected: Cloud, run: Run) -> None:
    for name in "abc":
        scored(f"{name}.example")
    run("d365_check")
    connected.faults.add("batch", "throttle", retry_after=120)
    code, out = run("push_leads", "a.example", "b.example", "c.example")
    assert code == 1
    assert "leads: 3, queued: 3" in out
    assert "Dynamics asks for a pause. Not before " in out
    assert out.endswith("3 waiting: the worker goes on with them.")
    assert set(Push.objects.values_list("state", flat=True)) == {"queued"}
    sent = len(connected.journal.requests())
    code, out = run("push_leads", "--due", "--json")  # whoever asks meanwhile sends nothing
    assert (code, rows(out)[-1]["error_category"]) == (1, "rate_limit")
    assert len(connected.journal.requests()) == sent
    Governor.objects.update(not_before=None)
    assert work(Job.objects.get(kind="push")).state == "done"
    assert connected.dynamics.creates == {"a.example": 1, "b.example": 1, "c.example": 1}


def test_a_paused_integration_says_why_and_sends_nothing(connected: Cloud, run: Run) -> None:
    scored("a.example")
    connected.dynamics.set_key_state("failed")
    code, out = run("push_leads", "a.example")
    assert code == 1
    assert "Dynamics could not build the key: two leads have the same domain." in out
    assert "1 waiting" in out
    assert Push.objects.get().state == "queued"
    assert connected.dynamics.creates == {}
    connected.dynamics.set_key_state("active")
    assert run("push_leads", "a.example")[0] == 0  # the command looks whether it is mended


# --dry-run


def test_a_dry_run_shows_the_difference_and_sends_nothing(connected: Cloud, run: Run) -> None:
    scored("a.example")
    code, out = run("push_leads", "a.example", "--dry-run")
    assert code == 0
    lines = out.splitlines()
    assert lines[:2] == [
        "The environment was never checked: the columns are those that d365_setup makes.",
        "a.example: create",
    ]
    assert "  + hnt_finalscore: 72" in lines
    assert "  + hnt_leadsegment: Migration" in lines
    assert "  + companyname: Anadolu Tekstil A.Ş." in lines
    assert lines[-1] == "leads: 1, create: 1"
    assert connected.journal.requests() == []
    assert not Push.objects.exists()
    assert not Job.objects.filter(kind="push").exists()


def test_a_dry_run_of_an_update_shows_old_and_new(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("conflict")
    lead = scored("a.example")
    run("push_leads", "a.example")
    connected.journal.clear()
    assert run("push_leads", "a.example", "--dry-run")[1].splitlines()[0] == "a.example: nothing"
    Lead.objects.filter(pk=lead.pk).update(priority_score=1, confidence=55)
    code, out = run("push_leads", "a.example", "--dry-run")
    assert code == 0
    assert out.splitlines()[:3] == [
        "a.example: update",
        "  ~ hnt_priorityscore: 2 → 1",
        "  ~ hnt_confidence: 90 → 55",
    ]
    assert "  ! hnt_finalscore: left out: the column has another type in Dynamics (String)" in out
    assert connected.journal.requests() == []


def test_a_dry_run_as_json(connected: Cloud, run: Run) -> None:
    scored("a.example")
    Lead.objects.create(domain="b.example")
    code, out = run("push_leads", "a.example", "b.example", "nobody.example", "--dry-run", "--json")
    first, second, third, counts = rows(out)
    assert code == 1
    assert list(first) == list(third) == ["domain", "operation", "columns", "notes", "error"]
    assert {"column": "hnt_finalscore", "old": None, "new": 72} in first["columns"]
    assert (second["operation"], second["error"]) == ("refused", "This lead has no verdict yet. Scan it first.")
    assert counts == {"leads": 3, "create": 1, "update": 0, "nothing": 0, "refused": 1, "unknown": 1}


def test_a_dry_run_of_what_is_due(connected: Cloud, run: Run) -> None:
    same, changed = scored("a.example"), scored("b.example")
    run("push_leads", same.domain, changed.domain)
    Lead.objects.filter(pk=changed.pk).update(score=5, scanned_at=timezone.now())
    connected.journal.clear()
    code, out = run("push_leads", "--due", "--dry-run", "--json")
    assert (code, [row["domain"] for row in rows(out)[:-1]]) == (0, ["b.example"])
    assert connected.journal.requests() == []


# retry_pushes


def test_parked_leads_are_pushed_again(connected: Cloud, run: Run) -> None:
    scored("a.example"), scored("b.example")
    connected.faults.add("*", "plugin_veto", times=None, domain="a.example")
    assert run("push_leads", "a.example", "b.example", "--json")[0] == 1
    parked = Push.objects.get(lead__domain="a.example")
    assert parked.state == "parked"
    code, out = run("retry_pushes", "--all", "--json")
    row, _counts = rows(out)
    assert (code, row["domain"], row["state"], row["error_category"]) == (1, "a.example", "parked", "validation")
    assert "Dynamics said: The lead was refused by a business rule." in row["error"]
    assert list(row) == PUSH_KEYS
    connected.faults.clear()
    code, out = run("retry_pushes", "--all")
    assert (code, out.splitlines()[-1]) == (0, "leads: 1, synced: 1, created: 1")
    assert run("retry_pushes", "--all") == (0, "leads: 0\n")


def test_named_leads_are_retried_and_unknown_ones_named(connected: Cloud, run: Run) -> None:
    scored("a.example"), scored("b.example")
    connected.faults.add("*", "plugin_veto", times=2)
    run("push_leads", "a.example", "b.example")
    assert Push.objects.parked().count() == 2
    code, out = run("retry_pushes", "b.example", "nobody.example")
    assert code == 1
    assert "nobody.example: unknown Not a lead. Add or import it first." in out
    assert list(Push.objects.parked().values_list("lead__domain", flat=True)) == ["a.example"]


def test_a_decision_is_not_taken_by_a_retry(connected: Cloud, run: Run) -> None:
    scored("a.example")
    connected.dynamics.add_lead(hnt_domain="a.example")
    run("push_leads", "a.example")
    connected.journal.clear()
    code, out = run("retry_pushes", "--all")
    assert code == 1
    assert "decide: take it over, or leave it alone." in out
    assert connected.journal.requests() == []


def _pause(*, minutes: int) -> None:
    Governor.objects.filter(pk=governor.current().pk).update(not_before=timezone.now() + timedelta(minutes=minutes))
