"""Referrals for a fictional market: believable, complete, and the same at every start."""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sandbox import odata
from sandbox.partner_center import etag, fresh, member

_OWN = ("3d9a2b77-5e41-4c0b-b0c8-71f2a6d5e904", "Örnek Bilişim A.Ş.")
_PARTNER = ("91c4e7d2-0b3a-4f6e-8d15-6a2b9c0e7f43", "Deneme Danışmanlık Ltd. Şti.")
_MICROSOFT = ("msft", "Microsoft")
_FIRST_NAMES = (
    "Ayşe", "Barış", "Cem", "Çiğdem", "Derya", "Elif", "Ferhat", "Gülşen", "Hakan", "Işıl", "İrem", "Kaan",
    "Leyla", "Murat", "Nilüfer", "Oğuz", "Özge", "Pelin", "Rıza", "Selin", "Şule", "Tolga", "Umut", "Ülkü",
    "Volkan", "Yağmur", "Zeynep", "Gökhan",
)  # fmt: skip
_LAST_NAMES = (
    "Örnek", "Deneme", "Numune", "Yılmazoğlu", "Kışlalı", "Çağlar", "Şimşekli", "Güngörmez", "Taşdelen", "Üstün",
    "Işıksoy", "Öztürkmen", "Karadeniz", "Bağcı", "Çobanoğlu", "İnceler",
)  # fmt: skip
_TITLES = ("BT Müdürü", "Genel Müdür", "Satın Alma Uzmanı", "IT Manager", "CFO", "Bilgi İşlem Sorumlusu", None)
_CONSUMER = ("hotmail.com.tr", "gmail.com", "hotmail.com", "yandex.com.tr", "outlook.com")
_PROJECTS = (
    "Microsoft 365 geçişi", "Business Premium", "Azure'a taşınma", "Teams Telefon", "E-posta güvenliği &amp; Defender",
    "Copilot denemesi", "Dynamics 365 Sales", "Exchange 2016 emekliliği", "Intune ve Autopilot", "Power BI raporları",
    "Backup &amp; DR", "Windows 365 pilot",
)  # fmt: skip
_NOTES = (
    "120 kullanıcı, Business Premium düşünüyorlar. Bütçe yıl sonuna kadar onaylı.",
    "Customer runs Exchange 2016 on premises and wants to move before the end of support. Two sites, 300 mailboxes.",
    "Mevcut sağlayıcının yedekleri iki kez bozuldu; hızlı bir geçiş istiyorlar. Önce BT müdürüyle görüşün.",
    "Interested in Copilot after a demo at an event. Needs a readiness check and a small pilot of 25 seats.",
    "Müşteri Google Workspace kullanıyor, Teams ve Office masaüstü lisansları yüzünden geçiş planlıyor.",
    "Wants one vendor for licences &amp; support. Price matters more than speed.",
    "Şubeler arası dosya paylaşımı sorunlu. Çığ gibi büyüyen e-posta kutuları için arşiv de soruldu.",
    "",
)  # fmt: skip
_LONG_NOTE = (
    "Toplantı notu: katılımcılar geçiş takvimini, lisans sayısını ve eğitim ihtiyacını konuştu. Müşteri, "
    "muhasebe programının sunucusunu şimdilik yerinde bırakmak istiyor; VPN yerine koşullu erişim önerildi. "
)
_SIZES = ("10to50employees", "51to250employees", "251to1000employees", "1to9employees", "1001to5000employees", "")
_INDUSTRIES = ("Manufacturing", "RetailAndConsumerGoods", "Healthcare", "ProfessionalServices", "Education")
_PRODUCTS = ("Microsoft365", "Azure", "Dynamics365", "Teams", "Security", "Windows365")
_CATEGORIES: Final = (  # type, qualification, inviter, weight: the categories by which partners sort referrals
    ("Independent", "Direct", _MICROSOFT, 20),
    ("Independent", "Direct", (None, None), 8),
    ("Independent", "SalesQualified", _MICROSOFT, 18),
    ("Independent", "MarketingQualified", _MICROSOFT, 14),
    ("Independent", "SalesQualified", _OWN, 10),
    ("Shared", "SalesQualified", _OWN, 16),
    ("Shared", "None", _PARTNER, 12),
    ("Shared", "Direct", _PARTNER, 2),  # fits no category
)
_STATES: Final = (
    ("New", "Pending", 22),
    ("New", "Received", 14),
    ("Active", "Accepted", 34),
    ("Closed", "Won", 12),
    ("Closed", "Lost", 8),
    ("Closed", "Declined", 5),
    ("Closed", "Expired", 5),
)
_HELP = ("GeneralOrOther", "CustomerTechnicalArchitecture", "ProofOfConceptOrDemo", "QuotesOrLicensing", "Unknown")
_SHORTEST = timedelta(hours=6)  # that a New referral has left at least
_ASCII = str.maketrans("çğıöşüÇĞİÖŞÜ", "cgiosuCGIOSU")


