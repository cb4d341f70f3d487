"""Which lead a referral belongs to: by the e-mail domains of the customer's people, else by a person.

The sync links once and only where nobody decided; what a person did is never undone (DESIGN.md section 6).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from leads import services
from leads.company_list.claims import Claim, claims_from_text
from leads.folding import fold
from leads.models import Event, ImportRow, Lead, ReferralState, Source
from leads.scanning import queue_scan
from leads.services import Details, ReferralNote
from referrals.customer_domains import CustomerDomain, customer_domain
from referrals.models import Referral, ReferralLink, Status
from referrals.payload import Row, read, short

State = ReferralLink.State
_STATE_OF: Final = {"one": State.LINKED, "several": State.SEVERAL, "none": State.NEEDS_DOMAIN}
# A person may choose these; the others say nothing about the company.
CHOOSABLE: Final = ("usable", "ambiguous_provider")
# Legal forms and filler of company names, folded.
_FILLER: Final = {
    "as", "anonim", "sirketi", "sti", "ltd", "limited", "san", "sanayi", "tic", "ticaret", "ve", "dis", "ic",
    "ith", "ihr", "insaat", "pazarlama", "hizmetleri", "inc", "llc", "gmbh", "co", "company", "corp", "the",
}  # fmt: skip
# Letters whose case every database folds alike; names in imports are not stored folded.
_SAME_ANYWHERE: Final = re.compile(r"[A-HJ-Za-hj-z0-9]+", re.ASCII)
_ADDRESS: Final = re.compile(r"[^\s@,;<>]+@([^\s@,;<>]+)")
_SUGGESTIONS: Final = 5
_NAMED_ALIKE: Final = 50  # rows looked through for each customer's name
_LEADS_AT_ONCE: Final = 500
_THOROUGH: Final = 20  # that few new leads are looked at with every question


class NoDomain(Exception):
    """The text names no company domain. `reason` is a key of leads.company_list.messages.REJECTIONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Overtaken(Exception):
    """Somebody else decided since the page was made that this decision comes from."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A domain a person may confirm. `why`: a key of messages.SUGGESTIONS; `detail`: the e-mail or name behind it."""

    domain: str
    why: str
    detail: str
    lead: Lead | None


def judge(row: Row) -> CustomerDomain:
    return customer_domain(row.customer_emails, row.seller_emails, settings.HUNTER_PARTNER_CENTER_OWN_DOMAINS)


def link_new(rows: dict[int, tuple[Row, CustomerDomain]]) -> dict[int, Lead]:
    """Find or create the lead of each referral (by key) whose people name exactly one domain, in the caller's
    transaction and in a constant number of statements. Returns the lead by referral; then come `refresh_leads`, which
    locks them, and `scan_unseen`."""
    claims: list[Claim] = []
    details: dict[str, Details] = {}
    for row, judged in rows.values():
        if judged.state == "one":
            email = next(found.email for found in judged.candidates if found.domain == judged.domain)
            claims.append(Claim(judged.domain, "email", email, email=email))
            details.setdefault(judged.domain, _details(row, judged.domain))
    if not claims:
        return {}
    added = services.add_leads(claims, by=None, source=Source.PARTNER_CENTER, details=details, hold=False)
    leads = {lead.domain: lead for lead in (*added.created, *added.matched)}
    return {pk: leads[judged.domain] for pk, (_row, judged) in rows.items() if judged.state == "one"}


def _details(row: Row, domain: str) -> Details:
    emails = [email for email in row.customer_emails if _is_at(email, domain)]
    return Details(
        company_name=row.columns["customer_name"],
        emails=emails[:20],
        city=row.columns["customer_city"],
        country=row.columns["customer_country"],
    )


def _is_at(email: str, domain: str) -> bool:
    """Whether this is one address at the domain or below it."""
    match = _ADDRESS.fullmatch(email.strip())
    host = match[1].casefold().rstrip(".") if match else ""
    return host == domain or host.endswith("." + domain)


