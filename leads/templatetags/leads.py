"""How values look on a page: badges, bars, icons, words for codes. Display only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from jobs.models import Job
from leads import job_texts
from leads.brief_messages import is_known, provider_label, row_text, text
from leads.company_list.messages import reason_text
from leads.event_words import change_of, choice_label, claimed, day_words, entry_value, event_value, said
from leads.folding import unicode_address
from leads.forms import day_of
from leads.knowledge import Conflict
from leads.lead_page import ShownScan, VerdictRow
from leads.list_query import ADDED, CHANGED, POSTURES
from leads.models import (
    Alert,
    DmarcPolicy,
    Event,
    ImportBatch,
    Lead,
    Outcome,
    Priority,
    Provider,
    PushState,
    ReferralState,
    RemoteState,
    Segment,
    Source,
    Tag,
    VerdictState,
)
from leads.outcomes import Conversion

register = template.Library()

_BAR = '<svg class="bar" viewBox="{} 0 {} 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">{}{}</svg>'
_RECT = '<rect class="{}" x="{}" width="{}" height="6"></rect>'
_NOTHING = SafeString("")
_PARTS = re.compile(r"[^.@-]*[.@-]|[^.@-]+")
_DASH = SafeString('<span class="muted">–</span>')


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture of the sprite; always beside a text, so it is hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("hunter/icons.svg"),
        name,
    )


@register.simple_tag
def bar(low: int | None, high: int | None = None) -> SafeString:
    """A slim bar from 0 to `low`, paler on to `high`; both 0-100."""
    start = low or 0
    return format_html(
        _BAR,
        0,
        100,
        format_html(_RECT, "bar__fill", 0, start),
        format_html(_RECT, "bar__range", start, high - start) if high and high > start else _NOTHING,
    )


@register.simple_tag
def step_bar(row: VerdictRow, scan: ShownScan) -> SafeString:
    """The part of a waterfall that one row of the score draws."""
    if row.width == 0:
        return _on_scale(scan, "bar__still", max(scan.scale[0], row.low - 1), 1)
    return _on_scale(scan, "bar__plus" if row.points > 0 else "bar__minus", row.low, row.width)


@register.simple_tag
def sum_bar(score: int, scan: ShownScan) -> SafeString:
    """What the rows of a waterfall add up to, below them and on their scale."""
    return _on_scale(scan, "bar__fill", 0, score)


def _on_scale(scan: ShownScan, name: str, start: int, width: int) -> SafeString:
    """A bar of the waterfall; the zero line where the scale goes below it."""
    low, high = scan.scale
    zero = format_html(_RECT, "bar__zero", 0, 1) if low < 0 else _NOTHING
    return format_html(_BAR, low, high - low, format_html(_RECT, name, start, width), zero)


@register.filter
def job_title(job: Job) -> str:
    return job_texts.title(job)


@register.filter
def job_result(job: Job) -> str:
    """Its error, or what came of it."""
    return job_texts.error(job) or job_texts.result(job)


@register.filter
def job_error(job: Job) -> str:
    return job_texts.error(job)


@register.filter
def mail_provider(lead: Lead) -> str:
    """Who runs the mail, as finely as it is known: the hoster's name rather than "local or own server"."""
    if lead.provider == Provider.LOCAL and not lead.gateway:
        named = lead.local_provider or ("" if lead.mail_service == "self-hosted" else lead.mail_service)
        if named:
            return named
    return provider(lead.provider)


_OWN_SERVERS = {
    "self-hosted": gettext_lazy("its own server"),
    "self-hosted (EC2)": gettext_lazy("its own server (Amazon EC2)"),
}


@register.filter
def service_name(service: str) -> str:
    """A mail service by its name, or in words when the company runs it itself."""
    return str(_OWN_SERVERS.get(service, service))