def referrals(
    count: int,
    *,
    seed: int = 7,
    now: datetime,
    companies: Sequence[tuple[str, str, str]],
    odd_share: float = 0.0,
) -> list[dict[str, Any]]:
    """`count` referrals about `companies` (domain, name, city), in no order of time.

    The same arguments give the same rows; ids do not depend on `now`. `odd_share` (0 to 1) of them have shapes that
    the documents do not promise but that were seen, or could be. Raises ValueError without companies.
    """
    if not companies:
        raise ValueError("Referrals need companies")
    now = now.astimezone(UTC)
    made: list[dict[str, Any]] = []
    while len(made) < count:
        number = len(made)
        chance = random.Random(f"{seed}-{number}")
        company = chance.choice(companies)
        made += _deal(number, seed, chance, now, company)
    made = made[:count]
    for number, referral in enumerate(made):
        chance = random.Random(f"{seed}-odd-{number}")
        if chance.random() < odd_share:
            _ODD[number % len(_ODD)](referral)
    return made


def _deal(
    number: int, seed: int, chance: random.Random, now: datetime, company: tuple[str, str, str]
) -> list[dict[str, Any]]:
    """One referral, or the two of a shared engagement: ours and Microsoft's side, each with its own state."""
    first = _referral(number, seed, chance, now, company)
    if first["type"] != "Shared" or chance.random() < 0.3:
        return [first]
    second = deepcopy(first)
    second |= {"id": _id(seed, f"{number}-msft"), "organizationId": "msft", "organizationName": "Microsoft"}
    second["links"]["self"]["uri"] = first["links"]["self"]["uri"].replace(first["id"], second["id"])
    second["target"] = [{"type": "BusinessProfileLocation", "id": "msft"}]
    updated = min(now, datetime.fromisoformat(first["updatedDateTime"]) + timedelta(minutes=chance.randrange(1, 90)))
    if first["status"] == "New":
        second.update(substatus="Received")
    elif first["status"] == "Active" and datetime.fromisoformat(first["expirationDateTime"]) > now + _SHORTEST:
        second.update(status="New", substatus="Pending", acceptedDateTime=None)
    _date(second, chance, updated)
    return [first, second]


def _referral(
    number: int, seed: int, chance: random.Random, now: datetime, company: tuple[str, str, str]
) -> dict[str, Any]:
    domain, name, city = company
    kind, qualification, inviter, _ = _weighted(chance, _CATEGORIES)
    status, substatus, _ = _weighted(chance, _STATES)
    referral = fresh(_id(seed, str(number)), odata.instant(0), number)
    referral |= {
        "name": f"{name}: {chance.choice(_PROJECTS)}{chance.choice(('', '', ' '))}",
        "status": status,
        "substatus": substatus,
        "type": kind,
        "qualification": qualification,
        "organizationId": _OWN[0],
        "organizationName": _OWN[1],
        "salesStage": chance.choice((None, None, "100", "Qualify")),
        "referralSource": chance.choice((None, "Marketplace", "SolutionProvider"))
        if qualification == "Direct"
        else None,
        "callToAction": "ContactMe" if qualification == "Direct" and chance.random() < 0.5 else None,
    }
    _lifetime(referral, status, substatus, chance, now)
    _customer(referral, chance, domain, name, city)
    _contents(referral, chance, now)
    help_wanted = kind == "Shared" and chance.random() < 0.5
    referral["inviteContext"] |= {
        "notes": chance.choice(("Bu müşteride destek olur musunuz?", "Please follow up within three days.", None)),
        "assistanceRequestCode": chance.choice(_HELP) if help_wanted else "Unknown",
        "invitedBy": {"organizationId": inviter[0], "organizationName": inviter[1]},
    }
    referral["consent"]["consentToShareReferralWithMicrosoftSellers"] = inviter == _MICROSOFT or chance.random() < 0.6
    return referral


