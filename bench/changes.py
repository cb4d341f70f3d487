"""A market whose changes are known: what was injected, and by the rules of scoring-v1 what must follow from it.

The expectation is worked out here from sections 13 and 14 alone, not with the code that derives events from scans; only
scores and segments come from the frozen core, which the golden data proves.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

import scoring
from signals.types import DkimFacts, DmarcFacts, Facts, Observation, SpfFacts

CHUNK = 250  # as the scan job writes
_HOSTS = {
    "Google": ("smtp.google.com", "google.com"),
    "M365": ("firma-example.mail.protection.outlook.com", "outlook.com"),
    "Yandex": ("mx.yandex.net", "yandex.net"),
    "Local": ("mail.sunucu.example", "sunucu.example"),
}
_POLICIES = (None, "none", "quarantine", "reject")
SIGNALS = ("mx", "spf", "dkim", "dmarc")


@dataclass(frozen=True, slots=True)
class World:
    """What is true of a domain. `policy`: None = no DMARC record."""

    provider: str
    spf: bool
    dkim: bool
    policy: str | None

    @property
    def mx_root(self) -> str:
        return _HOSTS[self.provider][1]

    def verdict(self, domain: str) -> scoring.Verdict:
        return scoring.score(
            scoring.Signals(
                domain=domain,
                provider=self.provider,
                spf=self.spf,
                dkim=self.dkim,
                dmarc_policy=self.policy,
                spf_record="v=spf1 -all" if self.spf else None,
                mx_records=(_HOSTS[self.provider][0],),
            )
        )


def observed(domain: str, world: World, unknown: frozenset[str] = frozenset()) -> Observation:
    """A look at the domain at which the questions of `unknown` got no answer."""
    host = _HOSTS[world.provider][0]
    mx = "mx" not in unknown
    spf = SpfFacts(present=world.spf, record="v=spf1 -all" if world.spf else None, valid=world.spf, lookups=0)
    dkim = DkimFacts(state="present" if world.dkim else "absent")
    dmarc = DmarcFacts(
        state="present" if world.policy else "absent", policy=world.policy, pct=100 if world.policy else None
    )
    facts = Facts(
        status="partial" if unknown else "complete",
        mx_status="ok" if mx else "unknown",
        mx_hosts=(host,) if mx else (),
        provider=world.provider if mx else "Unknown",
        spf=SpfFacts() if "spf" in unknown else spf,
        dkim=DkimFacts(reason="unanswered") if "dkim" in unknown else dkim,
        dmarc=DmarcFacts() if "dmarc" in unknown else dmarc,
    )
    return Observation(domain=domain, lookups=(), facts=facts, duration=0.0)


@dataclass(frozen=True, slots=True)
class Market:
    """`before` and `after` by domain; `unknown`: the questions that get no answer at the second look."""

    before: dict[str, World]
    after: dict[str, World]
    unknown: dict[str, frozenset[str]]

    def told(self) -> dict[str, World]:
        """What the second look can know: the world after, where everything was answered."""
        return {name: world for name, world in self.after.items() if name not in self.unknown}


def market(count: int, *, changed: float = 0.03, unanswered: float = 0.05, seed: int = 5) -> Market:
    """`changed` of the domains change one to three facts; `unanswered` of them lose one to four answers at the second
    look, a third of those while something really changed behind the silence."""
    chance = random.Random(seed)
    before, after, unknown = {}, {}, {}
    for number in range(count):
        domain = f"firma{number:05}.example"
        before[domain] = World(
            chance.choice(sorted(_HOSTS)), chance.random() < 0.7, chance.random() < 0.5, chance.choice(_POLICIES)
        )
    names = list(before)
    chance.shuffle(names)
    moved, silent = round(count * changed), round(count * unanswered)
    for name in names[:moved]:
        after[name] = _moved(before[name], SIGNALS, chance)
    for name in names[moved : moved + silent]:
        unknown[name] = frozenset(chance.sample(SIGNALS, chance.randint(1, 4)))
        if chance.random() < 1 / 3:
            after[name] = _moved(before[name], sorted(unknown[name]), chance)
    return Market(before, before | after, unknown)


def _moved(world: World, signals: tuple[str, ...] | list[str], chance: random.Random) -> World:
    for signal in chance.sample(signals, chance.randint(1, min(3, len(signals)))):
        if signal == "mx":
            world = replace(world, provider=chance.choice([name for name in sorted(_HOSTS) if name != world.provider]))
        elif signal == "spf":
            world = replace(world, spf=not world.spf)
        elif signal == "dkim":
            world = replace(world, dkim=not world.dkim)
        else:
            world = replace(world, policy=chance.choice([policy for policy in _POLICIES if policy != world.policy]))
    return world


Told = Counter[tuple[str, str, str, str]]  # domain, kind, old, new


def expected(before: dict[str, World], after: dict[str, World]) -> tuple[Told, Counter[tuple[str, str]]]:
    """(events, alerts as (domain, type)) that the way from one world to the other must tell (section 14)."""
    events: Told = Counter()
    alerts: Counter[tuple[str, str]] = Counter()
    for domain, new in after.items():
        old = before[domain]
        was, now = old.verdict(domain), new.verdict(domain)
        pairs = [
            ("provider", old.provider, new.provider),
            ("mx", old.mx_root, new.mx_root),
            ("spf", _word(old.spf), _word(new.spf)),
            ("dkim", _word(old.dkim), _word(new.dkim)),
            ("dmarc", old.policy or "absent", new.policy or "absent"),
            ("score", str(was.score), str(now.score)),
            ("segment", str(was.segment), str(now.segment)),
        ]
        events.update((domain, kind, first, second) for kind, first, second in pairs if first != second)
        if old.mx_root != new.mx_root:
            alerts[domain, "mx_changed"] += 1
        if old.policy in (None, "none") and new.policy in ("quarantine", "reject"):
            alerts[domain, "dmarc_added"] += 1
        differs = (was.score, was.segment) != (now.score, now.segment)
        if differs and (was.priority_score != now.priority_score or was.segment != now.segment):
            alerts[domain, "score_changed"] += 1
    return events, alerts


def _word(present: bool) -> str:
    return "present" if present else "absent"


def expected_tags(worlds: dict[str, World]) -> set[tuple[str, str]]:
    """(domain, tag) by section 13; nothing here expires."""
    tags = set()
    for domain, world in worlds.items():
        verdict = world.verdict(domain)
        rules = {
            "security-risk": not world.spf and not world.dkim,
            "migration-ready": verdict.segment == "Migration" and verdict.score >= 60,
            "weak-spf": world.spf and world.policy == "none",
            "google-workspace": world.provider == "Google",
            "local-mx": world.provider == "Local",
        }
        tags |= {(domain, name) for name, holds in rules.items() if holds}
    return tags


@dataclass(frozen=True, slots=True)
class Difference:
    """What is stored and should not be, and the other way round, after one round of looks."""

    events_too_many: int
    events_missing: int
    alerts_too_many: int
    alerts_missing: int
    tags_wrong: int
    from_unknowns: int

    @property
    def is_none(self) -> bool:
        return self == Difference(0, 0, 0, 0, 0, 0)


def look(observations: list[Observation], at: datetime) -> None:
    from django.db import transaction

    from leads import scanning

    for start in range(0, len(observations), CHUNK):
        with transaction.atomic():
            scanning.record(observations[start : start + CHUNK], job=None, at=at)


def compare(
    since: datetime, before: dict[str, World], after: dict[str, World], silent: dict[str, frozenset[str]]
) -> Difference:
    """What was stored from `since` on against what must have been. `after` names only what the looks could know; the
    domains of `silent` may tell nothing and keep the tags they had."""
    from leads.models import Alert, Event, Lead

    events, alerts = expected(before, after)
    stored: Told = Counter(
        Event.objects.filter(at__gte=since, scan__isnull=False).values_list("lead__domain", "kind", "old", "new")
    )
    raised = Counter(Alert.objects.filter(created_at__gte=since).values_list("lead__domain", "type"))
    tags = set(Lead.objects.filter(tags__automatic=True).values_list("domain", "tags__name"))
    wanted = expected_tags(before | after)
    return Difference(
        events_too_many=(stored - events).total(),
        events_missing=(events - stored).total(),
        alerts_too_many=(raised - alerts).total(),
        alerts_missing=(alerts - raised).total(),
        tags_wrong=len(tags ^ wanted),
        from_unknowns=sum(domain in silent for domain, *_rest in (*stored.elements(), *raised.elements())),
    )


def play(count: int, *, seed: int = 5) -> dict[str, Difference | int]:
    """Three rounds over `count` domains: the second finds the changes and the silence, the third everything that was
    silent, and nothing twice. Needs an empty database."""
    from datetime import UTC, timedelta

    from leads.models import Lead

    made = market(count, seed=seed)
    leads = [Lead(domain=domain) for domain in made.before]
    for lead in leads:
        lead.set_search_keys()
    Lead.objects.bulk_create(leads, batch_size=500)
    first = datetime(2026, 3, 2, 9, tzinfo=UTC)
    second, third = first + timedelta(days=1), first + timedelta(days=2)
    look([observed(domain, world) for domain, world in made.before.items()], first)
    opening = compare(first, made.before, {}, {})
    look([observed(name, world, made.unknown.get(name, frozenset())) for name, world in made.after.items()], second)
    found = compare(second, made.before, made.told(), made.unknown)
    told = expected(made.before, made.told())
    look([observed(domain, world) for domain, world in made.after.items()], third)
    late = {domain: made.after[domain] for domain in made.unknown}
    return {
        "first looks": opening,
        "rescans": found,
        "answered later": compare(third, made.before | made.told(), late, {}),
        "events": told[0].total(),
        "alerts": told[1].total(),
        "silent": len(made.unknown),
    }
