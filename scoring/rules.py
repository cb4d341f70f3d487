"""Every number, threshold and table of rules version v1, with its section of scoring-v1.

A band table is ((lower bound, result), ...) from the highest bound down; what lies below has its own name.
"""

from __future__ import annotations

RULES_VERSION = "v1"

# Section 3: registries that sell names below two labels.
_SECOND_LEVELS = {
    "tr": "com net org gov edu av bbs bel biz dr gen info k12 kep mil name pol tel tsk tv web",
    "uk": "co org ac gov",
    "au": "com net org gov edu",
    "za": "co org gov",
    "br": "com net org gov",
    "jp": "co ne or go ac",
    "cn": "com net org gov edu",
    "in": "co net org gov edu",
    "mx": "com net org gov",
    "ar": "com net org gov",
    "sg": "com net org gov",
    "my": "com net org gov",
    "ph": "com net org gov",
    "nz": "co net org govt",
}
TWO_PART_SUFFIXES = frozenset(
    f"{second}.{top}" for top, seconds in _SECOND_LEVELS.items() for second in seconds.split()
)

# Section 4: providers in the order they are tried.
PROVIDER_SUFFIXES = {
    "M365": ("outlook.com", "outlook.office365.com"),
    "Google": ("google.com", "googlemail.com", "gmail.com"),
    "Yandex": ("yandex.ru", "yandex.net"),
    "Zoho": ("zoho.com", "zoho.eu", "zoho.in", "zoho.com.au", "zoho.com.cn"),
    "Amazon": ("amazonses.com", "amazonaws.com", "amazonaws.com.cn"),
    "SendGrid": ("sendgrid.net",),
    "Mailgun": ("mailgun.org", "mailgun.com"),
    "Hosting": (
        "cpanel.net", "plesk.com", "hostgator.com", "godaddy.com", "bluehost.com", "hostinger.com",
        "hostgator.com.br", "hostinger.com.br",
    ),
}  # fmt: skip
PROVIDER_POINTS = {
    "M365": 50,
    "Google": 50,
    "Yandex": 30,
    "Zoho": 30,
    "Amazon": 20,
    "SendGrid": 20,
    "Mailgun": 20,
    "Hosting": 20,
    "Local": 10,
    "Unknown": 0,
}

# Section 5
LOCAL_PROVIDER_SUFFIXES = {
    "TürkHost": ("turkhost.com.tr", "turkhost.com"),
    "Natro": ("natro.com", "natrohost.com"),
    "Turhost": ("turhost.com", "turhost.com.tr"),
    "Superonline": ("superonline.net", "superonline.com"),
    "TTNET": ("ttnet.com.tr", "ttnet.net.tr"),
    "DNS": ("dns.com.tr", "dns.com"),
    "İsimtescil": ("isimtescil.net", "isimtescil.com"),
    "Pendns": ("pendns.net",),
    "VIT": ("vit.com.tr",),
    "Kriweb": ("kriweb.com",),
    "Bulutino": ("bulutino.com",),
    "NIC.TR": ("nic.tr",),
    "ODTÜ": ("metu.edu.tr",),
    "Bilkent": ("bilkent.edu.tr",),
    "Koç Üniversitesi": ("ku.edu.tr",),
}

# Section 6: host pattern -> size, in the order they are tried; then the size of every other host.
TENANT_SIZES = {
    "M365": (
        (r"(.*\.)?mail\.protection\.outlook\.com", "large"),
        (r"(.*\.)?[a-z]{3}[0-9]{2}\.protection\.outlook\.com", "small"),
        (r"(.*\.)?olc\.protection\.outlook\.com", "small"),
        (r".*", "medium"),
    ),
    "Google": (
        (r"(.*\.)?aspmx\.l\.google\.com", "medium"),
        (r"(.*\.)?(google|googlemail)\.com", "large"),
        (r".*", "medium"),
    ),
}

# Section 7
DKIM_SELECTORS = ("default", "google", "selector1", "selector2")
DMARC_POLICIES = frozenset({"none", "quarantine", "reject"})
FULL_COVERAGE = 100

