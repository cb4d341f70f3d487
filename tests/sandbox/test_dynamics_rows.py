"""One lead of the simulated environment: create, read, change, delete, by id and by alternate key."""

from __future__ import annotations

import json
import threading
from typing import Any
from uuid import uuid4

import pytest

from sandbox.cloud import Cloud
from tests.sandbox.conftest import Dataverse, error, key

ABSENT = "00000000-0000-4000-8000-000000000001"


# By alternate key


def test_upsert_by_key_answers_with_the_key_and_not_the_id(cloud: Cloud, dataverse: Dataverse) -> None:
    created = dataverse.by_key("contoso.example", {"subject": "A"})
    updated = dataverse.by_key("contoso.example", {"subject": "B"})
    assert created.status_code == updated.status_code == 204
    assert created.headers["OData-EntityId"] == f"{dataverse.base}leads(hnt_domain='contoso.example')"
    assert updated.headers["OData-EntityId"] == created.headers["OData-EntityId"]
    (lead,) = cloud.dynamics.by_domain("contoso.example")
    assert (lead["subject"], lead["statecode"], lead["statuscode"]) == ("B", 0, 1)
    assert (cloud.dynamics.creates["contoso.example"], cloud.dynamics.writes) == (1, 2)


def test_representation_tells_created_from_updated(dataverse: Dataverse) -> None:
    path, wanted = f"{key('contoso.example')}?$select=leadid", "return=representation"
    created = dataverse.patch(path, {"subject": "A"}, Prefer=wanted)
    updated = dataverse.patch(path, {"subject": "B"}, Prefer=wanted)
    assert (created.status_code, updated.status_code) == (201, 200)
    assert set(created.json()) == {"@odata.context", "@odata.etag", "leadid"}
    assert created.json()["leadid"] == updated.json()["leadid"]
    assert updated.headers["ETag"] == updated.json()["@odata.etag"] != created.headers["ETag"]


def test_create_only_and_update_only(cloud: Cloud, dataverse: Dataverse) -> None:
    assert error(dataverse.by_key("a.example", {}, If_Match="*")) == (404, "0x80060891")
    assert dataverse.by_key("a.example", {}, If_None_Match="*").status_code == 204
    refused = dataverse.by_key("a.example", {"subject": "Again"}, If_None_Match="*")
    assert error(refused) == (412, "")
    assert refused.json()["error"]["message"] == "A record with matching key values already exists."
    assert dataverse.by_key("a.example", {}, If_Match="*").status_code == 204
    assert cloud.dynamics.creates.total() == 1


def test_read_and_delete_by_key(dataverse: Dataverse) -> None:
    id = dataverse.created("a.example", subject="A")
    assert dataverse.get(f"{key('A.Example')}?$select=subject").json()["leadid"] == id
    assert dataverse.call("DELETE", key("a.example")).status_code == 204
    assert error(dataverse.get(key("a.example"))) == (404, "0x80060891")
    assert error(dataverse.call("DELETE", key("a.example"))) == (404, "0x80060891")


@pytest.mark.parametrize("state", ["absent", "pending", "inprogress", "failed"])
def test_a_key_that_is_not_active_cannot_be_used(cloud: Cloud, dataverse: Dataverse, state: str) -> None:
    cloud.dynamics.switch(key_state=state)
    answer = dataverse.by_key("a.example", {})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("The key in the request URI is not valid for resource")
    assert dataverse.post("leads", {"hnt_domain": "a.example"}).status_code == 204
    assert dataverse.post("leads", {"hnt_domain": "a.example"}).status_code == 204, "nothing guards uniqueness"


def test_the_key_guards_bodies_too(cloud: Cloud, dataverse: Dataverse) -> None:
    dataverse.created("a.example")
    other = dataverse.created("b.example")
    assert error(dataverse.post("leads", {"hnt_domain": "A.example"})) == (412, "0x80060892")
    assert error(dataverse.patch(f"leads({other})", {"hnt_domain": "a.example"})) == (412, "0x80060892")
    cloud.dynamics.disqualify(cloud.dynamics.by_domain("a.example")[0]["leadid"])
    assert error(dataverse.post("leads", {"hnt_domain": "a.example"})) == (412, "0x80060892"), "closed rows count"
    assert dataverse.post("leads", {"subject": "No domain"}).status_code == 204
    assert dataverse.post("leads", {"subject": "No domain"}).status_code == 204, "null is not compared"


