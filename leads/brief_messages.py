"""The wording of every message id of rules version v1 (scoring-v1 section 15) and of the codes beside them.

What is said about a signal holds in every situation that shares its id: "not confirmed" covers absence and no answer
alike (scoring-v1 section 18, D25). The sentences of the brief: `brief_sentences`.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from leads.brief_sentences import SENTENCES, Message

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_TWO_STOPS = re.compile(r"(?<!\.)\.\.(?!\.)")


MESSAGES: dict[str, Message] = {
    **SENTENCES,
    # Opportunity potential (17.1).
    "opportunity.segment.migration": Message(_("Migration segment"), facts=("segment",)),
    "opportunity.segment.existing": Message(_("Existing segment"), facts=("segment",)),
    "opportunity.segment.cold": Message(_("Cold segment"), facts=("segment",)),
    "opportunity.segment.skip": Message(_("No active sales segment"), also=("segment",)),
    "opportunity.readiness.high": Message(_("Score of 80 or more"), facts=("score",)),
    "opportunity.readiness.medium": Message(_("Score between 50 and 79"), facts=("score",)),
    "opportunity.readiness.low": Message(_("Score below 50"), facts=("score",)),
    "opportunity.readiness.missing": Message(_("Score zero or not known yet"), also=("score",)),
    "opportunity.priority.1": Message(_("Priority 1 on the scale from 1 to 7"), facts=("priority",)),
    "opportunity.priority.2": Message(_("Priority 2 on the scale from 1 to 7"), facts=("priority",)),
    "opportunity.priority.3": Message(_("Priority 3 on the scale from 1 to 7"), facts=("priority",)),
    "opportunity.priority.4": Message(_("Priority 4 on the scale from 1 to 7"), facts=("priority",)),
    "opportunity.priority.5": Message(_("Priority 5 on the scale from 1 to 7"), facts=("priority",)),
    "opportunity.priority.6": Message(_("Priority 6 on the scale from 1 to 7"), facts=("priority",)),
    "opportunity.priority.7": Message(_("Priority 7, the last on the scale"), facts=("priority",)),
    "opportunity.priority.missing": Message(_("No priority yet"), also=("priority",)),
    "opportunity.tenant.large": Message(_("Size class: large"), facts=("tenant_size",)),
    "opportunity.tenant.medium": Message(_("Size class: medium"), facts=("tenant_size",)),
    "opportunity.tenant.small": Message(_("Size class: small"), facts=("tenant_size",)),
    "opportunity.tenant.unknown": Message(_("Size not known")),
    "opportunity.contact_quality": Message(_("Contact addresses on record"), facts=("contact",)),
    "opportunity.summary.migration.high": Message(
        _("A move to Microsoft 365 with a score of 80 or more."),
        facts=("segment", "score"),
    ),
    "opportunity.summary.migration.other": Message(
        _("A move to Microsoft 365; the score is below 80."),
        facts=("segment", "score"),
    ),
    "opportunity.summary.existing": Message(
        _("Renewal and added services for a company on record with Microsoft 365."),
        facts=("segment",),
    ),
    "opportunity.summary.cold": Message(_("An early contact; a short introduction is enough."), facts=("segment",)),
    "opportunity.summary.skip": Message(_("No active sales segment; a later look is enough."), also=("segment",)),
    "factor.segment": Message(_("Segment")),
    "factor.readiness_score": Message(_("Score")),
    "factor.priority_score": Message(_("Priority")),
    "factor.tenant_size": Message(_("Size class")),
    "factor.contact_quality": Message(_("Contact quality")),
    # Reasons of the segment (8 and 9).
    "reason.segment.existing": Message(_("E-mail is on record with Microsoft 365."), facts=("provider",)),
    "stated.reason.segment.existing": Message(
        _("E-mail is with Microsoft 365 by what a person entered."), facts=("provider",)
    ),
    "reason.segment.migration": Message(
        _("The score is 60 or more, and the mail provider is one from which a move to Microsoft 365 makes sense."),
        facts=("provider", "score"),
    ),
    "reason.segment.cold_local": Message(
        _("E-mail is on record with a local or own server, and the score is between 5 and 59."),
        facts=("provider", "score"),
    ),
    "stated.reason.segment.cold_local": Message(
        _("E-mail is on a local or own server by what a person entered, and the score is between 5 and 59."),
        facts=("provider", "score"),
    ),
    "reason.segment.no_rule": Message(
        _("The score is 40 or more, but no segment rule covers this mail provider."),
        facts=("provider", "score"),
    ),
    "reason.segment.cold": Message(_("The score is between 40 and 59."), facts=("score",)),
    "reason.segment.skip": Message(_("The score is below 40."), facts=("score",)),
    "reason.invalid_domain": Message(_("The domain name is not valid, so there is nothing to judge.")),
    "reason.hard_fail.mx_missing": Message(
        _("No mail host (MX) is on record, so the domain is not scored."),
        facts=("mx",),
    ),
    # Rows of the score breakdown (8). A signal that is not known counts as missing there: "not confirmed".
    "row.limit.floor": Message(_("Never below 0")),
    "row.limit.cap": Message(_("Never above 100")),
    "row.hard_fail.invalid_domain": Message(_("Not a valid domain name: nothing is scored")),
    "row.hard_fail.mx_missing": Message(_("No mail host: nothing is scored"), facts=("mx",)),
    "row.provider": Message(_("Mail provider: %(provider)s"), facts=("provider",), neutral=_("Mail provider")),
    "stated.row.provider": Message(
        _("Mail provider, entered by a person: %(provider)s"),
        facts=("provider",),
        neutral=_("Mail provider, entered by a person"),
    ),
    "row.signal.spf": Message(_("SPF in place"), facts=("spf",)),
    "row.risk.spf_multiple_includes": Message(_("More than three include terms in SPF"), facts=("spf",)),
    "row.signal.dkim": Message(_("DKIM in place"), facts=("dkim",)),
    "row.signal.dmarc_reject": Message(_("DMARC counted as p=reject"), facts=("dmarc",)),
    "row.signal.dmarc_quarantine": Message(_("DMARC counted as p=quarantine"), facts=("dmarc",)),
    "row.signal.dmarc_none": Message(_("DMARC counted as p=none: no points"), facts=("dmarc",)),
    "row.risk.dmarc_none": Message(_("DMARC counted as p=none: no enforcement"), facts=("dmarc",)),
    "row.risk.no_spf": Message(_("SPF not confirmed"), also=("spf",)),
    "row.risk.no_dkim": Message(_("DKIM not confirmed"), also=("dkim",)),
    "row.risk.dkim_none": Message(_("DKIM not confirmed, second deduction"), also=("dkim",)),
    # The same rows when a look proved the absence.
    "row.absent.no_spf": Message(_("No SPF record"), facts=("spf",)),
    "row.absent.no_dkim": Message(_("No DKIM key"), facts=("dkim",)),
    "row.absent.dkim_none": Message(_("No DKIM key: second deduction of the rules"), facts=("dkim",)),
    "row.absent.dmarc": Message(_("No DMARC record: neither points nor deduction"), facts=("dmarc",)),
    "row.unlisted.dkim": Message(_("DKIM counted as present: a key exists under a name nobody can guess")),
    "row.risk.hosting_mx_weak": Message(
        _("Web hosting mail with neither SPF nor DKIM confirmed"),
        facts=("provider",),
        also=("spf", "dkim"),
    ),
    # Labels of codes (10, 11, 13, 14, 17). The six priority labels are exact in English.
    "priority.P1": Message(_("High Potential Greenfield")),
    "priority.P2": Message(_("Competitive Takeover")),
    "priority.P3": Message(_("Existing Microsoft but Weak Partner")),
    "priority.P4": Message(_("Renewal Pressure")),
    "priority.P5": Message(_("Low Intent / Long Nurturing")),
    "priority.P6": Message(_("No-Go / Archive")),
    "segment_label.Migration": Message(_("Migration")),
    "segment_label.Existing": Message(_("Existing")),
    "segment_label.Cold": Message(_("Cold")),
    "segment_label.Skip": Message(_("Skip")),
    "technical_heat.Hot": Message(_("Hot")),
    "technical_heat.Warm": Message(_("Warm")),
    "technical_heat.Cold": Message(_("Cold")),
    "commercial_heat.HIGH": Message(_("High")),
    "commercial_heat.MEDIUM": Message(_("Medium")),
    "commercial_heat.LOW": Message(_("Low")),
    "commercial_segment.GREENFIELD": Message(_("New opportunity")),
    "commercial_segment.COMPETITIVE": Message(_("Competing service")),
    "commercial_segment.WEAK_PARTNER": Message(_("Room to strengthen")),
    "commercial_segment.RENEWAL": Message(_("Renewal")),
    "commercial_segment.LOW_INTENT": Message(_("Low intent")),
    "commercial_segment.NO_GO": Message(_("No-go")),
    "tag.security-risk": Message(_("Security risk")),
    "tag.migration-ready": Message(_("Ready for migration")),
    "tag.expire-soon": Message(_("Domain expires soon")),
    "tag.weak-spf": Message(_("SPF without enforcing DMARC")),
    "tag.google-workspace": Message(_("Google Workspace")),
    "tag.local-mx": Message(_("Local or own mail server")),
    "alert.dmarc_added": Message(_("DMARC is now enforced")),
    "alert.mx_changed": Message(_("The mail host changed")),
    "alert.expire_soon": Message(_("The domain expires soon")),
    "alert.score_changed": Message(_("The score changed its class")),
    "change.spf_changed": Message(_("SPF changed")),
    "change.dkim_changed": Message(_("DKIM changed")),
    "change.dmarc_added": Message(_("DMARC is now enforced")),
    "change.dmarc_changed": Message(_("DMARC changed")),
    "change.mx_changed": Message(_("The mail host changed")),
    "change.expire_soon": Message(_("The domain expires soon")),
    "change.priority_score_changed": Message(_("The priority changed")),
    "change.segment_changed": Message(_("Segment changed")),
    "event.created": Message(_("Lead added")),
    "event.imported": Message(_("Named in an import")),
    "event.provider": Message(_("Provider changed")),
    "event.gateway": Message(_("Gateway changed")),
    "event.mx": Message(_("Mail host changed")),
    "event.spf": Message(_("SPF changed")),
    "event.dkim": Message(_("DKIM changed")),
    "event.dmarc": Message(_("DMARC changed")),
    "event.expiry": Message(_("Domain expires soon")),
    "event.score": Message(_("Score changed")),
    "event.segment": Message(_("Segment changed")),
    "event.note": Message(_("Note")),
    "event.owner": Message(_("Owner changed")),
    "event.tag": Message(_("Tag changed")),
    "event.follow_up": Message(_("Follow-up set")),
    "event.dismissed": Message(_("Dismissed")),
    "event.restored": Message(_("Restored")),
    "event.edited": Message(_("Edited")),
    "urgency.high": Message(_("High")),
    "urgency.medium": Message(_("Medium")),
    "urgency.low": Message(_("Low")),
    "risk.high": Message(_("High")),
    "risk.medium": Message(_("Medium")),
    "risk.low": Message(_("Low")),
    "tenant_size.large": Message(_("Large")),
    "tenant_size.medium": Message(_("Medium")),
    "tenant_size.small": Message(_("Small")),
    "action.call": Message(_("Call")),
    "action.email": Message(_("Send an e-mail")),
    "action.wait": Message(_("Wait")),
    "timeline.24h": Message(_("within 24 hours")),
    "timeline.3d": Message(_("within three days")),
    "timeline.1w": Message(_("within a week")),
    "timeline.1mo": Message(_("for a month")),
    "action.scan": Message(_("Scan again")),
    "action.rest": Message(_("Rests")),
    "action.dismissed": Message(_("Dismissed")),
    "timeline.first": Message(_("first")),
    "timeline.until": Message(_("until %(until)s")),
    "timeline.either": Message(_("until %(until)s or a change")),
    "timeline.change": Message(_("until something changes")),
    "tier.Enterprise": Message("Enterprise"),
    "tier.Business Standard": Message("Business Standard"),
    "tier.Business Basic": Message("Business Basic"),
    "provider_label.M365": Message("Microsoft 365"),
    "provider_label.Google": Message("Google Workspace"),
    "provider_label.Yandex": Message("Yandex 360"),
    "provider_label.Zoho": Message("Zoho Mail"),
    "provider_label.Amazon": Message("Amazon"),
    "provider_label.SendGrid": Message("SendGrid"),
    "provider_label.Mailgun": Message("Mailgun"),
    "provider_label.Hosting": Message(_("Hosting panel")),
    "provider_label.Local": Message(_("Local or own server")),
    "provider_label.Unknown": Message(_("Unknown")),
    # The brief's own words.
    "section.headline": Message(_("In short")),
    "section.today": Message(_("Before you call")),
    "section.news": Message(_("Worth knowing")),
    "section.contact": Message(_("Contact")),
    "section.next": Message(_("Next step")),
    "section.call": Message(_("Call script")),
    "section.questions": Message(_("Questions to ask")),
    "section.provider": Message(_("Mail provider")),
    "section.security": Message(_("Mail security")),
    "section.website": Message(_("Web site")),
    "section.offer": Message(_("Offer")),
    "section.why": Message(_("Why this lead")),
    "section.known": Message(_("What is known")),
    "section.todo": Message(_("What to do")),
    "section.existence": Message(_("The domain")),
    "section.delivery": Message(_("Where mail is delivered")),
    "section.protection": Message(_("Protection against forged mail")),
    "section.registration": Message(_("Registration of the domain")),
    "size_word.large": Message(_("large")),
    "size_word.medium": Message(_("medium")),
    "size_word.small": Message(_("small")),
    "size_source.mx": Message(_("estimate from the mail host")),
    "size_source.referral": Message(_("size band of a referral")),
    "size_source.person": Message(_("entered by a person")),
    "dmarc_state.absent": Message(_("there is no record")),
    "dmarc_state.none": Message(_("the record says p=none")),
    "dmarc_state.testing": Message(_("the record asks for testing only")),
    "dmarc_state.multiple": Message(_("more than one record is published; receivers ignore them all")),
    "dmarc_state.ignored": Message(_("the record's policy is missing or not valid; receivers ignore the record")),
    "dmarc_state.invalid": Message(_("the record's policy is missing or not valid; receivers treat it as p=none")),
    # Where Turkish companies are hosted most; other countries show their code.
    "country.TR": Message(_("Türkiye")),
    "country.AT": Message(_("Austria")),
    "country.AZ": Message(_("Azerbaijan")),
    "country.BG": Message(_("Bulgaria")),
    "country.CH": Message(_("Switzerland")),
    "country.DE": Message(_("Germany")),
    "country.FI": Message(_("Finland")),
    "country.FR": Message(_("France")),
    "country.GB": Message(_("United Kingdom")),
    "country.IE": Message(_("Ireland")),
    "country.IT": Message(_("Italy")),
    "country.LU": Message(_("Luxembourg")),
    "country.NL": Message(_("Netherlands")),
    "country.PL": Message(_("Poland")),
    "country.RO": Message(_("Romania")),
    "country.RU": Message(_("Russia")),
    "country.SE": Message(_("Sweden")),
    "country.US": Message(_("United States")),
    # What a rule rests on, as footnotes name it.
    "fact.contact": Message(_("contact addresses")),
    "fact.dkim": Message("DKIM"),
    "fact.dmarc": Message("DMARC"),
    "fact.expiry": Message(_("end of the registration")),
    "fact.hosting": Message(_("hosting")),
    "fact.mx": Message("MX"),
    "fact.mx_look": Message("MX"),
    "fact.priority": Message(_("priority")),
    "fact.provider": Message(_("provider")),
    "fact.seen_provider": Message(_("provider in the records")),
    "fact.score": Message(_("score")),
    "fact.segment": Message(_("segment")),
    "fact.spf": Message("SPF"),
    "fact.tenant_size": Message(_("size class")),
    # The rules of v1 by their section of scoring-v1.
    "rule.6": Message(_("size estimate")),
    "rule.8": Message(_("score")),
    "rule.9": Message(_("segment")),
    "rule.11": Message(_("priority")),
    "rule.17.1": Message(_("opportunity")),
    "rule.17.3": Message(_("offer")),
    "rule.17.4": Message(_("security talk")),
    "rule.17.5": Message(_("one-liner")),
    "rule.17.6": Message(_("explanation of the segment")),
    "rule.17.8": Message(_("call script")),
    "rule.17.9": Message(_("discovery questions")),
    "rule.17.10": Message(_("next step")),
}


def is_known(message_id: str) -> bool:
    return message_id in MESSAGES


def text(message_id: str, **params: object) -> str:
    """The sentence in the active language. A placeholder whose parameter is missing, None or "" gives the neutral
    wording, "" where that cannot be said either. Raises KeyError for an unknown id."""
    message = MESSAGES[message_id]
    values = {name: value for name, value in params.items() if value not in (None, "")}
    wording = str(message.text)
    if not values.keys() >= {*_PLACEHOLDER.findall(wording)}:
        wording = str(message.neutral)
    if not values.keys() >= {*_PLACEHOLDER.findall(wording)}:
        return ""
    return _TWO_STOPS.sub(".", wording % values)  # after a name such as "Acme Ltd. Şti."


def stated_id(message_id: str) -> str:
    """The id of the wording for when only a person says who the mail provider is, where it has one of its own."""
    stated = f"stated.{message_id}"
    return stated if is_known(stated) else message_id


def row_text(part: str, key: str, variant: str = "") -> str:
    """The label of one row of a verdict; `key` is the provider's name when `part` is provider. `variant` "absent" or
    "unlisted" says what the look proved about the row, "stated" that only a person says so."""
    if part == "provider":
        return text("stated.row.provider" if variant == "stated" else "row.provider", provider=provider_label(key))
    special = f"row.{variant}.{key}"
    return text(special if is_known(special) else f"row.{part}.{key}")


def provider_label(provider: str | None) -> str | None:
    """The product name people know; a name outside the table is given back as it is."""
    label = f"provider_label.{provider}"
    return text(label) if is_known(label) else provider