# What a DNS server answered beyond found, not there and no answer (signals.types.Lookup.status).
_LOOKUP_STATUSES = {
    "ok": "",
    "nodata": gettext_lazy("the name exists, without such a record"),
    "nxdomain": gettext_lazy("there is no such name"),
    "servfail": gettext_lazy("the server failed"),
    "refused": gettext_lazy("the server refused"),
    "timeout": gettext_lazy("no answer in time"),
    "bad": gettext_lazy("an answer that cannot be read"),
}


@register.filter
def lookup_status(status: str) -> str:
    return str(_LOOKUP_STATUSES.get(status, status))


@register.filter
def score_text(lead: Lead) -> str:
    """ "72", "40–50" while a signal is unknown, "–" without a verdict."""
    if lead.score is None:
        return "–"
    if lead.score_is_range and lead.score_low is not None and lead.score_high is not None:
        return f"{lead.score_low}–{lead.score_high}"
    return str(lead.score)


@register.simple_tag
def score(lead: Lead) -> SafeString:
    """Number and slim bar."""
    if lead.score is None:
        return format_html('<span class="muted">–<span class="visually-hidden">{}</span></span>', _("No score yet"))
    low, high = (lead.score_low, lead.score_high) if lead.score_is_range else (lead.score, None)
    return format_html(
        '<span class="score"><span class="score__value">{}</span>{}</span>', score_text(lead), bar(low, high)
    )


@register.simple_tag
def segment(lead: Lead) -> SafeString:
    """The segment as a badge; why there is none, where there is none."""
    if lead.segment:
        return format_html('<span class="badge badge--{}">{}</span>', lead.segment, lead.get_segment_display())
    if lead.awaits_scan:
        return format_html(
            '<span class="busy"><span class="spinner" aria-hidden="true"></span>{}</span>', _("Being scanned")
        )
    return format_html('<span class="badge badge--quiet" title="{0}">{0}</span>', lead.get_verdict_state_display())


@register.simple_tag
def priority(lead: Lead) -> SafeString:
    """P1 to P6 with its label."""
    if not lead.priority_category:
        return _DASH
    return format_html(
        '<span class="priority" title="{1}"><span class="badge badge--{0}">{0}</span>'
        '<span class="priority__label">{1}</span></span>',
        lead.priority_category,
        lead.get_priority_category_display(),
    )


_MARKS = {
    "yes": ("check", gettext_lazy("in place")),
    "no": ("close", gettext_lazy("missing")),
    "weak": ("minus", gettext_lazy("not enforced")),
    "unknown": ("question", gettext_lazy("not known")),
}


@register.simple_tag
def record_mark(name: str, state: str) -> SafeString:
    """A mail record and its state (yes, no, weak, unknown): icon, colour and, for readers and pointers, a word."""
    picture, word = _MARKS[state]
    return format_html(
        '<span class="mark-set mark-set--{}" title="{}: {}">{}<span class="mark-set__name">{}</span>'
        '<span class="visually-hidden">: {}</span></span>',
        state,
        name,
        word,
        icon(picture),
        name,
        word,
    )


@register.simple_tag
def record_state(state: str) -> SafeString:
    """The state of one mail record in a word."""
    picture, word = _MARKS[state]
    return format_html('<span class="mark-set mark-set--{} mark-set--word">{}{}</span>', state, icon(picture), word)


@register.simple_tag
def posture(lead: Lead) -> SafeString:
    """SPF, DKIM and DMARC at a glance."""
    if lead.has_spf is None and lead.has_dkim is None and not lead.dmarc_policy:
        return _DASH
    return format_html(
        '<span class="posture">{}{}{}</span>',
        record_mark("SPF", _presence(lead.has_spf)),
        record_mark("DKIM", _presence(lead.has_dkim)),
        record_mark("DMARC", dmarc_state(lead)),
    )


