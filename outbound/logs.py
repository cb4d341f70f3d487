"""Loggers of libraries that would write what must not be written."""

from __future__ import annotations

import logging
from typing import Final

# Seen in msal 1.39: authorization and device codes, the PKCE verifier and client_info (DEBUG "event="), account names
# in error_description (DEBUG "Refresh failed"), whole token answers that are no JSON (ERROR). In urllib3 2.8: path
# with query (DEBUG on every request, WARNING on unparsable headers). Nothing is lost: whatever fails is raised, and
# "outbound" logs it.
QUIET: Final = {"msal": logging.CRITICAL, "urllib3": logging.ERROR}


def quiet_libraries() -> None:
    """Raise the levels of msal and urllib3 to QUIET, whatever the root logger's level is. Safe to repeat.

    `new_http` calls it, so no session exists without it and Django's LOGGING needs no entry; if LOGGING names these
    two loggers all the same, it has to give them these levels.
    """
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
