"""What the page of a lead shows of a verdict never says more than the look-ups, and never contradicts itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from leads import scanning
from leads.models import Lead
from leads.templatetags.leads import record_state
from sandbox.dns import Record
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google

pytestmark = pytest.mark.django_db
ACME = "acme.example"
Look = Callable[[list[Record]], Lead]


@pytest.fixture
def looked_at(dns: Served) -> Look:
    def look(records: list[Record]) -> Lead:
        dns(records)
        lead = Lead.objects.filter(domain=ACME).first() or make_lead(ACME)
        list(scanning.scan_now(Lead.objects.all(), thorough=True))
        lead.refresh_from_db()
        return lead

    return look


def page_of(client: Client, lead: Lead) -> str:
    return " ".join(client.get(lead.get_absolute_url()).content.decode().split())


def test_why_not_higher_starts_from_both_ends_of_a_range(looked_at: Look, as_viewer: Client) -> None:
    hidden = Record(f"hidden123._domainkey.{ACME}", "TXT", "v=DKIM1; k=rsa; p=MIIB")
    lead = looked_at([*google(ACME, dkim=False, dmarc=None), hidden])
    assert (lead.score_low, lead.score_high, lead.score) == (45, 70, 70)
    page = page_of(as_viewer, lead)
    why = page[page.index('id="why-not"') :]
    assert "What is not known decides between 45 and 70" in why
    assert "The rows above add up to 70." in why
    assert "Counted from 70:" in why
    first = why[why.index("A DKIM key were in place") :]
    assert first.index("Its name from the company would settle this first.") < first.index("+25, that is 70")
    assert "counted already" in first[: first.index("</tr>")]
    reject = why[why.index("reject forged mail") :]
    assert "+20, that is 65" in reject
    assert "+20, that is 90" in reject


def test_nothing_is_missing_at_a_domain_that_does_not_exist(looked_at: Look, as_viewer: Client) -> None:
    lead = looked_at(google(ACME, dmarc=None))
    assert lead.has_spf
    lead = looked_at([Record("other.example", "A", "192.0.2.1")])
    assert (lead.score, lead.segment) == (0, "Skip")
    assert (lead.has_spf, lead.has_dkim, lead.dmarc_policy, lead.confidence) == (None, None, "", None)
    assert not lead.tags.filter(automatic=True).exists()
    page = page_of(as_viewer, lead)
    assert "This domain name does not exist." in page
    assert "Confidence" not in page
    assert record_state("no") not in page


def test_a_domain_that_comes_back_has_its_records_again(looked_at: Look) -> None:
    looked_at([Record("other.example", "A", "192.0.2.1")])
    lead = looked_at(google(ACME))
    assert (lead.has_spf, lead.has_dkim, lead.dmarc_policy, lead.confidence) == (True, True, "reject", 100)


def test_every_row_of_a_score_draws_its_points_below_zero_too(looked_at: Look, as_viewer: Client) -> None:
    own_server = [Record(ACME, "MX", f"10 mail.{ACME}"), Record(f"mail.{ACME}", "A", "192.0.2.25")]
    lead = looked_at(own_server)
    page = page_of(as_viewer, lead)
    reasons = page[page.index('<ol class="reasons"') : page.index("</ol>")]
    assert min(int(total.replace("−", "-")) for total in re.findall(r"</span>(−?\d+)</span>", reasons)) < 0
    assert not re.search(r">-\d", reasons)  # one minus, the real one
    bars = [
        (*map(int, (low, span, start, width)), name)
        for low, span, name, start, width in re.findall(
            r'viewBox="(-?\d+) 0 (\d+) 6".*?<rect class="bar__(\w+)" x="(-?\d+)" width="(-?\d+)"', reasons
        )
    ]
    points = [int(value.replace("−", "-")) for value in re.findall(r'reason__points--\w+">([+−]\d+)', reasons)]
    drawn = [width if name == "plus" else -width for *_scale, width, name in bars if name in ("plus", "minus")]
    assert drawn == points
    assert len({(low, span) for low, span, *_bar in bars}) == 1  # all on one scale
    assert all(low <= start and start + width <= low + span for low, span, start, width, _name in bars)
    assert reasons.count("bar__zero") == len(bars)
