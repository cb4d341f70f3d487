"""Wiring: settings, URLs, WSGI. Nothing imports it."""
