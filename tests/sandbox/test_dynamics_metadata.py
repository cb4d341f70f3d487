"""The definition of the lead table: reading it, adding to it, and the asynchronous key."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cloud import Cloud
from tests.sandbox.conftest import Dataverse, error, key

LEAD = "EntityDefinitions(LogicalName='lead')"
CRM = "Microsoft.Dynamics.CRM"


def _label(text: str) -> dict[str, Any]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}


def _attributes(dataverse: Dataverse, kind: str, query: str) -> dict[str, dict[str, Any]]:
    answer = dataverse.get(f"{LEAD}/Attributes/{CRM}.{kind}AttributeMetadata?$select=LogicalName,{query}")
    assert answer.status_code == 200, answer.text
    return {row["LogicalName"]: row for row in answer.json()["value"]}


def _column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    named = {"@odata.type": f"{CRM}.{kind}AttributeMetadata", "SchemaName": name, "DisplayName": _label(name)}
    return named | {"RequiredLevel": {"Value": "None"}} | more


KEY = {"SchemaName": "hnt_LeadDomainKey", "DisplayName": _label("Domain"), "KeyAttributes": ["hnt_domain"]}


def _key_status(dataverse: Dataverse) -> list[str]:
    rows = dataverse.get(f"{LEAD}/Keys?$select=SchemaName,LogicalName,KeyAttributes,EntityKeyIndexStatus").json()
    return [row["EntityKeyIndexStatus"] for row in rows["value"]]


def test_what_a_preflight_reads(dataverse: Dataverse) -> None:
    table = dataverse.get(f"{LEAD}?$select=MetadataId,ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled").json()
    assert table["ChangeTrackingEnabled"] is True
    texts = _attributes(dataverse, "String", "MaxLength")
    assert (texts["hnt_domain"]["MaxLength"], texts["subject"]["MaxLength"]) == (253, 300)
    assert _attributes(dataverse, "Memo", "MaxLength")["hnt_intelligencejson"]["MaxLength"] == 100_000
    query = "SchemaName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)"
    choices = _attributes(dataverse, "Picklist", query)
    options = choices["hnt_referraltype"]["OptionSet"]["Options"]
    assert [option["Value"] for option in options] == [816940000, 816940001, 816940002, 816940003]
    assert options[0]["Label"]["UserLocalizedLabel"]["Label"] == "Co-sell opportunity"
    assert choices["hnt_referraltype"]["GlobalOptionSet"] is None
    assert _key_status(dataverse) == ["Active"]


def test_properties_of_a_type_need_its_cast(dataverse: Dataverse) -> None:
    rows = dataverse.get(f"{LEAD}/Attributes?$select=LogicalName,AttributeType,IsValidForCreate").json()["value"]
    by_name = {row["LogicalName"]: row for row in rows}
    assert (by_name["statecode"]["AttributeType"], by_name["statecode"]["IsValidForCreate"]) == ("State", False)
    assert by_name["hnt_confidence"]["@odata.type"] == f"#{CRM}.DecimalAttributeMetadata"
    refused = dataverse.get(f"{LEAD}/Attributes?$select=LogicalName,MaxLength")
    assert error(refused) == (400, "0x80060888")
    one = dataverse.get(f"{LEAD}/Attributes(LogicalName='hnt_domain')/{CRM}.StringAttributeMetadata").json()
    assert (one["MaxLength"], one["LogicalName"]) == (253, "hnt_domain")
    assert dataverse.get(f"{LEAD}/Attributes(LogicalName='nothing')").status_code == 404
    assert dataverse.get("EntityDefinitions(LogicalName='nothing')").status_code == 404
    found = dataverse.get(f"{LEAD}/Attributes?$select=LogicalName&$filter=LogicalName eq 'hnt_domain'").json()
    assert len(found["value"]) == 1


def test_an_empty_environment_is_set_up(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.environment("empty")
    assert not [name for name in cloud.dynamics.columns() if name.startswith("hnt_")]
    assert error(dataverse.post("leads", {"hnt_domain": "a.example"})) == (400, "0x80048d19")
    publisher = {"uniquename": "hunter", "friendlyname": "Hunter", "customizationprefix": "hnt"}
    made = dataverse.post("publishers", publisher)
    id = made.headers["OData-EntityId"].partition("publishers(")[2].rstrip(")")
    solution = {"uniquename": "hunter", "version": "1.0.0.0", "publisherid@odata.bind": f"/publishers({id})"}
    assert dataverse.post("solutions", solution).status_code == 204
    assert error(dataverse.post("publishers", publisher)) == (412, "0x80040237")
    known = dataverse.get("publishers?$select=publisherid,uniquename&$filter=customizationprefix eq 'hnt'").json()
    assert known["value"] == [{"publisherid": id, "uniquename": "hunter"}]
    domain = _column("hnt_Domain", "String", FormatName={"Value": "Text"}, MaxLength=253)
    options = [{"Value": 816940000 + place, "Label": _label(text)} for place, text in enumerate(("A", "B"))]
    columns = [
        domain,
        _column("hnt_LeadSegment", "Picklist", OptionSet={"OptionSetType": "Picklist", "Options": options}),
        _column("hnt_Score", "Integer", MinValue=0, MaxValue=100),
        _column("hnt_Ratio", "Decimal", MinValue=0.0, MaxValue=1.0, Precision=2),
        _column("hnt_When", "DateTime", Format="DateOnly"),
        _column("hnt_Flag", "Boolean", DefaultValue=False),
        _column("hnt_Text", "Memo", MaxLength=4000),
    ]
    for column in columns:
        answer = dataverse.post(f"{LEAD}/Attributes", column, MSCRM_SolutionUniqueName="hunter")
        assert (answer.status_code, "/Attributes(" in answer.headers["OData-EntityId"]) == (204, True), answer.text
    assert error(dataverse.post(f"{LEAD}/Attributes", domain)) == (400, "0x80047013")
    cloud.dynamics.switch(exists_code="0x80060304")
    assert error(dataverse.post(f"{LEAD}/Attributes", domain)) == (400, "0x80060304")
    assert dataverse.post(f"{LEAD}/Keys", KEY).status_code == 204
    assert [_key_status(dataverse) for _ in range(4)] == [["Pending"], ["InProgress"], ["Active"], ["Active"]]
    assert dataverse.post("PublishXml", {"ParameterXml": "<x/>"}).status_code == 204
    content = {"hnt_leadsegment": 816940001, "hnt_when": "2026-11-23", "hnt_ratio": 0.5}
    assert dataverse.by_key("a.example", content).status_code == 204
    assert error(dataverse.by_key("a.example", {"hnt_leadsegment": 816940002})) == (400, "0x8004431a")
    assert dataverse.get("leads/$count?$filter=hnt_when eq 2026-11-23 and hnt_flag eq false").text == "1"


@pytest.mark.parametrize(
    "column",
    [
        _column("new_Other", "String", MaxLength=10),
        _column("hnt_Text", "String"),
        _column("hnt_Odd", "Imaginary"),
        {**_column("hnt_Text", "String", MaxLength=10), "DisplayName": _label("")},
    ],
)
def test_columns_that_make_no_sense(cloud: Cloud, dataverse: Dataverse, column: dict[str, Any]) -> None:
    before = cloud.dynamics.columns()
    assert dataverse.post(f"{LEAD}/Attributes", column).status_code == 400
    assert cloud.dynamics.columns() == before


def test_a_key_over_duplicates_fails_and_is_repaired(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.switch(key_state="absent", key_polls=1)
    twins = [cloud.dynamics.add_lead(hnt_domain=name) for name in ("a.example", "A.example")]
    assert dataverse.post(f"{LEAD}/Keys", KEY).status_code == 204
    assert error(dataverse.post(f"{LEAD}/Keys", KEY)) == (400, "0x80060304")
    assert cloud.dynamics.key_state == "pending"
    assert [_key_status(dataverse) for _ in range(2)] == [["Pending"], ["Failed"]]
    assert dataverse.get(key("a.example")).status_code == 400
    cloud.dynamics.delete(twins[0])
    again = {"EntityLogicalName": "lead", "EntityKeyLogicalName": "hnt_leaddomainkey"}
    assert dataverse.post("ReactivateEntityKey", again).status_code == 204
    assert [_key_status(dataverse) for _ in range(2)] == [["Pending"], ["Active"]]
    assert dataverse.get(key("a.example")).status_code == 200


def test_an_environment_in_conflict(cloud: Cloud, dataverse: Dataverse) -> None:
    cloud.dynamics.environment("conflict")
    assert cloud.dynamics.columns()["hnt_finalscore"] == "String"
    assert error(dataverse.by_key("a.example", {"hnt_finalscore": 7})) == (400, "0x80048d19")
    assert error(dataverse.by_key("a.example", {"hnt_infrasummary": "x" * 101})) == (400, "0x80044331")
    assert error(dataverse.by_key("a.example", {"hnt_leadsegment": 816940003})) == (400, "0x8004431a")
    value = {"AttributeLogicalName": "hnt_leadsegment", "EntityLogicalName": "lead", "Label": _label("Skip")}
    assert dataverse.post("InsertOptionValue", value).json()["NewOptionValue"] == 816940003
    assert dataverse.post("InsertOptionValue", value | {"Value": 816940003}).status_code == 400
    longer = _column("hnt_infrasummary", "Memo", MaxLength=4000)
    assert dataverse.call("PUT", f"{LEAD}/Attributes(LogicalName='hnt_infrasummary')", longer).status_code == 204
    content = {"hnt_infrasummary": "x" * 101, "hnt_leadsegment": 816940003}
    assert dataverse.by_key("a.example", content).status_code == 204
    retyped = _column("hnt_finalscore", "Integer", MinValue=0, MaxValue=100)
    assert dataverse.call("PUT", f"{LEAD}/Attributes(LogicalName='hnt_finalscore')", retyped).status_code == 400
    assert dataverse.call("DELETE", f"{LEAD}/Attributes(LogicalName='hnt_finalscore')").status_code == 204
    assert dataverse.post(f"{LEAD}/Attributes", retyped).status_code == 204


def test_columns_change_while_the_environment_runs(cloud: Cloud, dataverse: Dataverse) -> None:
    id = dataverse.created("a.example", hnt_provider="Google")
    cloud.dynamics.set_max_length("hnt_provider", 3)
    assert error(dataverse.patch(f"leads({id})", {"hnt_provider": "Google"})) == (400, "0x80044331")
    cloud.dynamics.remove_column("hnt_provider")
    assert error(dataverse.patch(f"leads({id})", {"hnt_provider": "Google"})) == (400, "0x80048d19")
    assert "hnt_provider" not in cloud.dynamics.lead(id)
    cloud.dynamics.set_options("hnt_leadsegment", {"Migration": 5})
    assert dataverse.patch(f"leads({id})", {"hnt_leadsegment": 5}).status_code == 204
    cloud.dynamics.remove_column("hnt_domain")
    assert cloud.dynamics.key_state == "absent"
    with pytest.raises(LookupError):
        cloud.dynamics.remove_column("hnt_domain")
    with pytest.raises(ValueError, match="one of complete"):
        cloud.dynamics.environment("other")  # type: ignore[arg-type]


def test_the_tables_around(dataverse: Dataverse) -> None:
    assert dataverse.get("organizations?$select=name").json()["value"][0]["name"] == "hunter-demo"
    (app,) = dataverse.get("appmodules?$select=appmoduleid,uniquename").json()["value"]
    assert app["uniquename"] == "msdynce_saleshub"
    message = (
        "sdkmessagefilters?$select=sdkmessagefilterid"
        "&$filter=sdkmessageid/name eq @m and primaryobjecttypecode eq @t&@m='{}'&@t='lead'"
    )
    assert len(dataverse.get(message.format("CreateMultiple")).json()["value"]) == 1
    assert dataverse.get(message.format("UpsertMultiple")).json()["value"] == []
    assert error(dataverse.get("nothing")) == (404, "0x8006088a")
    assert dataverse.get("systemusers?$filter=fullname eq 'ada aksoy'").json()["value"][0]["fullname"] == "Ada Aksoy"