def test_a_key_in_the_body_wins_when_the_row_is_new(cloud: Cloud, dataverse: Dataverse) -> None:
    dataverse.by_key("url.example", {"hnt_domain": "body.example"})
    assert [lead["hnt_domain"] for lead in cloud.dynamics.leads()] == ["body.example"]


def test_odd_key_values(cloud: Cloud, dataverse: Dataverse) -> None:
    assert dataverse.by_key("o'brien.example", {}).status_code == 204
    assert dataverse.get(key("o'brien.example")).status_code == 200
    assert error(dataverse.by_key("a/b", {})) == (400, "0x8006088a")
    assert error(dataverse.patch("leads(hnt_domain=)", {})) == (400, "0x8006088a")
    guid = str(uuid4())
    assert dataverse.by_key(guid, {}).status_code == 204
    cloud.dynamics.switch(guid_keys=True)
    assert error(dataverse.get(key(guid))) == (404, "0x80040217")


# By id


def test_create_by_post(cloud: Cloud, dataverse: Dataverse) -> None:
    answer = dataverse.post("leads", {"subject": "A", "firstname": "Ada", "lastname": "Aksoy"})
    id = answer.headers["OData-EntityId"].removeprefix(f"{dataverse.base}leads(").rstrip(")")
    lead = cloud.dynamics.lead(id)
    assert (answer.status_code, lead["fullname"]) == (204, "Ada Aksoy")
    assert lead["ownerid"] == dataverse.get("WhoAmI").json()["UserId"]
    assert error(dataverse.post("leads", {"leadid": id})) == (412, "0x80040237")


def test_update_and_upsert_by_id(cloud: Cloud, dataverse: Dataverse) -> None:
    assert error(dataverse.patch(f"leads({ABSENT})", {}, If_Match="*")) == (404, "0x80040217")
    assert dataverse.patch(f"leads({ABSENT})", {"subject": "A"}).status_code == 204
    assert cloud.dynamics.lead(ABSENT)["subject"] == "A"
    assert error(dataverse.patch(f"leads({ABSENT})", {}, If_None_Match="*")) == (412, "")
    assert dataverse.patch(f"leads({ABSENT})", {"subject": None}, If_Match="*").status_code == 204
    assert cloud.dynamics.lead(ABSENT)["subject"] is None


