"""No page mixes languages: every page of the URL configuration is rendered with a catalogue that marks each translated
text, and nothing people read may be left outside the marks; then in both real languages, where no text of the other one
may stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polib
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone, translation

from jobs.models import Job
from leads import importing, scanning
from leads.models import Alert, Event, Lead
from referrals.models import Referral, ReferralLink
from tests.browser.pages import SKIPPED, arguments, routes, some
from tests.factories import make_lead
from tests.leads.conftest import Served, dns, work_off  # noqa: F401 - fixtures
from tests.worlds import google

pytestmark = pytest.mark.django_db
CATALOGUE = Path(__file__).parents[1] / "locale" / "tr" / "LC_MESSAGES" / "django.po"
OPEN, CLOSE = "⟦", "⟧"
ACME = "acme.example"

# Names of products, companies, records and formats: the same in every language.
_NAMES = (
    "Hunter Microsoft Office Outlook Teams Google Workspace Yandex Zoho Mail Amazon SES SendGrid Mailgun Dynamics "
    "Partner Center Entra Azure Dataverse Exchange Intune MaxMind PostgreSQL SQLite Chromium SPF DKIM DMARC BIMI "
    "MTA-STS TLS-RPT TLS MX NS SOA TXT CNAME DNS DNSSEC RDAP WHOIS ASN TTL URL API ID CSV PDF Excel XLSX JSON HTTP "
    "HTTPS SMTP UTC Ctrl Esc Enter PC D365 GeoLite Business Basic Standard Enterprise Premium Defender EUR USD TRY GBP "
    "none quarantine reject include redirect "
)
NAMES = _NAMES.split()
# Rows of the database and codes of protocols: what they say was said by somebody else.
DATA = [
    *("Örnek", "administrator", "Turkish", "Türkçe", "English", "İngilizce"),
    *("Viewer", "Account manager", "Sales operations", "Administrator"),  # roles, in the administration
    *("local-mx", "google-workspace", "weak-spf", "migration-ready", "security-risk", "expire-soon"),  # automatic tags
    *("scan.list", "scan", "absent", "present", "change", "created", "import", "won", "New"),  # codes, in the ledgers
    *("True", "False"),  # Django's own words for its pictures of yes and no
    *("ok", "nodata", "nxdomain", "sqlite", "postgresql", "google", "all"),
]
# What is sent to Dynamics is sent in one language, whoever looks at it.
SENT = [
    *("COMPETITIVE", "HIGH", "Hot", "Warm", "Large", "Manual", "Migration", "Competitive Takeover"),
    "Mail: Google Workspace | SPF present | DKIM present | DMARC p=reject",
]
# What is written by machines for machines, and addresses.
CODES = re.compile(
    r"""^[{\[]".* | \b(?:utf|UTF)-\d+\b | \bip[46]:\S+ | https?://\S+ | [\w.+-]+@[\w.-]+
    | (?:[\w-]+\.)+(?:example|test|com|net|org|tr|md|csv|py)\b\S* | v=\S+ | \bp=\w+ | [kp]=\S+
    | \b[A-Z]+(?:_[A-Z0-9]+)+\b | \b\w+(?:_\w+)+\b | /\S+ | \bv\d\S* | \bP\d\b | \d\S*""",
    re.VERBOSE,
)
_KNOWN = re.compile(
    r"(?<!\w)(?:" + "|".join(map(re.escape, sorted([*NAMES, *DATA], key=len, reverse=True))) + r")(?!\w)"
)
WORD = re.compile(r"[^\W\d_]{2,}")
READ = ("title", "aria-label", "placeholder", "alt", "label")


class Reader(HTMLParser):
    """What people see or hear of a page: texts and the attributes that are read out."""

    SILENT = ("script", "style", "code", "kbd", "pre", "textarea", "samp")
    BLOCKS = ("p", "li", "td", "th", "dd", "dt", "div", "h1", "h2", "h3", "label", "button", "summary", "option")
    VOID = ("input", "img", "br", "hr", "meta", "link", "use", "wbr", "source", "col")

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.found: list[str] = []
        self._joins, self._depth = False, 0
        self._open: list[tuple[str, bool]] = []  # tag, and whether what is inside is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._joins = tag == "wbr"
        other = values.get("lang") not in (None, self.language) and tag != "html"
        # Names of permissions and content types are rows of Django's own tables.
        silent = tag in self.SILENT or other or values.get("name") in ("permissions", "user_permissions", "groups")
        silent = silent or "data-raw" in values or values.get("class") == "raw"
        if not (self._silent or other):
            names = [*READ, "value"] if tag == "input" and values.get("type") in ("submit", "button") else READ
            self.found.extend(values[name] or "" for name in names if values.get(name))
        if tag not in self.VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.BLOCKS:
            self._depth = 0
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        if self._silent or not data.strip():
            return
        # A sentence with elements inside is one mark over several texts; a shortened one ends with its block.
        text = OPEN * self._depth + " ".join(data.split())
        self._depth = max(0, self._depth + data.count(OPEN) - data.count(CLOSE))
        if self._joins and self.found:
            self.found[-1] += text  # one word that may be broken there
        else:
            self.found.append(text)
        self._joins = False

    @property
    def _silent(self) -> bool:
        return any(silent for _tag, silent in self._open)


def read(html: str, language: str) -> list[str]:
    reader = Reader(language)
    reader.feed(html)
    return reader.found


def unmarked(text: str) -> str:
    """What lies outside the marks; a mark that a shortened text lost its end of goes on to the end."""
    depth, left = 0, []
    for char in text:
        depth += (char == OPEN) - (char == CLOSE)
        if depth <= 0 and char not in (OPEN, CLOSE):
            left.append(char)
        depth = max(depth, 0)
    return "".join(left)


def foreign_words(text: str) -> list[str]:
    rest = _KNOWN.sub(" ", CODES.sub(" ", unmarked(text)))
    return [word for word in WORD.findall(rest) if any("LATIN" in unicodedata.name(char, "") for char in word)]


@pytest.fixture
def furnished(dns: Served, work_off: Callable[[], None], settings: Any) -> None:  # noqa: F811
    """A Hunter with everything on and rows for every page; names are Greek, so that data is no word of a language."""
    settings.HUNTER_PARTNER_CENTER_ENABLED = settings.HUNTER_D365_ENABLED = True
    dns(google(ACME))
    lead = make_lead(ACME, company_name="Ωμέγα ΑΕ", city="Αθήνα")
    scanning.queue_scan(Lead.objects.all(), title="scan.list")
    work_off()
    lead.refresh_from_db()
    now = timezone.now()
    for kind, old, new in (
        ("dmarc", "none", "reject"), ("spf", "absent", "present"), ("provider", "Google", "M365"),
        ("created", "", "import"),
        ("snoozed", "", "change"), ("outcome", "", "won"), ("referral", "", "New"), ("pushed", "", "created"),
    ):  # fmt: skip
        event = Event.objects.create(lead=lead, kind=kind, old=old, new=new, at=now)
        if kind == "provider":
            Alert.objects.create(lead=lead, event=event, type="mx_changed")
    Lead.objects.filter(pk=lead.pk).update(
        referral_state="new", referral_count=2, referral_deadline=now + timedelta(hours=5), push_state="parked"
    )
    file = SimpleUploadedFile("list.csv", "Ωμέγα;ornek.example\n".encode())
    importing.create_batch(file, "list.csv", by=None)
    payload = {"title": "scan.list", "name": ""}
    Job.objects.create(
        kind="scan", key="k", subject="scan.list", payload=payload, state=Job.State.DONE, total=3, done=3
    )
    some(ReferralLink)
    Referral.objects.update(raw="{}")


def addresses() -> Iterator[tuple[str, str]]:
    for name, wanted in routes(get_resolver().url_patterns):
        # The forms of the administration show columns as the database names them, the style guide those of its sheets.
        if name in (*SKIPPED, "logout", "styleguide") or (
            name.startswith("admin:") and not name.endswith("_changelist")
        ):
            continue
        try:
            yield name, reverse(name, kwargs=arguments(name, wanted))
        except (AssertionError, IndexError):
            continue  # its row lives in another room; the walk in the browser sees that page


def pages(client: Client, language: str) -> Iterator[tuple[str, list[str]]]:
    for name, address in addresses():
        answer = client.get(address, headers={"accept-language": language})
        if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html"):
            yield name, read(answer.content.decode(), language)


def test_every_text_comes_from_the_catalogue(
    as_administrator: Client, furnished: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one(message: str) -> str:
        return f"{OPEN}{message}{CLOSE}" if message else ""

    def several(singular: str, plural: str, number: int) -> str:
        return one(singular if number == 1 else plural)

    monkeypatch.setattr(translation._trans, "gettext", one, raising=False)
    monkeypatch.setattr(translation._trans, "ngettext", several, raising=False)
    monkeypatch.setattr(translation._trans, "pgettext", lambda _context, message: one(message), raising=False)
    monkeypatch.setattr(translation._trans, "npgettext", lambda _context, *rest: several(*rest), raising=False)
    seen, mixed = set(), []
    for name, texts in pages(as_administrator, "en"):
        seen.add(name)
        said = [text for text in texts if not (name == "d365:push" and text in SENT)]
        mixed.extend(f"{name}: {text[:90]}" for text in said if foreign_words(text))
    assert {"leads:today", "leads:list", "leads:detail", "leads:brief", "referrals:list", "d365:board"} <= seen
    assert sorted(set(mixed)) == []


def test_no_text_of_the_other_language(as_administrator: Client, furnished: None) -> None:
    entries = [entry for entry in polib.pofile(str(CATALOGUE)) if entry.translated() and entry.msgid != entry.msgstr]
    english = {entry.msgid for entry in entries} - {entry.msgstr for entry in entries}
    turkish = {entry.msgstr for entry in entries} - {entry.msgid for entry in entries}
    mixed = []
    for language, others in (("tr", english), ("en", turkish)):
        for name, texts in pages(as_administrator, language):
            said = others - {*DATA, *NAMES} - ({*SENT} if name == "d365:push" else set())
            mixed.extend(f"{language} {name}: {text}" for text in texts if text in said and WORD.search(text))
    assert sorted(set(mixed)) == []


def test_the_reader_finds_what_is_not_marked() -> None:
    page = f'<p title="Loose">{OPEN}Tied{CLOSE} and free <b lang="tr">başka</b> v=spf1 DMARC</p><script>code</script>'
    assert [word for text in read(page, "en") for word in foreign_words(text)] == ["Loose", "and", "free"]
