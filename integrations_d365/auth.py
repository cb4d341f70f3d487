"""The bearer of the application user (client credentials; fact sheet, section 1)."""

from __future__ import annotations

import os
from typing import Final

from django.conf import settings

from outbound.entra import EntraApp
from outbound.errors import OutboundError

_apps: Final[dict[tuple[int, str, str, str, str], EntraApp]] = {}


def is_configured() -> bool:
    return all(
        (
            settings.HUNTER_D365_BASE_URL,
            settings.HUNTER_D365_CLIENT_ID,
            settings.HUNTER_D365_CLIENT_SECRET,
            settings.HUNTER_D365_TENANT_ID,
        )
    )


def bearer(refused: bool) -> str:
    """A token for the environment, from this process's memory while it lives; `refused` = the last one was not taken.
    Raises OutboundError."""
    app = _app()
    try:
        return app.app_token([f"{settings.HUNTER_D365_BASE_URL}/.default"], force=refused)
    except OutboundError:
        forget()  # msal answers a refused request from memory for a minute
        raise


def forget() -> None:
    """Ask Entra anew at the next request."""
    for app in _apps.values():
        app.close()
    _apps.clear()


def _app() -> EntraApp:
    key = (
        os.getpid(),  # two processes must not share a connection
        settings.HUNTER_D365_TENANT_ID,
        settings.HUNTER_D365_CLIENT_ID,
        settings.HUNTER_D365_CLIENT_SECRET,
        settings.HUNTER_SANDBOX_URL,
    )
    if key not in _apps:
        _apps.clear()
        _apps[key] = EntraApp(
            tenant=settings.HUNTER_D365_TENANT_ID,
            client_id=settings.HUNTER_D365_CLIENT_ID,
            client_secret=settings.HUNTER_D365_CLIENT_SECRET,
            sandbox_url=settings.HUNTER_SANDBOX_URL,
        )
    return _apps[key]