# Section 8
BASE_SCORE = 0
SCORE_FLOOR = 0
SCORE_CAP = 100
SPF_POINTS = 10
DKIM_POINTS = 10
DMARC_POINTS = {"reject": 20, "quarantine": 15, "none": 0}
NO_SPF_RISK = -10
NO_DKIM_RISK = -10
DKIM_NONE_RISK = -5
DMARC_NONE_RISK = -10
HOSTING_MX_WEAK_RISK = -10
SPF_MULTIPLE_INCLUDES_RISK = -5
SPF_INCLUDES_ALLOWED = 3

# Section 9
MIGRATION_PROVIDERS = frozenset({"Google", "Yandex", "Zoho", "Hosting", "Local"})
MIGRATION_FROM = 60
COLD_LOCAL = range(5, 60)
COLD = range(40, 60)
SKIP_UP_TO = 39

# Section 10
WARM_PROVIDERS = frozenset({"Google", "Zoho", "Yandex"})
GREENFIELD_PROVIDERS = frozenset({"Local", "Hosting"})
RENEWAL_FROM = 70
LOW_INTENT = range(20, 60)
WEAK_PARTNER_HIGH_FROM = 50
COMMERCIAL_HEAT = {"GREENFIELD": "HIGH", "COMPETITIVE": "HIGH", "RENEWAL": "MEDIUM"}
COMMERCIAL_HEAT_OTHER = "LOW"
# (category, label, technical heat, commercial heats, commercial segment); the last one is also the default.
CATEGORIES = (
    ("P1", "High Potential Greenfield", "Cold", ("HIGH",), "GREENFIELD"),
    ("P2", "Competitive Takeover", "Warm", ("HIGH",), "COMPETITIVE"),
    ("P3", "Existing Microsoft but Weak Partner", "Hot", ("MEDIUM", "HIGH"), "WEAK_PARTNER"),
    ("P4", "Renewal Pressure", "Hot", ("MEDIUM",), "RENEWAL"),
    ("P5", "Low Intent / Long Nurturing", "Cold", ("LOW",), "LOW_INTENT"),
    ("P6", "No-Go / Archive", "Cold", ("LOW",), "NO_GO"),
)

# Section 11: segment -> (bands, priority below them)
PRIORITY = {
    "Migration": (((80, 1), (70, 2), (60, 3)), 4),
    "Existing": (((70, 3), (50, 4), (30, 5)), 6),
    "Cold": (((40, 5), (20, 6)), 7),
}
LOWEST_PRIORITY = 7

# Section 12
GENERIC_LOCAL_PARTS = ("admin", "hr", "ik", "iletisim", "info", "muhasebe", "sales", "satis", "support")
CONTACT_COUNT_POINTS = ((10, 60), (5, 45), (3, 30), (2, 20), (1, 10))
CONTACT_MATCH_POINTS = 40
CONTACT_QUALITY_CAP = 100

# Sections 13 and 14: days to expiry, both ends included
EXPIRES_SOON = range(1, 30)
MIGRATION_READY_FROM = 60

# Section 17.1: each factor's weight and points
SEGMENT_WEIGHT = 0.4
READINESS_WEIGHT = 0.3
PRIORITY_WEIGHT = 0.2
TENANT_WEIGHT = 0.1
CONTACT_WEIGHT = 0.05
OPPORTUNITY_CAP = 100
SEGMENT_POINTS = {"Migration": 40, "Existing": 30, "Cold": 15}
SEGMENT_POINTS_OTHER = 5
READINESS_MISSING_POINTS = 10
READINESS_LEVELS = ((80, "high"), (50, "medium"))
PRIORITY_POINTS = {1: 20, 2: 18, 3: 15, 4: 12, 5: 8, 6: 5}
PRIORITY_POINTS_OTHER = 2
PRIORITY_MISSING_POINTS = 5
TENANT_POINTS = {"large": 10, "medium": 7, "small": 5}
TENANT_POINTS_OTHER = 3
OPPORTUNITY_SUMMARY_LEVELS = ((80, "high"),)

