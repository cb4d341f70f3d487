"""What the trainer and the tests use from outside: the JSON control API and a page for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.dynamics import HOST, Dynamics
from sandbox.entra import Entra
from sandbox.exchange import Reply, Request, html_reply, json_reply
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.partner_center import PartnerCenter
from sandbox.registration import Registry
from sandbox.tenant import Tenants

_PAGE = Path(__file__).with_name("control.html")
_SHOWN = 20  # referrals in the state
_JOURNAL = 200  # entries of the journal, unless more are asked for


class Control:
    """Answers `/` and `/_sandbox/…`. Errors are `{"error": sentence}` with 400 or 404."""

    def __init__(
        self,
        entra: Entra,
        partner_center: PartnerCenter,
        dynamics: Dynamics,
        registry: Registry,
        faults: Faults,
        journal: Journal,
    ) -> None:
        self._entra, self._partner_center, self._dynamics = entra, partner_center, dynamics
        self._registry = registry
        self._faults, self._journal = faults, journal

    def answer(self, request: Request) -> Reply:
        if request.path == "/":
            return html_reply(_PAGE.read_text(encoding="utf-8"))
        path = request.path.removeprefix("/_sandbox/").rstrip("/")
        head, _, tail = path.partition("/")
        if head == "referrals" and tail:
            works: Mapping[str, _Work] = {
                "GET": lambda _: self._partner_center.row(tail),
                "PATCH": lambda changes: self._edit(tail, changes),
                "DELETE": lambda _: self._partner_center.remove(tail),
            }
        elif head == "dynamics" and tail.startswith("leads/"):
            works = self._lead_works(*tail.removeprefix("leads/").partition("/")[::2])
        elif head in ("registration", "tenants") and tail:
            works = _entry_works(self._registry if head == "registration" else self._entra.tenants, tail.lower())
        else:
            works = self._works(request).get(path, {})
        work = works.get(request.method)
        if work is None:
            return json_reply({"error": f"There is no {request.method} {request.path}."}, 405 if works else 404)
        try:
            content = json.loads(request.body) if request.body else {}
            if not isinstance(content, dict):
                raise ValueError("The body has to be a JSON object")
            result = work(content)
        except LookupError as error:
            return json_reply({"error": str(error)}, 404)
        except (ValueError, TypeError) as error:
            return json_reply({"error": str(error)}, 400)
        return json_reply(result if result is not None else {"done": True}, Cache_Control="no-store")

    def _works(self, request: Request) -> Mapping[str, Mapping[str, _Work]]:
        entra, partner_center, dynamics = self._entra, self._partner_center, self._dynamics
        return {
            "state": {"GET": lambda _: self._state()},
            "journal": {"GET": lambda _: self._entries(request), "DELETE": lambda _: self._journal.clear()},
            "faults": {
                "GET": lambda _: {"faults": self._faults.planned()},
                "POST": lambda fault: self._faults.add(**fault),
                "DELETE": lambda _: self._faults.clear(),
            },
            "referrals": {
                "GET": lambda _: {"referrals": list(partner_center.rows().values())},
                "POST": lambda overrides: {"id": partner_center.add(**overrides)},
            },
            "partner_center": {"POST": lambda switches: partner_center.switch(**switches)},
            "dynamics": {
                "GET": lambda _: self._dynamics_state(),
                "POST": lambda switches: dynamics.switch(**switches),
            },
            "dynamics/environment": {"POST": lambda wanted: dynamics.environment(wanted["kind"])},
            "dynamics/leads": {
                "GET": lambda _: {"leads": dynamics.leads()},
                "POST": lambda columns: {"id": dynamics.add_lead(**columns)},
            },
            "entra": {"POST": lambda switches: entra.switch(**switches)},
            "entra/approve": {"POST": lambda who: entra.approve(who["user_code"], who.get("user"))},
            "entra/revoke": {"POST": lambda _: entra.revoke()},
            "entra/revoke_access": {"POST": lambda _: entra.revoke_access()},
        }

    def _lead_works(self, id: str, act: str) -> Mapping[str, _Work]:
        dynamics = self._dynamics
        acts = {"qualify": dynamics.qualify, "disqualify": dynamics.disqualify, "reopen": dynamics.reopen}
        if act in acts:
            return {"POST": lambda _: acts[act](id)}
        if act:
            return {}
        return {
            "GET": lambda _: dynamics.lead(id),
            "PATCH": lambda columns: dynamics.edit(id, **columns),
            "DELETE": lambda _: dynamics.delete(id),
        }

    def _edit(self, id: str, changes: Mapping[str, Any]) -> None:
        """A status together with a substatus is a move of state; everything is stamped once."""
        if "status" in changes and "substatus" in changes:
            self._partner_center.set_state(id, changes["status"], changes["substatus"])
            changes = {name: value for name, value in changes.items() if name not in ("status", "substatus")}
        if changes:
            self._partner_center.edit(id, **changes)

    def _entries(self, request: Request) -> dict[str, Any]:
        options = request.options
        entries = self._journal.requests(options.get("route"))
        return {"entries": [entry.as_json() for entry in entries[-int(options.get("last", _JOURNAL)) :]]}

    def _state(self) -> dict[str, Any]:
        keys = ("id", "name", "status", "substatus", "updatedDateTime")
        latest = self._partner_center.latest(_SHOWN)
        return {
            "users": self._entra.users,
            "tenant": self._entra.tenant,
            "waiting_codes": self._entra.waiting_codes(),
            "entra": asdict(self._entra.switches),
            "partner_center": asdict(self._partner_center.switches),
            "referrals": len(self._partner_center),
            "latest": [{key: referral.get(key) for key in keys} for referral in latest],
            "dynamics": self._dynamics_state(),
            "faults": self._faults.planned(),
            "requests": len(self._journal.requests()),
        }

    def _dynamics_state(self) -> dict[str, Any]:
        dynamics = self._dynamics
        keys = ("leadid", "subject", "companyname", "hnt_domain", "statecode", "ownerid", "modifiedon")
        latest = [{key: lead.get(key) for key in keys} for lead in dynamics.latest(_SHOWN)]
        owners = dynamics.systemusers()
        return {
            "host": HOST,
            "switches": dynamics.state(),
            "leads": len(dynamics),
            "latest": [lead | {"owner": owners.get(str(lead["ownerid"]))} for lead in latest],
            "creates": dynamics.creates.total(),
            "writes": dynamics.writes,
            "early_requests": dynamics.early_requests,
            "concurrency_peak": dynamics.concurrency_peak,
        }


def _entry_works(store: Registry | Tenants, domain: str) -> Mapping[str, _Work]:
    return {
        "GET": lambda _: store.as_json(domain),
        "PATCH": lambda changes: store.edit(domain, **changes),
        "DELETE": lambda _: store.remove(domain),
    }


_Work = Callable[[dict[str, Any]], Any]
