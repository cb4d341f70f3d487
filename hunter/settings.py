"""Every setting, read once from the environment or `.env`, typed; a bad value stops the start with a sentence.

Names and defaults: DESIGN.md section 8. Queue and database options: docs/decisions/0003.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from signals.dns.resolver import parse_servers
from signals.registration.whois import parse_whois_server

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def _read(name: str, reader: Any, default: Any, means: str) -> Any:
    try:
        return reader(name, default=default)
    except (ValueError, environ.ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} must be {means}, but it is {env.str(name, default='')!r}.") from error


def _number(name: str, default: int, low: int, high: int) -> int:
    value: int = _read(name, env.int, default, "a whole number")
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must lie between {low} and {high}, but it is {value}.")
    return value


def _choice(name: str, choices: tuple[str, ...]) -> str:
    value: str = env.str(name, default=choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, but it is {value!r}.")
    return value


def _flag(name: str) -> bool:
    text = str(env.str(name, default="")).strip().casefold()
    if text in ("", "0", "false", "no", "off"):
        return False
    if text in ("1", "true", "yes", "on"):
        return True
    raise ImproperlyConfigured(f"{name} must be true or false, but it is {text!r}.")


def _https_url(name: str, default: str) -> str:
    url = str(env.str(name, default=default)).rstrip("/")
    if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise ImproperlyConfigured(f"{name} must be an https address, but it is {url!r}.")
    return url


HUNTER_ENV = _choice("HUNTER_ENV", ("prod", "dev"))
DEBUG = False
HUNTER_VAR = Path(env.str("HUNTER_VAR", default=str(BASE_DIR / "var"))).resolve()
try:
    HUNTER_VAR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"HUNTER_VAR must be a folder Hunter can write to: {error}") from error


def _secret_key() -> str:
    """From the environment; a development copy keeps a random one under var/."""
    if key := env.str("SECRET_KEY", default=""):
        return str(key)
    if HUNTER_ENV != "dev":
        raise ImproperlyConfigured("SECRET_KEY is not set. Put a long random text into .env (see .env.example).")
    path = HUNTER_VAR / "secret_key"
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django_q",  # first, so that jobs.admin can take its pages out
    "leads.apps.LeadsConfig",
    "referrals.apps.ReferralsConfig",
    "integrations_d365.apps.IntegrationsD365Config",
    "jobs.apps.JobsConfig",
    "sandbox.apps.SandboxConfig",
    "hunter.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # so that templates/ may replace the admin's widgets, too
    "django_htmx",
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hunter.middleware.ReferenceMiddleware",
    "hunter.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hunter.middleware.AccountLanguageMiddleware",
    "hunter.middleware.ExpiredSessionMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hunter.middleware.WrongMethodMiddleware",
    "hunter.middleware.LeadGoneMiddleware",
]
if HUNTER_ENV == "dev":
    MIDDLEWARE.insert(0, "hunter.middleware.QueryCountMiddleware")
ROOT_URLCONF = "hunter.urls"
WSGI_APPLICATION = "hunter.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "leads.context_processors.page_frame",
                "referrals.context_processors.sync_light",
                "integrations_d365.context_processors.dynamics",
            ],
        },
    },
]

# IMMEDIATE + WAL + 20 s: no "database is locked" under web and workers (docs/decisions/0003).
_SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-20000;PRAGMA mmap_size=134217728;"
        "PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=67108864;"
    ),
}


def _database() -> dict[str, Any]:
    try:
        database: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{HUNTER_VAR / 'hunter.sqlite3'}")
    except ValueError:
        database = {}
    engine = str(database.get("ENGINE", ""))
    if not engine.endswith((".sqlite3", ".postgresql")):
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    return database


DATABASES: dict[str, dict[str, Any]] = {"default": _database()}
DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = _SQLITE_OPTIONS
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Hunter asks short questions: compiling one (PostgreSQL's default from a cost of 100,000 on) took 8 s of a page's
    # 8.1 s with 60,000 leads. DATABASE_URL with ?options=… says otherwise.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["hunter.backends.RolesBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "leads:today"
LOGOUT_REDIRECT_URL = "login"

LANGUAGES = [("tr", _("Turkish")), ("en", _("English"))]
LANGUAGE_CODE = "tr"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["hunter.formats"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = "Europe/Istanbul"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = HUNTER_VAR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if HUNTER_ENV == "dev"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = HUNTER_ENV == "dev"
# Otherwise a file that is edited while the server runs goes out with its old length.
WHITENOISE_AUTOREFRESH = HUNTER_ENV == "dev"
MEDIA_ROOT = HUNTER_VAR / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Behind a proxy that ends TLS; `make run` serves plain HTTP on the local machine.
_https = HUNTER_ENV == "prod"
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz/(live|ready)$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "hunter_session"
CSRF_COOKIE_NAME = "hunter_csrf"
CSRF_FAILURE_VIEW = "hunter.trouble.form_expired"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# django-q2 is the clock and the hands; job rows are the queue of record (docs/decisions/0003).
Q_CLUSTER = {
    "name": "hunter",
    "label": "Hunter queue",
    "orm": "default",
    "workers": _number("HUNTER_WORKERS", 3, 1, 32),
    "timeout": 120,
    "retry": 480,
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.2,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "guard_cycle": 0.5,
}
HUNTER_JOB_HANDLERS = {
    "scan": "leads.tasks.scan",
    "import": "leads.tasks.import_batch",
    "import_undo": "leads.tasks.undo_import",
    "outside": "leads.tasks.outside",
    "bulk": "leads.tasks.bulk",
    "referrals": "referrals.tasks.sync",
    "push": "integrations_d365.tasks.push",
    "read_back": "integrations_d365.tasks.read_back",
}
# Called when a job ends cancelled or failed, to give up what it held.
HUNTER_JOB_ENDINGS = {
    "scan": "leads.tasks.scan_ended",
    "import": "leads.tasks.import_ended",
    "bulk": "leads.tasks.bulk_ended",
    "referrals": "referrals.tasks.sync_ended",
    "push": "integrations_d365.tasks.push_ended",
}
# How the jobs of a room above `leads` are called on the pages about jobs.
HUNTER_JOB_TEXTS = {
    "referrals": "referrals.job_texts",
    "push": "integrations_d365.job_texts",
    "read_back": "integrations_d365.job_texts",
}
# What a room above `leads` adds to `doctor`.
HUNTER_DOCTORS = ["referrals.doctor.checks", "integrations_d365.doctor.checks"]
# The names are keys, and shown in the reader's language.
HUNTER_DUTIES = {
    gettext_noop("rescan due"): ("leads.tasks.rescan_due", 600),
    gettext_noop("retry undetermined"): ("leads.tasks.retry_undetermined", 60),
    gettext_noop("outside facts"): ("leads.tasks.look_outside", 5 if HUNTER_ENV == "dev" else 30),
    gettext_noop("send digests"): ("leads.tasks.send_digests", 60),
    gettext_noop("end expired entries"): ("leads.tasks.end_expired_entries", 60),
    gettext_noop("prune"): ("jobs.tasks.prune", 86_400),
    gettext_noop("prune bulk actions"): ("leads.tasks.prune_bulk_actions", 86_400),
}


def _email(url: str) -> dict[str, Any]:
    """Django's settings of the mail server behind `url`."""
    try:
        found: dict[str, Any] = environ.Env.email_url_config(url or "consolemail://")
    except (ValueError, environ.ImproperlyConfigured):
        found = {}
    scheme = urlsplit(url).scheme
    if not found or (url and not (scheme.startswith("smtp") and found["EMAIL_HOST"]) and scheme != "consolemail"):
        raise ImproperlyConfigured("EMAIL_URL must look like smtp+tls://user:password@host:587.")
    return found | {"EMAIL_PORT": found["EMAIL_PORT"] or {"smtp": 25, "smtp+ssl": 465}.get(scheme, 587)}