def state_of(judged: CustomerDomain) -> str:
    return _STATE_OF[judged.state]


def scan_unseen(leads: Iterable[Lead], *, by: User | None = None) -> None:
    """Queue the first scan of those nobody looked at yet; scans of one moment share a job."""
    unseen = [lead.pk for lead in leads if lead.scanned_at is None and lead.scan_job_id is None]
    if unseen:
        thorough = len(unseen) <= _THOROUGH
        queue_scan(
            Lead.objects.filter(pk__in=unseen).never_scanned(),
            title="scan.referrals",
            started_by=by,
            thorough=thorough,
            key=f"scan:referrals:{'thorough' if thorough else 'many'}",
        )


def link(referral: Referral, lead: Lead, *, by: User, seen: str = "") -> None:
    """A person says where the referral belongs; the sync leaves it there. Linking it again changes nothing. `seen`: the
    ISO time of the link that the person saw, "" = whatever it is. Raises Overtaken and LeadGone."""
    with transaction.atomic():
        row = _locked(referral)
        if row.state == State.LINKED and row.lead_id == lead.pk:
            return
        _check(row, seen)
        left = row.lead if row.state == State.LINKED else None
        services.held([lead.pk, *([left.pk] if left else [])])
        _decide(row, State.LINKED, lead, by)
        if left is not None:
            _tell(Event.Kind.UNLINKED, left, referral, by)
        _tell(Event.Kind.LINKED, lead, referral, by)
        refresh_leads({lead.pk} | ({left.pk} if left else set()))
        scan_unseen([lead], by=by)


def link_to_domain(referral: Referral, text: str, *, by: User, seen: str = "") -> Lead:
    """Link to the lead of the domain, e-mail or web address in `text`; a lead nobody has is created and scanned. `seen`
    as in `link`. Raises NoDomain and Overtaken."""
    found = claims_from_text(text)
    if not found.claims:
        raise NoDomain(found.rejections[0].reason if found.rejections else "invalid_domain")
    if len({claim.domain for claim in found.claims}) > 1:
        raise NoDomain("several_domains")
    claim = found.claims[0]
    details = {
        claim.domain: Details(
            company_name=referral.customer_name, city=referral.customer_city, country=referral.customer_country
        )
    }
    with transaction.atomic():
        added = services.add_leads([claim], by=by, source=Source.PARTNER_CENTER, details=details, hold=False)
        lead = (added.created or added.matched)[0]
        link(referral, lead, by=by, seen=seen)
    return lead


def unlink(referral: Referral, *, by: User, seen: str = "") -> None:
    """A person says that the referral does not belong to its lead; the sync does not link it again. `seen` as in
    `link`. Raises Overtaken."""
    with transaction.atomic():
        row = _locked(referral)
        if row.state == State.UNLINKED:
            return
        _check(row, seen)
        left = row.lead
        _decide(row, State.UNLINKED, None, by)
        if left is not None:
            _tell(Event.Kind.UNLINKED, left, referral, by)
            refresh_leads({left.pk})


def undo(referral: Referral, *, by: User, seen: str = "") -> None:
    """Take back what a person decided: the referral is linked by its addresses, or waits, as after its first sync.
    `seen` as in `link`. Raises Overtaken."""
    with transaction.atomic():
        row = _locked(referral)
        if row.how != ReferralLink.How.PERSON:
            return
        _check(row, seen)
        left, read_again = row.lead, read(referral.payload)
        judged = judge(read_again)
        lead = link_new({referral.pk: (read_again, judged)}).get(referral.pk)
        row.state, row.lead, row.by, row.at = state_of(judged), lead, None, timezone.now()
        row.how = ReferralLink.How.EMAIL if lead else ""
        row.save(update_fields=["state", "lead", "how", "by", "at"])
        if left != lead:
            for kind, changed in ((Event.Kind.UNLINKED, left), (Event.Kind.LINKED, lead)):
                if changed is not None:
                    _tell(kind, changed, referral, by)
        refresh_leads({changed.pk for changed in (left, lead) if changed is not None})
        scan_unseen([lead] if lead else [], by=by)


