"""Loaded by pytest before the settings: a development environment that writes under var/tests only."""

import os
from pathlib import Path

os.environ.setdefault("HUNTER_ENV", "dev")
os.environ.setdefault("HUNTER_VAR", str(Path(__file__).resolve().parent.parent / "var" / "tests"))
# Nothing answers here: a test that looks outside names its own server.
os.environ["HUNTER_DNS_SERVERS"] = "127.0.0.1:9"
os.environ.setdefault("HUNTER_DNS_QUERIES_PER_SECOND", "0")
# Playwright's event loop runs in the thread that also talks to the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