def _presence(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[value]


@register.filter
def presence(value: bool | None) -> str:
    """yes, no or unknown, for `record_mark`."""
    return _presence(value)


@register.filter
def dmarc_state(lead: Lead) -> str:
    """yes (enforced), weak (p=none), no, unknown, for `record_mark`."""
    states = {"": "unknown", DmarcPolicy.ABSENT: "no", DmarcPolicy.NONE: "weak"}
    return states.get(lead.dmarc_policy, "yes")


@register.filter
def number(value: int | None) -> str:
    """A whole number with the separators of the language and a real minus."""
    if value is None:
        return "–"
    shown = number_format(abs(value), use_l10n=True, force_grouping=True)
    return f"−{shown}" if value < 0 else shown


@register.filter
def percent(value: int) -> str:
    """A whole number of percent as the language writes it: 100%, in Turkish %100."""
    return _("%(number)s%%") % {"number": value}


@register.filter
def signed(value: int) -> str:
    """Points with their sign; a real minus lines up with the plus."""
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "0"


@register.simple_tag(takes_context=True)
def nav_current(context: template.Context, *names: str) -> SafeString:
    """Marks the link of the part of Hunter that is open; `names` are the URL names of that part with their namespace,
    that of the link itself first."""
    match = getattr(context.get("request"), "resolver_match", None)
    if match is None or match.view_name not in names:
        return _NOTHING
    return SafeString(' aria-current="page"' if match.view_name == names[0] else ' aria-current="true"')


@register.filter
def ago(at: datetime | None) -> SafeString:
    """ "3 hours ago" within a day, else the date, on one line; the exact time on hover."""
    if at is None:
        return SafeString("–")
    local = timezone.localtime(at)
    now = timezone.now()
    if now - at < timedelta(minutes=1):
        shown = _("just now")
    elif now - at < timedelta(days=1):
        shown = _("%(time)s ago") % {"time": timesince(at, now, depth=1)}
    else:
        shown = date_format(local, "SHORT_DATE_FORMAT").replace(" ", "\N{NO-BREAK SPACE}")
    exact = date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, shown)


@register.filter
def time_left(until: datetime) -> str:
    """ "2 days left", "5 hours left", "12 minutes left", "overdue"; the largest unit alone, rounded down."""
    left = until - timezone.now()
    if left <= timedelta():
        return _("overdue")
    if left < timedelta(minutes=1):
        return _("less than a minute left")
    if left < timedelta(hours=1):
        minutes = left // timedelta(minutes=1)
        return ngettext("%(count)d minute left", "%(count)d minutes left", minutes) % {"count": minutes}
    if left < timedelta(days=1):
        hours = left // timedelta(hours=1)
        return ngettext("%(count)d hour left", "%(count)d hours left", hours) % {"count": hours}
    return ngettext("%(count)d day left", "%(count)d days left", left.days) % {"count": left.days}


@register.simple_tag
def clock(until: datetime | None) -> SafeString:
    """The time left to answer as a badge, coloured by urgency, the exact time on hover; nothing when no clock runs."""
    if until is None:
        return _NOTHING
    left = until - timezone.now()
    tone = "danger" if left < timedelta(days=1) else "warning" if left < timedelta(days=3) else "quiet"
    local = timezone.localtime(until)
    return format_html(
        '<time class="badge badge--{}" datetime="{}" title="{}">{}{}</time>',
        tone,
        local.isoformat(timespec="seconds"),
        _("Answer by %(date)s") % {"date": date_format(local, "DATETIME_FORMAT")},
        icon("clock"),
        time_left(until),
    )


@register.filter
def shown_address(address: str) -> str:
    """A domain or an e-mail address as people write it."""
    return unicode_address(address)


@register.filter
def breakable(address: str) -> SafeString:
    """A domain or an e-mail that a narrow place breaks behind its dots, hyphens and @, not within a word."""
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in _PARTS.findall(address)))


_REFERRAL_TONES = {ReferralState.NEW: "info", ReferralState.ACTIVE: "success", ReferralState.CLOSED: "quiet"}


