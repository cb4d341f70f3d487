"""Who runs the mail, by the suffix of an MX host on label boundaries (mail-dns-signals section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import scoring

# Microsoft's hosts that the reference rules do not know: the DANE-capable namespace, US government, China.
MICROSOFT_SUFFIXES = ("mx.microsoft", "protection.office365.us", "protection.partner.outlook.cn")

GATEWAYS: Mapping[str, str] = MappingProxyType(
    {
        "pphosted.com": "Proofpoint",
        "ppe-hosted.com": "Proofpoint Essentials",
        "mimecast.com": "Mimecast",
        "mimecast.co.za": "Mimecast",
        "mimecast-offshore.com": "Mimecast",
        "barracudanetworks.com": "Barracuda",
        "iphmx.com": "Cisco Secure Email",
        "messagelabs.com": "Symantec Email Security.cloud",
        "tmes.trendmicro.com": "Trend Micro",
        "tmes.trendmicro.eu": "Trend Micro",
        "hes.trendmicro.com": "Trend Micro",
        "hes.trendmicro.eu": "Trend Micro",
        "hydra.sophos.com": "Sophos Email",
        "mailcontrol.com": "Forcepoint",
        "hornetsecurity.com": "Hornetsecurity",
        "antispameurope.com": "Hornetsecurity",
        "antispamcloud.com": "SpamExperts",
        "spamexperts.com": "SpamExperts",
        "spamexperts.eu": "SpamExperts",
        "spamexperts.net": "SpamExperts",
        "fortimailcloud.com": "Fortinet",
        "esvacloud.com": "Libraesva",
        "spamtitan.com": "SpamTitan",
        "fireeyecloud.com": "Trellix",
        "mx.cloudflare.net": "Cloudflare",
        "mxrecord.io": "Cloudflare",
        "arsmtp.com": "AppRiver",
        "retarus.com": "Retarus",
        "vadesecure.com": "Vade",
        "ctmail.com": "Cyren",
        "expurgate.net": "Cyren",
        "mailspamprotection.com": "SiteGround",
    }
)

# Finer names for people to read; the longest matching suffix decides.
SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "mail.protection.outlook.com": "Exchange Online",
        "mail.eo.outlook.com": "Exchange Online",
        "mx.microsoft": "Exchange Online",
        "protection.office365.us": "Exchange Online (US government)",
        "protection.partner.outlook.cn": "Exchange Online (21Vianet)",
        "olc.protection.outlook.com": "Outlook.com (consumer)",
        "hotmail.com": "Outlook.com (consumer)",
        "google.com": "Google Workspace",
        "googlemail.com": "Google Workspace",
        "gmail-smtp-in.l.google.com": "Gmail (consumer)",
        "yandex.net": "Yandex 360",
        "yandex.ru": "Yandex 360",
        "zoho.com": "Zoho Mail",
        "zoho.eu": "Zoho Mail",
        "zoho.in": "Zoho Mail",
        "zoho.jp": "Zoho Mail",
        "zoho.com.au": "Zoho Mail",
        "zoho.com.cn": "Zoho Mail",
        "zohocloud.ca": "Zoho Mail",
        "compute.amazonaws.com": "self-hosted (EC2)",
        "amazonaws.com": "Amazon WorkMail / SES",
        "amazonses.com": "Amazon SES",
        "sendgrid.net": "SendGrid",
        "mailgun.org": "Mailgun",
        "mailgun.com": "Mailgun",
        "protonmail.ch": "Proton Mail",
        "messagingengine.com": "Fastmail",
        "mail.icloud.com": "iCloud Mail",
        "emx.mail.ru": "Mail.ru (VK WorkSpace)",
        "titan.email": "Titan",
        "hostinger.com": "Hostinger",
        "hostgator.com": "HostGator",
        "bluehost.com": "Bluehost",
        "secureserver.net": "GoDaddy",
        "godaddy.com": "GoDaddy",
        "ionos.com": "IONOS",
        "ionos.de": "IONOS",
        "ionos.co.uk": "IONOS",
        "ovh.net": "OVH",
        "emailsrvr.com": "Rackspace",
        "privateemail.com": "Namecheap",
        "migadu.com": "Migadu",
        "mxroute.com": "MXroute",
        "turkticaret.net": "Turkticaret",
        "guzelhosting.com": "Güzel Hosting",
        "radore.com": "Radore",
        "ihs.com.tr": "IHS Telekom",
        "veridyen.com": "Veridyen",
        "hostlab.net.tr": "Hostlab",
        "turktelekom.com.tr": "Türk Telekom",
        "vodafone.net.tr": "Vodafone",
        "doruk.net.tr": "Doruknet",
    }
)


@lru_cache(maxsize=4096)
def provider_of(host: str) -> str:
    """The provider class of an MX host: scoring-v1 section 4, extended by Microsoft's newer hosts."""
    if any(_under(host, suffix) for suffix in MICROSOFT_SUFFIXES):
        return "M365"
    return scoring.classify_provider(host)


@lru_cache(maxsize=4096)
def gateway_of(host: str) -> str | None:
    """The vendor of the security gateway whose suffix the MX host carries."""
    return _longest(host, GATEWAYS)


def service_of(host: str, *, own: bool, alias: bool) -> str | None:
    """A finer name of the mail service, for people to read. `own` = the host is under the domain itself, which says
    nothing when it is an `alias` of another name (RFC 2181 section 10.3 forbids it; it is done)."""
    if own:
        return None if alias else "self-hosted"
    return _named_service(host)


@lru_cache(maxsize=4096)
def _named_service(host: str) -> str | None:
    return gateway_of(host) or _longest(host, SERVICES) or scoring.classify_local_provider(host)


def _longest(host: str, names: Mapping[str, str]) -> str | None:
    suffix = host
    while suffix:
        if suffix in names:
            return names[suffix]
        suffix = suffix.partition(".")[2]
    return None


def _under(host: str, suffix: str) -> bool:
    return host == suffix or host.endswith("." + suffix)
