"""What goes wrong, planned by route and request number."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

REFUSALS = ("status", "throttle", "unauthorized", "mfa_missing", "forbidden", "html_status")  # instead of the service
TRANSPORT = ("close", "drop_after", "reset", "slow", "late", "truncated", "malformed", "lost")  # how an answer travels
CONTENT = ("edit_between_pages", "page_garbage", "value_missing")  # what a page of a list holds
REGISTRATION = ("redacted", "contradictory", "garbage", "latin5")  # what a registry's answer holds
WRITES = ("plugin_veto", "choice_refused", "deadlock", "race")  # what one write meets, alone or in a batch
_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "status": {"code": 500, "error": None, "retry_after": None, "as_date": False},
        "throttle": {"code": 429, "error": None, "retry_after": 30, "as_date": False},
        "unauthorized": {},
        "mfa_missing": {},
        "forbidden": {},
        "html_status": {"code": 502},
        "close": {},
        "drop_after": {},
        "reset": {},
        "slow": {"seconds": 0.05, "chunk": 1024},
        "late": {"seconds": 1.0},
        "truncated": {"length": "right"},
        "malformed": {},
        "lost": {"code": 504},
        "edit_between_pages": {"edits": 3, "seed": 7},
        "page_garbage": {"row": None},
        "value_missing": {},
        "redacted": {},
        "contradictory": {"about": "dates"},
        "garbage": {"seed": 7},
        "latin5": {},
        "plugin_veto": {"domain": None, "message": "The lead was refused by a business rule."},
        "choice_refused": {"domain": None, "column": None},
        "deadlock": {"domain": None, "code": 500, "error": "0x80044150"},
        "race": {"domain": None, "winner": "twin"},
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


@dataclass(slots=True)
class Weather:
    """Faults by chance for the requests of `routes`. `options`: the complete ones of each kind."""

    seed: int
    rates: Mapping[str, float]  # kind: probability
    routes: Sequence[str]
    options: Mapping[str, Mapping[str, Any]]
    random: random.Random

    def meets(self, route: str, kinds: Sequence[str]) -> Fault | None:
        """What a request of `route` meets out of `kinds`; one number of the generator decides."""
        rates = {kind: rate for kind, rate in self.rates.items() if kind in kinds}
        if not rates or (route not in self.routes and "*" not in self.routes):
            return None
        number = self.random.random()
        for kind, rate in rates.items():
            if number < rate:
                return Fault(route, kind, None, 0, dict(self.options[kind]), self.random)
            number -= rate
        return None

    def as_json(self) -> dict[str, Any]:
        return {"kind": "random_weather", "route": " ".join(self.routes), "seed": self.seed, "rates": dict(self.rates)}


class Faults:
    """The plan. Safe to use from any thread.

    Routes: `devicecode token authorize devicelogin discovery` (Entra), `referrals` (list), `referral` (one),
    `patch` (Partner Center), `whoami leads lead lead_by_key query batch bulk metadata keys records` (Dynamics:
    `leads` is POST to the collection, `query` reads many), `tenant realm` (look-ups at Entra), `rdap whois bootstrap`
    (registries); `*` is every route of every service. `part` is one part of a Dynamics batch: it takes the kinds that
    refuse.
    """

    def __init__(self) -> None:
        self._plan: list[Fault] = []
        self._weather: Weather | None = None
        self._lock = threading.Lock()

    def add(self, route: str, kind: str, *, times: int | None = 1, after: int = 0, **options: Any) -> None:
        """Plans `kind` for the next `times` requests of `route`, letting `after` of them pass first.

        | kind | options (with their defaults) | what the client meets |
        |---|---|---|
        | status | code=500, error, retry_after, as_date=False | that status; `error` is the code in the body |
        | throttle | code=429, retry_after=30 (None = no header), as_date=False | the same for throttling |
        | unauthorized, mfa_missing, forbidden | | 401, 401 with 900421, 403 |
        | html_status | code=502 | that status and an HTML page, nothing was worked on |
        | close | | the request is not worked on, the connection ends |
        | drop_after | | the request is worked on, the connection ends without an answer |
        | lost | code=504 | the request is worked on, the answer is that status and an HTML page |
        | late | seconds=1.0 | the request is worked on, the answer comes that much later |
        | reset | | the request is worked on, the connection is reset in the middle of the body |
        | slow | seconds=0.05, chunk=1024 | a body in small pieces with a pause before each |
        | truncated | length="right" or "wrong" | half a body, its Content-Length fitting the half or the whole |
        | malformed | | 200 and an HTML page |
        | edit_between_pages | edits=3 or a callable, seed=7 | rows change before the page is made |
        | page_garbage | row=None (any JSON) | that value among the rows |
        | value_missing | | a page without `value` |
        | redacted | | a registry hides everything it may, the registrar too |
        | contradictory | about="dates" | a registry contradicts itself: expiry before creation ("dates"), an expiry |
        | | | far ahead ("far"), two registrars ("registrars"), another domain ("name") |
        | garbage | seed=7 | a registry's answer without sense: JSON of odd shapes, any octets on port 43 |
        | latin5 | | a registry answers in ISO 8859-9 |
        | plugin_veto | domain=None, message | 400 0x80040265 for a write of that domain (None = any) |
        | choice_refused | domain=None, column=None | 400 0x8004431a for a write with that choice (None = any) |
        | deadlock | domain=None, code=500, error="0x80044150" | the write is not done |
        | race | domain=None, winner="twin" | 412 on an upsert: the same content ("twin"), a lead made by hand |
        | | | ("stranger") or nothing ("nobody") was stored first |

        `retry_after`: seconds or a ready header value; `as_date` sends the seconds as an HTTP date.
        Raises ValueError for an unknown kind or option.
        """
        complete = _complete(kind, options)
        with self._lock:
            self._plan.append(Fault(route, kind, times, after, complete, random.Random(complete.get("seed"))))

    def random_edits(self, seed: int, per_page: int = 3) -> None:
        """Before every page of a list, from now on, `per_page` random edits, additions and moves of state."""
        self.add("referrals", "edit_between_pages", times=None, edits=per_page, seed=seed)

    def random_weather(
        self, seed: int, rates: Mapping[str, float], routes: Sequence[str] = ("*",), **options: Mapping[str, Any]
    ) -> None:
        """From now on requests of `routes` meet a fault of `kind` with the probability `rates[kind]`.

        A request meets one fault at most on its way, and each write in it one at most. `options` are those of a kind,
        such as `throttle={"retry_after": 1}`. Requests take their numbers in the order in which they arrive, so one
        client at a time makes a run repeatable. Replaces earlier weather.
        Raises ValueError for an unknown kind or option.
        """
        complete = {kind: _complete(kind, options.get(kind, {})) for kind in (*rates, *options)}
        with self._lock:
            self._weather = Weather(seed, dict(rates), tuple(routes), complete, random.Random(seed))

    def draw(self, route: str) -> list[Fault]:
        """The faults that the current request of `route` meets, counted; what its writes meet is drawn later."""
        return self._hit(route, lambda fault: fault.kind not in WRITES and fault.route in (route, "*"))

    def draw_part(self) -> list[Fault]:
        """The faults that one part of a batch meets as a whole."""
        return self._hit("part", lambda fault: fault.kind not in WRITES and fault.route == "part")

    def draw_write(self, route: str, fits: Callable[[Fault], bool]) -> list[Fault]:
        """The faults that one write meets, alone or in a batch; those that do not fit it are not counted."""
        return self._hit(
            route, lambda fault: fault.kind in WRITES and fault.route in (route, "*") and fits(fault), fits
        )

    def _hit(
        self, route: str, concerns: Callable[[Fault], bool], fits: Callable[[Fault], bool] | None = None
    ) -> list[Fault]:
        with self._lock:
            if not self._plan and self._weather is None:
                return []
            hit = [fault for fault in self._plan if concerns(fault) and fault.meets()]
            self._plan = [fault for fault in self._plan if not fault.is_spent]
            if self._weather is not None:
                kinds = WRITES if fits is not None else tuple(kind for kind in _DEFAULTS if kind not in WRITES)
                met = self._weather.meets(route, kinds)
                if met is not None and (fits is None or fits(met)):
                    hit.append(met)
        return hit

    def planned(self) -> list[dict[str, Any]]:
        """What is still to come, as JSON."""
        with self._lock:
            weather = [self._weather.as_json()] if self._weather is not None else []
            return [fault.as_json() for fault in self._plan] + weather

    def clear(self) -> None:
        with self._lock:
            self._plan.clear()
            self._weather = None


def _complete(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a fault with its defaults; raises ValueError for an unknown kind or option."""
    if kind not in _DEFAULTS:
        raise ValueError(f"Unknown fault {kind!r}; one of {', '.join(_DEFAULTS)}")
    if unknown := options.keys() - _DEFAULTS[kind].keys():
        raise ValueError(f"A fault {kind!r} takes no {', '.join(sorted(unknown))}")
    return {**_DEFAULTS[kind], **options}


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
