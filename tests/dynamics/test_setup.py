"""`d365_setup`: what is missing, the difference it prints, and how it is made."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from integrations_d365 import governor, setup
from integrations_d365.client import DataverseClient, RemoteKey, client_from_settings
from integrations_d365.columns import BY_NAME, OPTION_BASE, OURS, Column, Kind
from integrations_d365.governor import NotNow, Turnstile
from integrations_d365.mapping import ColumnShape, Shape, option_key
from integrations_d365.models import EnvironmentCheck, Governor
from integrations_d365.setup import Change, Found, What, column_body, lines, plan
from outbound.errors import Rejected
from sandbox.cloud import Cloud

ACTIVE = RemoteKey("hnt_leaddomainkey", ("hnt_domain",), "Active")
# Reads of the columns by kind, of publishers and solutions; a publisher made and read, a solution made.
BEFORE_COLUMNS = 4 + 2 + 3
Run = Callable[..., tuple[int, str]]


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
            call_command("d365_setup", *arguments)
        except CommandError as error:
            code, said = error.returncode, str(error)
        except SystemExit as ended:
            code = int(str(ended.code))
        return code, capsys.readouterr().out + said

    return _run


def writes(cloud: Cloud) -> list[tuple[str, str]]:
    """Every request to Dynamics that is no read."""
    return [
        (entry.method, entry.path.rpartition("/")[2])
        for entry in cloud.journal.requests()
        if entry.method != "GET" and "dynamics.com" in entry.host
    ]


def found(**changes: ColumnShape | None) -> Found:
    """A complete environment, with changes by column; None = missing."""
    columns: dict[str, ColumnShape | None] = {}
    for column in OURS:
        options = {option_key(label): OPTION_BASE + n for n, (_code, label) in enumerate(column.options)}
        columns[column.name] = ColumnShape(str(column.kind), column.length or None, options)
    shape = Shape({name: there for name, there in (columns | changes).items() if there is not None})
    return Found(shape, [ACTIVE], [{"publisherid": "p1", "customizationprefix": "hnt"}], has_solution=True)


# The plan


def test_nothing_to_change_in_a_complete_environment() -> None:
    assert plan(found()) == []
    assert lines([]) == ["= nothing to change"]


def test_everything_is_missing_in_an_empty_environment() -> None:
    shown = lines(plan(Found(Shape({}))))
    assert shown[:2] == ["+ publisher hunter (prefix hnt, option prefix 81694)", "+ solution HunterLeadIntelligence"]
    assert shown[-1] == "+ key hnt_LeadDomainKey (hnt_domain)"
    assert len(shown) == len(OURS) + 3
    for line in (
        "+ column hnt_domain (String, 253)",
        "+ column hnt_finalscore (Integer, 0 to 100)",
        "+ column hnt_infrasummary (Memo, 4000)",
        "+ column hnt_lastsynctime (DateTime)",
        "+ column hnt_huntertenantsize (Picklist, Small = 816940000, Medium = 816940001, Large = 816940002)",
    ):
        assert line in shown


@pytest.mark.parametrize(
    ("name", "there", "line"),
    [
        ("hnt_finalscore", ColumnShape("String", 100), "! hnt_finalscore is String, should be Integer: left as it is"),
        ("hnt_finalscore", ColumnShape("Decimal"), ""),
        (
            "hnt_infrasummary",
            ColumnShape("Memo", 100),
            "! hnt_infrasummary holds 100 characters, should hold 4000: left as it is",
        ),
        ("hnt_infrasummary", ColumnShape("Memo", 8000), ""),
        (
            "hnt_domain",
            ColumnShape("Integer"),
            "! hnt_domain is Integer, should be String: left as it is",
        ),
        (
            "hnt_domain",
            ColumnShape("Memo", 2000),
            "! hnt_domain is Memo, should be String to carry the key: left as it is",
        ),
    ],
)
def test_what_exists_is_left_as_it_is_and_an_administrator_decides(name: str, there: ColumnShape, line: str) -> None:
    changes = plan(found(**{name: there}))
    assert [change.line for change in changes] == ([line] if line else [])
    assert all("administrator of Dynamics" in change.advice for change in changes)
    assert lines(changes)[-1] == "= nothing to change"


def test_an_essential_column_that_does_not_fit_gets_no_key() -> None:
    bare = replace(found(hnt_domain=ColumnShape("Integer")), keys=[])
    assert [change.what for change in plan(bare)] == [What.DECISION]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"migration": 816940000, "existing": 816940001, "cold": 816940002}, ["Skip = 816940003"]),
        ({"migration": 1, "cold": 3}, ["Existing = 816940001", "Skip = 816940003"]),
        (
            {"migration": 816940000, "existing": 816940003, "cold": 816940002},
            ["Skip = 816940004"],  # its number is taken
        ),
        ({}, ["Migration = 816940000", "Existing = 816940001", "Cold = 816940002", "Skip = 816940003"]),
    ],
)
def test_options_that_are_missing(options: dict[str, int], expected: list[str]) -> None:
    changes = plan(found(hnt_leadsegment=ColumnShape("Picklist", None, options)))
    assert [change.line for change in changes] == [f"+ option hnt_leadsegment: {line}" for line in expected]


def test_a_choice_that_other_columns_share_is_not_touched() -> None:
    there = found(hnt_leadsegment=ColumnShape("Picklist", None, {"migration": 1}))
    (change,) = plan(replace(there, shared={"hnt_leadsegment": "crm_segments"}))
    assert (
        change.line
        == "! hnt_leadsegment shares its choice crm_segments, which lacks Existing, Cold, Skip: left as it is"
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], ["+ key hnt_LeadDomainKey (hnt_domain)"]),
        ([replace(ACTIVE, name="crm_key")], []),
        ([replace(ACTIVE, columns=("hnt_domain", "subject"), name="other")], ["+ key hnt_LeadDomainKey (hnt_domain)"]),
        (
            [replace(ACTIVE, columns=("subject",))],
            ["! hnt_LeadDomainKey is a key over subject, should be over hnt_domain: left as it is"],
        ),
        (
            [replace(ACTIVE, state="Pending")],
            ["~ key hnt_leaddomainkey (hnt_domain) is being built: wait for it"],
        ),
        (
            [replace(ACTIVE, state="Failed")],
            ["~ key hnt_leaddomainkey (hnt_domain) could not be built: build it again"],
        ),
        ([replace(ACTIVE, state="Failed"), replace(ACTIVE, name="crm_key")], []),
    ],
)
def test_the_key(keys: list[RemoteKey], expected: list[str]) -> None:
    assert [change.line for change in plan(replace(found(), keys=keys))] == expected


@pytest.mark.parametrize(
    ("publishers", "expected"),
    [
        ([], "+ publisher hunter (prefix hnt, option prefix 81694)"),
        ([{"publisherid": "1", "uniquename": "contoso", "customizationprefix": "hnt"}], ""),
        (
            [{"publisherid": "1", "uniquename": "hunter", "customizationprefix": "abc"}],
            "+ publisher hunter_hnt (prefix hnt, option prefix 81694)",
        ),
    ],
)
def test_any_publisher_with_our_prefix_will_do(publishers: list[dict[str, str]], expected: str) -> None:
    there = replace(found(hnt_provider=None), publishers=publishers)
    assert [change.line for change in plan(there) if change.what == What.PUBLISHER] == ([expected] if expected else [])


@pytest.mark.parametrize("column", OURS, ids=lambda column: column.name)
def test_the_body_of_a_column(column: Column) -> None:
    """The JSON of the fact sheet, section 8."""
    body = column_body(column, 1055)
    assert body["@odata.type"] == f"Microsoft.Dynamics.CRM.{column.kind}AttributeMetadata"
    assert (body["SchemaName"], body["RequiredLevel"]) == (column.name, {"Value": "None"})
    (label,) = body["DisplayName"]["LocalizedLabels"]
    assert (label["Label"], label["LanguageCode"]) == (column.label, 1055)
    if column.kind in (Kind.TEXT, Kind.MEMO):
        assert body["MaxLength"] == column.length
    elif column.kind in (Kind.INTEGER, Kind.DECIMAL):
        assert (body["MinValue"], body["MaxValue"]) == (column.low, column.high)
    elif column.kind == Kind.CHOICE:
        numbers = [option["Value"] for option in body["OptionSet"]["Options"]]
        assert numbers == list(range(OPTION_BASE, OPTION_BASE + len(column.options)))
    json.dumps(body)


# The command


def test_an_empty_environment_is_made_ready(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("empty")
    code, out = run()
    assert code == 0
    columns = connected.dynamics.columns()
    assert {column.name: columns.get(column.name) for column in OURS} == {c.name: str(c.kind) for c in OURS}
    assert connected.dynamics.key_state == "active"
    made = writes(connected)
    assert made[:2] == [("POST", "publishers"), ("POST", "solutions")]
    assert made[-2:] == [("POST", "Keys"), ("POST", "PublishXml")]
    assert made.count(("POST", "Attributes")) == len(OURS)
    check = EnvironmentCheck.objects.latest("pk")
    assert (check.ok, check.problems) == (True, [])
    assert out.splitlines()[-3:] == [
        out.splitlines()[-3],
        "ok  key: the key on the domain column is active",
        f"ok  columns: all {len(OURS)} columns are there and fit",
    ]


def test_metadata_is_written_one_by_one_fresh_and_into_the_solution(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("empty")
    run()
    entries = [entry for entry in connected.journal.requests() if entry.method == "POST" and "/api/" in entry.path]
    assert all(entry.headers.get("consistency") == "Strong" for entry in entries)
    in_solution = [entry for entry in entries if entry.path.endswith(("/Attributes", "/Keys"))]
    assert {entry.headers.get("mscrm.solutionuniquename") for entry in in_solution} == {"HunterLeadIntelligence"}
    assert connected.dynamics.concurrency_peak == 1


def test_a_complete_environment_is_left_alone(connected: Cloud, run: Run) -> None:
    code, out = run()
    assert (code, out.splitlines()[0]) == (0, "= nothing to change")
    assert writes(connected) == []
    connected.dynamics.switch(role_missing="metadata")  # the role was taken back after the set-up
    assert run()[0] == 0


def test_a_second_run_finds_nothing_to_do(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("empty")
    run()
    connected.journal.clear()
    assert run()[1].splitlines()[0] == "= nothing to change"
    assert writes(connected) == []


def test_a_conflicting_environment_gets_what_is_missing_and_keeps_the_rest(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("conflict")
    code, out = run()
    assert code == 0  # pushes leave the column out
    assert "! hnt_finalscore is String, should be Integer: left as it is" in out
    assert "An administrator of Dynamics decides" in out
    assert "! hnt_infrasummary holds 100 characters, should hold 4000: left as it is" in out
    assert connected.dynamics.columns()["hnt_finalscore"] == "String"
    made = [name for _method, name in writes(connected)]
    assert made == ["publishers", "solutions", "InsertOptionValue", "PublishXml"]
    kinds = [kind for kind, _detail in EnvironmentCheck.objects.latest("pk").problems]
    assert kinds == ["column_type", "column_short"]


@pytest.mark.parametrize("kind", ["empty", "conflict", "complete"])
@pytest.mark.parametrize("flag", [[], ["--json"]], ids=["text", "json"])
def test_a_dry_run_prints_the_same_and_writes_nothing(connected: Cloud, run: Run, kind: Any, flag: list[str]) -> None:
    connected.dynamics.environment(kind)
    code, dry = run("--dry-run", *flag)
    assert (code, writes(connected)) == (0, [])
    assert EnvironmentCheck.objects.count() == 0
    _code, real = run(*flag)
    assert real.startswith(dry)


def test_one_json_object_a_change_and_the_result(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("conflict")
    code, out = run("--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert rows[3] == {
        "change": "option",
        "name": "hnt_leadsegment",
        "line": "+ option hnt_leadsegment: Skip = 816940003",
        "advice": None,
    }
    assert rows[-1] == {
        "made": 3,
        "decisions": 2,
        "ok": True,
        "problems": [
            ["column_type", "hnt_finalscore: String ≠ Integer"],
            ["column_short", "hnt_infrasummary: 100 < 4000"],
        ],
        "error_category": None,
        "error": None,
        "request_id": None,
    }


@pytest.mark.parametrize("cut_after", [0, 1, 2, 9, 31, 32])
def test_a_set_up_that_was_cut_off_is_begun_again(connected: Cloud, run: Run, cut_after: int) -> None:
    connected.dynamics.environment("empty")
    connected.journal.clear()
    made = 0

    def stop(_change: Change) -> None:
        nonlocal made
        made += 1
        if made > cut_after:
            raise KeyboardInterrupt

    client = _client()
    with pytest.raises(KeyboardInterrupt):
        setup.apply(client, setup.look(client), tell=stop)
    client.close()
    connected.journal.clear()
    assert run()[0] == 0
    assert len([name for _method, name in writes(connected) if name != "PublishXml"]) == len(OURS) + 3 - made
    assert connected.dynamics.key_state == "active"


@pytest.mark.parametrize("kind", ["drop_after", "close"])
def test_an_answer_that_got_lost_is_looked_for(connected: Cloud, run: Run, kind: str) -> None:
    """`drop_after`: it was made, and nobody heard of it. `close`: it was not."""
    connected.dynamics.environment("empty")
    connected.faults.add("metadata", kind, after=BEFORE_COLUMNS + 7)
    code, out = run()
    if kind == "close":
        assert code == 1
        assert "Not made: + column hnt_provider (String, 100). Dynamics could not be reached. Run it again" in out
        code, out = run()
    assert code == 0
    assert connected.dynamics.key_state == "active"


@pytest.mark.parametrize("code", ["0x80047013", "0x80060304"])
def test_what_somebody_else_made_meanwhile_counts(connected: Cloud, code: str) -> None:
    connected.dynamics.environment("empty")
    connected.dynamics.switch(exists_code=code)
    client = _client()
    before = setup.look(client)
    setup.apply(client, before, key_every=0.05)
    connected.journal.clear()
    setup.apply(client, before, key_every=0.05)  # every request is refused: it exists
    client.close()
    assert {entry.status for entry in connected.journal.requests() if entry.path.endswith("/Attributes")} >= {400}
    assert connected.dynamics.key_state == "active"


def test_what_somebody_else_made_otherwise_is_named(connected: Cloud, run: Run) -> None:
    """Between the look and the request a column of another type appeared: it is not taken for ours."""
    connected.dynamics.environment("empty")
    client = _client()
    before = setup.look(client)
    client.create("Attributes", column_body(replace(BY_NAME["hnt_finalscore"], kind=Kind.TEXT, length=50)))
    setup.apply(client, before, key_every=0.05)
    client.close()
    _code, out = run()
    assert "! hnt_finalscore is String, should be Integer: left as it is" in out


def test_a_refused_change_ends_it_with_the_words_of_dynamics(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("empty")
    connected.faults.add("metadata", "status", times=None, after=BEFORE_COLUMNS, code=400, error="0x80048403")
    code, out = run()
    assert code == 1
    assert "Not made: + column hnt_domain (String, 253). Dynamics said: " in out


@pytest.mark.parametrize(
    ("switches", "code", "words"),
    [
        ({"role_missing": "metadata"}, 1, "the role System Customizer"),
        ({"application_user_missing": True}, 1, "The application is not a user in this environment."),
        ({"asleep": True}, 1, "Dynamics has trouble"),
    ],
)
def test_who_may_not_or_cannot(connected: Cloud, run: Run, switches: dict[str, Any], code: int, words: str) -> None:
    connected.dynamics.environment("empty")
    connected.dynamics.switch(**switches)
    ended, out = run()
    assert (ended, words in out) == (code, True), out
    assert connected.dynamics.columns().get("hnt_domain") is None


def test_a_wrong_secret_needs_a_sign_in(connected: Cloud, run: Run) -> None:
    connected.entra.switch(client_secret="another")
    code, out = run("--dry-run")
    assert code == 4
    assert "The client secret is wrong." in out


# The key


def test_duplicates_fail_the_key_and_a_later_run_builds_it_again(connected: Cloud, run: Run) -> None:
    connected.dynamics.set_key_state("absent")
    twins = [connected.dynamics.add_lead(hnt_domain="contoso.example") for _lead in range(2)]
    code, out = run()
    assert code == 1
    assert "BAD key: The key on the domain column failed: two leads have the same domain." in out
    assert "[Dynamics administrator]" in out
    connected.dynamics.delete(twins[0])
    connected.journal.clear()
    code, out = run()
    assert code == 0
    assert out.splitlines()[0] == "~ key hnt_leaddomainkey (hnt_domain) could not be built: build it again"
    assert [name for _method, name in writes(connected)] == ["ReactivateEntityKey", "PublishXml"]
    assert connected.dynamics.key_state == "active"


def test_a_key_that_takes_longer_is_waited_for_next_time(connected: Cloud, run: Run) -> None:
    connected.dynamics.set_key_state("pending")
    client = _client()
    setup.apply(client, setup.look(client), key_patience=0.2, key_every=0.05)
    polls = [entry for entry in connected.journal.requests() if entry.path.endswith("/Keys")]
    client.close()
    assert 3 <= len(polls) <= 6
    assert writes(connected) == []
    code, out = run("--dry-run")
    assert (code, out) == (0, "~ key hnt_leaddomainkey (hnt_domain) is being built: wait for it\n")
    threading.Timer(0.5, connected.dynamics.set_key_state, ["active"]).start()
    assert run()[0] == 0


# Pauses


def test_a_short_pause_is_waited_for(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("empty")
    connected.faults.add("metadata", "throttle", after=12, retry_after=1)
    assert run()[0] == 0
    assert connected.dynamics.early_requests == 0


def test_a_long_pause_is_said(connected: Cloud, run: Run) -> None:
    connected.dynamics.environment("empty")
    row = governor.current()
    Governor.objects.filter(pk=row.pk).update(not_before=timezone.now() + timedelta(minutes=10))
    code, out = run()
    assert code == 1
    assert out.startswith("Dynamics asks for a pause. Not before ")
    assert connected.journal.requests() == []


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "_PAUSE_PATIENCE", 0.3)
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1
        raise NotNow(timezone.now())

    with pytest.raises(NotNow):
        setup.patiently(ask)
    assert 2 <= asked <= 8

    def refuse() -> None:
        raise Rejected(system="Dynamics 365")

    with pytest.raises(Rejected):
        setup.patiently(refuse)


def _client() -> DataverseClient:
    return client_from_settings(Turnstile(governor.current()))
