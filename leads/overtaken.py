"""Two people, or two tabs, at the same lead."""

from __future__ import annotations

from leads.models import Lead


class Overtaken(Exception):
    """It was changed since the page was made that this comes from; nothing was saved."""


class LeadGone(Lead.DoesNotExist):
    """It was removed in between, as by the undo of its import; nothing was saved."""