def _locked(referral: Referral) -> ReferralLink:
    return ReferralLink.objects.select_for_update(of=("self",)).select_related("lead").get(referral=referral)


def _check(row: ReferralLink, seen: str) -> None:
    if seen not in ("", row.at.isoformat()):
        raise Overtaken


def _decide(row: ReferralLink, state: str, lead: Lead | None, by: User) -> None:
    row.state, row.lead, row.how, row.by, row.at = state, lead, ReferralLink.How.PERSON, by, timezone.now()
    row.save(update_fields=["state", "lead", "how", "by", "at"])


def _tell(kind: str, lead: Lead, referral: Referral, by: User) -> None:
    name = (referral.name or referral.title)[:400]
    values = {"old": name} if kind == Event.Kind.UNLINKED else {"new": name}
    Event.objects.create(lead=lead, kind=kind, by=by, **values)


def refresh_leads(pks: Collection[int]) -> None:
    """Write what the leads' list rows say about their referrals, in the caller's transaction. The leads are locked
    first: whoever links at the same time counts after us."""
    locked = Lead.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    pks = list(locked.values_list("pk", flat=True))
    found: dict[int, list[Referral]] = defaultdict(list)
    links = ReferralLink.objects.filter(lead_id__in=pks, state=State.LINKED).order_by("referral__deadline_order", "pk")
    for link in links.select_related("referral").only("lead_id", *(f"referral__{name}" for name in _NOTED)):
        assert link.lead_id is not None
        found[link.lead_id].append(link.referral)
    services.note_referrals({pk: _note(found[pk]) for pk in pks})


_NOTED: Final = ("remote_id", "status", "category", "deadline_at", "not_visible_since", "customer_size")
# Partner Center's size bands, today's and the older ones, as the size classes of the offer: up to 50 people small, up
# to 250 medium, above large, because the Microsoft 365 Business plans end at 300 users. "51 to 500" reaches across
# that line and counts where its smaller half lies. A band that is not here says nothing.
_SIZES: Final = {
    "1to9employees": "small",
    "10to50employees": "small",
    "1to50employees": "small",
    "51to250employees": "medium",
    "51to500employees": "medium",
    "251to1000employees": "large",
    "1001to5000employees": "large",
    "5001to10000employees": "large",
    "10001to20000employees": "large",
    "morethan20000employees": "large",
    "morethan500employees": "large",
}


def refresh_all_leads() -> None:
    """The nightly repair of what `refresh_leads` keeps, in short transactions."""
    linked = ReferralLink.objects.filter(state=State.LINKED, lead__isnull=False).values("lead")
    concerned = Lead.objects.filter(Q(pk__in=linked) | Q(referral_count__gt=0))
    pks = list(concerned.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), _LEADS_AT_ONCE):
        with transaction.atomic():
            refresh_leads(pks[start : start + _LEADS_AT_ONCE])


def _note(referrals: Sequence[Referral]) -> ReferralNote:
    """`referrals` by deadline. The most urgent one is the first of the most urgent state."""
    visible = [(_urgency(referral.status), referral) for referral in referrals if referral.not_visible_since is None]
    state = next((state for state in ReferralState.values if state in {state for state, _ in visible}), "")
    shown = [referral for found, referral in visible if found == state] or list(referrals)
    if referrals and not state:
        state = ReferralState.CLOSED
    deadlines = [referral.deadline_at for _state, referral in visible if referral.deadline_at is not None]
    first = shown[0] if shown else None
    urgent = [referral for wanted in ReferralState.values for found, referral in visible if found == wanted]
    sizes = [size for referral in (*urgent, *referrals) if (size := size_of(referral.customer_size))]
    return ReferralNote(
        count=len(referrals),
        state=state,
        deadline=min(deadlines, default=None),
        remote_id=first.remote_id if first else "",
        category=first.category if first else "",
        size=sizes[0] if sizes else "",
    )


