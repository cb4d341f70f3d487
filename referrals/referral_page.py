"""What the page, the dialog and the panels about referrals show, read from the stored rows."""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from leads.models import Lead
from referrals.models import Referral, ReferralLink
from referrals.payload import Person, child, code, currency, money, people, short

_LONGEST_NOTE: Final = 20_000  # characters


@dataclass(frozen=True, slots=True)
class Solution:
    name: str
    type: str
    price: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The parts of the raw row that have no column. Every text may be ""."""

    customer_people: list[Person]
    seller_people: list[Person]
    address: list[str]
    notes: str
    invite_notes: str
    inviter: str
    help_wanted: str
    industries: list[str]
    products: list[str]
    services: list[str]
    solutions: list[Solution]
    deal_kind: str  # private, partner_led, co_sell: of a co-sell opportunity (fact sheet, section 2.2)
    consent_to_contact: bool | None
    sales_stage: str
    status_reason: str
    microsoft_id: str
    external_reference: str
    campaign: str
    customer_ids: list[tuple[str, str]]


def details_of(referral: Referral) -> Details:
    row = referral.payload
    customer, details = child(row, "customerProfile"), child(row, "details")
    needs, invite, consent = child(details, "requirements"), child(row, "inviteContext"), child(row, "consent")
    address = child(customer, "address")
    help_wanted = code(invite.get("assistanceRequestCode"))
    shared = consent.get("consentToShareReferralWithMicrosoftSellers") is True
    return Details(
        customer_people=[] if hides_people(referral) else list(people(customer.get("team"))),
        seller_people=list(people(row.get("team"))),
        address=[text for text in (_line(address, *names) for names in _ADDRESS) if text],
        notes=_long(details.get("notes")),
        invite_notes=_long(invite.get("notes")),
        inviter=short(child(invite, "invitedBy").get("organizationName")),
        help_wanted="" if help_wanted in ("", "Unknown") else help_wanted,
        industries=_ids(needs.get("industries")),
        products=_ids(needs.get("products")),
        services=_ids(needs.get("services")),
        solutions=[
            Solution(
                short(item.get("name")) or short(item.get("id")),
                code(item.get("type")),
                money(item.get("price")),
                currency(item.get("currency")),
            )
            for item in _objects(needs.get("solutions"))
        ],
        deal_kind=("co_sell" if help_wanted not in ("", "Unknown") else "partner_led") if shared else "private",
        consent_to_contact=_yes_or_no(consent.get("consentToContact")),
        sales_stage=code(row.get("salesStage")),
        status_reason=_long(row.get("statusReason")),
        microsoft_id=short(child(row, "trackingInfo").get("microsoftMsxId")),
        external_reference=short(row.get("externalReferenceId")),
        campaign=short(row.get("campaignId")),
        customer_ids=[(code(item.get("profileType")), short(item.get("id"))) for item in _objects(customer.get("ids"))],
    )


_ADDRESS: Final = (("addressLine1",), ("addressLine2",), ("postalCode", "city"), ("state", "country"))


def hides_people(referral: Referral) -> bool:
    """Whether it is about a company that does not want to be contacted; whom to reach there is shown nowhere."""
    link = referral.link
    return link.state == ReferralLink.State.LINKED and link.lead is not None and link.lead.opted_out_at is not None


def pretty_raw(referral: Referral) -> str:
    row = referral.payload
    if hides_people(referral):
        row = row | {"customerProfile": child(row, "customerProfile") | {"team": "…"}}
    return json.dumps(row, indent=2, ensure_ascii=False, sort_keys=True)


def portal_url(referral: Referral) -> str:
    """Where Partner Center shows it: HUNTER_PARTNER_CENTER_PORTAL_URL with its ids put in."""
    pattern: str = settings.HUNTER_PARTNER_CENTER_PORTAL_URL
    return pattern.replace("{referral_id}", referral.remote_id).replace("{engagement_id}", referral.engagement_id)


def engagement(referral: Referral) -> list[Referral]:
    """The other referrals of the same deal, newest first; each organisation has its own."""
    if not referral.engagement_id:
        return []
    others = Referral.objects.light().filter(engagement_id=referral.engagement_id).exclude(pk=referral.pk)
    return list(others.select_related("link__lead").order_by("-remote_updated_at", "pk")[:50])


@dataclass(frozen=True, slots=True)
class LeadReferrals:
    """All referrals of a lead, grouped by engagement; `values`: of what is still open, one sum per currency, each
    engagement once; the key "" holds what came without a known currency."""

    groups: list[list[Referral]]
    values: list[tuple[str, Decimal]]

    @property
    def count(self) -> int:
        return sum(map(len, self.groups))


def referrals_of(lead: Lead) -> LeadReferrals:
    rows = Referral.objects.light().filter(link__lead=lead, link__state=ReferralLink.State.LINKED)
    referrals = list(rows.select_related("link").by_deadline()[:500])
    groups: dict[str, list[Referral]] = defaultdict(list)
    for referral in referrals:
        groups[referral.engagement_id or f"referral:{referral.pk}"].append(referral)
    still_open = ([referral for referral in group if _is_open(referral)] for group in groups.values())
    return LeadReferrals(list(groups.values()), deal_values(still_open))


def _is_open(referral: Referral) -> bool:
    return not referral.is_closed and referral.not_visible_since is None


def deal_values(groups: Iterable[Sequence[Referral]]) -> list[tuple[str, Decimal]]:
    """(currency, sum) over engagements, the value of each counted once: that of its referral that changed last."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for group in groups:
        valued = [referral for referral in group if referral.deal_value is not None]
        if valued:
            newest = max(valued, key=lambda referral: (referral.source_stamp, referral.pk))
            assert newest.deal_value is not None
            sums[newest.currency] += newest.deal_value
    return sorted(sums.items(), key=lambda item: (not item[0], item[0]))


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, or in an object that stands in its place."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [item for item in values if isinstance(item, dict)]


def _yes_or_no(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _ids(value: Any) -> list[str]:
    return [text for text in (short(item.get("id")) for item in _objects(value)) if text]


def _long(value: Any) -> str:
    """A text with its line breaks."""
    return html.unescape(value).strip()[:_LONGEST_NOTE] if isinstance(value, str) else ""


def _line(address: dict[str, Any], *names: str) -> str:
    return " ".join(text for text in (short(address.get(name)) for name in names) if text)
