"""Named locks that outlive nobody: one holder at a time, across processes and hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from jobs.models import Lease
from jobs.tokens import new_token


@dataclass(frozen=True, slots=True)
class Hold:
    """True = we hold the name. `abandoned`: the last holder never gave it back, so nobody knows how far it came."""

    won: bool
    abandoned: bool = False

    def __bool__(self) -> bool:
        return self.won


@contextmanager
def lease(name: str, seconds: float) -> Iterator[Hold]:
    """Hold the name for at most `seconds`; false = someone else does."""
    now, token = timezone.now(), new_token()
    row, _created = Lease.objects.get_or_create(name=name, defaults={"until": now})
    until = now + timedelta(seconds=seconds)
    free = Lease.objects.filter(name=name, token=row.token, until__lte=now)
    won = row.until <= now and bool(free.update(token=token, until=until))
    try:
        yield Hold(won, abandoned=won and bool(row.token))
    finally:
        if won:
            Lease.objects.filter(name=name, token=token).update(token="", until=timezone.now())
