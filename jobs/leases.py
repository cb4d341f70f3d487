"""Named locks that outlive nobody: one holder at a time, across processes and hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from jobs.models import Lease
from jobs.tokens import new_token


@contextmanager
def lease(name: str, seconds: float) -> Iterator[bool]:
    """Hold the name for at most `seconds`; False = someone else does."""
    now, token = timezone.now(), new_token()
    Lease.objects.get_or_create(name=name, defaults={"until": now})
    until = now + timedelta(seconds=seconds)
    won = bool(Lease.objects.filter(name=name, until__lte=now).update(token=token, until=until))
    try:
        yield won
    finally:
        if won:
            Lease.objects.filter(name=name, token=token).update(token="", until=timezone.now())
