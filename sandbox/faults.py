"""What goes wrong, planned by route and request number."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

REFUSALS = ("status", "throttle", "unauthorized", "mfa_missing", "forbidden")  # answered instead of the service
TRANSPORT = ("close", "reset", "slow", "truncated", "malformed")  # how an answer travels
CONTENT = ("edit_between_pages", "page_garbage", "value_missing")  # what a page of a list holds
_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "status": {"code": 500, "error": None, "retry_after": None, "as_date": False},
        "throttle": {"code": 429, "error": None, "retry_after": 30, "as_date": False},
        "unauthorized": {},
        "mfa_missing": {},
        "forbidden": {},
        "close": {},
        "reset": {},
        "slow": {"seconds": 0.05, "chunk": 1024},
        "truncated": {"length": "right"},
        "malformed": {},
        "edit_between_pages": {"edits": 3, "seed": 7},
        "page_garbage": {"row": None},
        "value_missing": {},
    }
)


@dataclass(slots=True)
class Fault:
    """One planned fault; `options` are complete. `times` None = from now on for ever."""

    route: str
    kind: str
    times: int | None
    after: int
    options: dict[str, Any]
    random: random.Random
    seen: int = field(default=0, compare=False)

    def meets(self) -> bool:
        """Counts one request of its route; whether this one is hit."""
        self.seen += 1
        return self.seen > self.after and (self.times is None or self.seen <= self.after + self.times)

    @property
    def is_spent(self) -> bool:
        return self.times is not None and self.seen >= self.after + self.times

    def as_json(self) -> dict[str, Any]:
        options = {name: value if not callable(value) else "callable" for name, value in self.options.items()}
        plan = {"route": self.route, "kind": self.kind, "times": self.times, "after": self.after, "seen": self.seen}
        return plan | options


class Faults:
    """The plan. Safe to use from any thread.

    Routes: `devicecode token authorize devicelogin discovery` (Entra), `referrals` (list), `referral` (one),
    `patch`; `*` is every route of every service.
    """

    def __init__(self) -> None:
        self._plan: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, route: str, kind: str, *, times: int | None = 1, after: int = 0, **options: Any) -> None:
        """Plans `kind` for the next `times` requests of `route`, letting `after` of them pass first.

        | kind | options (with their defaults) | what the client meets |
        |---|---|---|
        | status | code=500, error, retry_after, as_date=False | that status; `error` is the code in the body |
        | throttle | code=429, retry_after=30 (None = no header), as_date=False | the same for throttling |
        | unauthorized, mfa_missing, forbidden | | 401, 401 with 900421, 403 |
        | close | | the request is not worked on, the connection ends |
        | reset | | the request is worked on, the connection is reset in the middle of the body |
        | slow | seconds=0.05, chunk=1024 | a body in small pieces with a pause before each |
        | truncated | length="right" or "wrong" | half a body, its Content-Length fitting the half or the whole |
        | malformed | | 200 and an HTML page |
        | edit_between_pages | edits=3 or a callable, seed=7 | rows change before the page is made |
        | page_garbage | row=None (any JSON) | that value among the rows |
        | value_missing | | a page without `value` |

        `retry_after`: seconds or a ready header value; `as_date` sends the seconds as an HTTP date.
        Raises ValueError for an unknown kind or option.
        """
        if kind not in _DEFAULTS:
            raise ValueError(f"Unknown fault {kind!r}; one of {', '.join(_DEFAULTS)}")
        if unknown := options.keys() - _DEFAULTS[kind].keys():
            raise ValueError(f"A fault {kind!r} takes no {', '.join(sorted(unknown))}")
        complete = {**_DEFAULTS[kind], **options}
        with self._lock:
            self._plan.append(Fault(route, kind, times, after, complete, random.Random(complete.get("seed"))))

    def random_edits(self, seed: int, per_page: int = 3) -> None:
        """Before every page of a list, from now on, `per_page` random edits, additions and moves of state."""
        self.add("referrals", "edit_between_pages", times=None, edits=per_page, seed=seed)

    def draw(self, route: str) -> list[Fault]:
        """The faults that the current request of `route` meets, counted."""
        with self._lock:
            if not self._plan:
                return []
            hit = [fault for fault in self._plan if fault.route in (route, "*") and fault.meets()]
            self._plan = [fault for fault in self._plan if not fault.is_spent]
        return hit

    def planned(self) -> list[dict[str, Any]]:
        """What is still to come, as JSON."""
        with self._lock:
            return [fault.as_json() for fault in self._plan]

    def clear(self) -> None:
        with self._lock:
            self._plan.clear()


def set_switches(switches: Any, changes: Mapping[str, Any]) -> None:
    """Sets fields of a dataclass by name, all or none; raises ValueError for a name or a type it does not know."""
    known = {item.name: str(item.type) for item in fields(switches)}
    values = {}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"Unknown switch {name!r}; one of {', '.join(sorted(known))}")
        values[name] = float(value) if known[name] == "float" and type(value) is int else value
        kind = "None" if value is None else type(values[name]).__name__
        if kind not in known[name].split(" | "):
            raise ValueError(f"The switch {name!r} takes {known[name]}")
    for name, value in values.items():
        setattr(switches, name, value)