def _lifetime(referral: dict[str, Any], status: str, substatus: str, chance: random.Random, now: datetime) -> None:
    """Dates that fit the state: a New one has 14 days, of which some are left."""
    window = timedelta(days=14)
    accepted = closed = None
    if status == "New":
        left = timedelta(hours=chance.uniform(_SHORTEST / timedelta(hours=1), 14 * 24 - 1))
        created = now + left - window
        updated = created + (now - created) * chance.random()
    else:
        created = now - timedelta(days=chance.uniform(15 if substatus == "Expired" else 1, 300))
        answered = created + min(window, now - created) * chance.random()
        if substatus == "Expired":
            updated = created + window
        elif substatus == "Declined":
            updated = answered
        else:
            accepted = answered
            updated = accepted + (now - accepted) * chance.random()
        if status == "Closed":
            closed = updated
    referral["createdDateTime"] = _text(created, chance)
    referral["expirationDateTime"] = f"{created + window:%Y-%m-%dT%H:%M:%SZ}"
    referral["acceptedDateTime"] = None if accepted is None else _text(accepted, chance)
    referral["closedDateTime"] = None if closed is None else _text(closed, chance)
    _date(referral, chance, updated)


def _customer(referral: dict[str, Any], chance: random.Random, domain: str, name: str, city: str) -> None:
    """The firm and its people: most have an address at the firm's domain, some only a consumer one, some none."""
    people = [_person(chance) for _ in range(chance.choice((1, 1, 2, 3)))]
    addresses: list[str | None]
    kind = chance.random()
    if kind < 0.66:
        addresses = [_address(chance, person, domain) for person in people]
        if chance.random() < 0.2:
            people.append(_person(chance))
            addresses.append(_local(people[-1]) + "@" + chance.choice(_CONSUMER))
    elif kind < 0.82:
        addresses = [_local(person) + "@" + chance.choice(_CONSUMER) for person in people]
    elif kind < 0.92:
        people = [people[0], _person(chance)]
        group = domain.partition(".")[0] + "-holding." + domain.partition(".")[2]
        addresses = [_address(chance, people[0], domain), _address(chance, people[1], group)]
    else:
        addresses = [None if chance.random() < 0.5 else "" for _ in people]
        people = people if chance.random() < 0.5 else []
    team = [
        member(first, last, address, chance.choice(_TITLES))
        for (first, last), address in zip(people, addresses, strict=False)
    ]
    for person in team:
        person["phoneNumber"] = chance.choice((None, f"+90232{chance.randrange(10**6):07d}"))
    referral["customerProfile"] |= {"name": name, "size": chance.choice(_SIZES), "team": team}
    referral["customerProfile"]["address"] |= {
        "city": city,
        "state": city,
        "postalCode": f"{chance.randrange(1, 82):02d}000",
    }


