"""What people do in the simulated environment: the form of a lead, and the trainer's control."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.cloud import Cloud
from sandbox.dynamics import HOST
from tests.sandbox.conftest import Dataverse


def _control(cloud: Cloud, method: str, path: str, content: Any = None) -> requests.Response:
    return requests.request(method, f"{cloud.url}/_sandbox/{path}", json=content, timeout=5)


def _form(cloud: Cloud, id: str) -> str:
    return f"{cloud.url}/{HOST}/main.aspx?pagetype=entityrecord&etn=lead&id={id}"


# The form of a lead


def test_a_seller_sees_and_changes_a_lead(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example", subject="<b>Örnek</b>", hnt_finalscore=77)
    page = requests.get(_form(cloud, id), timeout=5)
    assert page.status_code == 200
    assert "&lt;b&gt;Örnek&lt;/b&gt;" in page.text
    assert "<b>Örnek" not in page.text
    assert "hnt_finalscore" in page.text
    saved = requests.post(
        _form(cloud, id), data={"action": "save", "subject": "Yeni", "telephone1": "+90 212"}, timeout=5
    )
    assert saved.url == _form(cloud, id), "back on the same page"
    assert "Yeni" in saved.text
    lead = cloud.dynamics.lead(id)
    assert (lead["subject"], lead["telephone1"]) == ("Yeni", "+90 212")


def test_a_seller_closes_reopens_and_deletes(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    for action, state in (("qualify", 1), ("reopen", 0), ("disqualify", 2)):
        page = requests.post(_form(cloud, id), data={"action": action}, timeout=5)
        assert cloud.dynamics.lead(id)["statecode"] == state
        assert ("value='reopen'" in page.text) == (state != 0)
    gone = requests.post(_form(cloud, id), data={"action": "delete"}, timeout=5)
    assert gone.status_code == 404
    assert "Record is unavailable" in gone.text
    assert len(cloud.dynamics) == 0


def test_forms_that_make_no_sense(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    assert requests.post(_form(cloud, id), data={"action": "explode"}, timeout=5).status_code == 400
    assert requests.get(_form(cloud, id).replace("etn=lead", "etn=account"), timeout=5).status_code == 404
    headers = {"Origin": "https://evil.example"}
    assert requests.post(_form(cloud, id), data={"action": "delete"}, headers=headers, timeout=5).status_code == 403
    assert len(cloud.dynamics) == 1


# Control


def test_control_of_leads(cloud: Cloud) -> None:
    made = _control(cloud, "POST", "dynamics/leads", {"companyname": "Yabancı", "hnt_domain": "a.example"})
    id = made.json()["id"]
    assert _control(cloud, "PATCH", f"dynamics/leads/{id}", {"telephone1": "1"}).ok
    assert _control(cloud, "GET", f"dynamics/leads/{id}").json()["telephone1"] == "1"
    for action, state in (("qualify", 1), ("reopen", 0), ("disqualify", 2)):
        assert _control(cloud, "POST", f"dynamics/leads/{id}/{action}").ok
        assert cloud.dynamics.lead(id)["statecode"] == state
    assert [lead["leadid"] for lead in _control(cloud, "GET", "dynamics/leads").json()["leads"]] == [id]
    (shown,) = _control(cloud, "GET", "state").json()["dynamics"]["latest"]
    assert (shown["hnt_domain"], shown["owner"]) == ("a.example", "Selin Satıcı")
    assert _control(cloud, "PATCH", f"dynamics/leads/{id}", {"nothing": 1}).status_code == 404
    assert _control(cloud, "PATCH", f"dynamics/leads/{id}", {"mobilephone": "0" * 21}).status_code == 400
    assert _control(cloud, "POST", f"dynamics/leads/{id}/explode").status_code == 404
    assert _control(cloud, "DELETE", f"dynamics/leads/{id}").ok
    assert _control(cloud, "DELETE", f"dynamics/leads/{id}").status_code == 404


def test_control_of_the_environment(cloud: Cloud, dataverse: Dataverse) -> None:
    assert _control(cloud, "POST", "dynamics", {"asleep": True, "key_state": "failed"}).ok
    state = _control(cloud, "GET", "dynamics").json()
    assert (state["switches"]["asleep"], state["switches"]["key_state"], state["host"]) == (True, "failed", HOST)
    assert dataverse.get("WhoAmI").status_code == 503
    assert _control(cloud, "POST", "dynamics", {"role_missing": ["create"]}).ok
    assert _control(cloud, "POST", "dynamics", {"nothing": 1}).status_code == 400
    assert _control(cloud, "POST", "dynamics/environment", {"kind": "empty"}).ok
    assert cloud.dynamics.key_state == "absent"
    for content in ({"kind": "other"}, {}):
        assert _control(cloud, "POST", "dynamics/environment", content).status_code in (400, 404)


def test_counters_are_shown(cloud: Cloud, dataverse: Dataverse) -> None:
    dataverse.created("a.example")
    cloud.faults.add("whoami", "throttle", retry_after=9)
    dataverse.get("WhoAmI")
    dataverse.get("WhoAmI")
    state = _control(cloud, "GET", "dynamics").json()
    assert {name: state[name] for name in ("leads", "creates", "writes", "early_requests", "concurrency_peak")} == {
        "leads": 1,
        "creates": 1,
        "writes": 1,
        "early_requests": 1,
        "concurrency_peak": 1,
    }


@pytest.mark.parametrize("words", ["Leads in Dynamics 365", 'id="dynamics"', "lead_by_key", "drop_after"])
def test_the_page_offers_dynamics(cloud: Cloud, words: str) -> None:
    assert words in requests.get(cloud.url, timeout=5).text
