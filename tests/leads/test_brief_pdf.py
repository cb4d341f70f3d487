"""The brief as a PDF: one A4 page whatever is on it, with letters that can be searched and copied."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from leads import scanning
from leads.brief_pdf import draw
from leads.brief_sheet import Block, Line, Sheet, as_text, cut, sheet_of
from leads.models import Lead
from tests.factories import make_lead
from tests.leads.conftest import Served
from tests.worlds import google

pytestmark = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext is not installed (Debian: poppler-utils)"
)


def sheet(title: str = "Şğİıçöü A.Ş.", blocks: int = 3, lines: int = 4, **values: object) -> Sheet:
    said = "Şirketin e-postası hakkında bir cümle: ŞĞİıçöü. " * 2
    shown = tuple(
        Block(f"Bölüm {number}", tuple(Line(said, "☐", (1,), "Yanıt: çok iyi") for _ in range(lines)))
        for number in range(1, blocks + 1)
    )
    fields = {
        "title": title, "domain": "acme.example", "facts": ("Geçiş", "P1"), "blocks": shown,
        "notes": ((1, "MX acme.example → 10 mx.acme.example [2]"), (2, "TXT acme.example"), (3, "not cited")),
        "notes_title": "Dayanaklar", "foot": "Şirket içi",
    }  # fmt: skip
    return Sheet(**(fields | values))  # type: ignore[arg-type]


def read(tmp_path: Path, one: Sheet, language: str = "tr") -> tuple[str, str, str]:
    """(text, info, fonts) of the drawn page."""
    path = tmp_path / "brief.pdf"
    with override(language):
        path.write_bytes(draw(one, language=language))

    def run(tool: str, *arguments: str) -> str:
        return subprocess.run([tool, str(path), *arguments], check=True, capture_output=True, text=True).stdout

    return run("pdftotext", "-"), run("pdfinfo"), run("pdffonts")


def test_turkish_letters_come_out_as_they_went_in(tmp_path: Path) -> None:
    text, info, fonts = read(tmp_path, sheet("ŞĞİıçöü fi ffi Ticaret A.Ş."))
    assert "ŞĞİıçöü fi ffi Ticaret A.Ş." in text
    assert "Şirketin e-postası hakkında bir cümle: ŞĞİıçöü." in text
    assert "Pages:           1\n" in info
    assert "(A4)" in info
    embedded = [line for line in fonts.splitlines()[2:] if line.strip()]
    assert embedded
    assert all("DejaVuSans" in line and " yes yes yes " in line for line in embedded)  # embedded, subset, Unicode


@pytest.mark.parametrize("name", ["Ş" * 4000, "Uzun Şirket Adı " * 250, "عرب" * 1300])
def test_a_name_of_thousands_of_letters_is_cut_where_all_can_see(tmp_path: Path, name: str) -> None:
    text, info, _fonts = read(tmp_path, sheet(cut(name, 160)))
    assert "Pages:           1\n" in info
    assert "…" in text


def test_a_name_that_runs_from_the_right_stays_readable(tmp_path: Path) -> None:
    text, info, _fonts = read(tmp_path, sheet("شركة المثال للتجارة"))
    assert "Pages:           1\n" in info
    shown = text.translate({0x200F: None, 0x202B: None, 0x202C: None, 0x200E: None, 0x202A: None})
    assert "شركة المثال للتجارة" in shown


def test_what_does_not_fit_is_left_out_from_the_end_and_named(tmp_path: Path) -> None:
    text, info, _fonts = read(tmp_path, sheet(blocks=9, lines=12))
    assert "Pages:           1\n" in info
    assert "Bölüm 1\n" in text
    assert "Tek sayfaya sığması için çıkarılan bölümler:" in text
    assert text.index("Bölüm 9") > text.index("çıkarılan")
    english, _info, _fonts = read(tmp_path, sheet(blocks=9, lines=12), "en")
    assert "Left out so that it fits on one page: " in english


def test_footnotes_of_what_was_left_out_go_with_it(tmp_path: Path) -> None:
    text, _info, _fonts = read(tmp_path, sheet())
    assert "[2] TXT acme.example" in text  # named by the first
    assert "not cited" not in text


@pytest.mark.django_db
def test_the_sheet_of_a_lead_lists_no_source_that_nothing_refers_to(tmp_path: Path, dns: Served) -> None:
    dns(google("acme.example"))
    lead = make_lead("acme.example", company_name="Acme A.Ş.")
    list(scanning.scan_now(Lead.objects.all(), thorough=True))
    value = {"organisation": "Örnek Telekom", "country": "TR", "address": "192.0.2.1"}
    lead.outside_facts.create(kind="hosting", state="found", value=value, source="asn.example", seen_at=timezone.now())
    lead.refresh_from_db()
    with override("tr"):
        whole = sheet_of(lead, public=False)
    assert "Web sitesi" in [block.title for block in whole.blocks]
    text, _info, _fonts = read(tmp_path, whole)
    listed = re.findall(r"^\[(\d+)\]", text.partition(whole.notes_title)[2], re.MULTILINE)
    assert listed
    assert [number for number in set(listed) if text.count(f"[{number}]") == listed.count(number)] == []


def test_even_a_single_endless_section_gives_one_page(tmp_path: Path) -> None:
    text, info, _fonts = read(tmp_path, sheet(blocks=1, lines=200))
    assert "Pages:           1\n" in info
    assert "çıkarılan bölümler: Bölüm 1" in " ".join(text.split())


@pytest.mark.django_db
def test_a_lead_with_an_endless_name_has_its_sheet() -> None:
    lead = make_lead("acme.example", company_name="Ş" * 4000)
    with override("en"):
        text = as_text(sheet_of(lead, public=False))
    assert f"{'Ş' * 159}… (acme.example)" in text


def test_a_heading_that_fills_a_page_gives_way_to_the_domain(tmp_path: Path) -> None:
    text, info, _fonts = read(tmp_path, sheet("\n".join(str(number) for number in range(200))))
    assert "acme.example" in text
    assert "Pages:           1\n" in info


@pytest.mark.django_db
def test_line_breaks_in_a_name_are_blanks(tmp_path: Path, as_seller: Client) -> None:
    lead, name = make_lead("acme.example"), "\n".join(str(number) for number in range(90))
    entry = {"company_name-value": name, "company_name-reason": "Kartvizit", "company_name-seen": "0"}
    as_seller.post(reverse("leads:known", args=[lead.domain, "company_name"]), entry)
    lead.refresh_from_db()
    assert lead.company_name.startswith("0 1 2 3")
    lead.company_name = name  # as an import of old may have left it
    assert "\n" not in sheet_of(lead, public=False).title