def size_of(band: str) -> str:
    """small, medium or large; "" for a band nobody knows."""
    return _SIZES.get(band.casefold(), "")


def _urgency(status: str) -> str:
    known: dict[str, str] = {Status.ACTIVE: ReferralState.ACTIVE, Status.CLOSED: ReferralState.CLOSED}
    return known.get(status, ReferralState.NEW)


def give_back_orphans() -> int:
    """Links whose lead was deleted wait for a domain again. Returns how many."""
    return ReferralLink.objects.filter(state=State.LINKED, lead__isnull=True).update(
        state=State.NEEDS_DOMAIN, how="", by=None
    )


def suggestions(referral: Referral) -> list[Suggestion]:
    """What a person may confirm, most likely first: domains of the team's addresses, leads and imported rows whose
    name is like the customer's. Each domain once."""
    return suggestions_for([referral])[referral.pk]


def suggestions_for(referrals: Sequence[Referral]) -> dict[int, list[Suggestion]]:
    """The suggestions of each, in three queries for all of them."""
    emails = {
        referral.pk: [item for item in referral.candidates if item.get("verdict") in CHOOSABLE]
        for referral in referrals
    }
    domains = {item["domain"] for items in emails.values() for item in items}
    known = {lead.domain: lead for lead in Lead.objects.filter(domain__in=domains)}
    words = {referral.pk: name_words(referral.customer_name) for referral in referrals}
    named = _leads_like([found[:2] for found in words.values() if found])
    imported = _imported_like(referrals)
    answer = {}
    for referral in referrals:
        found = {
            item["domain"]: Suggestion(item["domain"], "team_email", item["email"], known.get(item["domain"]))
            for item in emails[referral.pk]
        }
        telling = words[referral.pk]
        if telling:
            like = [lead for lead in named if all(word in lead.search_text for word in telling[:2])]
            for lead in like[:_SUGGESTIONS]:
                found.setdefault(lead.domain, Suggestion(lead.domain, "lead_name", lead.company_name, lead))
            for row in _rows_like(referral.customer_name, telling, imported):
                found.setdefault(row.domain, Suggestion(row.domain, "import_name", row.company_name, row.lead))
        answer[referral.pk] = list(found.values())[:_SUGGESTIONS]
    return answer


def _leads_like(names: Sequence[Sequence[str]]) -> list[Lead]:
    """Open leads that hold every word of one of these names, best first."""
    if not names:
        return []
    like = Q()
    for name in names:
        like |= Q(*(GreaterThan(StrIndex("search_text", Value(word)), 0) for word in name))
    return list(Lead.objects.open().filter(like).best_first()[: _NAMED_ALIKE * len(names)])


def name_words(name: str) -> list[str]:
    """The words of a company name that tell it from others, folded."""
    words = [word.strip(".") for word in fold(short(name)).split()]
    return [word for word in words if len(word) > 1 and word not in _FILLER][:3]


def _part(name: str) -> str:
    """The longest piece of a name that is written alike in every spelling; "" = too short to search with."""
    part = max(_SAME_ANYWHERE.findall(name), key=len, default="")
    return part if len(part) >= 3 else ""


def _imported_like(referrals: Sequence[Referral]) -> list[ImportRow]:
    """Imported rows whose name has a piece of one of these customers' names, newest first."""
    parts = {part for referral in referrals if (part := _part(referral.customer_name))}
    if not parts:
        return []
    like = Q()
    for part in parts:
        like |= Q(company_name__icontains=part)
    rows = ImportRow.objects.filter(like, lead__isnull=False).select_related("lead").order_by("-pk")
    return list(rows[: _NAMED_ALIKE * len(parts)])


def _rows_like(name: str, words: list[str], rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Those that share two telling words with the name, or its only one. A lead may have been named otherwise since,
    or in another import."""
    if not _part(name):
        return []
    wanted = min(2, len(words))
    return [row for row in rows if len(set(words) & set(fold(row.company_name).split())) >= wanted][:3]
