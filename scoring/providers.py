"""Who runs the mail of a domain, and how large the tenant may be (scoring-v1 sections 4 to 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scoring.names import host_name
from scoring.rules import LOCAL_PROVIDER_SUFFIXES, PROVIDER_SUFFIXES, TENANT_SIZES


def _dotted(table: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(f".{suffix}" for suffix in suffixes)) for name, suffixes in table.items())


_PROVIDERS = _dotted(PROVIDER_SUFFIXES)
_LOCAL_PROVIDERS = _dotted(LOCAL_PROVIDER_SUFFIXES)
_SIZES = {
    provider: tuple((re.compile(pattern), size) for pattern, size in rows) for provider, rows in TENANT_SIZES.items()
}


def classify_provider(mx: str | None) -> str:
    """The provider of an MX host or root; Local = none of the table, Unknown = no MX."""
    host = host_name(mx)
    return (_first_match(host, _PROVIDERS) or "Local") if host else "Unknown"


def classify_local_provider(mx: str | None) -> str | None:
    """The name of a local provider known by its MX; None = not known."""
    return _first_match(host_name(mx), _LOCAL_PROVIDERS)


def estimate_tenant_size(provider: str | None, mx: str | None) -> str | None:
    """large, medium or small by the MX host of M365 and Google; None = cannot be told."""
    if not provider or not mx:
        return None
    host = host_name(mx)
    return next((size for pattern, size in _SIZES.get(provider, ()) if pattern.fullmatch(host)), None)


def _first_match(host: str, table: tuple[tuple[str, tuple[str, ...]], ...]) -> str | None:
    # The leading dot puts the label boundary into the comparison.
    return next((name for name, suffixes in table if f".{host}".endswith(suffixes)), None)
