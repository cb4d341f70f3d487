"""What a check of the environment found, a line each, and who can mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from integrations_d365.columns import OURS
from integrations_d365.messages import FIXES, PROBLEMS, failure
from integrations_d365.models import EnvironmentCheck
from integrations_d365.preflight import FATAL
from outbound.errors import Category

# People by the key that --json prints.
PEOPLE: Final = {
    "hunter": "Hunter administrator",
    "dynamics": "Dynamics administrator",
    "tenant": "Microsoft tenant administrator",
    "nobody": "nobody, it passes",
}
# Who can mend it, by error code, else by category, else whoever runs Hunter.
_BY_CODE: Final = {
    "AADSTS7000215": "hunter",  # a secret that was pasted wrongly
    "AADSTS7000216": "hunter",
    "AADSTS700016": "hunter",
    "AADSTS90002": "hunter",
    "invalid_tenant": "hunter",
    "AADSTS500011": "hunter",
    "key_building": "nobody",
    "key_inactive": "dynamics",
    "column_missing": "dynamics",
}
_BY_CATEGORY: Final[dict[str, str]] = {
    Category.AUTH: "tenant",
    Category.PERMISSION: "dynamics",
    Category.RATE_LIMIT: "nobody",
    Category.SERVER: "nobody",
}
_KEY_PROBLEMS: Final = ("key_missing", "key_building", "key_failed")
_MARKS: Final = {True: "ok ", False: "BAD", None: "-  "}


@dataclass(frozen=True, slots=True)
class CheckLine:
    """`ok`: None = it works, but not in full. `who` is a key of PEOPLE, "" = there is nothing to mend."""

    check: str
    ok: bool | None
    what: str
    advice: str = ""
    who: str = ""

    def as_json(self) -> dict[str, str | bool | None]:
        return {
            "check": self.check,
            "ok": self.ok,
            "what": self.what,
            "advice": self.advice or None,
            "who": self.who or None,
        }

    def __str__(self) -> str:
        who = f" [{PEOPLE[self.who]}]" if self.who else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{_MARKS[self.ok]} {self.check}: {self.what}{advice}{who}"


def lines(check: EnvironmentCheck) -> Iterator[CheckLine]:
    """Connection, key, columns; after a connection that failed there is nothing more to say."""
    environment = settings.HUNTER_D365_BASE_URL
    if check.error_category:
        what, advice = failure(check.error_category, check.error_code)
        about = [f"code {check.error_code}"] if check.error_code else []
        about += [f"request id {check.request_id}"] if check.request_id else []
        details = f" ({', '.join(about)})" if about else ""
        who = _BY_CODE.get(check.error_code) or _BY_CATEGORY.get(check.error_category, "hunter")
        yield CheckLine("connection", False, f"{environment}: {what}{details}", str(advice), who)
        return
    user = f"signed in to {environment} as application user {check.user_id}, organisation {check.organization_id}"
    yield CheckLine("connection", True, user)
    problems = [(kind, detail) for kind, detail in check.problems]
    key = next((kind for kind, _detail in problems if kind in _KEY_PROBLEMS), "")
    if key:
        yield CheckLine("key", False, str(PROBLEMS[key]), str(FIXES[key]), _BY_CODE.get(key, "dynamics"))
    else:
        yield CheckLine("key", True, "the key on the domain column is active")
    wrong = [(kind, detail) for kind, detail in problems if kind not in _KEY_PROBLEMS]
    for kind, detail in wrong:
        ok = False if kind in FATAL else None
        yield CheckLine(kind, ok, f"{PROBLEMS[kind]} {detail}", str(FIXES[kind]), "dynamics")
    if not wrong:
        yield CheckLine("columns", True, f"all {len(OURS)} columns are there and fit")
