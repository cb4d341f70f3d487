"""Look at domains: ask, judge, and ask once more what got no answer. Writes nothing, knows no Django."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from signals.dns.resolver import DnsSettings, Resolver
from signals.mail.analysis import judge, questions
from signals.mail.answers import DEFINITE, Question
from signals.types import Lookup, Observation

SECOND_PASS_PAUSE = 0.3  # seconds before what failed is asked again
_QUESTIONS_IN_FLIGHT = 4  # of one domain, on average; sizes the number of domains under way


@dataclass(slots=True)
class _Look:
    """A domain under way: every answer so far and the time spent on it."""

    domain: str
    answers: dict[Question, Lookup] = field(default_factory=dict)
    duration: float = 0.0

    def failed(self) -> list[Question]:
        return [question for question, lookup in self.answers.items() if lookup.status not in DEFINITE]

    def observation(self) -> Observation:
        return Observation(
            domain=self.domain,
            lookups=tuple(self.answers.values()),
            facts=judge(self.domain, self.answers),
            duration=self.duration,
        )


async def observe(
    domains: Sequence[str], *, settings: DnsSettings, thorough: bool = False
) -> AsyncIterator[Observation]:
    """One observation for each domain, in the order they are finished. Domains with failed look-ups come last:
    the failed ones are asked a second time when the others are through, unless nothing at all was answered."""
    async with Resolver(settings) as resolver:
        doubtful: list[_Look] = []
        answered = False
        async for look in _look_at([_Look(domain) for domain in domains], resolver, settings, thorough):
            failed = look.failed()
            answered = answered or len(failed) < len(look.answers)
            if failed:
                doubtful.append(look)
            else:
                yield look.observation()
        if doubtful and answered:
            await asyncio.sleep(SECOND_PASS_PAUSE)
            for look in doubtful:
                for question in look.failed():
                    del look.answers[question]
            async for look in _look_at(doubtful, resolver, settings, thorough):
                yield look.observation()
        else:
            for look in doubtful:
                yield look.observation()


async def _look_at(
    looks: Sequence[_Look], resolver: Resolver, settings: DnsSettings, thorough: bool
) -> AsyncIterator[_Look]:
    """The looks as they are finished, a bounded number of them under way."""
    waiting: Iterator[_Look] = iter(looks)
    done: asyncio.Queue[_Look | BaseException] = asyncio.Queue()

    async def work() -> None:
        try:
            for look in waiting:
                await _ask(look, resolver, thorough)
                done.put_nowait(look)
        except Exception as error:  # noqa: BLE001 - handed to the caller below
            done.put_nowait(error)

    workers = min(len(looks), max(1, settings.concurrency // _QUESTIONS_IN_FLIGHT))
    tasks = [asyncio.create_task(work()) for _ in range(workers)]
    try:
        for _ in looks:
            item = await done.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ask(look: _Look, resolver: Resolver, thorough: bool) -> None:
    began = time.monotonic()
    domain, answers = look.domain, look.answers
    below = "." + domain
    wanted = _unasked(look, thorough)
    while wanted:
        asked = [
            (question, resolver.query(*question, shared=not (question[0] == domain or question[0].endswith(below))))
            for question in wanted
        ]
        for question, answer in asked:
            answers[question] = await answer
        wanted = questions(domain, answers, thorough=thorough)
    look.duration += time.monotonic() - began


def _unasked(look: _Look, thorough: bool) -> list[Question]:
    first = questions(look.domain, {}, thorough=thorough)
    again = [question for question in first if question not in look.answers]
    return again or questions(look.domain, look.answers, thorough=thorough)
