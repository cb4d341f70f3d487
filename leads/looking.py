"""From settings to observations: the one place where a look-up starts."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence

from django.conf import settings

from signals.dns.resolver import DnsSettings, system_servers
from signals.observer import Request
from signals.types import Observation

_PIPE = 1 << 20  # octets: a whole chunk waits in the pipe, so that neither side waits for the other


def dns_settings() -> DnsSettings:
    return DnsSettings(
        servers=settings.HUNTER_DNS_SERVERS or system_servers(),
        concurrency=settings.HUNTER_DNS_CONCURRENCY,
        queries_per_second=settings.HUNTER_DNS_QUERIES_PER_SECOND,
    )


def observe_in_chunks(domains: Sequence[str], *, thorough: bool, chunk: int = 250) -> Iterator[list[Observation]]:
    """Lists of at most `chunk` observations as they come in, and an empty one every few seconds. The look-ups run in a
    process of their own (the second core, and no fight for the interpreter's lock), so that the caller writes one chunk
    to the database while the next is looked up. Closing the iterator ends that process. Raises RuntimeError when it
    ends by itself."""
    request = Request(domains=list(domains), settings=dns_settings(), thorough=thorough, chunk=chunk)
    with subprocess.Popen(
        [sys.executable, "-m", "signals.observer"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pipesize=_PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(request, process.stdin)
            process.stdin.close()
            missing = len(request.domains)
            while missing:
                observations: list[Observation] = pickle.load(process.stdout)  # noqa: S301 - our own child process
                missing -= len(observations)
                yield observations
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            raise RuntimeError(f"The look-up process ended early (exit code {process.wait(5)}).") from error
        finally:
            process.kill()