def test_a_deleted_lead_comes_back_by_a_plain_upsert_only(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    cloud.dynamics.delete(id)
    assert error(dataverse.get(f"leads({id})")) == (404, "0x80040217")
    assert error(dataverse.patch(f"leads({id})", {}, If_Match="*")) == (404, "0x80040217")
    assert len(cloud.dynamics) == 0
    dataverse.by_key("a.example", {})
    assert cloud.dynamics.creates["a.example"] == 2


def test_etags(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    read = dataverse.get(f"leads({id})")
    assert dataverse.get(f"leads({id})", If_None_Match=read.headers["ETag"]).status_code == 304
    assert dataverse.patch(f"leads({id})", {}, If_Match=read.headers["ETag"]).status_code == 204
    stale = dataverse.patch(f"leads({id})", {}, If_Match=read.headers["ETag"])
    assert error(stale) == (412, "")
    assert "RowVersion" in stale.json()["error"]["message"]
    assert error(dataverse.call("DELETE", f"leads({id})", If_Match=read.headers["ETag"])) == (412, "")
    assert dataverse.call("DELETE", f"leads({id})", If_Match=cloud.dynamics.etag(id)).status_code == 204


def test_one_column(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example")
    assert dataverse.call("PUT", f"leads({id})/subject", {"value": "One"}).status_code == 204
    assert dataverse.get(f"leads({id})/subject").json()["value"] == "One"
    assert dataverse.call("DELETE", f"leads({id})/subject").status_code == 204
    assert cloud.dynamics.lead(id)["subject"] is None


# Values


@pytest.mark.parametrize(
    ("column", "value", "code", "words"),
    [
        ("subject", "x" * 301, "0x80044331", "maximum allowed length of '300'"),
        ("hnt_domain", "x" * 254, "0x80044331", "maximum allowed length of '253'"),
        ("hnt_leadsegment", 3, "0x8004431a", "Accepted Values: 816940000,816940001,816940002,816940003"),
        ("hnt_leadsegment", "Migration", "0x80048d19", "Cannot convert the literal 'Migration' to the expected type"),
        ("hnt_finalscore", 101, "0x80044330", "outside of the allowed values"),
        ("hnt_finalscore", 7.5, "0x80048d19", "'Edm.Int32'"),
        ("hnt_confidence", 100.5, "0x80044330", "outside of the allowed values"),
        ("hnt_confidence", "7", "0x80048d19", "'Edm.Decimal'"),
        ("subject", 5, "0x80048d19", "'Edm.String'"),
        ("hnt_isreenriched", "true", "0x80048d19", "'Edm.Boolean'"),
        ("hnt_lastsynctime", "2026-11-23 01:02", "0x80048d19", "'Edm.DateTimeOffset'"),
        ("nothing", 1, "0x80048d19", "Invalid property 'nothing' was found in entity 'Microsoft.Dynamics.CRM.lead'."),
        ("Subject", "x", "0x80048d19", "Invalid property 'Subject'"),
        ("ownerid", ABSENT, "0x80048d19", "Use Navigation properties"),
        ("OwnerId@odata.bind", f"/systemusers({ABSENT})", "0x80048d19", "An undeclared property 'OwnerId'"),
        ("statuscode", 3, "0x80048408", "not a valid status code"),
    ],
)
def test_what_the_table_refuses(
    cloud: Cloud, dataverse: Dataverse, column: str, value: Any, code: str, words: str
) -> None:
    answer = dataverse.by_key("a.example", {column: value})
    assert error(answer) == (400, code)
    assert words in answer.json()["error"]["message"]
    assert len(cloud.dynamics) == 0


def test_lengths_are_counted_as_the_platform_does(cloud: Cloud, dataverse: Dataverse) -> None:
    assert dataverse.by_key("a.example", {"mobilephone": "ş" * 20}).status_code == 204
    assert error(dataverse.by_key("a.example", {"mobilephone": "🦉" * 11})) == (400, "0x80044331")
    assert dataverse.by_key("a.example", {"mobilephone": "🦉" * 10}).status_code == 204


def test_how_values_are_stored(cloud: Cloud, dataverse: Dataverse) -> None:
    content = {
        "subject": "",
        "hnt_confidence": 71.256,
        "hnt_lastsynctime": "2026-11-23T03:02:03+02:00",
        "statecode": 2,
        "fullname": "Nobody",
        "modifiedon": "2001-01-01T00:00:00Z",
        "@odata.type": "Microsoft.Dynamics.CRM.lead",
    }
    lead = cloud.dynamics.lead(dataverse.created("a.example", **content))
    assert (lead["subject"], lead["hnt_confidence"]) == (None, 71.26)
    assert lead["hnt_lastsynctime"] == "2026-11-23T01:02:03Z"
    assert (lead["statecode"], lead["fullname"]) == (0, None), "neither can be set at creation"
    assert lead["modifiedon"] > "2026"
    assert lead["hnt_ispartnercenterreferral"] is False, "two options have a default"


def test_lookups_are_bound(cloud: Cloud, dataverse: Dataverse) -> None:
    seller, name = next(iter(cloud.dynamics.systemusers().items()))
    id = dataverse.created("a.example", **{"ownerid@odata.bind": f"/systemusers({seller})"})
    shown = dataverse.get(f"leads({id})?$select=_ownerid_value", Prefer='odata.include-annotations="*"').json()
    assert shown["_ownerid_value"] == seller
    assert shown["_ownerid_value@OData.Community.Display.V1.FormattedValue"] == name
    assert dataverse.get(f"systemusers({seller})?$select=fullname").json()["fullname"] == name
    absent = dataverse.patch(f"leads({id})", {"ownerid@odata.bind": f"/systemusers({ABSENT})"})
    assert error(absent) == (404, "0x80040217")
    assert error(dataverse.patch(f"leads({id})", {"ownerid@odata.bind": f"/accounts({seller})"})) == (400, "0x80048d19")


def test_bodies_that_are_no_json(dataverse: Dataverse) -> None:
    assert error(dataverse.post("leads", [1])) == (400, "0x80048d19")
    headers = {"Authorization": f"Bearer {dataverse.token}"}
    answer = dataverse.session.post(f"{dataverse.base}leads", data=b"{}", headers=headers, timeout=5)
    assert answer.status_code == 400
    headers["Content-Type"] = "application/json"
    answer = dataverse.session.post(f"{dataverse.base}leads", data=b"{", headers=headers, timeout=5)
    assert error(answer) == (400, "0x80048d19")


# Sellers


def test_what_sellers_do(cloud: Cloud, dataverse: Dataverse) -> None:
    dynamics = cloud.dynamics
    id = dataverse.created("a.example", subject="A")
    before = dynamics.etag(id)
    dynamics.edit(id, telephone1="+90 212 000 00 00")
    assert dynamics.etag(id) != before
    assert dynamics.lead(id)["modifiedby"] != dynamics.lead(id)["createdby"]
    dynamics.assign(id, "Ada Aksoy")
    assert dynamics.systemusers()[dynamics.lead(id)["ownerid"]] == "Ada Aksoy"
    dynamics.qualify(id)
    lead = dynamics.lead(id)
    assert (lead["statecode"], lead["statuscode"]) == (1, 3)
    assert lead["qualifyingopportunityid"]
    dynamics.reopen(id)
    winner = dynamics.add_lead(companyname="Winner")
    dynamics.merge(id, winner)
    lead = dynamics.lead(id)
    assert (lead["statecode"], lead["merged"], lead["masterid"]) == (2, True, winner)
    assert lead["hnt_domain"] == "a.example", "the loser keeps its key"
    assert dynamics.writes == 1, "sellers' edits are not the API's"
    for work in (dynamics.lead, dynamics.delete, dynamics.qualify):
        with pytest.raises(LookupError):
            work(ABSENT)
    with pytest.raises(ValueError, match="maximum allowed length"):
        dynamics.edit(id, mobilephone="0" * 21)


def test_leads_outlive_a_restart(cloud: Cloud, dataverse: Dataverse) -> None:
    ids = [dataverse.created(f"{name}.example", subject=name) for name in "ab"]
    link = dataverse.get("leads", Prefer="odata.track-changes").json()["@odata.deltaLink"]
    cloud.dynamics.delete(ids[1])
    before = cloud.dynamics.lead(ids[0]), cloud.dynamics.etag(ids[0])
    kept = json.loads(json.dumps(cloud.dynamics.dump()))
    with Cloud() as later:
        later.dynamics.load(kept)
        assert (later.dynamics.lead(ids[0]), later.dynamics.etag(ids[0])) == before
        assert [lead["leadid"] for lead in later.dynamics.by_domain("a.example")] == [ids[0]]
        assert later.dynamics.version == cloud.dynamics.version
        assert later.dynamics.creates.total() == 0
        cloud.dynamics.load(later.dynamics.dump())
    assert [row["reason"] for row in dataverse.get(link).json()["value"]] == ["deleted"]


@pytest.mark.parametrize("close", ["qualify", "disqualify"])
def test_closed_leads_take_writes_unless_switched(cloud: Cloud, dataverse: Dataverse, close: str) -> None:
    id = dataverse.created("a.example")
    getattr(cloud.dynamics, close)(id)
    assert dataverse.patch(f"leads({id})", {"subject": "B"}, If_Match="*").status_code == 204
    cloud.dynamics.switch(closed_leads_refuse=True)
    assert error(dataverse.patch(f"leads({id})", {"subject": "C"}, If_Match="*")) == (400, "0x80040265")
    assert cloud.dynamics.lead(id)["subject"] == "B"
    assert dataverse.get(f"leads({id})").status_code == 200


def test_duplicate_rules_are_off_unless_asked_for(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(duplicate_rules=True)
    cloud.dynamics.add_lead(emailaddress1="info@a.example")
    content = {"emailaddress1": "info@a.example"}
    assert dataverse.by_key("a.example", content).status_code == 204
    asked = {"MSCRM.SuppressDuplicateDetection": "false"}
    assert error(dataverse.by_key("c.example", content, **asked)) == (412, "0x80040333")


def test_many_writers_of_one_key_make_one_row(cloud: Cloud, dataverse: Dataverse) -> None:
    statuses: list[int] = []

    def write() -> None:
        statuses.append(dataverse.by_key("a.example", {"subject": "A"}, If_None_Match="*").status_code)

    threads = [threading.Thread(target=write) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204] + [412] * 11
    assert cloud.dynamics.creates["a.example"] == len(cloud.dynamics) == 1
