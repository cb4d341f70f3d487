"""A fictional market of Turkish-looking companies and the DNS world they live in. The same at every start."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from sandbox.dns import Record, World

ZONE = "example"  # RFC 2606: nobody owns a name below it

_FIRST = (
    "Anadolu", "Ege", "Marmara", "Akdeniz", "Karadeniz", "Toros", "Uludağ", "Kapadokya", "Trakya", "Pamukkale",
    "Boğaziçi", "Çukurova", "Göksu", "Yeşilırmak", "Kızılırmak", "Munzur", "Erciyes", "Süphan", "Ihlara", "İda",
    "Asya", "Avrasya", "Başak", "Çınar", "Defne", "Dorukhan", "Ekin", "Fırat", "Gediz", "Güneş",
    "Hazar", "Işık", "İnci", "Kalecik", "Kartal", "Kervan", "Kuzey", "Lale", "Mavi", "Meriç",
    "Nehir", "Orkide", "Öncü", "Özgün", "Papatya", "Safir", "Sedir", "Sümer", "Şafak", "Tuna",
    "Turkuaz", "Umut", "Ülgen", "Vadi", "Yakut", "Yıldıray", "Zeytin", "Zirve", "Ardıç", "Bahar",
    "Ceviz", "Dağhan", "Ladin", "Mercan",
)  # fmt: skip
_SECOND = (
    "Birlik", "Has", "Öz", "Yeni", "Ata", "Usta", "Güven", "Emek", "Aydın", "Demir",
    "Yılmazlar", "Kardeşler", "Soylu", "Bereket", "Dost", "Altın", "Gümüş", "Çelik", "Kaya", "Nur",
    "Pınar", "Sema", "Toprak", "Uğur", "Vatan", "Yaman", "Zümrüt", "Akın", "Bora", "Ceylan",
    "Duru", "Eren", "Ferah", "Gür", "Hilal", "İpek", "Kader", "Levent", "Mert", "Nazlı",
)  # fmt: skip
_SECTORS = (
    ("Tekstil", "Tekstil"), ("Gıda", "Gıda"), ("Lojistik", "Lojistik"), ("Mobilya", "Mobilya"),
    ("Makina", "Makine"), ("Otomotiv", "Otomotiv"), ("İnşaat", "İnşaat"), ("Kimya", "Kimya"),
    ("Seramik", "Yapı malzemesi"), ("Turizm", "Turizm"), ("Sigorta Aracılık", "Sigorta"), ("Yazılım", "Yazılım"),
    ("Danışmanlık", "Danışmanlık"), ("Elektrik", "Elektrik"), ("Plastik", "Plastik"), ("Ambalaj", "Ambalaj"),
    ("Döküm", "Metal"), ("Tarım", "Tarım"), ("Süt Ürünleri", "Gıda"), ("Zeytinyağı", "Gıda"),
    ("Balıkçılık", "Gıda"), ("Ev Tekstili", "Tekstil"), ("Deri", "Deri"), ("Cam", "Cam"),
    ("Kağıt", "Kağıt"), ("Matbaa", "Basım"), ("Medikal", "Sağlık"), ("Eczacılık", "Sağlık"),
    ("Eğitim", "Eğitim"), ("Mimarlık", "Mimarlık"), ("Enerji", "Enerji"), ("Madencilik", "Maden"),
    ("Denizcilik", "Denizcilik"), ("Havacılık", "Havacılık"), ("Perakende", "Perakende"), ("Reklam", "Reklam"),
    ("Güvenlik", "Güvenlik"), ("Temizlik", "Hizmet"), ("Catering", "Hizmet"), ("Bilişim", "Bilişim"),
)  # fmt: skip
_FORMS = ("A.Ş.", "Ltd. Şti.", "San. ve Tic. A.Ş.", "San. ve Tic. Ltd. Şti.", "Holding A.Ş.")
_CITIES = (
    "İstanbul", "Ankara", "İzmir", "Bursa", "Antalya", "Konya", "Adana", "Gaziantep", "Kayseri", "Mersin",
    "Eskişehir", "Denizli", "Samsun", "Trabzon", "Sakarya", "Kocaeli", "Manisa", "Muğla", "Diyarbakır", "Çanakkale",
)  # fmt: skip
_ASCII = str.maketrans("çğıöşüÇĞİIÖŞÜ ", "cgiosucgiiosu-")
_KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt7Qx5vKcW2nJr8Yd3mPzF6hLbTgA9sEoU1iVwX4yCkMuwIDAQAB"

# Records of the providers that the companies' records point at.
_PROVIDERS = {
    "spf.protection.outlook.com": "v=spf1 ip4:40.92.0.0/15 ip4:40.107.0.0/16 -all",
    "_spf.google.com": "v=spf1 include:_netblocks.google.com include:_netblocks2.google.com ~all",
    "_netblocks.google.com": "v=spf1 ip4:35.190.247.0/24 ip4:64.233.160.0/19 ~all",
    "_netblocks2.google.com": "v=spf1 ip6:2001:4860:4000::/36 ~all",
    "_spf.yandex.net": "v=spf1 include:_spf-ipv4.yandex.ru ~all",
    "_spf-ipv4.yandex.ru": "v=spf1 ip4:5.45.192.0/19 ip4:77.88.0.0/18 ~all",
    "zohomail.eu": "v=spf1 ip4:185.20.209.0/24 ~all",
    "sendgrid.net": "v=spf1 ip4:167.89.0.0/17 ~all",
    "servers.mcsv.net": "v=spf1 ip4:205.201.128.0/20 -all",
    "_spfcls.natrohost.com": "v=spf1 ip4:94.73.144.0/20 ~all",
    "_spf.turhost.com": "v=spf1 ip4:185.95.164.0/22 ~all",
    "_spf.mail.hostinger.com": "v=spf1 ip4:145.14.157.0/24 ~all",
    "eu._netblocks.mimecast.com": "v=spf1 ip4:195.130.217.0/24 ~all",
    "spf-0013ab01.pphosted.com": "v=spf1 ip4:148.163.128.0/19 ~all",
    "spf.hornetsecurity.com": "v=spf1 ip4:83.246.65.0/24 ~all",
}


class Company(NamedTuple):
    domain: str
    name: str
    city: str
    sector: str


def companies(count: int, *, seed: int = 7) -> Iterator[Company]:
    """`count` companies with different domains below `.example`; the first ones are the same for every count."""
    total = len(_FIRST) * len(_SECOND) * len(_SECTORS)
    for number in range(count):
        place = (number * 69_191 + seed) % total  # the step shares no factor with the total: no name comes twice
        first = _FIRST[place % len(_FIRST)]
        second = _SECOND[place // len(_FIRST) % len(_SECOND)]
        sector, field = _SECTORS[place // len(_FIRST) // len(_SECOND)]
        label = f"{first} {second} {sector}".translate(_ASCII).lower()
        label = label.replace("-", "") if number % 3 else label
        again = f"{number // total + 1}" if number >= total else ""
        spread = random.Random(f"{seed}-{number}")
        yield Company(
            domain=f"{label}{again}.{ZONE}",
            name=f"{first} {second} {sector} {spread.choice(_FORMS)}",
            city=spread.choices(_CITIES, range(len(_CITIES) + 5, 5, -1))[0],
            sector=field,
        )


def market_world(market: Iterable[Company]) -> World:
    """DNS for these companies and the providers they use; every name outside is refused, never denied."""
    records = [Record(name, "TXT", text, 3600) for name, text in _PROVIDERS.items()]
    for company in market:
        own = company_records(company.domain)
        records += own + extra_records(company.domain) if own else own
    return World(records, zones=[ZONE, *_PROVIDERS, "onmicrosoft.com", "autodiscover.outlook.com"])


def company_records(domain: str) -> list[Record]:
    """Everything that the look of a company is judged by; [] = the company let its domain go."""
    spread = random.Random(domain)
    profile = spread.choices(_PROFILES, [weight for _, weight in _WEIGHTED])[0]
    records = profile(domain, spread)
    if records:
        records += _dmarc(domain, spread)
    return records


def extra_records(domain: str) -> list[Record]:
    """What well-kept domains have besides, and a web site, if the company has any records. Drawn apart, so that the
    rest stays what it was."""
    spread = random.Random(f"extra-{domain}")
    records = [Record(f"www.{domain}", "A", f"192.0.2.{spread.randrange(1, 255)}")]
    if spread.random() < 0.12:
        records.append(Record(domain, "DS", f"{spread.randrange(1, 65_536)} 13 2 {spread.getrandbits(256):064x}"))
    if spread.random() < 0.10:
        records.append(_txt(f"_mta-sts.{domain}", f"v=STSv1; id={spread.randrange(10**13, 10**14)}"))
        if spread.random() < 0.8:  # the others forgot the host of the policy
            records.append(Record(f"mta-sts.{domain}", "A", "192.0.2.80"))
    if spread.random() < 0.10:
        records.append(_txt(f"_smtp._tls.{domain}", f"v=TLSRPTv1; rua=mailto:tls@{domain}"))
    if spread.random() < 0.05:
        records.append(_txt(f"default._bimi.{domain}", f"v=BIMI1; l=https://{domain}/logo.svg"))
    return records


def _txt(name: str, text: str) -> Record:
    return Record(name, "TXT", text, 600)


def _dkim(domain: str, *selectors: str) -> list[Record]:
    return [_txt(f"{selector}._domainkey.{domain}", f"v=DKIM1; k=rsa; p={_KEY}") for selector in selectors]


def _dmarc(domain: str, spread: random.Random) -> list[Record]:
    policy = spread.choices((None, "none", "quarantine", "reject"), (52, 26, 10, 12))[0]
    if policy is None:
        return []
    coverage = spread.choice(("; pct=50", "")) if policy == "quarantine" else ""
    return [_txt(f"_dmarc.{domain}", f"v=DMARC1; p={policy}{coverage}; rua=mailto:dmarc@{domain}")]


def _spf(domain: str, spread: random.Random, *terms: str, share: float = 0.85) -> list[Record]:
    if spread.random() > share:
        return []
    if spread.random() < 0.1:
        terms += ("include:servers.mcsv.net", "include:sendgrid.net")
    return [_txt(domain, " ".join(["v=spf1", *terms, spread.choice(("-all", "~all"))]))]


def _microsoft_traces(domain: str, spread: random.Random) -> list[Record]:
    label = domain.partition(".")[0]
    tenant = label.replace("-", "")[:20]
    records = [_txt(domain, f"MS=ms{spread.randrange(10**7, 10**8)}")]
    records.append(Record(f"autodiscover.{domain}", "CNAME", "autodiscover.outlook.com"))
    if spread.random() < 0.5:
        records.append(
            Record(f"enterpriseregistration.{domain}", "CNAME", "enterpriseregistration.windows.net"),
        )
    if spread.random() < 0.6:
        for selector in ("selector1", "selector2"):
            target = f"{selector}-{label}-{ZONE}._domainkey.{tenant}.onmicrosoft.com"
            records.append(Record(f"{selector}._domainkey.{domain}", "CNAME", target))
            records.append(_txt(target, f"v=DKIM1; k=rsa; p={_KEY}"))
    return records


def _m365(domain: str, spread: random.Random) -> list[Record]:
    token = domain.replace(".", "-")
    host = (
        f"{token}.{spread.choice('aio')}-v1.mx.microsoft"
        if spread.random() < 0.2
        else f"{token}.mail.protection.outlook.com"
    )
    return [
        Record(domain, "MX", f"0 {host}"),
        *_spf(domain, spread, "include:spf.protection.outlook.com", share=0.95),
        *_microsoft_traces(domain, spread),
    ]


def _google(domain: str, spread: random.Random) -> list[Record]:
    hosts = ["1 smtp.google.com"] if spread.random() < 0.4 else ["1 aspmx.l.google.com", "5 alt1.aspmx.l.google.com"]
    records = [Record(domain, "MX", host) for host in hosts]
    records += _spf(domain, spread, "include:_spf.google.com")
    records.append(_txt(domain, f"google-site-verification={spread.getrandbits(128):032x}"))
    return records + (_dkim(domain, "google") if spread.random() < 0.6 else [])


def _yandex(domain: str, spread: random.Random) -> list[Record]:
    records = [Record(domain, "MX", "10 mx.yandex.net"), *_spf(domain, spread, "include:_spf.yandex.net")]
    return records + (_dkim(domain, "mail") if spread.random() < 0.7 else [])


def _zoho(domain: str, spread: random.Random) -> list[Record]:
    records = [Record(domain, "MX", "10 mx.zoho.eu"), Record(domain, "MX", "20 mx2.zoho.eu")]
    return records + _spf(domain, spread, "include:zohomail.eu") + _dkim(domain, "zoho")


def _natro(domain: str, spread: random.Random) -> list[Record]:
    return [
        Record(domain, "MX", "10 mx-in01.natrohost.com"),
        *_spf(domain, spread, "include:_spfcls.natrohost.com", "a"),
    ]


def _turhost(domain: str, spread: random.Random) -> list[Record]:
    records = [Record(domain, "MX", "10 mail.turhost.com"), *_spf(domain, spread, "include:_spf.turhost.com", "mx")]
    return records + (_dkim(domain, "default") if spread.random() < 0.5 else [])


def _hostinger(domain: str, spread: random.Random) -> list[Record]:
    records = [Record(domain, "MX", "5 mx1.hostinger.com"), *_spf(domain, spread, "include:_spf.mail.hostinger.com")]
    return records + (_dkim(domain, "hostingermail-a") if spread.random() < 0.3 else [])


def _own_server(domain: str, spread: random.Random) -> list[Record]:
    address = f"192.0.2.{spread.randrange(1, 255)}"
    records = [
        Record(domain, "MX", f"10 mail.{domain}"),
        Record(domain, "A", address),
        Record(f"mail.{domain}", "A", address),
        *_spf(domain, spread, "a", "mx", f"ip4:{address}", share=0.7),
    ]
    if spread.random() < 0.15:  # moving, or half moved: traces of Microsoft beside an own server
        records.append(_txt(domain, f"MS=ms{spread.randrange(10**7, 10**8)}"))
        records.append(Record(f"autodiscover.{domain}", "CNAME", "autodiscover.outlook.com"))
    return records + (_dkim(domain, "default") if spread.random() < 0.45 else [])


def _behind_gateway(domain: str, spread: random.Random) -> list[Record]:
    host, term = spread.choice(
        (
            ("eu-smtp-inbound-1.mimecast.com", "include:eu._netblocks.mimecast.com"),
            ("mxa-0013ab01.gslb.pphosted.com", "include:spf-0013ab01.pphosted.com"),
            ("mx01.hornetsecurity.com", "include:spf.hornetsecurity.com"),
        )
    )
    records = [Record(domain, "MX", f"10 {host}")]
    if spread.random() < 0.75:
        return (
            records
            + _spf(domain, spread, term, "include:spf.protection.outlook.com")
            + _microsoft_traces(domain, spread)
        )
    return records + _spf(domain, spread, term, "include:_spf.google.com") + _dkim(domain, "google")


def _null_mx(domain: str, _spread: random.Random) -> list[Record]:
    return [Record(domain, "MX", "0 ."), _txt(domain, "v=spf1 -all")]


def _no_mail(domain: str, _spread: random.Random) -> list[Record]:
    return [Record(domain, "A", "192.0.2.10")]


def _closed(_domain: str, _spread: random.Random) -> list[Record]:
    return []


_Profile = Callable[[str, random.Random], list[Record]]
_WEIGHTED: Sequence[tuple[_Profile, int]] = (
    (_m365, 26), (_google, 17), (_yandex, 9), (_zoho, 4), (_natro, 9), (_turhost, 7), (_hostinger, 4),
    (_own_server, 15), (_behind_gateway, 5), (_null_mx, 1), (_no_mail, 2), (_closed, 1),
)  # fmt: skip
_PROFILES: Sequence[_Profile] = [profile for profile, _ in _WEIGHTED]
