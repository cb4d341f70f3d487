"""One search over everything this person may open: leads by name, pages and actions by their words.

Referrals are found by their own room; the page asks it by the name of its URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.folding import fold
from leads.models import Lead, LeadVisit

LEADS: Final = 8


@dataclass(frozen=True, slots=True)
class Command:
    """A page to open (`view`, `query`), or a switch of this page (`switch`: theme or language, to `value`). `words` are
    found, too; `permission`, `flag` and `staff` say for whom and when it is there. Further switches: the keys, the
    sign-out."""

    key: str
    label: Any
    icon: str
    view: str = ""
    query: str = ""
    words: Any = ""
    permission: str = ""
    flag: str = ""
    staff: bool = False
    switch: str = ""
    value: str = ""

    @property
    def url(self) -> str:
        return reverse(self.view) + self.query if self.view else ""


COMMANDS: Final = (
    Command("add", _("Add leads"), "plus", "leads:add", permission="leads.add_lead", words=_("new domain company")),
    Command(
        "import", _("Import a list"), "import", "leads:imports", permission="leads.import_leads", words="csv excel xlsx"
    ),
    Command("imports", _("Imports"), "import", "leads:imports", permission="leads.view_importbatch"),
    Command("today", _("Today"), "today", "leads:today", words=_("first page dashboard")),
    Command("my-today", _("Today: my leads"), "today", "leads:today", "?owner=me"),
    Command("leads", _("Leads"), "leads", "leads:list", words=_("list")),
    Command("mine", _("My leads"), "user", "leads:list", "?owner=me"),
    Command("due", _("Follow-ups due"), "flag", "leads:list", "?due=1&sort=follow_up"),
    Command("asleep", _("Snoozed leads"), "moon", "leads:list", "?snoozed=1", words=_("snooze")),
    Command("dismissed", _("Dismissed leads"), "archive", "leads:list", "?dismissed=1", words=_("dismiss")),
    Command("news", _("Changed since you looked"), "refresh", "leads:list", "?changed=looked&sort=changed"),
    Command(
        "referrals", _("Referrals"), "referral", "referrals:list", permission="referrals.view_referral",
        flag="HUNTER_PARTNER_CENTER_ENABLED", words="co-sell",
    ),
    Command(
        "needs-domain", _("Referrals without a domain"), "link", "referrals:needs_domain",
        permission="referrals.view_referral", flag="HUNTER_PARTNER_CENTER_ENABLED",
    ),
    Command(
        "runs", _("Sync runs"), "refresh", "referrals:runs", permission="referrals.view_syncrun",
        flag="HUNTER_PARTNER_CENTER_ENABLED", words=_("sync synchronise Partner Center"),
    ),
    Command(
        "connect", _("Connect Partner Center"), "key", "referrals:connect",
        permission="referrals.connect_partner_center", words=_("sign in Microsoft"),
    ),
    Command(
        "pushes", _("Pushes to Dynamics 365"), "dynamics", "d365:board", permission="integrations_d365.view_push",
        flag="HUNTER_D365_ENABLED",
    ),
    Command(
        "check", _("Connection to Dynamics 365"), "dynamics", "d365:check",
        permission="integrations_d365.connect_d365",
    ),
    Command(
        "rules", _("Rules that push automatically"), "dynamics", "d365:rules",
        permission="integrations_d365.view_autopush", flag="HUNTER_D365_ENABLED",
    ),
    Command("alerts", _("Alerts"), "alert", "leads:alerts", permission="leads.view_alert"),
    Command(
        "digest", _("Alerts by e-mail"), "mail", "leads:digest", permission="leads.change_digestsetting"
    ),
    Command("jobs", _("Jobs"), "jobs", "leads:jobs", permission="jobs.view_job", words=_("background work")),
    Command("outcomes", _("Outcomes"), "success", "leads:outcomes", words=_("won lost")),
    Command("password", _("Change password"), "key", "password_change", words=_("your account")),
    Command("health", _("System health"), "success", "healthz_status", staff=True),
    Command("administration", _("Administration"), "settings", "admin:index", staff=True, words="admin"),
    Command("shortcuts", _("Keyboard shortcuts"), "question", switch="shortcuts", words=_("keys")),
    Command("sign-out", _("Sign out"), "sign-out", switch="sign-out", words=_("session log out exit")),
    Command("light", _("Appearance: light"), "sun", switch="theme", value="light", words=_("theme")),
    Command("dark", _("Appearance: dark"), "moon", switch="theme", value="dark", words=_("theme")),
    Command("auto", _("Appearance: like the system"), "theme", switch="theme", value="auto", words=_("theme")),
    # Each in its own language, so that who cannot read the page finds it.
    Command("turkish", "Türkçe", "globe", switch="language", value="tr", words="language dil Turkish"),
    Command("english", "English", "globe", switch="language", value="en", words="language dil İngilizce"),
)  # fmt: skip


def commands(user: User, text: str) -> list[Command]:
    """Those this person may use whose label or words hold every word of `text`; those with the label first."""
    wanted = fold(text).split()
    there = (command for command in COMMANDS if _is_there(command, user))
    found = [command for command in there if all(word in fold(f"{command.label} {command.words}") for word in wanted)]
    return sorted(found, key=lambda command: not all(word in fold(str(command.label)) for word in wanted))


def _is_there(command: Command, user: User) -> bool:
    return (
        (not command.flag or getattr(settings, command.flag))
        and (not command.staff or user.is_staff)
        and (not command.permission or user.has_perm(command.permission))
    )


def leads(user: User, text: str) -> Iterable[Lead]:
    """The best open leads with these words; without words those the person looked at last."""
    if fold(text):
        return Lead.objects.open().search(text).best_first()[:LEADS]
    visits = LeadVisit.objects.filter(user=user, lead__dismissed_at__isnull=True).select_related("lead")
    return [visit.lead for visit in visits.order_by("-at")[:LEADS]]