def _contents(referral: dict[str, Any], chance: random.Random, now: datetime) -> None:
    """Notes, money and dates of the deal; a closing date is midnight in Istanbul, 21:00 UTC of the day before."""
    details = referral["details"]
    notes = chance.choice(_NOTES)
    if chance.random() < 0.03:
        notes = _LONG_NOTE * chance.randrange(20, 60)
    currency = chance.choices(("TRY", "USD", "EUR", None), (52, 26, 16, 6))[0]
    scale = 40 if currency in ("TRY", None) else 1
    closing = now + timedelta(days=chance.randrange(-40, 160))
    details |= {
        "notes": notes,
        "dealValue": round(chance.lognormvariate(8.6, 1.0) * scale, chance.choice((0, 0, 1, 2))),
        "currency": currency,
        "closingDateTime": f"{closing:%Y-%m-%d}T21:00:00Z",
    }
    details["requirements"] |= {
        "industries": [{"id": chance.choice(_INDUSTRIES)}],
        "products": [{"id": product} for product in chance.sample(_PRODUCTS, chance.choice((1, 1, 2)))],
    }


def _date(referral: dict[str, Any], chance: random.Random, updated: datetime) -> None:
    """updatedDateTime and the eTag that goes with it."""
    referral["updatedDateTime"] = _text(updated, chance)
    referral["eTag"] = etag(referral["id"], odata.ticks(referral["updatedDateTime"]) or 0)


def _text(moment: datetime, chance: random.Random) -> str:
    """A date as the service writes it: mostly 7 fraction digits, often 6, sometimes none."""
    digits = chance.choices(("7", "6", "0"), (60, 35, 5))[0]
    if digits == "0":
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}{chance.randrange(10) if digits == '7' else ''}Z"


def _person(chance: random.Random) -> tuple[str, str]:
    return chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)


def _local(person: tuple[str, str]) -> str:
    return ".".join(person).translate(_ASCII).lower()


def _address(chance: random.Random, person: tuple[str, str], domain: str) -> str:
    """An address at the firm: some below `mail.`, some in capitals."""
    address = f"{_local(person)}@{'mail.' if chance.random() < 0.08 else ''}{domain}"
    return address.upper() if chance.random() < 0.06 else address


def _id(seed: int, name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"sandbox-market-{seed}-{name}"))


def _weighted(chance: random.Random, rows: Sequence[Any]) -> Any:
    """One of `rows`, whose last column is its weight."""
    return chance.choices(rows, [row[-1] for row in rows])[0]


# Odd shapes: each takes a complete referral and changes it in place.


def _ids_as_mapping(referral: dict[str, Any]) -> None:
    referral["customerProfile"]["ids"] = {}


def _ids_null(referral: dict[str, Any]) -> None:
    referral["customerProfile"]["ids"] = None


def _team_as_mapping(referral: dict[str, Any]) -> None:
    team = referral["customerProfile"]["team"]
    referral["customerProfile"]["team"] = team[0] if team else {}


def _all_null(referral: dict[str, Any]) -> None:
    """Nothing but the id and the dates by which it can be found."""
    kept = ("id", "createdDateTime", "updatedDateTime", "eTag")
    referral.update({name: None for name in referral if name not in kept})


def _unknown_values(referral: dict[str, Any]) -> None:
    referral.update(status="Paused", substatus="Engaged", direction="Sideways", qualification="PartnerQualified")
    referral["customerProfile"]["size"] = "Morethan500employees"


def _long_name(referral: dict[str, Any]) -> None:
    referral["name"] = (referral["name"] + " – ek faz ve bakım sözleşmesi ") * 10
    referral["name"] = referral["name"][:300].ljust(300, "ş")
    referral["customerProfile"]["name"] = referral["name"]


def _empty_texts(referral: dict[str, Any]) -> None:
    referral.update({name: "" for name, value in referral.items() if isinstance(value, str) and name in _TEXTS})
    referral["customerProfile"]["name"] = referral["details"]["currency"] = ""


_TEXTS = ("name", "salesStage", "mpnId", "organizationName", "quality", "expirationDateTime")


def _missing_properties(referral: dict[str, Any]) -> None:
    for name in ("details", "inviteContext", "consent", "links", "expirationDateTime", "trackingInfo"):
        referral.pop(name, None)


_ODD = (
    _ids_as_mapping,
    _ids_null,
    _team_as_mapping,
    _all_null,
    _unknown_values,
    _long_name,
    _empty_texts,
    _missing_properties,
)
