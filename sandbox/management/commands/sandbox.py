"""The local world: DNS and registries for the fictional market, and a Microsoft cloud, all on loopback."""

from __future__ import annotations

import json
import signal
import threading
from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sandbox.cloud import Cloud
from sandbox.dns import World, serve
from sandbox.market import companies, market_world
from sandbox.mmdb import write_demo_files
from sandbox.referral_market import referrals
from sandbox.registration_whois import WhoisServer

COMPANIES = 360  # more than the demo imports: some referrals bring a company that nobody knows yet
KEEP_SECONDS = 5.0  # between looks whether the leads in Dynamics changed


class Command(BaseCommand):
    help = (
        "Serve DNS for a fictional market (names outside it are refused, never denied), a Microsoft cloud (sign-in, "
        "Partner Center and Dynamics 365) and registries of domains, over RDAP and on port 43. Its page shows what was "
        "asked and lets you add referrals and faults."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dns-port", type=int, default=5353, help="port for UDP and TCP; 0 = any free one")
        parser.add_argument("--port", type=int, default=8090, help="port of the cloud; 0 = any free one")
        parser.add_argument(
            "--whois-port", type=int, default=4343, help="port of the registry of .tr; 0 = any free one"
        )
        parser.add_argument("--companies", type=int, default=COMPANIES)
        parser.add_argument("--referrals", type=int, default=90)
        parser.add_argument("--scenarios", type=Path, help="a scenario file: serve its worlds instead of the market")

    def handle(self, *args: Any, **options: Any) -> None:
        market = list(companies(options["companies"]))
        world = World.from_scenarios(options["scenarios"]) if options["scenarios"] else market_world(market)
        # The day's midnight, so that a restart on the same day brings the same rows.
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        rows = referrals(
            options["referrals"],
            now=today,
            companies=[(company.domain, company.name, company.city) for company in islice(market, 0, None, 4)],
            odd_share=0.02,
        )
        cloud = Cloud(port=options["port"], referrals=rows, market=market)
        write_demo_files(
            settings.HUNTER_VAR / "sandbox-asn.mmdb", settings.HUNTER_VAR / "sandbox-city.mmdb", built=today
        )
        # Hunter remembers what it pushed, so Dynamics must too: after a restart every lead would look deleted.
        kept = settings.HUNTER_VAR / "sandbox-dynamics.json"
        if kept.exists():
            cloud.dynamics.load(json.loads(kept.read_text(encoding="utf-8")))
        try:
            server = serve(world, host="127.0.0.1", port=options["dns_port"])
            cloud.start()
            whois = WhoisServer(cloud.registry, cloud.faults, cloud.journal, port=options["whois_port"])
        except OSError as error:
            ports = f"{options['dns_port']} (DNS), {options['port']} (cloud) and {options['whois_port']} (port 43)"
            raise CommandError(f"One of the ports {ports} cannot be used: {error}") from error
        self.stdout.write(f"Sandbox DNS answers on 127.0.0.1:{server.port}, the sandbox cloud at {cloud.url}/")
        self.stdout.write(f"The registry of .tr answers on 127.0.0.1:{whois.address[1]}")
        self.stdout.flush()
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        version = cloud.dynamics.version
        while not stopped.wait(KEEP_SECONDS):
            if cloud.dynamics.version != version:
                version = cloud.dynamics.version
                _keep(cloud, kept)
        whois.stop()
        cloud.stop()
        server.stop()
        _keep(cloud, kept)


def _keep(cloud: Cloud, path: Path) -> None:
    """Writes the leads aside and moves them into place, so that a kill leaves the old file or the new one."""
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(cloud.dynamics.dump(), ensure_ascii=False), encoding="utf-8")
    aside.replace(path)
