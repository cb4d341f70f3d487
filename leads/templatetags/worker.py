"""What a page that waits for the worker says when there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django import template
from django.template.context import RequestContext

from jobs import health

register = template.Library()

# A worker that is started anew reports within this time; a page that waits says nothing of it.
SAID_AFTER: Final = timedelta(minutes=1)


@register.inclusion_tag("leads/_silent_worker.html", takes_context=True)
def silent_worker(context: RequestContext) -> dict[str, Any]:
    """A banner when the worker is silent, else nothing. One query, so only where work waits."""
    user = context["user"]
    return {"silence": health.silence(SAID_AFTER), "may_see_health": user.is_staff}
