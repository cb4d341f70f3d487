"""The sentences of the brief: the wording of every message id that the sales summary gives (scoring-v1 section 17), and
of those it does not know.

Several signal situations share an id, so each sentence says only what holds in all of them (scoring-v1 section 18, D23
and D25). A sentence names the facts it rests on and cannot be said without them. Prices come from the partner's own
list alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Message(NamedTuple):
    """`text` may hold named placeholders; `neutral` is the wording for when one of them has no value, "" = then nothing
    is said. `facts` are what the sentence rests on and cannot be said without; `also` what it rests on when known. At
    least one of them must be known. Facts are the keys of `brief_sources.sources_of`. `record` names the value that is
    shown below the sentence as it was published."""

    text: _StrPromise | str
    facts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    neutral: _StrPromise | str = ""
    record: str = ""


SENTENCES: Final[dict[str, Message]] = {
    # One-liner (17.5). Migration is a segment, so the size class may be a weak estimate: the line says where it is
    # from.
    "one_liner.migration.high.large": Message(
        _("Strong candidate for a move to Microsoft 365; size class: large (%(size_source)s)."),
        facts=("segment", "score", "tenant_size"),
        neutral=_("Strong candidate for a move to Microsoft 365; size class: large."),
    ),
    "one_liner.migration.high.medium": Message(
        _("Strong candidate for a move to Microsoft 365; size class: medium (%(size_source)s)."),
        facts=("segment", "score", "tenant_size"),
        neutral=_("Strong candidate for a move to Microsoft 365; size class: medium."),
    ),
    "one_liner.migration.high.small": Message(
        _("Strong candidate for a move to Microsoft 365; size class: small (%(size_source)s)."),
        facts=("segment", "score", "tenant_size"),
        neutral=_("Strong candidate for a move to Microsoft 365; size class: small."),
    ),
    "one_liner.migration.high.unknown": Message(
        _("Strong candidate for a move to Microsoft 365; the company's size is not known yet."),
        facts=("segment", "score"),
    ),
    "one_liner.migration.medium": Message(
        _("Candidate for a move to Microsoft 365; score %(score)s of 100."), facts=("segment", "score")
    ),
    "one_liner.existing.high": Message(
        _("On record as using Microsoft 365; score %(score)s of 100. Renewal and further services are the topic."),
        facts=("segment", "score"),
    ),
    "stated.one_liner.existing.high": Message(
        _(
            "Uses Microsoft 365, as %(provider_person)s entered; score %(score)s of 100. Renewal and further "
            "services are the topic."
        ),
        facts=("segment", "score", "provider"),
    ),
    "stated.one_liner.existing.medium": Message(
        _(
            "Uses Microsoft 365, as %(provider_person)s entered; score %(score)s of 100. Strengthening the present "
            "set-up is the topic."
        ),
        facts=("segment", "score", "provider"),
    ),
    "stated.one_liner.existing.low": Message(
        _("Uses Microsoft 365, as %(provider_person)s entered; score %(score)s of 100. Begin with the basics."),
        facts=("segment", "score", "provider"),
    ),
    "one_liner.existing.medium": Message(
        _("On record as using Microsoft 365; score %(score)s of 100. Strengthening the present set-up is the topic."),
        facts=("segment", "score"),
    ),
    "one_liner.cold.medium": Message(
        _("Still at an early stage; score %(score)s of 100. A short introduction is enough for now."),
        facts=("segment", "score"),
    ),
    "one_liner.migration.medium.local": Message(
        _("Candidate for a move from %(local_provider)s to Microsoft 365; score %(score)s of 100."),
        facts=("segment", "score", "provider"),
        neutral=_("Candidate for a move to Microsoft 365; score %(score)s of 100."),
    ),
    "one_liner.migration.low": Message(
        _(
            "Candidate for a move to Microsoft 365, but with a low score: %(score)s of 100. Check the facts "
            "before you call."
        ),
        facts=("segment", "score"),
    ),
    "one_liner.existing.low": Message(
        _("On record as using Microsoft 365; score %(score)s of 100. Begin with the basics."),
        facts=("segment", "score"),
    ),
    "one_liner.cold.low": Message(
        _("Still at an early stage; score %(score)s of 100. There is no hurry."), facts=("segment", "score")
    ),
    "one_liner.migration.low.local": Message(
        _(
            "Candidate for a move from %(local_provider)s to Microsoft 365, but with a low score: %(score)s "
            "of 100. Check the facts before you call."
        ),
        facts=("segment", "score", "provider"),
        neutral=_(
            "Candidate for a move to Microsoft 365, but with a low score: %(score)s of 100. Check the facts "
            "before you call."
        ),
    ),
    "one_liner.skip": Message(
        _("Not in an active sales segment at the moment; score %(score)s of 100."), facts=("segment", "score")
    ),
    "one_liner.no_domain": Message(_("No domain is known for this company yet."), facts=("record",)),
    "one_liner.note.country": Message(
        _("Location of the web site's address: %(country)s. The company itself may be elsewhere."),
        facts=("hosting",),
        neutral=_("The location of the web site's address is on record."),
    ),
    "one_liner.note.proxy": Message(
        _("The web site's address is listed as a proxy, so its location says little."), facts=("hosting",)
    ),
    # Segment explanation (17.6).
    "segment.none": Message(_("No segment has been assigned yet."), facts=("look",)),
    "segment.existing.no_score": Message(
        _("The company is on record as using Microsoft 365; there is no score yet."), facts=("segment",)
    ),
    "segment.migration.no_score": Message(_("There is no score yet."), facts=("segment",)),
    "segment.cold.no_score": Message(
        _("The company is in the Cold segment; there is no score yet."), facts=("segment",)
    ),
    "segment.skip.no_score": Message(
        _("The company is in the Skip segment; there is no score yet."), facts=("segment",)
    ),
    "segment.existing.provider_mismatch": Message(
        _(
            "The segment says Microsoft 365 customer, but the mail provider on record does not confirm it; "
            "check before you call."
        ),
        facts=("segment", "provider"),
    ),
    "segment.migration.provider.local_named": Message(
        _("E-mail runs at %(local_provider)s, so a move to Microsoft 365 is the topic."),
        facts=("segment", "provider"),
        neutral=_("E-mail runs at a local provider or on its own server, so a move to Microsoft 365 is the topic."),
    ),
    "segment.migration.provider.local": Message(
        _("E-mail runs at a local provider or on its own server, so a move to Microsoft 365 is the topic."),
        facts=("segment", "provider"),
    ),
    "stated.segment.migration.provider.local": Message(
        _(
            "E-mail runs at a local provider or on its own server, as %(provider_person)s entered, so a move to "
            "Microsoft 365 is the topic."
        ),
        facts=("segment", "provider"),
    ),
    "stated.segment.migration.provider.cloud": Message(
        _("E-mail is at %(provider)s, as %(provider_person)s entered, so a move to Microsoft 365 is the topic."),
        facts=("segment", "provider"),
    ),
    "stated.segment.cold.local": Message(
        _(
            "E-mail runs at a local provider or on its own server, as %(provider_person)s entered, and the score is "
            "below 60: a first contact, without hurry."
        ),
        facts=("segment", "score", "provider"),
    ),
    "segment.migration.provider.cloud": Message(
        _("E-mail is on record with %(provider)s, so a move to Microsoft 365 is the topic."),
        facts=("segment",),
        also=("provider",),
        neutral=_("A move to Microsoft 365 is the topic."),
    ),
    "segment.existing.high": Message(
        _("A score of 70 or more is the upper band for companies with Microsoft 365."), facts=("segment", "score")
    ),
    "segment.existing.medium": Message(
        _("A score between 50 and 69 is the middle band for companies with Microsoft 365."), facts=("segment", "score")
    ),
    "segment.existing.low": Message(
        _("A score below 50 is the lower band for companies with Microsoft 365."), facts=("segment", "score")
    ),
    "segment.migration.high": Message(
        _("The score is 80 or more, the highest band for a move."), facts=("segment", "score")
    ),
    "segment.migration.good": Message(
        _("The score is between 70 and 79, a good band for a move."), facts=("segment", "score")
    ),
    "segment.migration.fair": Message(
        _("The score is between 60 and 69, just enough for this segment."), facts=("segment", "score")
    ),
    "segment.migration.inconsistent": Message(
        _("The score is below 60, which does not fit this segment; scan again before you call."),
        facts=("segment", "score"),
    ),
    "segment.cold.medium": Message(
        _("The score is between 40 and 59: worth a first contact, not yet a project."), facts=("segment", "score")
    ),
    "segment.cold.low": Message(_("The score gives no reason for a call now."), facts=("segment", "score")),
    "segment.skip.low": Message(_("The score is below 40, so no sales segment applies."), facts=("segment", "score")),
    "segment.skip.insufficient": Message(
        _("The score is 40 or more, but no sales segment applies to this company."), facts=("segment", "score")
    ),
    "segment.cold.local_named": Message(
        _("E-mail runs at %(local_provider)s and the score is below 60: a first contact, without hurry."),
        facts=("segment", "score", "provider"),
        neutral=_(
            "E-mail runs at a local provider or on its own server and the score is below 60: a first contact, "
            "without hurry."
        ),
    ),
    "segment.cold.local": Message(
        _(
            "E-mail runs at a local provider or on its own server and the score is below 60: a first contact, "
            "without hurry."
        ),
        facts=("segment", "score", "provider"),
    ),
    "segment.skip.next.local_stop": Message(
        _("Local mail with a very low score: leave it until something changes."), facts=("segment", "score", "provider")
    ),
    "segment.skip.next.recheck": Message(
        _("If the next look shows nothing new, another one three to six months later is enough."),
        facts=("segment",),
        also=("score", "provider"),
    ),
    "segment.other": Message(
        _("The segment on record is not one of the four sales segments."),
        facts=("segment",),
        also=("score", "provider"),
    ),
    "segment.signals": Message(
        _("At least one of SPF, DKIM and an enforcing DMARC policy is in place."), also=("spf", "dkim", "dmarc")
    ),
    # Provider reasoning (17.7). A stored provider may come from the MX, from evidence behind a gateway, or from a
    # person. "mx" is a host that was found, "mx_look" the question for one, whatever its answer.
    "provider.none": Message(_("The mail provider is not known yet."), facts=("look",)),
    "provider.unknown.mx_missing": Message(
        _("The mail provider is not known; no mail host (MX) is on record."), facts=("mx_look",)
    ),
    "provider.unknown.mx_unrecognised": Message(
        _("The mail host (MX) lies under %(mx_root)s; the provider behind it was not recognised."),
        facts=("mx",),
        neutral=_("A mail host (MX) was found; the provider behind it was not recognised."),
    ),
    "provider.m365.mx_known": Message(
        _("E-mail runs on Microsoft 365: the mail host (MX) lies under %(mx_root)s."),
        facts=("provider", "mx"),
        neutral=_("E-mail runs on Microsoft 365, by its mail host (MX)."),
    ),
    "provider.google.mx_known": Message(
        _("E-mail runs on Google Workspace: the mail host (MX) lies under %(mx_root)s."),
        facts=("provider", "mx"),
        neutral=_("E-mail runs on Google Workspace, by its mail host (MX)."),
    ),
    "provider.m365.mx_other": Message(
        _(
            "Microsoft 365 is the mail provider on record. The mail host (MX) lies under %(mx_root)s, as is "
            "usual with newer Microsoft hosts and with mail gateways."
        ),
        facts=("provider", "mx"),
        neutral=_("Microsoft 365 is the mail provider on record; the mail host (MX) has another name."),
    ),
    "provider.google.mx_other": Message(
        _(
            "Google Workspace is the mail provider on record. The mail host (MX) lies under %(mx_root)s, as "
            "is usual with mail gateways."
        ),
        facts=("provider", "mx"),
        neutral=_("Google Workspace is the mail provider on record; the mail host (MX) has another name."),
    ),
    "provider.yandex.mx": Message(
        _("Mail provider on record: Yandex 360; the mail host (MX) lies under %(mx_root)s."),
        facts=("provider", "mx"),
        neutral=_("Mail provider on record: Yandex 360."),
    ),
    "provider.zoho.mx": Message(
        _("Mail provider on record: Zoho Mail; the mail host (MX) lies under %(mx_root)s."),
        facts=("provider", "mx"),
        neutral=_("Mail provider on record: Zoho Mail."),
    ),
    "provider.hosting.mx": Message(
        _("E-mail is on record with a web hosting service; the mail host (MX) lies under %(mx_root)s."),
        facts=("provider", "mx"),
        neutral=_("E-mail is on record with a web hosting service."),
    ),
    "provider.local.mx": Message(
        _("E-mail is on record with a local provider or its own server; the mail host (MX) lies under %(mx_root)s."),
        facts=("provider", "mx"),
        neutral=_("E-mail is on record with a local provider or its own server."),
    ),
    "provider.other.mx": Message(
        _("Mail provider on record: %(provider)s; the mail host (MX) lies under %(mx_root)s."),
        facts=("provider", "mx"),
        neutral=_("The mail provider on record is outside the main groups."),
    ),
    # Here "missing" means that no MX root is at hand, not that none is published.
    "provider.m365.mx_missing": Message(
        _("Mail provider on record: Microsoft 365. The mail host (MX) is not on record."), facts=("provider",)
    ),
    "provider.google.mx_missing": Message(
        _("Mail provider on record: Google Workspace. The mail host (MX) is not on record."), facts=("provider",)
    ),
    "provider.yandex.mx_missing": Message(
        _("Mail provider on record: Yandex 360. The mail host (MX) is not on record."), facts=("provider",)
    ),
    "provider.zoho.mx_missing": Message(
        _("Mail provider on record: Zoho Mail. The mail host (MX) is not on record."), facts=("provider",)
    ),
    "provider.hosting.mx_missing": Message(
        _("E-mail is on record with a web hosting service. The mail host (MX) is not on record."), facts=("provider",)
    ),
    "provider.local.mx_missing": Message(
        _("E-mail is on record with a local provider or its own server. The mail host (MX) is not on record."),
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
        neutral=_("E-mail is on record with a local provider or its own server."),
    ),
    # An SPF record exists; what it includes is not part of the signal (D25).
    "provider.m365.spf": Message(_("The domain publishes an SPF record."), facts=("spf",)),
    "provider.m365.infra": Message(
        _("Hosting of the web site: %(infrastructure)s."),
        facts=("hosting",),
        neutral=_("Hosting data of the web site are on record."),
    ),
    # What the summary does not know: the gateway, a person's entry, Microsoft's tenant directory.
    "provider.gateway.seen_through": Message(
        _("Mail first passes the gateway %(gateway)s; further records show the mailboxes behind it on %(provider)s."),
        facts=("gateway", "mailbox", "provider"),
        neutral=_("Mail first passes a gateway; further records show who runs the mailboxes behind it."),
    ),
    "provider.gateway.hidden": Message(
        _("Mail first passes the gateway %(gateway)s; who runs the mailboxes behind it is not known."),
        facts=("gateway",),
        neutral=_("Mail first passes a gateway; who runs the mailboxes behind it is not known."),
    ),
    "provider.person": Message(
        _(
            "%(provider_person)s says that the mail is at %(provider)s (entered on %(provider_date)s: "
            "“%(provider_reason)s”)."
        ),
        facts=("provider_entry",),
        neutral=_("%(provider_person)s says that the mail is at %(provider)s (entered on %(provider_date)s)."),
    ),
    "provider.person.counts": Message(
        _("The score counts this entry until somebody ends it."), facts=("provider_entry",)
    ),
    "provider.records": Message(
        _("The records show %(seen_provider)s: the mail host (MX) lies under %(mx_root)s."),
        facts=("seen_provider",),
        neutral=_("The records show %(seen_provider)s."),
    ),
    "provider.records.behind": Message(
        _("The records show %(seen_provider)s behind the gateway %(gateway)s."),
        facts=("gateway", "mailbox", "seen_provider"),
    ),
    "provider.records.none": Message(_("The records show no mail host (MX)."), facts=("mx_look",)),
    "provider.tenant": Message(
        _(
            "Microsoft's public sign-in service knows this domain. That shows a tenant, not that the "
            "mailboxes are there."
        ),
        facts=("tenant",),
    ),
    # The addresses that hosting is known of are those of the web site; where the mail is, they do not say.
    "website.network": Message(
        _("The web site's address lies in the network of %(organisation)s."), facts=("hosting",)
    ),
    "website.country": Message(
        _("Location on record for this address: %(country)s. The company itself may be elsewhere."),
        facts=("hosting",),
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
            "A DMARC policy that quarantines or rejects forged mail was not seen, and neither SPF nor DKIM is"
            " confirmed."
        ),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.summary.high.multiple": Message(
        _(
            "More than one point needs attention among SPF, DKIM and the share of mail that DMARC covers; "
            "they are named below."
        ),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.summary.medium.partial_dmarc": Message(
        _("A DMARC policy is in place, but it covers only part of the mail."), facts=("dmarc",), also=("spf", "dkim")
    ),
    "security.summary.medium.one_missing": Message(
        _("One of SPF and DKIM was not found; it is named below."), facts=("dmarc",), also=("spf", "dkim")
    ),
    "security.summary.low.ok": Message(
        _("No gap was seen in the mail records that could be checked."), facts=("dmarc",), also=("spf", "dkim")
    ),
    "security.detail.spf_missing": Message(_("SPF: no record was found."), facts=("spf",)),
    "security.detail.spf_present": Message(_("SPF: a record is in place."), facts=("spf",)),
    "security.detail.spf_multiple": Message(
        _("SPF: more than one record is published; receivers then ignore them all."), facts=("spf",)
    ),
    "security.detail.dkim_missing": Message(_("DKIM: no key was found."), facts=("dkim",)),
    "security.detail.dkim_present": Message(
        _("DKIM: a key is in place (%(selectors)s)."), facts=("dkim",), neutral=_("DKIM: a key is in place.")
    ),
    "security.detail.dmarc_missing": Message(
        _("DMARC: no policy that quarantines or rejects forged mail (%(dmarc_state)s)."),
        facts=("dmarc",),
        neutral=_("DMARC: a policy that quarantines or rejects forged mail was not seen."),
    ),
    "security.detail.dmarc_policy": Message(
        _("DMARC: a policy is in place (%(policy)s)."), facts=("dmarc",), neutral=_("DMARC: a policy is in place.")
    ),
    "security.detail.dmarc_partial": Message(
        _("DMARC: the record asks for the policy on %(coverage)s%% of the mail."),
        facts=("dmarc",),
        neutral=_("DMARC: the record asks for the policy on part of the mail only."),
    ),
    "security.detail.dmarc_full": Message(_("DMARC: the policy covers all mail."), facts=("dmarc",)),
    # The risk level always rests on DMARC; the others count when known.
    "security.angle.high": Message(
        _("Talk about phishing, forged invoices and the company's reputation."), facts=("dmarc",), also=("spf", "dkim")
    ),
    "security.angle.medium": Message(
        _("Talk about closing the remaining gap and about steadier mail delivery."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.angle.low": Message(
        _("Talk about Microsoft Defender as an added layer of protection."), facts=("dmarc",), also=("spf", "dkim")
    ),
    "security.action.high": Message(
        _("Offer a joint review of SPF, DKIM and DMARC, followed by a plan in steps."),
        facts=("dmarc",),
        also=("spf", "dkim"),
    ),
    "security.action.medium": Message(
        _("Offer to look at the open point together and to settle it."), facts=("dmarc",), also=("spf", "dkim")
    ),
    "security.action.low": Message(
        _("Offer a short talk about Microsoft Defender and account protection."), facts=("dmarc",), also=("spf", "dkim")
    ),
    # What is not known is said once, with the questions that got no answer as evidence.
    "security.none": Message(_("SPF, DKIM and DMARC are not known yet."), facts=("unanswered",)),
    "security.unknown": Message(
        _("Not settled by the last look: %(records)s. Say nothing about it."),
        facts=("unanswered",),
        neutral=_("Some mail records were not settled by the last look."),
    ),
    "security.dkim_unlisted": Message(
        _("A DKIM key exists under a name that cannot be looked up, so nothing more can be said about it."),
        facts=("dkim_node",),
    ),
    # Call script (17.8): lines to say aloud. None of them says anything about the customer's mail records (D23).
    "call.cold.open": Message(
        _("Hello, I am calling as a Microsoft partner. May I take two minutes of your time?"), facts=("segment",)
    ),
    "call.cold.value.security": Message(
        _("From public records we can show you how your domain is protected against forged e-mail."), facts=("segment",)
    ),
    "call.cold.value.general": Message(
        _("We help companies bring e-mail, files and meetings together in Microsoft 365."), facts=("segment",)
    ),
    "call.cold.cta": Message(
        _("Could we plan a short talk of 10 to 15 minutes, without any obligation?"), facts=("segment",)
    ),
    "call.migration.open": Message(
        _("Hello, I am calling as a Microsoft partner about your company's e-mail system."), facts=("segment",)
    ),
    "call.migration.value.generic": Message(
        _("We first look at your present set-up together, then suggest a plan that fits."), facts=("segment",)
    ),
    "call.migration.cta.short": Message(
        _("Would a short talk in the next few days suit you?"), facts=("segment", "score")
    ),
    "call.migration.cta.offer": Message(
        _("Could we talk for 15 minutes, so that we can prepare an offer for your company?"), facts=("segment", "score")
    ),
    "call.existing.open": Message(
        _(
            "Hello, I am calling as a Microsoft partner. I would like to hear how your e-mail and Microsoft "
            "services work for you."
        ),
        facts=("segment",),
    ),
    "call.existing.value": Message(
        _(
            "With Microsoft Defender and a few added security settings you can strengthen the protection of "
            "accounts and e-mail."
        ),
        facts=("segment",),
    ),
    "call.existing.cta": Message(
        _("Could we go through your present set-up together in a short talk?"), facts=("segment",)
    ),
    "call.generic.open": Message(
        _("Hello, I am calling as a Microsoft partner. I would like to get to know your company briefly."),
        facts=("segment",),
    ),
    "call.generic.cta": Message(_("Who is the right person for this, and when may I call?"), facts=("segment",)),
    "call.migration.value.enterprise": Message(
        _("For larger organisations we plan the move in stages, together with security and compliance."),
        facts=("segment", "tenant_size"),
    ),
    "call.migration.value.standard": Message(
        _("We move e-mail, files and meetings together and agree every step with you in advance."),
        facts=("segment", "tenant_size"),
    ),
    "call.migration.value.basic": Message(
        _("For smaller teams we keep the move simple: e-mail first, the rest when you need it."),
        facts=("segment", "tenant_size"),
    ),
    "call.migration.open.local": Message(
        _(
            "Hello, I am calling as a Microsoft partner. In public records your e-mail appears to be hosted "
            "at %(local_provider)s."
        ),
        facts=("segment", "provider"),
        neutral=_("Hello, I am calling as a Microsoft partner about your company's e-mail system."),
    ),
    # A country and a proxy are those of the web site's address; whoever speaks of e-mail leaves them out.
    "call.migration.open+country": Message(
        _("Hello, I am calling as a Microsoft partner about your company's e-mail system."), facts=("segment",)
    ),
    "call.migration.proxy": Message(_("Could you tell me briefly how your e-mail is set up?"), facts=("segment",)),
    "call.migration.open.local+country": Message(
        _(
            "Hello, I am calling as a Microsoft partner. In public records your e-mail appears to be hosted "
            "at %(local_provider)s."
        ),
        facts=("segment", "provider"),
        neutral=_("Hello, I am calling as a Microsoft partner about your company's e-mail system."),
    ),
    # Discovery questions (17.9): open questions.
    "discovery.migration.satisfaction": Message(
        _("How satisfied are you with your present e-mail service, and what would you change first?"),
        facts=("segment",),
    ),
    "discovery.migration.security": Message(
        _("How do you protect your company against phishing and forged e-mail today?"), facts=("segment",)
    ),
    "discovery.migration.it_team": Message(
        _("Who looks after your IT, and how much of their time does e-mail take?"), facts=("segment",)
    ),
    "discovery.existing.satisfaction": Message(
        _("Which Microsoft services do you use most, and what would you like to improve?"), facts=("segment",)
    ),
    "discovery.existing.security_needs": Message(
        _("What further protection do you need for accounts, devices and e-mail?"), facts=("segment",)
    ),
    "discovery.existing.deliverability": Message(
        _("What do you hear from customers about how your e-mail reaches them?"), facts=("segment",)
    ),
    "discovery.generic.overview": Message(
        _("How are e-mail and office tools organised in your company today?"), facts=("segment",)
    ),
    "discovery.generic.priorities": Message(_("What are your most important IT topics this year?"), facts=("segment",)),
    "discovery.common.budget": Message(_("How do you plan the budget for such a project?"), facts=("segment",)),
    "discovery.common.decision": Message(
        _("Who takes part in the decision, and how is it usually made?"), facts=("segment",)
    ),
    "discovery.common.timeline": Message(_("When would a change suit you best?"), facts=("segment",)),
    "discovery.migration.local_host": Message(
        _("How is support for your e-mail organised at present?"), facts=("segment", "provider")
    ),
    "discovery.size.large.strategy": Message(
        _("What does your IT strategy for the next two to three years look like?"), facts=("segment", "tenant_size")
    ),
    "discovery.size.large.compliance": Message(
        _("Which compliance and data protection rules shape your choices?"), facts=("segment", "tenant_size")
    ),
    "discovery.size.medium.growth": Message(
        _("How do you expect your number of users to change over the next year?"), facts=("segment", "tenant_size")
    ),
    "discovery.size.small.budget": Message(
        _("How do you plan your monthly IT spending?"), facts=("segment", "tenant_size")
    ),
    # Next step (17.10), and the day it is due.
    "next.high.migration": Message(
        _("Call within 24 hours about a move to Microsoft 365."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
    ),
    "next.high.existing": Message(
        _("Call within 24 hours about renewal and added security."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
    ),
    "next.medium.cold": Message(
        _("Call within three days for a short introduction."), facts=("segment", "score"), also=("priority", "expiry")
    ),
    "next.medium.existing": Message(
        _("Call within three days and ask how the present set-up works for them."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
    ),
    "next.low.cold": Message(
        _("Send a short introduction by e-mail within a week."), facts=("segment", "score"), also=("priority", "expiry")
    ),
    "next.fallback.migration": Message(
        _("Call within a week about a move to Microsoft 365."), facts=("segment", "score"), also=("priority", "expiry")
    ),
    "next.fallback.existing": Message(
        _("Send an e-mail about added services within a week."), facts=("segment", "score"), also=("priority", "expiry")
    ),
    "next.skip": Message(
        _("Leave this lead for now and look at it again on %(due)s."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
        neutral=_("Leave this lead for now and look at it again in a month."),
    ),
    "next.medium.migration": Message(
        _("Call within three days and ask about their plans for e-mail."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
    ),
    "next.low.other": Message(
        _("Send a short, informative e-mail within a week."), facts=("segment", "score"), also=("priority", "expiry")
    ),
    "next.fallback.urgency_high": Message(
        _("Call within 24 hours; the urgency is high."), facts=("segment", "score"), also=("priority", "expiry")
    ),
    "next.fallback.urgency_medium": Message(
        _("Call within three days; the urgency is medium."), facts=("segment", "score"), also=("priority", "expiry")
    ),
    "next.default": Message(
        _("No step is due now; look at the lead again on %(due)s."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
        neutral=_("No step is due now; look at the lead again in a month."),
    ),
    # What comes before the rules: old facts, a lead that sleeps, one that has ended, a company that wants no contact.
    "stale.scan": Message(
        _("Scan again first: the facts are %(age)s days old. After that this brief names the next step."),
        facts=("look",),
    ),
    "rest.until": Message(
        _("This lead rests until %(until)s; nothing is due before that."),
        facts=("sleep",),
        neutral=_("This lead rests; nothing is due."),
    ),
    "rest.either": Message(
        _("This lead rests until %(until)s, or until something changes; nothing is due before that."),
        facts=("sleep",),
        neutral=_("This lead rests; nothing is due."),
    ),
    "rest.change": Message(_("This lead rests until something changes; nothing is due before that."), facts=("sleep",)),
    "closed.won": Message(
        _("Won on %(outcome)s, noted by %(outcome_person)s: nothing to do here."),
        facts=("outcome",),
        neutral=_("Won: nothing to do here."),
    ),
    "closed.lost": Message(
        _("Lost on %(outcome)s, noted by %(outcome_person)s: nothing to do here."),
        facts=("outcome",),
        neutral=_("Lost: nothing to do here."),
    ),
    "closed.not_a_fit": Message(
        _("Not a fit, noted on %(outcome)s by %(outcome_person)s: nothing to do here."),
        facts=("outcome",),
        neutral=_("Not a fit: nothing to do here."),
    ),
    "closed.back": Message(
        _("If that no longer holds, take the outcome back on the lead's page; then this brief names the next step."),
        facts=("outcome",),
    ),
    "closed.dismissed": Message(
        _("Dismissed on %(dismissed)s by %(dismissed_person)s (%(dismissed_reason)s): nothing to do here."),
        facts=("dismissed",),
        neutral=_("Dismissed on %(dismissed)s by %(dismissed_person)s: nothing to do here."),
    ),
    "opted_out.remains": Message(
        _(
            "You can still read, note and scan here. Whoever hears that it may be contacted again says so on the "
            "lead's page."
        ),
        facts=("opt_out",),
    ),
    # Whom to contact
    "contact.entry": Message(
        _("%(contact)s, entered by %(contact_person)s on %(contact_date)s: “%(contact_reason)s”."),
        facts=("contact_entry",),
        neutral=_("%(contact)s, entered by %(contact_person)s on %(contact_date)s."),
    ),
    "contact.record": Message(_("On record: %(other_contacts)s."), facts=("contact_record",)),
    "due.call": Message(
        _("Call by %(due)s."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
        neutral=_("Choose a date for the call."),
    ),
    "due.email": Message(
        _("Send the e-mail by %(due)s."),
        facts=("segment", "score"),
        also=("priority", "expiry"),
        neutral=_("Choose a date for the e-mail."),
    ),
    # Offer (17.3). Its prices come from the partner's own price list and are said only when an administrator entered
    # one.
    "offer.enterprise.large": Message(
        _("Enterprise fits the size class large (%(size_source)s)."),
        facts=("tenant_size",),
        neutral=_("Enterprise fits the size class large."),
    ),
    "offer.standard.medium": Message(
        _("Business Standard fits the size class medium (%(size_source)s)."),
        facts=("tenant_size",),
        neutral=_("Business Standard fits the size class medium."),
    ),
    "offer.basic.small": Message(
        _("Business Basic fits the size class small (%(size_source)s)."),
        facts=("tenant_size",),
        neutral=_("Business Basic fits the size class small."),
    ),
    "offer.standard.high_score": Message(
        _("The size is not known; with a score of 70 or more, Business Standard is a sensible start."),
        facts=("segment", "score"),
    ),
    "offer.basic.default": Message(
        _("The size is not known; Business Basic is a simple start."), facts=("segment", "score")
    ),
    "size.mx": Message(
        _("This size is a weak estimate from the mail host; ask for the number of users."), facts=("tenant_size",)
    ),
    "size.referral": Message(
        _("This size comes from the size band of a referral in Partner Center."), facts=("tenant_size",)
    ),
    "size.person": Message(
        _("This size was entered by %(size_person)s on %(size_date)s."),
        facts=("tenant_size",),
        neutral=_("This size was entered by a person."),
    ),
    "size.unused": Message(
        _("Known but not used, because it ranks lower: %(sizes)s."),
        facts=("tenant_size", "size_unused"),
        neutral=_("Another size is known but not used."),
    ),
    "price.user": Message(
        _("Price list, %(tier)s: %(amount)s per user and month."),
        facts=("price",),
        neutral=_("The price list names a price per user and month."),
    ),
    "price.migration": Message(
        _("Price list, move to Microsoft 365: %(amount)s."),
        facts=("price",),
        neutral=_("The price list names a price for the move."),
    ),
    "price.defender": Message(
        _("Price list, Microsoft Defender: %(amount)s per user and month."),
        facts=("price",),
        neutral=_("The price list names a price for Microsoft Defender."),
    ),
    "price.consulting": Message(
        _("Price list, consulting: %(amount)s."),
        facts=("price",),
        neutral=_("The price list names a price for consulting."),
    ),
    # Reasons to call now, or not to.
    "today.opted_out": Message(
        _("Does not want to be contacted (noted by %(opted_out_person)s on %(opted_out)s): do not call or write."),
        facts=("opt_out",),
        neutral=_("Does not want to be contacted: do not call or write."),
    ),
    "today.stale": Message(
        _("What follows was seen on %(seen)s, %(age)s days ago."),
        facts=("look",),
        neutral=_("What follows was seen long ago."),
    ),
    "today.undetermined": Message(
        _("The last look could not judge this domain; what follows was seen on %(seen)s."),
        facts=("look",),
        neutral=_("The last look could not judge this domain; what follows was seen before."),
    ),
    "today.referral.new": Message(
        _("A co-sell referral waits for an answer until %(deadline)s."),
        facts=("referral",),
        neutral=_("A co-sell referral waits for an answer."),
    ),
    "today.referral.overdue": Message(
        _("The time to answer a co-sell referral ended on %(deadline)s; look at it first."),
        facts=("referral",),
        neutral=_("The time to answer a co-sell referral is over; look at it first."),
    ),
    "today.referral.active": Message(
        _("A co-sell referral for this company is active; it may be about the same project."), facts=("referral",)
    ),
    "today.referral.closed": Message(_("The co-sell referrals for this company are closed."), facts=("referral",)),
    "today.push.open": Message(
        _("The company is already a lead in Dynamics 365; look there for what was agreed."), facts=("push",)
    ),
    "today.push.qualified": Message(
        _("The company is already a qualified lead in Dynamics 365; ask its owner there."), facts=("push",)
    ),
    "today.push.disqualified": Message(
        _("The company was disqualified as a lead in Dynamics 365; look there for the reason."), facts=("push",)
    ),
    "today.push.deleted": Message(_("The lead was deleted in Dynamics 365; ask there why."), facts=("push",)),
    "today.expiry.ahead": Message(
        _("The domain registration ends on %(expiry)s (days left: %(days)s)."),
        facts=("expiry",),
        neutral=_("The domain registration ends soon."),
    ),
    "today.expiry.passed": Message(
        _("By the registration on record, the domain ended on %(expiry)s."),
        facts=("expiry",),
        neutral=_("The end of the domain registration on record has passed."),
    ),
    "today.change.1": Message(
        _("Changed on %(changed_1)s: %(change_1)s."),
        facts=("change_1",),
        neutral=_("Something about the domain changed."),
    ),
    "today.change.2": Message(
        _("Changed on %(changed_2)s: %(change_2)s."),
        facts=("change_2",),
        neutral=_("Something about the domain changed."),
    ),
    "today.follow_up": Message(
        _("A follow-up is noted for %(follow_up)s."), facts=("follow_up",), neutral=_("A follow-up is noted.")
    ),
    # A lead about which nothing is known: what there is, and what to do.
    "known.record": Message(
        _("The lead was added on %(added)s; source: %(source)s."),
        facts=("record",),
        neutral=_("The lead is on record."),
    ),
    "known.contacts": Message(
        _("Contact addresses are on record: %(contacts)s."),
        facts=("contact",),
        neutral=_("Contact addresses are on record."),
    ),
    "known.registered": Message(
        _("By the registry the domain is registered until %(expiry)s."),
        facts=("expiry",),
        neutral=_("The registry knows the domain."),
    ),
    "known.registration": Message(_("The registry knows the domain."), facts=("registration",)),
    "known.registrar": Message(_("Registrar: %(registrar)s"), facts=("registration",)),
    "known.not_registered": Message(
        _("The registry knows no such domain (asked on %(not_registered)s)."),
        facts=("not_registered",),
        neutral=_("The registry knows no such domain."),
    ),
    "known.never": Message(
        _("Nobody has looked at this domain yet, so nothing is known about its e-mail."), facts=("record",)
    ),
    "known.unanswered": Message(
        _("The last look got no answer about the mail host (MX), so nothing can be said about the e-mail."),
        facts=("unanswered",),
    ),
    "known.undecided": Message(
        _("The last look got no answer about %(open_records)s; without that, the e-mail cannot be judged."),
        facts=("unanswered",),
    ),
    "known.mx": Message(
        _("The records show %(seen_provider)s: the mail host (MX) lies under %(mx_root)s."), facts=("unjudged_mx",)
    ),
    "known.mx_unrecognised": Message(
        _("The mail host (MX) lies under %(mx_root)s; the provider behind it was not recognised."),
        facts=("unjudged_mx",),
    ),
    "known.nxdomain": Message(_("A domain of this name does not exist."), facts=("nxdomain",)),
    "todo.scan": Message(_("Scan the domain first; it takes a few seconds."), facts=("record",)),
    "todo.again": Message(
        _("Hunter asks again by itself on %(retry)s; a scan asks at once."),
        facts=("unanswered",),
        neutral=_("Scan again; the servers may answer now."),
    ),
    "todo.spelling": Message(
        _("Check the spelling with the company, then add the right domain; there is nothing to sell here until then."),
        facts=("nxdomain",),
    ),
    "todo.no_statement": Message(
        _("If you have to call before that, ask open questions and say nothing about the company's e-mail."),
        facts=("record",),
    ),
    # The page for the customer: public records only, each with the question that shows it.
    "public.nxdomain": Message(_("A domain of this name does not exist in DNS."), facts=("nxdomain",)),
    "public.asked": Message(
        _("On %(asked_on)s we asked for the mail host (MX) of the domain, and no answer came."),
        facts=("unanswered",),
    ),
    "public.asked_records": Message(
        _("On %(asked_on)s we asked for %(records)s of the domain, and no clear answer came."),
        facts=("unanswered",),
    ),
    "public.not_registered": Message(
        _("The registry knows no such domain (asked on %(not_registered)s)."),
        facts=("not_registered",),
        neutral=_("The registry knows no such domain."),
    ),
    "public.mx.hosts": Message(
        _("Mail for the domain is delivered to: %(mx_hosts)s."),
        facts=("mx",),
        neutral=_("Mail hosts (MX) are published."),
    ),
    "public.mx.null": Message(_("The domain states that it takes no mail."), facts=("mx",)),
    "public.mx.none": Message(_("No mail host (MX) is published for the domain."), facts=("mx_look",)),
    "public.service": Message(_("These hosts belong to %(mail_service)s."), facts=("mx",)),
    "public.spf.record": Message(
        _("SPF names the servers that may send for the domain. A record is published."),
        facts=("spf",),
        record="spf_record",
    ),
    "public.spf.none": Message(
        _("SPF names the servers that may send for the domain. No such record is published."), facts=("spf",)
    ),
    "public.spf.multiple": Message(
        _(
            "SPF names the servers that may send for the domain. More than one record is published; receivers then "
            "ignore them all."
        ),
        facts=("spf",),
    ),
    "public.dkim.keys": Message(
        _("DKIM signs outgoing mail. Keys were found under: %(selectors)s."),
        facts=("dkim",),
        neutral=_("DKIM signs outgoing mail. A key was found."),
    ),
    "public.dkim.none": Message(
        _("DKIM signs outgoing mail. Nothing is published below _domainkey, so there is no key."), facts=("dkim",)
    ),
    "public.dkim.unfound": Message(
        _(
            "DKIM signs outgoing mail. No key in use was found under the names that were asked, among them "
            "%(asked)s; a key under another name cannot be seen from outside."
        ),
        facts=("dkim",),
    ),
    "public.dkim.unlisted": Message(
        _("DKIM signs outgoing mail. A key exists under a name that cannot be looked up from outside."),
        facts=("dkim_node",),
    ),
    "public.dmarc.record": Message(
        _("DMARC tells receivers what to do with forged mail. A record is published."),
        facts=("dmarc",),
        record="dmarc_record",
    ),
    "public.dmarc.absent": Message(
        _("DMARC tells receivers what to do with forged mail. No such record is published."), facts=("dmarc",)
    ),
    "public.dmarc.multiple": Message(
        _(
            "DMARC tells receivers what to do with forged mail. More than one record is published; receivers then "
            "ignore them all."
        ),
        facts=("dmarc",),
    ),
    "public.dmarc.ignored": Message(
        _("The record's policy is missing or not valid; receivers ignore the record."), facts=("dmarc",)
    ),
    "public.dmarc.invalid": Message(
        _(
            "The record's policy is missing or not valid; receivers treat it as p=none, and forged mail is not held "
            "back."
        ),
        facts=("dmarc",),
    ),
    "public.dmarc.none": Message(
        _("With p=none receivers are asked for reports only; forged mail is not held back."), facts=("dmarc",)
    ),
    "public.dmarc.quarantine": Message(
        _("With p=quarantine receivers are asked to put forged mail aside."), facts=("dmarc",)
    ),
    "public.dmarc.reject": Message(_("With p=reject receivers are asked to refuse forged mail."), facts=("dmarc",)),
    "public.dmarc.testing": Message(
        _("The record asks receivers to test the policy, or to apply it to part of the mail only."), facts=("dmarc",)
    ),
    "public.unanswered": Message(
        _("Our questions for %(records)s got no clear answer; nothing is said about that here."),
        facts=("unanswered",),
        neutral=_("Some questions got no clear answer."),
    ),
    "public.expiry": Message(
        _("The domain is registered until %(expiry)s (as of %(expiry_seen)s)."),
        facts=("expiry",),
        neutral=_("The end of the registration is public."),
    ),
    "public.expired": Message(
        _("By the public record of %(expiry_seen)s, the registration of the domain ended on %(expiry)s."),
        facts=("expiry",),
        neutral=_("By the public record, the registration of the domain has ended."),
    ),
    "public.registrar": Message(
        _("Registrar: %(registrar)s (as of %(registrar_seen)s)"),
        facts=("registration",),
        neutral=_("The registrar is public."),
    ),
}
