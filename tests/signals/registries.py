"""The sandbox's registries and a client that may ask as often as it likes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from outbound.session import Policy
from sandbox.cloud import Cloud
from sandbox.market import companies
from sandbox.registration_whois import WhoisServer
from signals.politeness import Politeness
from signals.registration.bootstrap import directory
from signals.registration.look_up import Registries

MARKET = list(companies(60))
HASTY = Policy(connect_timeout=2, read_timeout=0.5, total_timeout=1, attempts=1, max_bytes=512 << 10)


@dataclass
class Town:
    """The sandbox with its port 43."""

    cloud: Cloud
    whois: WhoisServer

    def registries(self, **options: Any) -> Registries:
        """Sessions that wait half a second for an answer and keep no pace."""
        whois = options.pop("whois_server", self.whois.address)
        options.setdefault("politeness", Politeness(pace=0))
        options.setdefault("policy", HASTY)
        return Registries(directory(whois_server=whois, sandbox=True), sandbox_url=self.cloud.url, **options)


@contextmanager
def town() -> Iterator[Town]:
    with Cloud(market=MARKET) as cloud, WhoisServer(cloud.registry, cloud.faults, cloud.journal) as whois:
        yield Town(cloud, whois)