# Without a mail server a development copy prints its e-mails, and production sends none.
_email_url = str(env.str("EMAIL_URL", default="")).strip()
HUNTER_EMAIL_ENABLED = bool(_email_url) or HUNTER_ENV == "dev"
_mail = _email(_email_url)
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 20


def _public_url() -> str:
    """Where people reach Hunter, for links in e-mails."""
    host = next((name.lstrip(".") for name in ALLOWED_HOSTS if name != "*"), "localhost")
    default = (
        f"https://{host}" if HUNTER_ENV == "prod" else f"http://localhost:{env.str('HUNTER_PORT', default='8000')}"
    )
    url = str(env.str("HUNTER_PUBLIC_URL", default=default)).rstrip("/")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ImproperlyConfigured(f"HUNTER_PUBLIC_URL must be the address of Hunter, but it is {url!r}.")
    return url


HUNTER_PUBLIC_URL = _public_url()
DEFAULT_FROM_EMAIL = env.str("HUNTER_EMAIL_FROM", default=f"Hunter <hunter@{urlsplit(HUNTER_PUBLIC_URL).hostname}>")

try:
    HUNTER_DNS_SERVERS = parse_servers(env.str("HUNTER_DNS_SERVERS", default=""))
except ValueError as error:
    raise ImproperlyConfigured(f"HUNTER_DNS_SERVERS: {error}") from error