@register.simple_tag
def lead_referral(lead: Lead) -> SafeString:
    """The most urgent referral of a lead as a badge with its clock, and how many there are; nothing without any."""
    if not lead.referral_count:
        return _NOTHING
    tone = _REFERRAL_TONES.get(ReferralState(lead.referral_state), "quiet") if lead.referral_state else "quiet"
    count = lead.referral_count
    number_of = ngettext("%(count)d referral", "%(count)d referrals", count) % {"count": count}
    return format_html(
        '<span class="badge-set"><span class="badge badge--{0}" title="{1}">{1}</span>{2}{3}</span>',
        tone,
        lead.get_referral_state_display(),
        clock(lead.referral_deadline),
        format_html('<span class="small muted nowrap">{}</span>', number_of) if count > 1 else _NOTHING,
    )


_PUSH_TONES = {
    PushState.NOT_PUSHED: "quiet",
    PushState.IN_PROGRESS: "info",
    PushState.SYNCED: "success",
    PushState.PARKED: "warning",
}


@register.simple_tag
def push_badge(state: str, remote: str = "") -> SafeString:
    """Where a lead stands on its way into Dynamics 365 as a badge; what became of it there follows when it is no open
    lead any more."""
    tone = _PUSH_TONES.get(PushState(state), "neutral")
    badge = format_html('<span class="badge badge--{0}" title="{1}">{1}</span>', tone, PushState(state).label)
    if remote in ("", RemoteState.OPEN):
        return badge
    return format_html(
        '<span class="badge-set">{}<span class="small muted">{}</span></span>', badge, RemoteState(remote).label
    )


@register.filter
def person(user: User | None) -> str:
    """The full name, else the user name."""
    return "" if user is None else user.get_full_name() or user.get_username()


@register.filter
def waiting(leads: Iterable[Lead]) -> bool:
    """Whether one of these leads waits for its scan."""
    return any(lead.awaits_scan for lead in leads)


@register.filter
def any_active(jobs: Iterable[Job]) -> bool:
    """Whether one of these jobs waits or runs."""
    return any(job.is_active for job in jobs)


@register.filter
def message(message_id: str) -> str:
    """The sentence behind a message id; "" for one nobody knows any more."""
    return text(message_id) if is_known(message_id) else ""


@register.filter
def word(code: str, family: str) -> str:
    """The word for a code of a family of messages, such as "Hot" of "technical_heat"."""
    return message(f"{family}.{code}") or code


@register.filter
def by_people(tags: Iterable[Tag]) -> list[Tag]:
    """Without the automatic tags, which repeat what the columns of a list say."""
    return [tag for tag in tags if not tag.automatic]


@register.filter
def counted(count: int, options: Any) -> str:
    """How many rows of a model. A Turkish noun stays in the singular after a number, and small within a line."""
    turkish = (get_language() or "").startswith("tr")
    noun = str(options.verbose_name if turkish or count == 1 else options.verbose_name_plural)
    return f"{number_format(count)} {within_line(noun)}"


@register.filter
def within_line(noun: str) -> str:
    """The name of a model after other words. Names that begin with İ are written so in the catalogue, because Django
    would make an I of their i."""
    return "i" + noun[1:] if noun.startswith("İ") else noun


@register.filter
def tag_label(tag: Tag) -> str:
    """Automatic tags are codes with a word for each language; the others are what people wrote."""
    return (tag.automatic and message(f"tag.{tag.name}")) or tag.name


@register.filter
def provider(code: str) -> str:
    """The product name people know."""
    return provider_label(code) or ""


@register.filter
def rejection(code: str) -> str:
    """The reason why a row was rejected, as a sentence."""
    return reason_text(code) if code else ""