# Section 17.2: level, its priority, days to expiry below which it holds, segment -> score from which it holds
URGENCY = (
    ("high", 1, 60, {"Migration": 80}),
    ("medium", 2, 90, {"Migration": 50, "Existing": 70}),
)

# Section 17.3: tier, user/month, migration, Defender user/month, consulting; EUR
ENTERPRISE = ("Enterprise", 20, 10000, 10, 50000)
BUSINESS_STANDARD = ("Business Standard", 10, 2000, 5, None)
BUSINESS_BASIC = ("Business Basic", 5, 500, None, None)
OFFER_BY_SIZE = {
    "large": (ENTERPRISE, "enterprise.large"),
    "medium": (BUSINESS_STANDARD, "standard.medium"),
    "small": (BUSINESS_BASIC, "basic.small"),
}
OFFER_HIGH_SCORE = (BUSINESS_STANDARD, "standard.high_score")
OFFER_DEFAULT = (BUSINESS_BASIC, "basic.default")
OFFER_HIGH_SCORE_FROM = 70

# Section 17.4
HIGH_RISK_FACTORS = 2

# Section 17.5
ONE_LINER_LEVELS = {
    "Migration": (((80, "high"), (50, "medium")), "low"),
    "Existing": (((70, "high"), (50, "medium")), "low"),
    "Cold": (((40, "medium"),), "low"),
}

# Section 17.6
EXPLAIN_EXISTING_LEVELS = (((70, "high"), (50, "medium")), "low")
EXPLAIN_MIGRATION_LEVELS = (((80, "high"), (70, "good"), (60, "fair")), "inconsistent")
EXPLAIN_SKIP_LEVELS = (((SKIP_UP_TO + 1, "insufficient"),), "low")
LOCAL_STOP_UP_TO = 4

# Section 17.7: what the MX root of a known provider contains
KNOWN_MX = {"M365": ("outlook.com",), "Google": ("google.com", "googlemail.com")}
EXPLAINED_PROVIDERS = frozenset({"Yandex", "Zoho", "Hosting", "Local"})

# Section 17.8
CALL_VALUE = {"large": "enterprise", "medium": "standard", "small": "basic"}
CALL_TO_ACTION = (((70, "offer"),), "short")

# Section 17.9
DISCOVERY_BY_SEGMENT = {
    "Migration": ("migration.satisfaction", "migration.security", "migration.it_team"),
    "Existing": ("existing.satisfaction", "existing.security_needs", "existing.deliverability"),
}
DISCOVERY_OTHER = ("generic.overview", "generic.priorities")
DISCOVERY_LOCAL_HOST = ("migration.local_host",)
DISCOVERY_BY_SIZE = {
    "large": ("size.large.strategy", "size.large.compliance"),
    "medium": ("size.medium.growth",),
    "small": ("size.small.budget",),
}
DISCOVERY_ALWAYS = ("common.budget", "common.decision", "common.timeline")

# Section 17.10: opportunity potential, and what each step means: action, timeline, priority
HOPELESS_BELOW = 20
GOOD_FROM = 50
EXCELLENT_FROM = 80
NEXT_STEPS = {
    "skip": ("wait", "1mo", "low"),
    "high.migration": ("call", "24h", "high"),
    "high.existing": ("call", "24h", "high"),
    "medium.cold": ("call", "3d", "medium"),
    "medium.existing": ("call", "3d", "medium"),
    "medium.migration": ("call", "3d", "medium"),
    "low.cold": ("email", "1w", "low"),
    "low.other": ("email", "1w", "low"),
    "fallback.urgency_high": ("call", "24h", "high"),
    "fallback.urgency_medium": ("call", "3d", "medium"),
    "fallback.migration": ("call", "1w", "medium"),
    "fallback.existing": ("email", "1w", "medium"),
    "default": ("wait", "1mo", "low"),
}