HUNTER_DNS_CONCURRENCY = _number("HUNTER_DNS_CONCURRENCY", 200, 1, 10_000)
# A public resolver limits one address to some 1,000 queries a second; half of that is polite.
HUNTER_DNS_QUERIES_PER_SECOND = _number("HUNTER_DNS_QUERIES_PER_SECOND", 500, 0, 1_000_000)

HUNTER_SANDBOX_URL = env.str("HUNTER_SANDBOX_URL", default="").rstrip("/")
if HUNTER_SANDBOX_URL and (
    urlsplit(HUNTER_SANDBOX_URL).hostname not in ("127.0.0.1", "localhost", "::1")
    or urlsplit(HUNTER_SANDBOX_URL).scheme != "http"
    or not {"@", "\\", "?", "#"}.isdisjoint(HUNTER_SANDBOX_URL)
):
    raise ImproperlyConfigured("HUNTER_SANDBOX_URL must point to this machine (127.0.0.1, localhost or [::1]).")

# Look-ups besides DNS. None of them is needed for a verdict.
HUNTER_RDAP_ENABLED = _flag("HUNTER_RDAP_ENABLED")
HUNTER_TENANT_LOOKUP_ENABLED = _flag("HUNTER_TENANT_LOOKUP_ENABLED")
HUNTER_ENRICHMENT_ENABLED = _flag("HUNTER_ENRICHMENT_ENABLED")
# Files of GeoLite2, DB-IP or their kind; "" = there is none.
MAXMIND_ASN_DB = env.str("MAXMIND_ASN_DB", default="")
MAXMIND_CITY_DB = env.str("MAXMIND_CITY_DB", default="")
try:
    # (host, port) of the registry of .tr; None = the real one, or none at all in a sandbox.
    HUNTER_WHOIS_SERVER = parse_whois_server(env.str("HUNTER_WHOIS_SERVER", default=""))
except ValueError as error:
    raise ImproperlyConfigured(f"HUNTER_WHOIS_SERVER: {error}") from error

HUNTER_PARTNER_CENTER_ENABLED = _flag("HUNTER_PARTNER_CENTER_ENABLED")
HUNTER_PARTNER_CENTER_CLIENT_ID = env.str("HUNTER_PARTNER_CENTER_CLIENT_ID", default="")
HUNTER_PARTNER_CENTER_CLIENT_SECRET = env.str("HUNTER_PARTNER_CENTER_CLIENT_SECRET", default="")
HUNTER_PARTNER_CENTER_TENANT_ID = env.str("HUNTER_PARTNER_CENTER_TENANT_ID", default="")
HUNTER_PARTNER_CENTER_API_URL = _https_url(
    "HUNTER_PARTNER_CENTER_API_URL", "https://api.partner.microsoft.com/v1.0/engagements"
)
HUNTER_PARTNER_CENTER_SCOPE = env.str(
    "HUNTER_PARTNER_CENTER_SCOPE", default="https://api.partner.microsoft.com/.default"
)
HUNTER_PARTNER_CENTER_SYNC_INTERVAL = _number(
    "HUNTER_PARTNER_CENTER_SYNC_INTERVAL", 30 if HUNTER_ENV == "dev" else 600, 10, 86_400
)
# The address of one referral is not documented; {referral_id} and {engagement_id} are put in where they stand.
HUNTER_PARTNER_CENTER_PORTAL_URL = _https_url(
    "HUNTER_PARTNER_CENTER_PORTAL_URL", "https://partner.microsoft.com/dashboard/referrals/v2/leads"
)
# Domains of the partner itself: never taken for a customer's.
HUNTER_PARTNER_CENTER_OWN_DOMAINS = [
    domain.strip().casefold() for domain in env.list("HUNTER_PARTNER_CENTER_OWN_DOMAINS", default=[])
]
# The keys of the token cache, newest first.
HUNTER_TOKEN_KEY = [key.strip() for key in env.list("HUNTER_TOKEN_KEY", default=[]) if key.strip()] or [SECRET_KEY]
if HUNTER_PARTNER_CENTER_ENABLED:
    HUNTER_DUTIES |= {
        gettext_noop("sync referrals"): ("referrals.tasks.sync_due", HUNTER_PARTNER_CENTER_SYNC_INTERVAL),
        gettext_noop("prune sync runs"): ("referrals.tasks.prune", 86_400),
        gettext_noop("referral clocks"): (
            "referrals.tasks.watch_clocks",
            min(600, HUNTER_PARTNER_CENTER_SYNC_INTERVAL),
        ),
    }