_REASONS = {
    "mx_unknown": gettext_lazy("The question for the mail host (MX) got no answer, so nothing can be said yet."),
    "spf_unknown": gettext_lazy("The question for SPF got no answer."),
    "dkim_unknown": gettext_lazy("A question for DKIM keys got no answer."),
    "dmarc_unknown": gettext_lazy("The question for DMARC got no answer."),
    "dkim_unlisted_selector": gettext_lazy(
        "A DKIM key exists under a name that cannot be looked up. It counts as present, at lower confidence."
    ),
}


@register.filter
def doubt(code: str) -> str:
    """Why a verdict is a range, or why there is none."""
    return str(_REASONS.get(code, ""))


_SIGNS = {
    "dkim_tenant": gettext_lazy("DKIM key in a Microsoft tenant"),
    "autodiscover_outlook": gettext_lazy("Autodiscover points to Outlook"),
    "lyncdiscover": gettext_lazy("Teams or Skype for Business is set up"),
    "enterpriseregistration": gettext_lazy("Devices are registered with Microsoft Entra"),
    "enterpriseenrollment": gettext_lazy("Devices are managed with Microsoft Intune"),
    "ms_txt": gettext_lazy("Domain confirmed for Microsoft (MS= text)"),
    "spf_outlook": gettext_lazy("SPF names Microsoft's servers"),
    "dkim_google": gettext_lazy("DKIM key of Google Workspace"),
    "spf_google": gettext_lazy("SPF names Google's servers"),
    "google_site_verification": gettext_lazy("Domain confirmed for Google (no sign of mail)"),
}


@register.filter
def sign(kind: str) -> str:
    """A sign of Microsoft or Google in words, with the tenant it names."""
    name, _colon, detail = kind.partition(":")
    words = str(_SIGNS.get(name, name))
    return f"{words}: {detail}" if detail else words


register.filter("change_of", change_of)


@register.filter
def alert_change(alert: Alert) -> str:
    """ ": Google Workspace → Microsoft 365" after the name of an alert in an e-mail; "" without values."""
    event = alert.event
    if event is None:
        return ""
    shown = " → ".join(filter(None, (event_value(event.old, event.kind), event_value(event.new, event.kind))))
    return f": {shown}" if shown else ""


register.filter("said", said)


register.filter("claimed", claimed)


@register.filter
def conflict_seen(conflict: Conflict) -> str:
    """What is seen otherwise than a person entered, in words."""
    return entry_value(conflict.entry.field, conflict.seen)


@register.filter
def group_label(row: Conversion, kind: str) -> str:
    """What a row of the outcome statistics is about: a segment, a priority or a rule of the score."""
    if not row.key:
        return _("Without a verdict")
    if kind == "segment":
        return choice_label(Segment, row.key)
    if kind == "priority":
        return f"{row.key} {choice_label(Priority, row.key)}"
    return rule_label(row.key)


def rule_label(rule: str) -> str:
    """A rule of the score, stored as "part.key", in words."""
    part, _dot, key = rule.partition(".")
    return row_text(part, key)


