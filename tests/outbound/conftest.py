"""A far side, and a clock that does not wait."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

import outbound.session
from tests.outbound.far_side import FarSide, far_side


@pytest.fixture
def remote() -> Iterator[FarSide]:
    with far_side() as side:
        yield side


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds the session would have slept, in order; nobody really sleeps."""
    slept: list[float] = []
    monkeypatch.setattr(outbound.session, "sleep", slept.append)
    return slept


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All loggers at DEBUG, as in a careless configuration made before the first session."""
    names = ("msal", "urllib3", "outbound")
    levels = {name: logging.getLogger(name).level for name in names}
    caplog.set_level(logging.DEBUG)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield caplog
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
