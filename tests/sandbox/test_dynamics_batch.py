"""Batches and bulk messages: the wire format, what fails alone and what fails together."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox.cloud import Cloud
from tests.sandbox.conftest import Dataverse, answers, change_set, error, key, multipart, part


def _upsert(domain: str, **columns: Any) -> bytes:
    return part("PATCH", key(domain), {"subject": domain, **columns}, If_None_Match="*")


def _domains(cloud: Cloud) -> list[str]:
    return [lead["hnt_domain"] for lead in cloud.dynamics.leads()]


def test_parts_are_answered_in_their_order(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("there.example")
    response = dataverse.batch(
        multipart(
            [
                _upsert("a.example"),
                _upsert("there.example"),
                part("PATCH", f"leads({id})?$select=leadid", {"subject": "B"}, Prefer="return=representation"),
                part("GET", f"{key('a.example')}?$select=subject"),
                _upsert("c.example", hnt_finalscore=101),
            ]
        )
    )
    assert response.status_code == 200
    boundary = response.headers["Content-Type"].partition("boundary=")[2]
    assert boundary.startswith("batchresponse_")
    assert response.content.endswith(f"--{boundary}--\r\n".encode())
    parts = answers(response)
    assert [item.status for item in parts] == [204, 412, 200, 200, 400]
    assert parts[0].headers["OData-EntityId"] == f"{dataverse.base}{key('a.example')}"
    assert (parts[1].code, parts[4].code) == ("", "0x80044330")
    assert parts[2].headers["ETag"] == parts[2].content["@odata.etag"] == cloud.dynamics.etag(id)
    assert parts[3].content["subject"] == "a.example"
    assert [operation.batched for operation in cloud.dynamics.operations] == [False, True, True, True, True]


def test_without_continue_on_error_the_first_failure_ends_it(cloud: Cloud, dataverse: Dataverse) -> None:
    body = multipart([_upsert("a.example"), _upsert("b.example", nothing=1), _upsert("c.example")])
    response = dataverse.batch(body, goes_on=False)
    assert response.status_code == 400
    assert [item.status for item in answers(response)] == [204, 400]
    assert _domains(cloud) == ["a.example"], "what was done stays done"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.replace(b"\r\n", b"\n"),
        lambda body: body.rstrip(b"\r\n"),
        lambda body: body.replace(b"binary\r\n", b"binary\n"),
        lambda body: body.replace(b"--batch_1--", b""),
        lambda body: body.replace(b" HTTP/1.1", b""),
    ],
)
def test_line_ends_are_strict(cloud: Cloud, dataverse: Dataverse, spoil: Any) -> None:
    response = dataverse.batch(spoil(multipart([_upsert("a.example")])))
    assert error(response) == (400, "0x80048d19")
    assert "Stream was not readable." in response.json()["error"]["message"]
    assert len(cloud.dynamics) == 0


def test_at_most_1000_parts(cloud: Cloud, dataverse: Dataverse) -> None:
    parts = [part("GET", "WhoAmI")] * 1000
    assert len(answers(dataverse.batch(multipart(parts)))) == 1000
    assert dataverse.batch(multipart([*parts, part("GET", "WhoAmI")])).status_code == 400
    assert dataverse.batch(multipart([part("POST", "$batch")])).status_code == 200, "the part alone is refused"


def test_a_change_set_is_all_or_nothing(cloud: Cloud, dataverse: Dataverse) -> None:
    good = change_set(
        part("POST", "leads", {"subject": "A"}, Content_ID="1"),
        part("PATCH", "$1", {"hnt_domain": "a.example"}, Content_ID="2"),
    )
    bad = change_set(
        part("POST", "leads", {"hnt_domain": "b.example"}, Content_ID="1"),
        part("PATCH", key("a.example"), {"subject": "Changed"}, Content_ID="2"),
        part("DELETE", key("a.example"), Content_ID="3"),
        part("POST", "leads", {"hnt_domain": "b.example"}, Content_ID="4"),
    )
    response = dataverse.batch(multipart([good, bad, _upsert("c.example")]))
    assert [item.status for item in answers(response)] == [204, 204, 412, 204]
    assert _domains(cloud) == ["a.example", "c.example"]
    assert cloud.dynamics.by_domain("a.example")[0]["subject"] == "A"
    assert (cloud.dynamics.creates["b.example"], cloud.dynamics.writes) == (0, 3)
    assert dataverse.batch(multipart([change_set(part("GET", "WhoAmI", Content_ID="1"))])).status_code == 400


def test_a_batch_is_one_request_and_quick(cloud: Cloud, dataverse: Dataverse) -> None:
    started = time.process_time()
    for number in range(20):
        bodies = [
            _upsert(f"n{number}-{row}.example", hnt_finalscore=row, companyname="Örnek A.Ş.") for row in range(100)
        ]
        assert {item.status for item in answers(dataverse.batch(multipart(bodies)))} == {204}
    assert time.process_time() - started < 2
    assert len(cloud.dynamics) == cloud.dynamics.creates.total() == 2000
    assert len(cloud.journal.requests("batch")) == 20


# Bulk messages

LEAD = "Microsoft.Dynamics.CRM.lead"


def _bulk(dataverse: Dataverse, message: str, *targets: dict[str, Any]) -> Any:
    return dataverse.post(f"leads/Microsoft.Dynamics.CRM.{message}", {"Targets": list(targets)})


def _target(**columns: Any) -> dict[str, Any]:
    return {"@odata.type": LEAD, **columns}


def _keyed(domain: str, **columns: Any) -> dict[str, Any]:
    return _target(**{"@odata.id": f"leads(hnt_domain='{domain}')"}, **columns)


def test_create_and_update_multiple(cloud: Cloud, dataverse: Dataverse) -> None:
    answer = _bulk(dataverse, "CreateMultiple", _target(hnt_domain="a.example"), _target(hnt_domain="b.example"))
    ids = answer.json()["Ids"]
    assert [cloud.dynamics.lead(id)["hnt_domain"] for id in ids] == ["a.example", "b.example"]
    assert _bulk(dataverse, "UpdateMultiple", _target(leadid=ids[0], subject="A")).status_code == 204
    refused = _bulk(dataverse, "CreateMultiple", _target(hnt_domain="c.example"), _target(hnt_domain="a.example"))
    assert error(refused) == (412, "0x80060892")
    assert _domains(cloud) == ["a.example", "b.example"]
    assert error(_bulk(dataverse, "CreateMultiple", {"subject": "no type"})) == (400, "0x80048d19")
    assert error(_bulk(dataverse, "Nothing", _target())) == (404, "0x8006088a")


def test_upsert_multiple(cloud: Cloud, dataverse: Dataverse) -> None:
    answer = _bulk(dataverse, "UpsertMultiple", _keyed("a.example", subject="A"), _keyed("b.example"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert _bulk(dataverse, "UpsertMultiple", _keyed("a.example", subject="A2")).status_code == 204
    assert cloud.dynamics.by_domain("a.example")[0]["subject"] == "A2"
    key_in_body = _keyed("c.example", hnt_domain="c.example")
    assert error(_bulk(dataverse, "UpsertMultiple", key_in_body)) == (400, "0x80040216")
    twice = _bulk(dataverse, "UpsertMultiple", _keyed("d.example"), _keyed("d.example"))
    assert twice.status_code == 400
    bad = _bulk(dataverse, "UpsertMultiple", _keyed("e.example"), _keyed("a.example", subject="x" * 301))
    assert error(bad) == (400, "0x80044331")
    assert _domains(cloud) == ["a.example", "b.example"], "one bad row undoes the others"
