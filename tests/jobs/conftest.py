from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs import handlers
from tests.jobs.world import World


@pytest.fixture
def seen() -> Iterator[list[str]]:
    """What the handlers noted."""
    handlers.seen.clear()
    yield handlers.seen
    handlers.seen.clear()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world
