"""What people do in a day in the running Hunter, so that pages are looked at as they are in use: leads pushed, parked
and waiting for a decision, notes, tags, follow-ups, entries, one change of many leads, a view, a rule.

Takes the last demo companies, and leaves the others to tests that work on companies of their own.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from tests.browser.conftest import ask


def ask_sandbox(path: str, body: dict[str, Any]) -> None:
    from django.conf import settings

    ask(f"{settings.HUNTER_SANDBOX_URL}/_sandbox/{path}", body)


def a_day() -> None:
    """Does it once; comes back when Dynamics has answered."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from integrations_d365 import preflight, pushing
    from integrations_d365.models import AutoPush, Push
    from leads import bulk_actions, knowledge, outcomes, saved_views, services
    from leads.list_query import LeadQuery
    from leads.models import Lead, SavedView

    if SavedView.objects.filter(name="Sıcak adaylar").exists():
        return
    seller, operations = User.objects.get(username="seller"), User.objects.get(username="operations")
    leads = list(Lead.objects.filter(score__isnull=False).order_by("-pk")[10:60])
    first = Lead.objects.filter(score__isnull=False).order_by("pk")[0]
    today = timezone.localdate()
    for number, lead in enumerate([first, *leads[:6]]):
        services.add_note(lead, "IT müdürüyle görüşüldü; sözleşme ocakta bitiyor, teklif istiyor.", by=seller)
        services.set_follow_up(lead, today + timedelta(days=number - 1), by=seller)
        services.set_tags(lead, ["yerinde görüşme", "fuar"], by=seller)
    knowledge.enter(first, "tenant_size", "medium", reason="Telefonda 120 kullanıcı dediler.", by=seller)
    outcomes.decide(leads[7], "won", reason="Geçiş sözleşmesi imzalandı.", by=seller)
    outcomes.decide(leads[8], "lost", reason="Rakip daha erken bitirdi.", by=seller)
    many = bulk_actions.draft("tag", Lead.objects.filter(pk__in=[lead.pk for lead in leads]), query="", by=operations)
    bulk_actions.start(many, {"name": "kampanya"}, by=operations)
    query = LeadQuery(segment=("Migration",))
    view = saved_views.save_view(operations, name="Sıcak adaylar", query=query, shared=True, tab=True, opens=False)
    AutoPush.objects.get_or_create(saved_view=view)

    found = {
        "companyname": leads[9].title,
        "subject": "Fuarda görüşüldü",
        "lastname": "D",
        "hnt_domain": leads[9].domain,
    }
    ask_sandbox("dynamics/leads", found)
    for lead in leads[10:12]:
        ask_sandbox("faults", {"route": "*", "kind": "plugin_veto", "times": 1, "domain": lead.domain})
    preflight.check_environment()
    wanted = [first.pk, *(lead.pk for lead in leads[9:29])]
    pushing.queue_pushes(Lead.objects.filter(pk__in=wanted), by=operations, title="push.selected")
    deadline = time.monotonic() + 60
    while Push.objects.filter(lead__in=wanted, state__in=("queued", "in_progress")).exists():
        assert time.monotonic() < deadline, "the pushes do not end"
        time.sleep(0.5)