HUNTER_D365_ENABLED = _flag("HUNTER_D365_ENABLED")
# The address of the environment, such as https://contoso.crm4.dynamics.com; "" = not configured.
HUNTER_D365_BASE_URL = (
    _https_url("HUNTER_D365_BASE_URL", "") if str(env.str("HUNTER_D365_BASE_URL", default="")).strip() else ""
)
HUNTER_D365_CLIENT_ID = env.str("HUNTER_D365_CLIENT_ID", default="")
HUNTER_D365_CLIENT_SECRET = env.str("HUNTER_D365_CLIENT_SECRET", default="")
HUNTER_D365_TENANT_ID = env.str("HUNTER_D365_TENANT_ID", default="")
HUNTER_D365_API_VERSION = env.str("HUNTER_D365_API_VERSION", default="v9.2")
if not re.fullmatch(r"v\d{1,2}\.\d{1,2}", HUNTER_D365_API_VERSION, re.ASCII):
    raise ImproperlyConfigured(f"HUNTER_D365_API_VERSION must look like v9.2, but it is {HUNTER_D365_API_VERSION!r}.")
# The model-driven app in which links open a lead; "" = the environment's default one.
HUNTER_D365_APP_ID = env.str("HUNTER_D365_APP_ID", default="")
if HUNTER_D365_ENABLED:
    HUNTER_DUTIES |= {
        gettext_noop("push due"): ("integrations_d365.tasks.push_due", 5 if HUNTER_ENV == "dev" else 15),
        gettext_noop("read back"): ("integrations_d365.tasks.read_back_due", 60 if HUNTER_ENV == "dev" else 600),
        gettext_noop("prune push ledger"): ("integrations_d365.tasks.prune", 86_400),
    }
# Look-ups and sign-ins answer from the local sandbox, and every page says so.
HUNTER_SANDBOX = bool(HUNTER_SANDBOX_URL)
# What `serve --sandbox` tells web and worker besides the addresses of the sandbox; the ids are invented.
HUNTER_SANDBOX_SETTINGS = {
    "HUNTER_PARTNER_CENTER_ENABLED": "true",
    "HUNTER_PARTNER_CENTER_CLIENT_ID": "0b8d6a0e-3f0c-4b5e-9a53-3f8a6f1d2c44",
    "HUNTER_PARTNER_CENTER_TENANT_ID": "3d9a2b77-5e41-4c0b-b0c8-71f2a6d5e904",
    "HUNTER_RDAP_ENABLED": "true",
    "HUNTER_TENANT_LOOKUP_ENABLED": "true",
    "HUNTER_ENRICHMENT_ENABLED": "true",
    "HUNTER_D365_ENABLED": "true",
    "HUNTER_D365_BASE_URL": "https://hunter-demo.crm4.dynamics.com",
    "HUNTER_D365_CLIENT_ID": "6f5c1d8e-2a94-4d0f-8b36-c17e9a40d2b5",
    "HUNTER_D365_CLIENT_SECRET": "sandbox",
    "HUNTER_D365_TENANT_ID": "3d9a2b77-5e41-4c0b-b0c8-71f2a6d5e904",
}

# `make run` shows demo data from the sandbox unless something real is configured.
HUNTER_DEMO = (
    HUNTER_ENV == "dev"
    and (not env.str("HUNTER_SANDBOX", default="") or _flag("HUNTER_SANDBOX"))
    and not (HUNTER_DNS_SERVERS or HUNTER_PARTNER_CENTER_ENABLED or HUNTER_D365_ENABLED)
)

HUNTER_LOG_FORMAT = _choice("HUNTER_LOG_FORMAT", ("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name}: {message}{told}", "style": "{"},
        "json": {"()": "hunter.logs.JsonFormatter"},
    },
    "filters": {
        "reference": {"()": "hunter.logs.ReferenceFilter"},
        "refusal": {"()": "hunter.logs.RefusalFilter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": HUNTER_LOG_FORMAT, "filters": ["reference"]}
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"handlers": ["console"], "filters": ["refusal"], "level": "WARNING", "propagate": False},
    },
}
