"""The form of a lead as a seller opens it: `/main.aspx?pagetype=entityrecord&etn=lead&id=GUID`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Protocol
from urllib.parse import urlencode

from sandbox.exchange import Reply, Request, html_reply

_PAGE = Template(Path(__file__).with_name("lead.html").read_text(encoding="utf-8"))
_STATES = {0: "Open", 1: "Qualified", 2: "Disqualified"}
_EDITED = ("subject", "telephone1")


class Sellers(Protocol):
    """What a seller can do."""

    def lead(self, id: str) -> dict[str, Any]: ...

    def systemusers(self) -> dict[str, str]: ...

    def edit(self, id: str, **columns: Any) -> None: ...

    def qualify(self, id: str) -> None: ...

    def disqualify(self, id: str) -> None: ...

    def reopen(self, id: str) -> None: ...

    def delete(self, id: str) -> None: ...


def answer(sellers: Sellers, request: Request) -> Reply:
    """The page, or what one of its forms does; a lead that is not there gets 404."""
    options = request.options
    id = options.get("id", "").strip("{}")
    try:
        if options.get("etn") != "lead" or options.get("pagetype") != "entityrecord":
            raise LookupError("The sandbox shows leads only.")
        if request.method == "POST":
            return _act(sellers, request, id)
        return html_reply(_shown(sellers, sellers.lead(id)))
    except LookupError as error:
        return html_reply(_missing(str(error)), 404)
    except ValueError as error:
        return html_reply(_missing(str(error)), 400)


def _act(sellers: Sellers, request: Request, id: str) -> Reply:
    form = request.form
    acts: dict[str, Callable[[str], None]] = {
        "qualify": sellers.qualify,
        "disqualify": sellers.disqualify,
        "reopen": sellers.reopen,
        "delete": sellers.delete,
        "save": lambda id: sellers.edit(id, **{name: form.get(name) for name in _EDITED}),
    }
    act = acts.get(form.get("action", ""))
    if act is None:
        raise ValueError("There is no such action.")
    act(id)
    query = urlencode({"pagetype": "entityrecord", "etn": "lead", "id": id})
    return Reply(303, headers={"Location": f"{request.origin}/main.aspx?{query}", "Cache-Control": "no-store"})


def _shown(sellers: Sellers, lead: Mapping[str, Any]) -> str:
    users = sellers.systemusers()
    is_open = lead["statecode"] == 0
    buttons = ("qualify", "disqualify") if is_open else ("reopen",)
    rows = "".join(
        f"<tr><th scope='row'><code>{escape(name)}</code></th><td>{escape(str(users.get(value, value)))}</td></tr>"
        for name, value in lead.items()
        if value is not None
    )
    empty = ", ".join(name for name, value in lead.items() if value is None)
    return _PAGE.substitute(
        title=escape(str(lead["subject"] or lead["companyname"] or "Lead")),
        state=_STATES[lead["statecode"]],
        kind="open" if is_open else "closed",
        owner=escape(users.get(lead["ownerid"], str(lead["ownerid"]))),
        modified=escape(str(lead["modifiedon"])),
        subject=escape(str(lead["subject"] or ""), quote=True),
        telephone1=escape(str(lead["telephone1"] or ""), quote=True),
        buttons="".join(f"<button name='action' value='{name}'>{name.capitalize()}</button>" for name in buttons),
        rows=rows,
        empty=escape(empty),
    )


def _missing(reason: str) -> str:
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Record not available</title>"
        "<link rel='icon' href='data:,'><body style='font:15px/1.45 system-ui,sans-serif;margin:3rem'>"
        f"<h1>Record is unavailable</h1><p>{escape(reason)}</p></body></html>"
    )
