"""The local world: DNS for the fictional market, on loopback, over UDP and TCP."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sandbox.dns import World, serve
from sandbox.market import companies, market_world


class Command(BaseCommand):
    help = "Serve DNS for a fictional market on loopback. Names outside it are refused, never denied."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dns-port", type=int, default=5353, help="port for UDP and TCP; 0 = any free one")
        parser.add_argument("--companies", type=int, default=300)
        parser.add_argument("--scenarios", type=Path, help="a scenario file: serve its worlds instead of the market")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["scenarios"]:
            world = World.from_scenarios(options["scenarios"])
        else:
            world = market_world(companies(options["companies"]))
        try:
            server = serve(world, host="127.0.0.1", port=options["dns_port"])
        except OSError as error:
            raise CommandError(f"Port {options['dns_port']} cannot be used: {error}") from error
        self.stdout.write(f"Sandbox DNS answers on 127.0.0.1:{server.port}")
        self.stdout.flush()
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        stopped.wait()
        server.stop()
