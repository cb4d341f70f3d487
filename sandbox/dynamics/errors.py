"""Errors in the words of the Dataverse Web API: a code, a message and a status (fact sheet, sections 2, 3 and 7)."""

from __future__ import annotations

from typing import Any

HELP = "https://go.microsoft.com/fwlink/?linkid=2195293"
MATCHING_KEY = "A record with matching key values already exists."
STALE = "The version of the existing record doesn't match the RowVersion property provided."
_KEY_INVALID = (
    "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.lead'. Ensure that the names and "
    "number of key properties match the declared or alternate key properties for the resource "
    "'Microsoft.Dynamics.CRM.lead'."
)


class Refused(Exception):
    """The answer is an error. `code` may be empty, as the service's own documents show it."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


def no_lead(id: str) -> Refused:
    return does_not_exist("lead", id)


def does_not_exist(table: str, id: str) -> Refused:
    return Refused(404, "0x80040217", f"{table} With Id = {id} Does Not Exist")


def no_lead_with_key() -> Refused:
    return Refused(404, "0x80060891", "A record with the specified key values does not exist in lead entity")


def matching_key() -> Refused:
    return Refused(412, "", MATCHING_KEY)


def stale() -> Refused:
    return Refused(412, "", STALE)


def key_violated(key: str, attributes: str) -> Refused:
    return Refused(
        412,
        "0x80060892",
        f"Entity Key {key} violated. A record with the same value for {attributes} already exists. A duplicate record "
        "cannot be created. Select one or more unique values and try again.",
    )


def invalid_key() -> Refused:
    return Refused(400, "0x8006088a", _KEY_INVALID)


def payload(reason: str) -> Refused:
    return Refused(
        400,
        "0x80048d19",
        "Error identified in Payload provided by the user for Entity :'leads', For more information on this error "
        f"please follow this help link {HELP}  ---->  InnerException : Microsoft.Crm.CrmException: {reason} ---> "
        f"Microsoft.OData.ODataException: {reason}",
    )


def invalid_property(name: str) -> Refused:
    return payload(f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.lead'.")


def undeclared_property(name: str) -> Refused:
    return payload(
        f"An undeclared property '{name}' which only has property annotations in the payload but no property value "
        "was found in the payload."
    )


def wrong_type(value: Any, edm: str) -> Refused:
    return payload(f"Cannot convert the literal '{value}' to the expected type 'Edm.{edm}'.")


def no_property(name: str, of: str = "Microsoft.Dynamics.CRM.lead") -> Refused:
    """For a name in $select, $filter or $orderby; one in a body is `invalid_property`."""
    return Refused(400, "0x80060888", f"Could not find a property named '{name}' on type '{of}'.")


def no_segment(segment: str) -> Refused:
    return Refused(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def missing_privilege(user_id: str, privilege: str) -> Refused:
    return Refused(
        403,
        "0x80040220",
        f"Principal user (Id={user_id}, type=8, roleCount=1) is missing {privilege} privilege on OTC=4 for entity "
        f"'lead'. context.Caller={user_id}",
    )


def vetoed(message: str) -> Refused:
    """What a plug-in throws: its author's text."""
    return Refused(400, "0x80040265", message)


def bad_choice(name: str, value: Any, accepted: str) -> Refused:
    return Refused(
        400,
        "0x8004431a",
        f"A validation error occurred. The value {value} of '{name}' on record of type 'lead' is outside the valid "
        f"range. Accepted Values: {accepted}",
    )
