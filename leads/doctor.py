"""Is this installation healthy? Each check says what is wrong and what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.formats import date_format, number_format
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from jobs.health import worker_state
from leads.looking import dns_settings
from leads.outside import registries_path
from signals.dns.resolver import Resolver
from signals.hosting import NoHosting, database_state
from signals.registration.bootstrap import BootstrapError, directory
from signals.types import Outcome

FREE_DISK = 500 * 1024 * 1024  # bytes; a scan of 100,000 leads writes about half of it


@dataclass(frozen=True, slots=True)
class Check:
    """`key` is for programs, `name` for people. `ok` None = switched off or not known yet."""

    key: str
    name: str
    ok: bool | None
    advice: str


def run_checks() -> list[Check]:
    """Our own checks, then those of the rooms above (HUNTER_DOCTORS: paths of functions that return checks)."""
    found = [Check(key, name, *check()) for key, name, check in _checks()]
    for path in settings.HUNTER_DOCTORS:
        doctor: Callable[[], list[Check]] = import_string(path)
        found += doctor()
    return found


def _checks() -> Iterator[tuple[str, str, Callable[[], tuple[bool | None, str]]]]:
    yield "database", _("Database"), _database
    yield "migrations", _("Migrations"), _migrations
    yield "worker", _("Worker"), _worker
    yield "dns", _("DNS servers"), _dns
    yield "disk", _("Disk"), _disk
    yield "registries", _("Registries"), _registries
    yield "hosting", _("Hosting files"), _hosting


def _database() -> tuple[bool, str]:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        return False, _("The database does not answer (%(error)s). Check DATABASE_URL.") % {"error": error}
    return True, connection.display_name


def _migrations() -> tuple[bool, str]:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False, _("The database does not answer.")
    if waiting:
        return False, _("%(count)d migrations are waiting. Run: python manage.py migrate") % {"count": len(waiting)}
    return True, _("up to date")


def _worker() -> tuple[bool, str]:
    try:
        state = worker_state()
    except DatabaseError:
        return False, _("The database does not answer.")
    if state == "ok":
        return True, _("running")
    return False, _("No sign of life from the worker. Start it with: python manage.py worker")


def _dns() -> tuple[bool, str]:
    found = dns_settings()
    if not found.servers:
        return False, _("No DNS server is known. Set HUNTER_DNS_SERVERS, for example 192.0.2.53.")

    async def is_silent(server: tuple[str, int]) -> bool:
        async with Resolver(type(found)(servers=(server,), tries=2)) as resolver:
            lookup, other = await asyncio.gather(resolver.ask("com", "NS"), resolver.ask("test", "SOA"))
        return lookup.outcome == Outcome.FAILED and other.status == "timeout"

    async def ask() -> list[str]:
        silent = await asyncio.gather(*map(is_silent, found.servers))
        return [f"{ip}:{port}" for (ip, port), is_one in zip(found.servers, silent, strict=True) if is_one]

    silent = asyncio.run(ask())
    if silent:
        return False, _("No answer from %(servers)s. Check the network or HUNTER_DNS_SERVERS.") % {
            "servers": ", ".join(silent)
        }
    return True, ", ".join(f"{ip}:{port}" for ip, port in found.servers)


def _disk() -> tuple[bool, str]:
    try:
        with tempfile.TemporaryFile(dir=settings.HUNTER_VAR):
            pass
    except OSError as error:
        return False, _("Cannot write to %(path)s: %(error)s") % {"path": settings.HUNTER_VAR, "error": error}
    free = shutil.disk_usage(settings.HUNTER_VAR).free
    if free < FREE_DISK:
        return False, _("Only %(megabytes)d MB are free. Make room before the next import.") % {
            "megabytes": free // 2**20
        }
    return True, _("%(gigabytes)s GB free") % {"gigabytes": number_format(free / 2**30, decimal_pos=1)}


def _registries() -> tuple[bool | None, str]:
    if not settings.HUNTER_RDAP_ENABLED:
        return None, _("off (%(flag)s)") % {"flag": "HUNTER_RDAP_ENABLED"}
    try:
        found = directory(registries_path(), whois_server=settings.HUNTER_WHOIS_SERVER, sandbox=settings.HUNTER_SANDBOX)
    except BootstrapError:
        return False, _("The list of registries cannot be read. Run: python manage.py refresh_registries")
    published = date_format(found.published, "SHORT_DATE_FORMAT") if found.published else "–"
    text = _("%(count)d endings, list of %(date)s") % {"count": len(found.rdap) + len(found.whois), "date": published}
    return True, text


def _hosting() -> tuple[bool | None, str]:
    """Old data is better than none: it is said, but no fault."""
    if not settings.HUNTER_ENRICHMENT_ENABLED:
        return None, _("off (%(flag)s)") % {"flag": "HUNTER_ENRICHMENT_ENABLED"}
    texts = []
    for name in ("MAXMIND_ASN_DB", "MAXMIND_CITY_DB"):
        state = database_state(getattr(settings, name))
        if state == NoHosting.NOT_CONFIGURED:
            continue
        if isinstance(state, NoHosting):
            return False, _("The file of %(name)s is missing or broken. Fetch it again.") % {"name": name}
        database, built, is_stale = state
        date = date_format(built, "SHORT_DATE_FORMAT")
        texts.append(f"{database} ({date}{', ' + _('old') if is_stale else ''})")
    if not texts:
        return False, _("Neither MAXMIND_ASN_DB nor MAXMIND_CITY_DB names a file.")
    return True, ", ".join(texts)
