"""`manage.py serve`: web, worker and, if asked, the sandbox as one tree that one Ctrl-C stops."""

from __future__ import annotations

import logging
import os
import shlex
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from jobs.processes import Child, manage, stop_event

logger = logging.getLogger(__name__)

STEP = 0.3  # seconds between two looks
RESTART_PAUSE = 2.0
STOP_GRACE = 12.0  # more than the worker gives its cluster
SANDBOX_WAIT = 20.0


@dataclass
class _Kept:
    """A child that is started again, after a pause, when it ends."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    child: Child | None = None
    start_at: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        if self.child is not None and self.child.exit_code() is not None:
            logger.error("%s ended with code %s and is started again", self.name, self.child.exit_code())
            self.child.kill()
            self.child, self.start_at = None, time.monotonic() + RESTART_PAUSE
        if self.child is None and time.monotonic() >= self.start_at:
            self.child = Child(self.command, self.env)


def serve(*, port: int, sandbox: bool, say: Callable[[str], object] = print) -> None:
    """Run until SIGTERM or SIGINT; `say` gets the address once the web answers. Raises CommandError when
    the port cannot be used, and with code 3 when the sandbox is asked for outside development."""
    if sandbox and settings.HUNTER_ENV != "dev":
        raise CommandError("The sandbox is for development: start it with HUNTER_ENV=dev.", returncode=3)
    host = "127.0.0.1" if settings.HUNTER_ENV == "dev" else "0.0.0.0"  # noqa: S104 - a container's port
    _check_port(host, port)
    stopped = stop_event()
    kept: list[_Kept] = []
    env: dict[str, str] = {}
    try:
        if sandbox:
            dns_port, cloud_port, whois_port = _free_port(), _free_port(), _free_port()
            ports = ("--dns-port", str(dns_port), "--port", str(cloud_port), "--whois-port", str(whois_port))
            kept.append(_Kept("sandbox", manage("sandbox", *ports), {}))
            kept[0].look()
            _wait_until_open(dns_port)
            _wait_until_open(cloud_port)
            _wait_until_open(whois_port)
            env = {
                "HUNTER_DNS_SERVERS": f"127.0.0.1:{dns_port}",
                "HUNTER_SANDBOX_URL": f"http://127.0.0.1:{cloud_port}",
                "HUNTER_WHOIS_SERVER": f"127.0.0.1:{whois_port}",
                "MAXMIND_ASN_DB": str(settings.HUNTER_VAR / "sandbox-asn.mmdb"),
                "MAXMIND_CITY_DB": str(settings.HUNTER_VAR / "sandbox-city.mmdb"),
                **settings.HUNTER_SANDBOX_SETTINGS,
            }
            say(f"The sandbox cloud answers at http://127.0.0.1:{cloud_port}/ (add referrals and faults there)")
            say(f"Commands in another terminal: {_keep_for_commands(env)} sync_referrals")
        kept += [_Kept("web", _gunicorn(host, port), env), _Kept("worker", manage("worker"), env)]
        announced = False
        while not stopped.wait(STEP):
            for one in kept:
                one.look()
            if not announced and _is_open(port):
                announced = True
                say(f"Hunter answers at http://127.0.0.1:{port}/ (Ctrl-C stops it)")
    finally:
        children = [one.child for one in kept if one.child is not None]
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_GRACE
        for child in children:
            child.stop(max(0.0, deadline - time.monotonic()))


def _keep_for_commands(env: Mapping[str, str]) -> str:
    """Write down what a command in another terminal needs to find the same database and sandbox. Returns how it
    begins there."""
    ours = {"HUNTER_ENV": settings.HUNTER_ENV, "HUNTER_VAR": str(settings.HUNTER_VAR)}
    ours |= {name: os.environ[name] for name in ("DATABASE_URL",) if name in os.environ}
    path = settings.HUNTER_VAR / "sandbox.env"
    path.touch(mode=0o600)  # the address of a database may hold its password
    path.write_text("".join(f"{name}={value}\n" for name, value in sorted({**env, **ours}.items())), encoding="utf-8")
    return f"env $(cat {shlex.quote(_short(path))}) {shlex.quote(_short(Path(sys.executable)))} manage.py"


def _short(path: Path) -> str:
    """As it is typed in the folder of the project."""
    return str(path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path)


def _gunicorn(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", settings.WSGI_APPLICATION.replace(".application", ":application")),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--bind", f"{host}:{port}"),
        *("--max-requests", "2000", "--max-requests-jitter", "200", "--graceful-timeout", "8", "--no-control-socket"),
        *("--log-level", "warning"),
    ]


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Choose another one with --port or HUNTER_PORT."
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_open(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + SANDBOX_WAIT
    while not _is_open(port):
        if time.monotonic() > deadline:
            raise CommandError("The sandbox does not answer.")
        time.sleep(0.1)
