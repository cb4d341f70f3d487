"""How referrals look on a page: badges, clocks, amounts, words for codes. Display only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from leads.folding import unicode_name
from leads.models import Lead
from leads.templatetags.leads import clock, person, score_text
from referrals import messages
from referrals.list_query import DEADLINES, LINKS, STATUSES
from referrals.models import Category, Referral, ReferralLink, Status, Substatus

register = template.Library()

_CENTS = Decimal("0.01")


@register.filter
def amount(value: Decimal, currency: str = "") -> str:
    """ "480.000,50 TRY" as the language writes it; two decimals, more only where the value has them."""
    shown = value.quantize(_CENTS) if value == value.quantize(_CENTS) else value.normalize()
    return f"{number_format(shown, use_l10n=True, force_grouping=True)} {currency}".rstrip()


@register.simple_tag
def money(value: Decimal | None, currency: str) -> SafeString:
    """An amount with its own currency; says so when the currency is unknown; a dash for no amount."""
    if value is None:
        return SafeString('<span class="muted">–</span>')
    if currency:
        return format_html('<span class="nowrap">{}</span>', amount(value, currency))
    return format_html(
        '<span class="nowrap">{}</span> <span class="small muted nowrap">{}</span>',
        amount(value),
        _("currency unknown"),
    )


_TONES = {
    Status.NEW: "info",
    Status.ACTIVE: "success",
    Status.CLOSED: "quiet",
    Substatus.WON: "success",
}


@register.filter
def headline(referral: Referral) -> str:
    """Who it is about: the customer, else the name of the deal."""
    return referral.customer_name or referral.name or _("Referral without a name")


@register.filter
def deal_name(referral: Referral) -> str:
    """What stands below the headline: the name of the deal without the customer's in front; the id where the referral
    has neither; "" when nothing is left to say."""
    customer, name = referral.customer_name, referral.name
    if not customer:
        return "" if name else referral.remote_id
    rest = name[len(customer) :]
    if name[: len(customer)].casefold() == customer.casefold() and not rest[:1].isalnum():
        return rest.lstrip(_BETWEEN)
    return name


_BETWEEN = " :–—-|/,;·"


@register.simple_tag
def answer(referral: Referral) -> SafeString:
    """The clock until its deadline; none runs for what Partner Center does not show any more."""
    return clock(None if referral.not_visible_since else referral.deadline_at)


@register.filter
def answer_is_due(referral: Referral) -> bool:
    """Whether the clock to its deadline still runs."""
    return bool(referral.deadline_at and not referral.not_visible_since and referral.deadline_at > timezone.now())


@register.filter
def answer_moment(referral: Referral) -> str:
    """ "tomorrow 04:22" for a deadline within two days, in local time; else ""."""
    until, now = referral.deadline_at, timezone.now()
    if until is None or referral.not_visible_since or not now < until < now + timedelta(days=2):
        return ""
    local = timezone.localtime(until)
    days = (local.date() - timezone.localdate(now)).days
    day = [_("today"), _("tomorrow"), date_format(local, "l")][days]
    return f"{day} {date_format(local, 'TIME_FORMAT')}"


@register.filter
def is_past(at: datetime | None) -> bool:
    return at is not None and at < timezone.now()


@register.filter
def standing(lead: Lead) -> str:
    """ "score 45 · Cold" in plain words; without a score, why there is none."""
    if lead.score is None:
        return str(_("Being scanned") if lead.awaits_scan else lead.get_verdict_state_display())
    words = [_("score %(score)s") % {"score": score_text(lead)}, lead.get_segment_display() if lead.segment else ""]
    return " · ".join(word for word in words if word)


@register.simple_tag
def status(referral: Referral) -> SafeString:
    """Status and substatus; values nobody documented are shown as they came. What Partner Center does not show any
    more has no status that could be trusted."""
    if referral.not_visible_since:
        return format_html('<span class="badge badge--quiet badge--wrap">{}</span>', _("No longer in Partner Center"))
    tone = _TONES.get(referral.substatus) or _TONES.get(referral.status) or "warning"  # type: ignore[call-overload]
    words = [word for word in (status_word(referral.status), substatus_word(referral.substatus)) if word]
    return format_html('<span class="badge badge--{}">{}</span>', tone, " · ".join(words) or _("No status"))


@register.filter
def status_word(code: str) -> str:
    return _choice(Status, code)


@register.filter
def substatus_word(code: str) -> str:
    return "" if code == "None" else _choice(Substatus, code)


_LINK_TONES = {ReferralLink.State.SEVERAL: "warning", ReferralLink.State.NEEDS_DOMAIN: "warning"}


@register.simple_tag
def link_state(link: ReferralLink) -> SafeString:
    tone = _LINK_TONES.get(ReferralLink.State(link.state), "quiet")
    return format_html('<span class="badge badge--{} badge--wrap">{}</span>', tone, link.get_state_display())


_SIZES = {
    "1to9employees": gettext_lazy("1–9 employees"),
    "10to50employees": gettext_lazy("10–50 employees"),
    "51to250employees": gettext_lazy("51–250 employees"),
    "251to1000employees": gettext_lazy("251–1,000 employees"),
    "1001to5000employees": gettext_lazy("1,001–5,000 employees"),
    "5001to10000employees": gettext_lazy("5,001–10,000 employees"),
    "10001to20000employees": gettext_lazy("10,001–20,000 employees"),
    "Morethan20000employees": gettext_lazy("more than 20,000 employees"),
    "1to50employees": gettext_lazy("1–50 employees"),
    "51to500employees": gettext_lazy("51–500 employees"),
    "Morethan500employees": gettext_lazy("more than 500 employees"),
}
_HELP = {
    "GeneralOrOther": gettext_lazy("General or other help"),
    "CustomerTechnicalArchitecture": gettext_lazy("Technical architecture for the customer"),
    "ProofOfConceptOrDemo": gettext_lazy("Proof of concept or demo"),
    "QuotesOrLicensing": gettext_lazy("Quotes or licensing"),
    "PostSalesCustomerSuccess": gettext_lazy("Customer success after the sale"),
    "WorkloadSpecificValueProposition": gettext_lazy("Value of a particular workload"),
}
_DEAL_KINDS = {
    "private": gettext_lazy("Private deal: not visible to Microsoft's sellers"),
    "partner_led": gettext_lazy("Partner-led: visible to Microsoft's sellers, no help asked"),
    "co_sell": gettext_lazy("Co-sell: Microsoft's sellers are asked for help"),
}
_QUALIFICATIONS = {
    "None": pgettext_lazy("by whom", "None"),
    "Direct": gettext_lazy("By the customer"),
    "MarketingQualified": gettext_lazy("By marketing"),
    "SalesQualified": gettext_lazy("By a seller of Microsoft"),
}
_FAMILIES: dict[str, dict[str, Any]] = {
    "size": _SIZES,
    "help": _HELP,
    "deal": _DEAL_KINDS,
    "qualification": _QUALIFICATIONS,
    "type": {"Independent": gettext_lazy("Independent"), "Shared": gettext_lazy("Shared with Microsoft or a partner")},
    "direction": {"Incoming": gettext_lazy("Incoming"), "Outgoing": gettext_lazy("Outgoing")},
    "candidate": messages.CANDIDATES,
    "suggestion": messages.SUGGESTIONS,
    "oddity": messages.ODDITIES,
    "id": {"Duns": gettext_lazy("D-U-N-S number"), "External": gettext_lazy("External id")},
}


@register.filter
def words(code: str, family: str) -> str:
    """The words for a code of Partner Center or of this room; a code without words stands for itself."""
    return str(_FAMILIES[family].get(code, code))


_NAME = re.compile(r"(?<=[a-zçğıöşü0-9])(?=[A-ZÇĞİÖŞÜ])|(?<=[a-zçğıöşü]{4})(?=[0-9])")


@register.filter
def spaced(code: str) -> str:
    """ "DeploymentOrMigration" as "Deployment Or Migration" and "Dynamics365" as "Dynamics 365": names of Microsoft's
    catalogue have no translation."""
    return _NAME.sub(" ", code)


@register.filter
def shown_name(domain: str) -> str:
    """A domain as people write it."""
    return unicode_name(domain)


@register.filter
def dialled(phone: str) -> str:
    """A telephone number as a `tel:` link takes it; "" for what is none."""
    digits = re.sub(r"[^\d+]", "", phone)
    return digits if len(digits) > 4 else ""


@register.filter
def mailable(email: str) -> bool:
    """Whether it may stand in a `mailto:` link: one address, no way to add fields or receivers."""
    return bool(re.fullmatch(r"[^\s@,;?&%<>\"]+@[^\s@,;?&%<>\"]+", email))


@register.filter
def scanning(referrals: Iterable[Referral]) -> bool:
    """Whether the lead of one of these referrals waits for its scan."""
    return any(referral.link.lead and referral.link.lead.awaits_scan for referral in referrals)


@register.filter
def referral_chip(chip: tuple[str, str, str], owners: Iterable[User]) -> str:
    """An active filter in words: (name, value, URL without it)."""
    name, value, _url = chip
    tables: dict[str, dict[str, Any]] = {
        "status": dict(STATUSES),
        "category": dict(Category.choices),
        "link": dict(LINKS),
        "deadline": DEADLINES,
        "owner": {
            "me": _("My leads"),
            "none": _("Without owner"),
            **{str(user.pk): _("Owner: %(name)s") % {"name": person(user)} for user in owners},
        },
    }
    if name in tables:
        return str(tables[name].get(value, value))
    if name in ("value_min", "value_max"):
        pattern = _("Value from %s") if name == "value_min" else _("Value up to %s")
        return pattern % number_format(int(value), use_l10n=True, force_grouping=True)
    return f"“{value}”"


def _choice(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else value
