"""From settings to observations: the one place where a look-up starts."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator, Sequence

from django.conf import settings

from signals.dns.resolver import DnsSettings, system_servers
from signals.observe import observe
from signals.types import Observation

_END = object()


def dns_settings() -> DnsSettings:
    return DnsSettings(
        servers=settings.HUNTER_DNS_SERVERS or system_servers(),
        concurrency=settings.HUNTER_DNS_CONCURRENCY,
        queries_per_second=settings.HUNTER_DNS_QUERIES_PER_SECOND,
    )


def observe_in_chunks(domains: Sequence[str], *, thorough: bool, chunk: int = 250) -> Iterator[list[Observation]]:
    """Lists of at most `chunk` observations as they come in. The event loop runs in a thread of its own, so that
    the caller writes one chunk to the database while the next is looked up; at most two chunks wait."""
    results: queue.Queue[object] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def put(item: object) -> None:
        while not stop.is_set():
            try:
                results.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    async def look() -> None:
        batch: list[Observation] = []
        async for observation in observe(domains, settings=dns_settings(), thorough=thorough):
            batch.append(observation)
            if len(batch) == chunk:
                await asyncio.to_thread(put, batch)
                batch = []
            if stop.is_set():
                return
        if batch:
            put(batch)

    def run() -> None:
        try:
            asyncio.run(look())
            put(_END)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller
            put(error)

    thread = threading.Thread(target=run, name="observe", daemon=True)
    thread.start()
    try:
        while (item := results.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            assert isinstance(item, list)
            yield item
    finally:
        stop.set()
        thread.join(timeout=10)
