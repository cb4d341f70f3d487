"""The Referrals API of the sandbox over HTTP: one row, lists, refusals and changes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import odata
from sandbox.cloud import Cloud
from tests.sandbox.conftest import Api


def test_one_referral_carries_its_context_and_etag(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add(name="Şişli İnşaat")
    answer = api.get(f"/{id}")
    body = answer.json()
    assert body.pop("@odata.context").endswith("$metadata#Referrals/$entity")
    assert body == cloud.partner_center.rows()[id]
    assert answer.headers["ETag"] == body["eTag"]
    assert answer.headers["client-request-id"] == "0f3c6a52-1111-4e00-9a0c-2f5c1f3b8e11"
    assert answer.headers["request-id"]
    assert "ServerInfo" in answer.headers["x-ms-ags-diagnostic"]


def test_an_etag_starts_its_last_group_with_the_seconds_of_the_write(cloud: Cloud) -> None:
    row = cloud.partner_center.row(cloud.partner_center.add())
    moment = odata.ticks(row["updatedDateTime"])
    assert moment is not None
    assert int(row["eTag"].strip('"').split("-")[-1][:8], 16) == moment // odata.TICKS


def test_list_of_nothing_is_an_empty_value(api: Api) -> None:
    body = api.get().json()
    assert body["value"] == []
    assert "@odata.nextLink" not in body


def test_list_filters_sorts_and_limits(cloud: Cloud, api: Api) -> None:
    first, second, third = (cloud.partner_center.add() for _ in range(3))
    cloud.partner_center.set_state(first, "Active", "Accepted")
    assert api.ids(orderby="updatedDateTime asc") == [second, third, first]
    assert api.ids(orderby="updatedDateTime desc", top="2") == [first, third, second]
    assert api.ids(orderby="createdDateTime") == [first, second, third]
    assert api.ids(filter="status eq 'New'", orderby="updatedDateTime desc") == [third, second]
    row = cloud.partner_center.row(third)
    assert api.ids(filter=f"updatedDateTime ge {row['updatedDateTime']}", orderby="updatedDateTime asc") == [
        third,
        first,
    ]
    assert api.ids(filter=f"engagementId eq '{row['engagementId']}'") == [third]
    email = row["customerProfile"]["team"][0]["email"]
    assert api.ids(filter=f"customerProfile/team/any(t:t/email eq '{email}')") == [third]


def test_equal_dates_are_sorted_by_id(cloud: Cloud, api: Api) -> None:
    same = "2026-10-01T00:00:00Z"
    ids = sorted(cloud.partner_center.add(updatedDateTime=same, createdDateTime=same) for _ in range(5))
    assert api.ids(orderby="updatedDateTime asc", top="2") == ids
    assert api.ids(orderby="updatedDateTime desc", top="2") == ids[::-1]


def test_select_keeps_the_named_properties(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    assert api.get(select="id,status").json()["value"] == [{"id": id, "status": "New"}]


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "updatedDateTime since 2026-10-01T00:00:00Z"},
        {"orderby": "name"},
        {"orderby": "updatedDateTime up"},
        {"top": "0"},
        {"top": "many"},
        {"skip": "10"},
        {"expand": "team"},
        {"skiptoken": "made-up"},
    ],
)
def test_bad_options_are_refused(cloud: Cloud, api: Api, options: dict[str, str]) -> None:
    cloud.partner_center.add()
    answer = api.get(**options)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalidRequest")


def test_who_may_read(cloud: Cloud, api: Api) -> None:
    def outcome() -> tuple[int, str]:
        answer = api.get()
        return answer.status_code, answer.json().get("error", {}).get("code", "")

    assert outcome() == (200, "")
    good = api.token
    for token in ("made-up", cloud.entra.issue_access("https://graph.microsoft.com/.default")):
        api.token = token
        assert outcome() == (401, "unauthenticated")
    api.token = cloud.entra.issue_access("https://api.partner.microsoft.com/.default", mfa=False)
    assert outcome() == (401, "900421")
    api.token = good
    cloud.partner_center.switch(role_missing=True)
    assert outcome() == (403, "accessDenied")
    cloud.partner_center.switch(role_missing=False)
    cloud.entra.revoke_access()
    assert outcome() == (401, "unauthenticated")


def test_removed_rows_are_gone_from_lists_and_alone(cloud: Cloud, api: Api) -> None:
    kept, removed = cloud.partner_center.add(), cloud.partner_center.add()
    cloud.partner_center.remove(removed)
    assert api.ids() == [kept]
    answer = api.get(f"/{removed}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "itemNotFound")
    cloud.partner_center.restore(removed)
    assert api.ids() == [kept, removed]
    with pytest.raises(LookupError):
        cloud.partner_center.restore(removed)


def test_a_hidden_edit_keeps_the_date(cloud: Cloud) -> None:
    store = cloud.partner_center
    id = store.add()
    before = store.row(id)
    store.edit(id, hidden=True, details={"dealValue": 1})
    after = store.row(id)
    assert after == before | {"details": before["details"] | {"dealValue": 1}}
    store.edit(id, name="Seen")
    assert store.row(id)["updatedDateTime"] > before["updatedDateTime"]
    assert store.row(id)["eTag"] != before["eTag"]


def test_writes_move_strictly_forward_by_the_server_clock(cloud: Cloud) -> None:
    store = cloud.partner_center
    store.clock_skew = timedelta(hours=3)
    ids = [store.add() for _ in range(50)]
    dates = [store.row(id)["updatedDateTime"] for id in ids]
    assert dates == sorted(set(dates))
    ahead = datetime.fromisoformat(dates[0]) - datetime.now(UTC)
    assert timedelta(hours=2, minutes=59) < ahead < timedelta(hours=3, minutes=1)


def test_threads_do_not_lose_edits(cloud: Cloud) -> None:
    store = cloud.partner_center

    def work() -> None:
        for _ in range(50):
            store.edit(store.add(), name="x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.rows()) == 200
    assert len({row["updatedDateTime"] for row in store.rows().values()}) == 200


ACCEPT = [
    {"op": "replace", "path": "/status", "value": "Active"},
    {"op": "replace", "path": "/substatus", "value": "Accepted"},
]


def test_patch_changes_the_row_and_its_etag(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    before = cloud.partner_center.row(id)
    answer = api.patch(id, ACCEPT, If_Match=before["eTag"])
    assert (answer.status_code, answer.content) == (204, b"")
    after = cloud.partner_center.row(id)
    assert (after["status"], after["substatus"]) == ("Active", "Accepted")
    assert after["acceptedDateTime"]
    assert after["updatedDateTime"] > before["updatedDateTime"]
    stale = api.patch(id, ACCEPT, If_Match=before["eTag"])
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "preconditionFailed")


def test_patch_returns_the_row_when_asked(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    operations = [
        {"op": "replace", "path": "/externalReferenceId", "value": "L-17"},
        {"op": "add", "path": "/customerProfile/team/-", "value": {"email": "new@x.example"}},
        {"op": "replace", "path": "/details/dealValue", "value": 12},
    ]
    answer = api.patch(id, operations, Prefer="return=representation")
    assert answer.status_code == 200
    body = answer.json()
    assert body["externalReferenceId"] == "L-17"
    assert body["customerProfile"]["team"][-1] == {"email": "new@x.example"}
    assert body["details"]["dealValue"] == 12
    assert body["eTag"] == answer.headers["ETag"]


def _to(status: str, substatus: str) -> list[dict[str, Any]]:
    return [
        {"op": "replace", "path": "/status", "value": status},
        {"op": "replace", "path": "/substatus", "value": substatus},
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("New", "Pending"), ("New", "Received"), 204),
        (("New", "Pending"), ("Active", "Accepted"), 204),
        (("New", "Pending"), ("Closed", "Declined"), 204),
        (("Active", "Accepted"), ("Closed", "Won"), 204),
        (("Closed", "Won"), ("Closed", "Lost"), 204),
        (("Active", "Accepted"), ("New", "Pending"), 400),
        (("Closed", "Lost"), ("Active", "Accepted"), 400),
        (("New", "Pending"), ("Active", "Won"), 400),
        (("New", "Pending"), ("Expired", "Expired"), 400),
    ],
)
def test_moves_of_state(cloud: Cloud, api: Api, before: tuple[str, str], after: tuple[str, str], expected: int) -> None:
    id = cloud.partner_center.add()
    cloud.partner_center.set_state(id, *before)
    assert api.patch(id, _to(*after)).status_code == expected
    row = cloud.partner_center.row(id)
    assert (row["status"], row["substatus"]) == (after if expected == 204 else before)


@pytest.mark.parametrize(
    "operations",
    [
        {"status": "Active"},
        [],
        ["status"],
        [{"op": "remove", "path": "/name"}],
        [{"op": "remove", "path": "/name", "value": None}],
        [{"op": "replace", "path": "/eTag", "value": "x"}],
        [{"op": "replace", "path": "/nothing", "value": "x"}],
        [{"op": "replace", "path": "/details/nothing", "value": "x"}],
        [{"op": "replace", "path": "/customerProfile/team/9/email", "value": "x"}],
        [{"op": "replace", "path": "/status", "value": "Active"}],
    ],
)
def test_bad_patches_change_nothing(cloud: Cloud, api: Api, operations: Any) -> None:
    id = cloud.partner_center.add()
    before = cloud.partner_center.row(id)
    answer = api.patch(id, operations)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalidRequest")
    assert cloud.partner_center.row(id) == before


def test_patch_needs_json_and_a_row(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    assert api.patch(id, ACCEPT, Content_Type="text/plain").status_code == 415
    assert api.patch("6f0d1c52-7b0e-4a53-9a0c-2f5c1f3b8e11", ACCEPT).status_code == 404


def test_other_methods_and_paths(cloud: Cloud, api: Api) -> None:
    id = cloud.partner_center.add()
    headers = {"Authorization": f"Bearer {api.token}"}
    host = "https://api.partner.microsoft.com"
    assert api.session.delete(f"{host}/v1.0/engagements/referrals/{id}", headers=headers).status_code == 405
    assert api.session.get(f"{host}/v1.0/referrals", headers=headers).status_code == 404
