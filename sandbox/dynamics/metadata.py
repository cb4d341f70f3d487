"""Definitions of columns and keys as the Web API shows them and takes them (fact sheet, sections 3 and 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.dynamics import errors
from sandbox.dynamics.columns import Column, Key

CRM = "Microsoft.Dynamics.CRM"
_ENGLISH = 1033
_PREFIX = "hnt_"
_BASE: Final = frozenset(  # what the type AttributeMetadata itself has; the rest needs a cast
    {"MetadataId", "LogicalName", "SchemaName", "AttributeType", "AttributeTypeName", "EntityLogicalName"}
    | {"DisplayName", "Description", "RequiredLevel", "IsCustomAttribute", "IsPrimaryId", "IsManaged"}
    | {"IsValidForCreate", "IsValidForUpdate", "IsValidForRead"}
)
_KINDS: Final = ("String", "Memo", "Integer", "Decimal", "DateTime", "Boolean", "Picklist", "Money", "Double")


def label(text: str) -> dict[str, Any]:
    localized = {"Label": text, "LanguageCode": _ENGLISH, "IsManaged": False, "HasChanged": None}
    return {"LocalizedLabels": [localized] if text else [], "UserLocalizedLabel": localized if text else None}


def text_of(content: Any) -> str:
    """The first text of a Label."""
    labels = content.get("LocalizedLabels") if isinstance(content, dict) else None
    return str(labels[0].get("Label", "")) if labels else ""


def option_set(column: Column) -> dict[str, Any]:
    options = [{"Value": value, "Label": label(text)} for value, text in column.choices.items()]
    name = f"lead_{column.name}"
    return {"MetadataId": column.id, "Name": name, "IsGlobal": False, "OptionSetType": "Picklist", "Options": options}


def attribute(column: Column, *, cast: str = "") -> dict[str, Any]:
    """One column; without a `cast` it names its own type."""
    content: dict[str, Any] = {
        "MetadataId": column.id,
        "LogicalName": column.name,
        "SchemaName": column.name if column.name.startswith(_PREFIX) else column.name.capitalize(),
        "EntityLogicalName": "lead",
        "AttributeType": column.kind,
        "AttributeTypeName": {"Value": f"{column.kind}Type"},
        "DisplayName": label(column.label or column.name),
        "Description": label(""),
        "RequiredLevel": {"Value": column.required, "CanBeChanged": True},
        "IsCustomAttribute": column.name.startswith(_PREFIX),
        "IsPrimaryId": column.name == "leadid",
        "IsManaged": False,
        "IsValidForCreate": column.for_create,
        "IsValidForUpdate": column.for_update,
        "IsValidForRead": True,
    }
    if column.kind in ("String", "Memo"):
        content |= {"MaxLength": column.length, "Format": column.format}
    if column.kind == "String":
        content["FormatName"] = {"Value": column.format or "Text"}
    if column.kind in ("Integer", "Decimal", "Double", "Money"):
        content |= {"MinValue": column.low, "MaxValue": column.high}
    if column.kind in ("Decimal", "Double", "Money"):
        content["Precision"] = column.precision
    if column.kind == "DateTime":
        content |= {"Format": column.format, "DateTimeBehavior": {"Value": "UserLocal"}}
    if column.kind == "Boolean":
        content["DefaultValue"] = False
    return content if cast else {"@odata.type": f"#{CRM}.{column.kind}AttributeMetadata", **content}


def chosen(content: Mapping[str, Any], select: str, cast: str) -> dict[str, Any]:
    """What `$select` leaves of a definition; the id always stays. Raises Refused for a name that the type lacks."""
    names = [name.strip() for name in select.split(",") if name.strip()]
    of = f"{CRM}.{cast or 'AttributeMetadata'}"
    for name in names:
        if name not in _BASE if not cast else name not in content:
            raise errors.no_property(name, of)
    kept = {"@odata.type", "MetadataId", *names} if names else set(content)
    return {name: value for name, value in content.items() if name in kept}


def column_from(content: Mapping[str, Any]) -> Column:
    """The column that the body of a POST or PUT describes; raises Refused for one that makes no sense."""
    schema_name = content.get("SchemaName") or content.get("LogicalName")
    kind = (
        str(content.get("@odata.type", "")).removeprefix("#").removeprefix(f"{CRM}.").removesuffix("AttributeMetadata")
    )
    if not isinstance(schema_name, str) or not schema_name.lower().startswith(_PREFIX):
        raise _unfit(f"The SchemaName {schema_name!r} has no prefix of a publisher of this environment.")
    if kind not in _KINDS:
        raise _unfit(f"The sandbox creates no columns of the type {content.get('@odata.type')!r}.")
    if kind in ("String", "Memo") and not isinstance(content.get("MaxLength"), int):
        raise _unfit("A text column needs a MaxLength.")
    if not text_of(content.get("DisplayName")):
        raise _unfit("A column needs a DisplayName with a label.")
    options = (content.get("OptionSet") or {}).get("Options") or [] if kind == "Picklist" else []
    name_of_format = (content.get("FormatName") or {}).get("Value", "")
    return Column(
        schema_name.lower(),
        kind,
        length=content.get("MaxLength", 0),
        low=content.get("MinValue", -1e11),
        high=content.get("MaxValue", 1e11),
        precision=content.get("Precision", 2),
        choices={option["Value"]: text_of(option.get("Label")) for option in options},
        format=str(content.get("Format") or name_of_format),
        label=text_of(content["DisplayName"]),
    )


def key(item: Key) -> dict[str, Any]:
    return {
        "MetadataId": item.id,
        "LogicalName": item.name,
        "SchemaName": item.schema_name,
        "EntityLogicalName": "lead",
        "KeyAttributes": list(item.attributes),
        "EntityKeyIndexStatus": item.state,
        "DisplayName": label(item.label or item.schema_name),
        "IsManaged": False,
    }


def key_from(content: Mapping[str, Any], columns: Mapping[str, Column], polls: int) -> Key:
    """The key that the body of a POST describes; it is not decided yet. Raises Refused."""
    schema_name, attributes = content.get("SchemaName"), content.get("KeyAttributes")
    if not isinstance(schema_name, str) or not isinstance(attributes, list) or not attributes:
        raise _unfit("A key needs a SchemaName and KeyAttributes.")
    for name in attributes:
        if name not in columns:
            raise _unfit(f"The attribute {name!r} of the key does not exist.")
        column = columns[name]
        if column.kind not in ("String", "Integer", "Decimal", "DateTime", "Lookup", "Picklist") or column.length > 450:
            raise _unfit(f"The attribute {name!r} cannot be part of a key.")  # 900 bytes at most
    return Key(schema_name, tuple(attributes), "Pending", text_of(content.get("DisplayName")), polls)


def entity() -> dict[str, Any]:
    return {
        "MetadataId": "0d5d1e7c-9e1b-4e6a-9c0f-2f4f0a6c8f11",
        "LogicalName": "lead",
        "SchemaName": "Lead",
        "EntitySetName": "leads",
        "LogicalCollectionName": "leads",
        "ObjectTypeCode": 4,
        "PrimaryIdAttribute": "leadid",
        "PrimaryNameAttribute": "fullname",
        "DisplayName": label("Lead"),
        "ChangeTrackingEnabled": True,
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomEntity": False,
    }


def _unfit(message: str) -> errors.Refused:
    return errors.Refused(400, "0x80048403", message)