_EVENT_ICONS = {
    Event.Kind.CREATED: "plus",
    Event.Kind.IMPORTED: "import",
    Event.Kind.NOTE: "note",
    Event.Kind.OWNER: "user",
    Event.Kind.TAG: "tag",
    Event.Kind.FOLLOW_UP: "flag",
    Event.Kind.DISMISSED: "archive",
    Event.Kind.RESTORED: "refresh",
    Event.Kind.PROVIDER: "mail",
    Event.Kind.GATEWAY: "mail",
    Event.Kind.MX: "mail",
    Event.Kind.SPF: "shield",
    Event.Kind.DKIM: "shield",
    Event.Kind.DMARC: "shield",
    Event.Kind.EXPIRY: "clock",
    Event.Kind.LINKED: "referral",
    Event.Kind.UNLINKED: "referral",
    Event.Kind.REFERRAL: "referral",
    Event.Kind.PUSHED: "dynamics",
    Event.Kind.PUSH_PARKED: "warning",
    Event.Kind.PUSH_DECIDED: "dynamics",
    Event.Kind.REMOTE: "dynamics",
    Event.Kind.SCORE: "sort",
    Event.Kind.SEGMENT: "sort",
    Event.Kind.EDITED: "note",
    Event.Kind.REGISTRAR: "globe",
    Event.Kind.NAME_SERVER: "globe",
    Event.Kind.TENANT: "key",
    Event.Kind.OVERRIDE: "user",
    Event.Kind.SNOOZED: "moon",
    Event.Kind.OUTCOME: "flag",
    Event.Kind.OPT_OUT: "stop",
}
# Where the page of a lead shows more about it.
_EVENT_PANELS = {
    Event.Kind.NOTE: "notes",
    Event.Kind.LINKED: "lead-referrals",
    Event.Kind.UNLINKED: "lead-referrals",
    Event.Kind.REFERRAL: "lead-referrals",
    Event.Kind.PUSHED: "lead-dynamics",
    Event.Kind.PUSH_PARKED: "lead-dynamics",
    Event.Kind.PUSH_DECIDED: "lead-dynamics",
    Event.Kind.REMOTE: "lead-dynamics",
    Event.Kind.OVERRIDE: "known",
    Event.Kind.OUTCOME: "outcome",
}


@register.filter
def preset_day(preset: str) -> str:
    """The day that a button of a date stands for, in words."""
    return day_words(day_of(preset, timezone.localdate()))


@register.filter
def event_icon(kind: str) -> str:
    return _EVENT_ICONS.get(Event.Kind(kind), "info") if kind in Event.Kind.values else "info"


@register.filter
def event_panel(kind: str) -> str:
    """The id of the panel that shows more; "" without one."""
    return _EVENT_PANELS.get(Event.Kind(kind), "") if kind in Event.Kind.values else ""


@register.filter
def chip_text(chip: tuple[str, str, str], owners: Iterable[User]) -> str:
    """An active filter in words: (name, value, URL without it)."""
    name, value, _url = chip
    labels: dict[str, Any] = {"segment": Segment, "priority": Priority, "provider": Provider, "state": VerdictState}
    if name in labels:
        label = choice_label(labels[name], value)
        return f"{value} {label}" if name == "priority" else label
    if name == "owner":
        fixed = {"me": _("My leads"), "none": _("Without owner")}
        names = {str(user.pk): person(user) for user in owners}
        return fixed.get(value) or _("Owner: %(name)s") % {"name": names.get(value, value)}
    if name == "lead":
        return ngettext("%(count)s chosen lead", "%(count)s chosen leads", int(value)) % {"count": value}
    if name == "batch":
        return _batch_text(value)
    words = {
        "q": "“%s”",
        "score_min": _("Score from %s"),
        "score_max": _("Score up to %s"),
        "tag": _("Tag: %s"),
        "due": _("Follow-up due"),
        "snoozed": _("Leads that sleep"),
        "dismissed": _("Dismissed leads"),
    }
    if name in words:
        return words[name] % value if "%s" in words[name] else words[name]
    if name == "referral":
        return _("Referral: %s") % choice_label(ReferralState, value)
    if name == "d365":
        return _("Dynamics: %s") % choice_label(PushState, value)
    if name == "outcome":
        return _("Outcome: %s") % choice_label(Outcome, value)
    if name == "source":
        return _("Source: %s") % choice_label(Source, value)
    tables: dict[str, Any] = {"posture": POSTURES, "changed": CHANGED}
    return str(tables[name][value][0]) if value in tables.get(name, {}) else value


def _batch_text(value: str) -> str:
    batch = ImportBatch.objects.filter(pk=int(value.removesuffix(ADDED))).only("file_name").first()
    words = _("Added by %(list)s") if value.endswith(ADDED) else _("From %(list)s")
    return words % {"list": batch.title if batch is not None else _("an import that was deleted")}
