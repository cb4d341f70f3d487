"""Is the environment ready, and what does its lead table look like? (`d365_check`, and before the first push of an
environment and of a release.)"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from integrations_d365 import auth, governor
from integrations_d365.client import QUICK, DataverseClient, client_from_settings
from integrations_d365.columns import BY_NAME, EXTERNAL_ID, KEY_COLUMN, OURS, VERSION, Column
from integrations_d365.governor import Turnstile
from integrations_d365.mapping import TAKES, ColumnShape, Shape, option_key
from integrations_d365.models import EnvironmentCheck, Governor, Push
from leads.models import PushState
from outbound.errors import OutboundError

VALID_FOR: Final = timedelta(days=1)
_KEY_PROBLEMS: Final = {
    "": "key_missing",
    "Pending": "key_building",
    "InProgress": "key_building",
    "Failed": "key_failed",
}
# Without these nothing can be pushed; anything else is left out with a warning.
FATAL: Final = frozenset({"key_missing", "key_building", "key_failed", "column_essential"})


def latest(row: Governor) -> EnvironmentCheck | None:
    return row.checks.order_by("-pk").first()


def latest_with_governor() -> EnvironmentCheck | None:
    """Of the environment in the settings, together with its governor."""
    checks = EnvironmentCheck.objects.filter(governor__key=governor.key_from_settings())
    return checks.select_related("governor").order_by("-pk").first()


def is_current(check: EnvironmentCheck | None, now: datetime) -> bool:
    """Whether pushes may rely on it: it succeeded, for this column table, not long ago."""
    return check is not None and check.ok and check.mapping == VERSION and check.created_at > now - VALID_FOR


def check_environment(*, by: User | None = None, client: DataverseClient | None = None) -> EnvironmentCheck:
    """Ask the environment and store what it says; a success ends a pause. Never raises OutboundError: it is part of the
    result. Raises NotNow when no request may be sent."""
    row = governor.current()
    if client is None:
        auth.forget()  # a person has mended something: what was refused before is asked anew
    asked = client or client_from_settings(Turnstile(row, counts=False), QUICK)
    check = EnvironmentCheck(governor=row, by=by, mapping=VERSION)
    before = latest(row)
    try:
        check.user_id, check.organization_id = asked.who_am_i()
        shape = asked.shape()
        key = asked.key_state()
    except OutboundError as error:
        check.error_category, check.error_code = error.category, error.code[:100]
        check.request_id = error.request_id[:100]
        check.shape = before.shape if before else {}
        check.save()
        return check
    finally:
        if client is None:
            asked.close()
    check.shape = relevant(shape).as_json()
    check.problems = [list(problem) for problem in problems(shape, key)]
    check.ok = not any(kind in FATAL for kind, _detail in check.problems)
    with transaction.atomic():
        check.save()
        if check.ok:
            governor.resume(row)
        if before is not None and before.shape != check.shape:  # other columns: everything is compared again
            Push.objects.filter(state=PushState.SYNCED).update(compared_at=None)
    return check


def relevant(shape: Shape) -> Shape:
    """The columns that the table of columns names."""
    return Shape({name: found for name, found in shape.columns.items() if name in BY_NAME})


def problems(shape: Shape, key_state: str) -> list[tuple[str, str]]:
    """(key of messages.PROBLEMS, detail): the key's state, then each column of ours that is not as it should be."""
    found: list[tuple[str, str]] = []
    if key_state != "Active":
        found.append((_KEY_PROBLEMS.get(key_state, "key_failed"), ""))
    for column in OURS:
        problem = _problem(column, shape.columns.get(column.name))
        if problem:
            found.append(problem)
    return found


def _problem(column: Column, found: ColumnShape | None) -> tuple[str, str] | None:
    fits = found is not None and found.type in TAKES[column.kind]
    if not fits and column.name in (KEY_COLUMN, EXTERNAL_ID):
        return "column_essential", column.name
    if found is None:
        return "column_missing", column.name
    if not fits:
        return "column_type", f"{column.name}: {found.type} ≠ {column.kind}"
    if column.length and found.length is not None and found.length < column.length:
        return "column_short", f"{column.name}: {found.length} < {column.length}"
    if missing := missing_options(column, found):
        return "options_missing", f"{column.name}: {', '.join(missing)}"
    return None


def missing_options(column: Column, found: ColumnShape) -> list[str]:
    return [label for _code, label in column.options if option_key(label) not in found.options]


def shape_of(check: EnvironmentCheck) -> Shape:
    stored: dict[str, Any] = check.shape
    return Shape.from_json(stored)
