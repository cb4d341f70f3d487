"""The wording of every message id of rules version v1 (scoring-v1 section 15) and of the codes beside them.

Several signal situations share an id, so each sentence says only what holds in all of them: "not seen" and
"not confirmed" cover absence and no answer alike (scoring-v1 section 18, D23 and D25). Prices stand in no sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


class Message(NamedTuple):
    """`text` may hold named placeholders; `neutral` is the wording for when one of them has no value.
    `facts` are what the sentence rests on and cannot be said without; `also` what it rests on when known.
    Facts: contact, dkim, dmarc, expiry, hosting, mx, priority, provider, score, segment, spf, tenant_size."""

    text: _StrPromise | str
    facts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    neutral: _StrPromise | str = ""


MESSAGES: dict[str, Message] = {
    # One-liner (17.5). Migration is a segment, so the size class may be an estimate.
    "one_liner.migration.high.large": Message(
        _("Strong candidate for a move to Microsoft 365; estimated size class: large."),
        facts=("segment", "score", "tenant_size"),
    ),
    "one_liner.migration.high.medium": Message(
        _("Strong candidate for a move to Microsoft 365; estimated size class: medium."),
        facts=("segment", "score", "tenant_size"),
    ),
    "one_liner.migration.high.small": Message(
        _("Strong candidate for a move to Microsoft 365; estimated size class: small."),
        facts=("segment", "score", "tenant_size"),
    ),
    "one_liner.migration.high.unknown": Message(
        _("Strong candidate for a move to Microsoft 365; the company's size is not known yet."),
        facts=("segment", "score"),
    ),
    "one_liner.migration.medium": Message(
        _("Candidate for a move to Microsoft 365 with a score between 50 and 79."),
        facts=("segment", "score"),
    ),
    "one_liner.existing.high": Message(
        _(
            "On record as a Microsoft 365 customer with a score of 70 or more; renewal and added services"
            " are the topic."
        ),
        facts=("segment", "score"),
    ),
    "one_liner.existing.medium": Message(
        _(
            "On record as a Microsoft 365 customer with a score between 50 and 69; strengthening the "
            "present set-up is the topic."
        ),
        facts=("segment", "score"),
    ),
    "one_liner.cold.medium": Message(
        _("An early contact with a score of 40 or more; a short introduction is enough for now."),
        facts=("segment", "score"),
    ),
    "one_liner.migration.medium.local": Message(
        _("Candidate for a move from %(local_provider)s to Microsoft 365 with a score between 50 and 79."),
        facts=("segment", "score", "provider"),
        neutral=_("Candidate for a move to Microsoft 365 with a score between 50 and 79."),
    ),
    # A missing score counts as low here.
    "one_liner.migration.low": Message(
        _(
            "Candidate for a move to Microsoft 365, but the score is below 50 or not known yet; check it "
            "before you call."
        ),
        facts=("segment",),
        also=("score",),
    ),
    "one_liner.existing.low": Message(
        _("On record as a Microsoft 365 customer; the score is below 50 or not known yet, so begin with the basics."),
        facts=("segment",),
        also=("score",),
    ),
    "one_liner.cold.low": Message(
        _("An early contact; the score is below 40 or not known yet, so there is no hurry."),
        facts=("segment",),
        also=("score",),
    ),
    "one_liner.migration.low.local": Message(
        _(
            "Candidate for a move from %(local_provider)s to Microsoft 365, but the score is below 50 or "
            "not known yet; check it before you call."
        ),
        facts=("segment", "provider"),
        also=("score",),
        neutral=_(
            "Candidate for a move to Microsoft 365, but the score is below 50 or not known yet; check it "
            "before you call."
        ),
    ),
    "one_liner.skip": Message(_("Not in an active sales segment at the moment."), also=("segment",)),
    "one_liner.no_domain": Message(_("No domain is known for this company yet."), also=("segment",)),
    "one_liner.note.country": Message(
        _("Hosting location: %(country)s. The company itself may be elsewhere."),
        facts=("hosting",),
        neutral=_("The hosting location is on record."),
    ),
    "one_liner.note.proxy": Message(
        _("The server address is listed as a proxy, so its location says little."),
        facts=("hosting",),
    ),
    # Segment explanation (17.6).
    "segment.none": Message(_("No segment has been assigned yet.")),
    "segment.existing.no_score": Message(
        _("The company is on record as a Microsoft 365 customer; there is no score yet."),
    ),
    "segment.migration.no_score": Message(_("There is no score yet.")),
    "segment.cold.no_score": Message(_("The company is in the Cold segment; there is no score yet.")),
    "segment.skip.no_score": Message(_("The company is in the Skip segment; there is no score yet.")),
    "segment.existing.provider_mismatch": Message(
        _(
            "The segment says Microsoft 365 customer, but the mail provider on record does not confirm "
            "it; check before you call."
        ),
        facts=("segment", "provider"),
    ),
    "segment.migration.provider.local_named": Message(
        _("E-mail runs at %(local_provider)s, so a move to Microsoft 365 is the topic."),
        facts=("segment", "provider"),
        neutral=_("E-mail runs on a local or own server, so a move to Microsoft 365 is the topic."),
    ),
    "segment.migration.provider.local": Message(
        _("E-mail runs on a local or own server, so a move to Microsoft 365 is the topic."),
        facts=("segment", "provider"),
    ),
    # Emitted for every provider but Local, an unknown one included.
    "segment.migration.provider.cloud": Message(
        _("Mail provider on record: %(provider)s; a move to Microsoft 365 is the topic."),
        facts=("segment",),
        also=("provider",),
        neutral=_("The company is in the Migration segment; a move to Microsoft 365 is the topic."),
    ),
    "segment.existing.high": Message(
        _("A Microsoft 365 customer with a score of 70 or more."),
        facts=("segment", "score"),
    ),
    "segment.existing.medium": Message(
        _("A Microsoft 365 customer with a score between 50 and 69."),
        facts=("segment", "score"),
    ),
    "segment.existing.low": Message(_("A Microsoft 365 customer with a score below 50."), facts=("segment", "score")),
    "segment.migration.high": Message(
        _("The score is 80 or more, the highest band for a move."),
        facts=("segment", "score"),
    ),
    "segment.migration.good": Message(
        _("The score is between 70 and 79, a good band for a move."),
        facts=("segment", "score"),
    ),
    "segment.migration.fair": Message(
        _("The score is between 60 and 69, just enough for this segment."),
        facts=("segment", "score"),
    ),
    "segment.migration.inconsistent": Message(
        _("The score is below 60, which does not fit this segment; scan again before you call."),
        facts=("segment", "score"),
    ),
    "segment.cold.medium": Message(
        _("The score is between 40 and 59: worth a first contact, not yet a project."),
        facts=("segment", "score"),
    ),
    "segment.cold.low": Message(
        _("The company is in the Cold segment; the score gives no reason for a call now."),
        facts=("segment", "score"),
    ),
    "segment.skip.low": Message(_("The score is below 40, so no sales segment applies."), facts=("segment", "score")),
    "segment.skip.insufficient": Message(
        _("The score is 40 or more, but no sales segment applies to this company."),
        facts=("segment", "score"),
    ),
    "segment.cold.local_named": Message(
        _("E-mail runs at %(local_provider)s and the score is below 60: a first contact, without hurry."),
        facts=("segment", "score", "provider"),
        neutral=_("E-mail runs on a local or own server and the score is below 60: a first contact, without hurry."),
    ),
    "segment.cold.local": Message(
        _("E-mail runs on a local or own server and the score is below 60: a first contact, without hurry."),
        facts=("segment", "score", "provider"),
    ),
    "segment.skip.next.local_stop": Message(
        _("Local mail with a very low score: leave it until something changes."),
        facts=("segment", "score", "provider"),
    ),
    "segment.skip.next.recheck": Message(
        _("Such a picture seldom changes within three to six months."),
        facts=("segment",),
        also=("score", "provider"),
    ),
    "segment.other": Message(
        _("The segment on record is not one of the four sales segments."),
        facts=("segment",),
        also=("score", "provider"),
    ),
    # Any one of the three is enough.
    "segment.signals": Message(
        _("At least one of SPF, DKIM and an enforcing DMARC policy is in place."),
        also=("spf", "dkim", "dmarc"),
    ),
    # Provider reasoning (17.7). A stored provider may come from the MX or from evidence behind a gateway.
    "provider.none": Message(_("The mail provider is not known yet.")),
    "provider.unknown.mx_missing": Message(_("The mail provider is not known; no mail host (MX) is on record.")),
    "provider.unknown.mx_unrecognised": Message(
        _("A mail host (MX) was found, but its provider was not recognised."),
        facts=("mx",),
    ),
    "provider.m365.mx_known": Message(
        _("E-mail runs on Microsoft 365; the mail host (MX) has an outlook.com name."),
        facts=("provider", "mx"),
    ),
    "provider.m365.mx_other": Message(
        _(
            "Microsoft 365 is the mail provider on record; the mail host (MX) has another name, as newer "
            "Microsoft hosts and mail gateways do."
        ),
        facts=("provider", "mx"),
    ),
    "provider.google.mx_known": Message(
        _("E-mail runs on Google Workspace; the mail host (MX) has a Google name."),
        facts=("provider", "mx"),
    ),
    "provider.google.mx_other": Message(
        _("Google Workspace is the mail provider on record; the mail host (MX) has another name, as mail gateways do."),
        facts=("provider", "mx"),
    ),
    "provider.yandex.mx": Message(
        _("Mail provider on record: Yandex 360. A mail host (MX) was found."),
        facts=("provider", "mx"),
    ),
    "provider.zoho.mx": Message(
        _("Mail provider on record: Zoho Mail. A mail host (MX) was found."),
        facts=("provider", "mx"),
    ),
    "provider.hosting.mx": Message(
        _("E-mail is on record with a web hosting service. A mail host (MX) was found."),
        facts=("provider", "mx"),
    ),
    "provider.local.mx": Message(
        _("E-mail is on record with a local or own server. A mail host (MX) was found."),
        facts=("provider", "mx"),
    ),
    "provider.other.mx": Message(
        _("Mail provider on record: %(provider)s. A mail host (MX) was found."),
        facts=("provider", "mx"),
        neutral=_("The mail provider on record is outside the main groups. A mail host (MX) was found."),
    ),
    # Here "missing" means that no MX root is at hand, not that none is published.
    "provider.m365.mx_missing": Message(
        _("Mail provider on record: Microsoft 365. The mail host (MX) is not on record."),
        facts=("provider",),
    ),
    "provider.google.mx_missing": Message(
        _("Mail provider on record: Google Workspace. The mail host (MX) is not on record."),
        facts=("provider",),
    ),
    "provider.yandex.mx_missing": Message(
        _("Mail provider on record: Yandex 360. The mail host (MX) is not on record."),
        facts=("provider",),
    ),
    "provider.zoho.mx_missing": Message(
        _("Mail provider on record: Zoho Mail. The mail host (MX) is not on record."),
        facts=("provider",),
    ),
    "provider.hosting.mx_missing": Message(
        _("E-mail is on record with a web hosting service. The mail host (MX) is not on record."),
        facts=("provider",),
    ),
    "provider.local.mx_missing": Message(
        _("E-mail is on record with a local or own server. The mail host (MX) is not on record."),
        facts=("provider",),
    ),
    "provider.other.mx_missing": Message(
        _("Mail provider on record: %(provider)s. The mail host (MX) is not on record."),
        facts=("provider",),
        neutral=_("The mail provider on record is outside the main groups. The mail host (MX) is not on record."),
    ),
    "provider.local.named": Message(
        _("E-mail is on record with %(local_provider)s."),
        facts=("provider",),
        neutral=_("E-mail is on record with a local or own server."),
    ),
    # An SPF record exists; what it includes is not part of the signal (D25).
    "provider.m365.spf": Message(_("The domain publishes an SPF record."), facts=("spf",)),
    "provider.m365.infra": Message(
        _("Hosting data: %(infrastructure)s."),
        facts=("hosting",),
        neutral=_("Hosting data are on record."),
    ),
    # Security reasoning (17.4). `dmarc_missing` stands for no record, p=none and no answer alike, and a null SPF or
    # DKIM is not a finding, so these sentences speak of what was seen and confirmed (D25).
    "security.summary.high.dmarc_only": Message(
        _("SPF and DKIM are in place; a DMARC policy that quarantines or rejects forged mail was not seen."),
        facts=("spf", "dkim", "dmarc"),
    ),
    "security.summary.high.dmarc_dkim": Message(
        _("SPF is in place; a DKIM key and a DMARC policy that quarantines or rejects forged mail were not seen."),
        facts=("spf", "dkim", "dmarc"),
    ),
    "security.summary.high.dmarc_spf": Message(
        _("DKIM is in place; an SPF record and a DMARC policy that quarantines or rejects forged mail were not seen."),
        facts=("spf", "dkim", "dmarc"),
    ),
    "security.summary.high.dmarc_one_known": Message(
        _(
            "One of SPF and DKIM is in place, the other is not known; a DMARC policy that quarantines or "
            "rejects forged mail was not seen."
        ),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.summary.high.all": Message(
        _(
            "A DMARC policy that quarantines or rejects forged mail was not seen, and neither SPF nor "
            "DKIM is confirmed."
        ),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.summary.high.multiple": Message(
        _(
            "More than one point needs attention among SPF, DKIM and the share of mail that DMARC covers;"
            " the details name them."
        ),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.summary.medium.partial_dmarc": Message(
        _("A DMARC policy is in place, but it covers only part of the mail."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.summary.medium.one_missing": Message(
        _("One of SPF and DKIM was not found; the details name it."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.summary.low.ok": Message(
        _("No gap was seen in the mail records that could be checked."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.detail.spf_missing": Message(_("No SPF record was found."), facts=("spf",)),
    "security.detail.spf_present": Message(_("An SPF record is in place."), facts=("spf",)),
    "security.detail.dkim_missing": Message(_("No DKIM key was found."), facts=("dkim",)),
    "security.detail.dkim_present": Message(_("A DKIM key is in place."), facts=("dkim",)),
    "security.detail.dmarc_missing": Message(
        _("A DMARC policy that quarantines or rejects forged mail was not seen."),
        facts=("dmarc",),
    ),
    "security.detail.dmarc_policy": Message(
        _("A DMARC policy is in place: %(policy)s."),
        facts=("dmarc",),
        neutral=_("A DMARC policy is in place."),
    ),
    "security.detail.dmarc_partial": Message(
        _("The DMARC record asks for the policy on %(coverage)s%% of the mail."),
        facts=("dmarc",),
        neutral=_("The DMARC record asks for the policy on part of the mail only."),
    ),
    "security.detail.dmarc_full": Message(_("The DMARC policy covers all mail."), facts=("dmarc",)),
    # The risk level always rests on DMARC; the others count when known.
    "security.angle.high": Message(
        _("Talk about phishing, forged invoices and the company's reputation."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.angle.medium": Message(
        _("Talk about closing the remaining gap and about steadier mail delivery."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.angle.low": Message(
        _("Talk about Microsoft Defender as an added layer of protection."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.action.high": Message(
        _("Offer a joint review of SPF, DKIM and DMARC, followed by a plan in steps."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.action.medium": Message(
        _("Offer to look at the open point together and to settle it."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.action.low": Message(
        _("Offer a short talk about Microsoft Defender and account protection."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    # Call script (17.8): lines to say aloud. None of them says anything about the customer's mail records (D23).
    "call.cold.open": Message(
        _("Hello, I am calling as a Microsoft partner. May I take two minutes of your time?"),
        also=("segment",),
    ),
    "call.cold.value.security": Message(
        _("From public records we can show you how your domain is protected against forged e-mail."),
        also=("segment",),
    ),
    "call.cold.value.general": Message(
        _("We help companies bring e-mail, files and meetings together in Microsoft 365."),
        also=("segment",),
    ),
    "call.cold.cta": Message(
        _("Could we plan a short talk of 10 to 15 minutes, without any obligation?"),
        also=("segment",),
    ),
    "call.migration.open": Message(
        _("Hello, I am calling as a Microsoft partner about your company's e-mail system."),
        also=("segment",),
    ),
    "call.migration.value.generic": Message(
        _("We first look at your present set-up together, then suggest a plan that fits."),
        also=("segment",),
    ),
    "call.migration.cta.short": Message(_("Would a short talk in the next few days suit you?"), also=("segment",)),
    "call.migration.cta.offer": Message(
        _("Could we talk for 15 minutes, so that I can present an offer prepared for your company?"),
        also=("segment",),
    ),
    "call.existing.open": Message(
        _(
            "Hello, I am calling as a Microsoft partner. I would like to hear how your e-mail and "
            "Microsoft services work for you."
        ),
        also=("segment",),
    ),
    "call.existing.value": Message(
        _(
            "With Microsoft Defender and a few added security settings you can strengthen the protection "
            "of accounts and e-mail."
        ),
        also=("segment",),
    ),
    "call.existing.cta": Message(
        _("Could we go through your present set-up together in a short talk?"),
        also=("segment",),
    ),
    "call.generic.open": Message(
        _("Hello, I am calling as a Microsoft partner. I would like to get to know your company briefly."),
        also=("segment",),
    ),
    "call.generic.cta": Message(_("Whom may I call about this, and when would be a good time?"), also=("segment",)),
    "call.migration.value.enterprise": Message(
        _("For larger organisations we plan the move in stages, together with security and compliance."),
        also=("tenant_size",),
    ),
    "call.migration.value.standard": Message(
        _("We move e-mail, files and meetings together and agree every step with you in advance."),
        also=("tenant_size",),
    ),
    "call.migration.value.basic": Message(
        _("For smaller teams we keep the move simple: e-mail first, the rest when you need it."),
        also=("tenant_size",),
    ),
    "call.migration.open.local": Message(
        _(
            "Hello, I am calling as a Microsoft partner. In public records your e-mail appears to be "
            "hosted at %(local_provider)s."
        ),
        facts=("provider",),
        neutral=_("Hello, I am calling as a Microsoft partner about your company's e-mail system."),
    ),
    "call.migration.open+country": Message(
        _(
            "Hello, I am calling as a Microsoft partner about your company's e-mail system. In public "
            "records its hosting location appears as %(country)s."
        ),
        facts=("hosting",),
        neutral=_("Hello, I am calling as a Microsoft partner about your company's e-mail system."),
    ),
    "call.migration.proxy": Message(
        _("Your server address is listed as a proxy. Could you tell me briefly how your e-mail is set up?"),
        facts=("hosting",),
    ),
    "call.migration.open.local+country": Message(
        _(
            "Hello, I am calling as a Microsoft partner. In public records your e-mail appears to be "
            "hosted at %(local_provider)s, with the location %(country)s."
        ),
        facts=("provider", "hosting"),
        neutral=_("Hello, I am calling as a Microsoft partner about your company's e-mail system."),
    ),
    # Discovery questions (17.9): open questions.
    "discovery.migration.satisfaction": Message(
        _("How satisfied are you with your present e-mail service, and what would you change first?"),
        also=("segment",),
    ),
    "discovery.migration.security": Message(
        _("How do you protect your company against phishing and forged e-mail today?"),
        also=("segment",),
    ),
    "discovery.migration.it_team": Message(
        _("Who looks after your IT, and how much of their time does e-mail take?"),
        also=("segment",),
    ),
    "discovery.existing.satisfaction": Message(
        _("Which Microsoft services do you use most, and what would you like to improve?"),
        also=("segment",),
    ),
    "discovery.existing.security_needs": Message(
        _("What further protection do you need for accounts, devices and e-mail?"),
        also=("segment",),
    ),
    "discovery.existing.deliverability": Message(
        _("What do you hear from customers about how your e-mail reaches them?"),
        also=("segment",),
    ),
    "discovery.generic.overview": Message(
        _("How are e-mail and office tools organised in your company today?"),
        also=("segment",),
    ),
    "discovery.generic.priorities": Message(_("What are your most important IT topics this year?"), also=("segment",)),
    "discovery.common.budget": Message(_("How do you plan the budget for such a project?"), also=("segment",)),
    "discovery.common.decision": Message(
        _("Who takes part in the decision, and how is it usually made?"),
        also=("segment",),
    ),
    "discovery.common.timeline": Message(_("When would a change suit you best?"), also=("segment",)),
    "discovery.migration.local_host": Message(
        _("How is support for your e-mail organised at present?"),
        facts=("provider",),
    ),
    "discovery.size.large.strategy": Message(
        _("What does your IT strategy for the next two to three years look like?"),
        also=("tenant_size",),
    ),
    "discovery.size.large.compliance": Message(
        _("Which compliance and data protection rules shape your choices?"),
        also=("tenant_size",),
    ),
    "discovery.size.medium.growth": Message(
        _("How do you expect your number of users to change over the next year?"),
        also=("tenant_size",),
    ),
    "discovery.size.small.budget": Message(_("How do you plan your monthly IT spending?"), also=("tenant_size",)),
    # Next step (17.10). `next.medium.migration` and `next.low.other` also stand for leads without a segment.
    "next.high.migration": Message(
        _("Call within 24 hours about a move to Microsoft 365."),
        facts=("segment",),
        also=("score", "priority", "expiry"),
    ),
    "next.high.existing": Message(
        _("Call within 24 hours about renewal and added security."),
        facts=("segment",),
        also=("score", "priority", "expiry"),
    ),
    "next.medium.cold": Message(
        _("Call within three days for a short introduction."),
        facts=("segment",),
        also=("score", "priority", "expiry"),
    ),
    "next.medium.existing": Message(
        _("Call within three days and ask how the present set-up works for them."),
        facts=("segment",),
        also=("score", "priority", "expiry"),
    ),
    "next.low.cold": Message(
        _("Send a short introduction by e-mail within a week."),
        facts=("segment",),
        also=("score", "priority", "expiry"),
    ),
    "next.fallback.migration": Message(
        _("Call within a week about a move to Microsoft 365."),
        facts=("segment",),
        also=("score", "priority", "expiry"),
    ),
    "next.fallback.existing": Message(
        _("Send an e-mail about added services within a week."),
        facts=("segment",),
        also=("score", "priority", "expiry"),
    ),
    "next.skip": Message(
        _("Leave this lead for now and look again in a month."),
        also=("segment", "score", "priority", "expiry"),
    ),
    "next.medium.migration": Message(
        _("Call within three days and ask about their plans for e-mail."),
        also=("segment", "score", "priority", "expiry"),
    ),
    "next.low.other": Message(
        _("Send a short, informative e-mail within a week."),
        also=("segment", "score", "priority", "expiry"),
    ),
    "next.fallback.urgency_high": Message(
        _("Call within 24 hours; the urgency is high."),
        also=("segment", "score", "priority", "expiry"),
    ),
    "next.fallback.urgency_medium": Message(
        _("Call within three days; the urgency is medium."),
        also=("segment", "score", "priority", "expiry"),
    ),
    "next.default": Message(
        _("No step is due now; look again in a month."),
        also=("segment", "score", "priority", "expiry"),
    ),
    # Offer (17.3), without prices.
    "offer.enterprise.large": Message(_("Enterprise fits the estimated size class large."), facts=("tenant_size",)),
    "offer.standard.medium": Message(
        _("Business Standard fits the estimated size class medium."), facts=("tenant_size",)
    ),
    "offer.basic.small": Message(_("Business Basic fits the estimated size class small."), facts=("tenant_size",)),
    "offer.standard.high_score": Message(
        _("The size is not known; with a score of 70 or more, Business Standard is a sound start."),
        facts=("segment", "score"),
    ),
    "offer.basic.default": Message(
        _("The size is not known; Business Basic is a simple start."),
        also=("segment", "score"),
    ),
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
        _("A move to Microsoft 365; the score is below 80 or not known yet."),
        facts=("segment",),
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
    "reason.segment.migration": Message(
        _("The score is 60 or more, and the mail provider is one from which a move to Microsoft 365 makes sense."),
        facts=("provider", "score"),
    ),
    "reason.segment.cold_local": Message(
        _("E-mail is on record with a local or own server, and the score is between 5 and 59."),
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
    "step_priority.high": Message(_("High")),
    "step_priority.medium": Message(_("Medium")),
    "step_priority.low": Message(_("Low")),
    "tenant_size.large": Message(_("Large")),
    "tenant_size.medium": Message(_("Medium")),
    "tenant_size.small": Message(_("Small")),
    "action.call": Message(_("Call")),
    "action.email": Message(_("Send an e-mail")),
    "action.wait": Message(_("Wait")),
    "timeline.24h": Message(_("within 24 hours")),
    "timeline.3d": Message(_("within three days")),
    "timeline.1w": Message(_("within a week")),
    "timeline.1mo": Message(_("in a month")),
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
    # The brief's own lines.
    "section.headline": Message(_("In short")),
    "section.why": Message(_("Why this lead")),
    "section.provider": Message(_("Mail provider")),
    "section.security": Message(_("Mail security")),
    "section.offer": Message(_("Offer")),
    "section.call": Message(_("Call script")),
    "section.questions": Message(_("Questions to ask")),
    "section.next": Message(_("Next step")),
    "due.call": Message(_("Call by %(date)s."), neutral=_("Choose a date for the call.")),
    "due.email": Message(_("Send the e-mail by %(date)s."), neutral=_("Choose a date for the e-mail.")),
    "due.wait": Message(_("Look again on %(date)s."), neutral=_("Choose a date for the next look.")),
    "security.none": Message(_("SPF, DKIM and DMARC are not known yet.")),
    "security.unknown": Message(
        _("Could not be checked at the last look: %(records)s."),
        neutral=_("Some mail records could not be checked at the last look."),
    ),
    "security.dkim_unlisted": Message(
        _("A DKIM key exists under a name that cannot be looked up, so nothing more can be said about it."),
    ),
    "expiry.ahead": Message(
        _("Days until the domain registration expires: %(days)s."),
        facts=("expiry",),
        neutral=_("The domain registration expires soon."),
    ),
    "expiry.passed": Message(_("The expiry date on record for the domain has passed."), facts=("expiry",)),
}


def is_known(message_id: str) -> bool:
    return message_id in MESSAGES


def text(message_id: str, **params: object) -> str:
    """The sentence in the active language. A placeholder whose parameter is missing, None or "" gives the
    neutral wording. Raises KeyError for an unknown id."""
    message = MESSAGES[message_id]
    values = {name: value for name, value in params.items() if value not in (None, "")}
    wording = str(message.text)
    if not values.keys() >= set(_PLACEHOLDER.findall(wording)):
        wording = str(message.neutral)
    return wording % values


def row_text(part: str, key: str, variant: str = "") -> str:
    """The label of one row of a verdict; `key` is the provider's name when `part` is provider. `variant` "absent" or
    "unlisted" says what the look proved about the row."""
    if part == "provider":
        return text("row.provider", provider=provider_label(key))
    special = f"row.{variant}.{key}"
    return text(special if is_known(special) else f"row.{part}.{key}")


def provider_label(provider: str | None) -> str | None:
    """The product name people know; a name outside the table is given back as it is."""
    label = f"provider_label.{provider}"
    return text(label) if is_known(label) else provider
