"""Look-ups in a process of their own: `python -m signals.observer`, driven by `leads.looking`.

Reads one request from standard input, writes lists of observations to standard output, both pickled, and an empty list
every few seconds, so that the asker has moments to stop. The asker works on one list while the next is looked up; when
it goes away, the next write fails and this process ends.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import sys
from dataclasses import dataclass
from typing import BinaryIO

from signals.dns.resolver import DnsSettings
from signals.observe import observe
from signals.types import Observation

SLICE = 2000  # domains looked at by one event loop; what failed is asked again when a slice is through
SIGN_OF_LIFE = 3.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`chunk`: observations in one list at most."""

    domains: list[str]
    settings: DnsSettings
    thorough: bool
    chunk: int


async def _answer(request: Request, out: BinaryIO) -> None:
    waiting = asyncio.create_task(_say_that_it_lives(out))
    try:
        await _look(request, out)
    finally:
        waiting.cancel()


async def _say_that_it_lives(out: BinaryIO) -> None:
    while True:
        await asyncio.sleep(SIGN_OF_LIFE)
        _write([], out)


def _write(chunk: list[Observation], out: BinaryIO) -> None:
    pickle.dump(chunk, out, pickle.HIGHEST_PROTOCOL)
    out.flush()


async def _look(request: Request, out: BinaryIO) -> None:
    for start in range(0, len(request.domains), SLICE):
        chunk: list[Observation] = []
        part = request.domains[start : start + SLICE]
        async for observation in observe(part, settings=request.settings, thorough=request.thorough):
            chunk.append(observation)
            if len(chunk) >= request.chunk:
                _write(chunk, out)
                chunk = []
        if chunk:
            _write(chunk, out)


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # the many short-lived objects here form no cycles worth looking for so often
    request: Request = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent process
    try:
        asyncio.run(_answer(request, sys.stdout.buffer))
    except BrokenPipeError:
        os._exit(0)  # nobody waits for the answer any more


if __name__ == "__main__":
    main()
