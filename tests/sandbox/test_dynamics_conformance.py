"""An independent Web API client, written against the real service, works against the sandbox unchanged."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.dynamics import HOST

CLIENT = Path(__file__).parents[1] / "conformance" / "client.cjs"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


@pytest.fixture(scope="module")
def cloud() -> Any:
    with Cloud() as running:
        yield running


@pytest.fixture(scope="module")
def seen(cloud: Cloud) -> dict[str, Any]:
    """What the client saw; without proxy variables in its environment it talks to loopback directly."""
    node = shutil.which("node")
    assert node is not None
    command = [node, str(CLIENT), f"{cloud.url}/{HOST}/", cloud.entra.issue_access(f"https://{HOST}/.default")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env={}, check=False)
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_who_am_i(cloud: Cloud, seen: dict[str, Any]) -> None:
    assert seen["whoAmI"]["UserId"] in cloud.dynamics.systemusers()


def test_create_retrieve_and_upsert_by_key(cloud: Cloud, seen: dict[str, Any]) -> None:
    assert (seen["created"]["subject"], seen["created"]["companyname"]) == ("First", "Örnek A.Ş.")
    assert seen["upserted"]["subject"] == "By key"
    assert seen["updated"] is True
    assert (seen["byKey"]["subject"], seen["byKey"]["leadid"]) == ("Second", seen["upserted"]["leadid"])
    assert [row["subject"] for row in cloud.dynamics.by_domain("ornek.example")] == ["Second"]


@pytest.mark.parametrize(
    ("case", "status", "code"),
    [
        ("createOnly", 412, ""),
        ("stale", 412, ""),
        ("keyTaken", 412, "0x80060892"),
        ("tooLong", 400, "0x80044331"),
        ("unknown", 400, "0x80048d19"),
        ("gone", 404, "0x80040217"),
        ("columnExists", 400, "0x80047013"),
    ],
)
def test_refusals_surface_with_status_and_code(seen: dict[str, Any], case: str, status: int, code: str) -> None:
    assert (seen[case]["status"], seen[case]["code"]) == (status, code)


def test_pages_and_count(seen: dict[str, Any]) -> None:
    assert seen["pages"] == [["Row 5", "Row 4"], ["Row 3", "Row 2"], ["Row 1"]]
    assert seen["count"] == 7


def test_batch_and_change_set(cloud: Cloud, seen: dict[str, Any]) -> None:
    assert seen["batch"] == [None, None, "Second"], "two answers without a body, one with"
    assert len(cloud.dynamics.by_domain("one.example")) == len(cloud.dynamics.by_domain("two.example")) == 1
    assert [error["status"] for error in seen["changeSet"]] == [412]
    assert seen["undone"] == 0


def test_delete(cloud: Cloud, seen: dict[str, Any]) -> None:
    assert seen["deleted"] is True
    assert "First" not in {lead["subject"] for lead in cloud.dynamics.leads()}


def test_metadata(cloud: Cloud, seen: dict[str, Any]) -> None:
    segments = {"Migration": 816940000, "Existing": 816940001, "Cold": 816940002, "Skip": 816940003}
    assert seen["segments"] == segments
    assert cloud.dynamics.columns()["hnt_extra"] == "String"
    assert seen["columnId"]
    assert seen["keyId"]
