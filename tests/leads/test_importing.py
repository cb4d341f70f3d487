"""Company lists become leads: verdicts for every row, nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse, reverse_lazy

from jobs.models import Job
from jobs.services import Stop
from leads import importing
from leads.models import DomainClaim, ImportBatch, ImportRow, Lead, SavedView
from tests.factories import make_lead
from tests.leads.conftest import Served, killed_after
from tests.worlds import google

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], None]

LIST = """Bölge bayi listesi;;;
;;;
FİRMA ÜNVANI;WEB SİTESİ;E-POSTA;ADRES
Işık Tekstil A.Ş.;www.isik-tekstil.example;info@isik-tekstil.example;Atatürk Cad. No.5
Güneş Gıda Ltd.;;satis@posta.gunesgida.example;Sanayi Mah.
Emekli Bakkal;;bakkal@gmail.com;Köy yolu
Işık Tekstil Şubesi;https://isik-tekstil.example/iletisim;;Şube
Çift Alan A.Ş.;cift-alan.example, ikinci-alan.example;;Merkez
Bilinmeyen;;;yok
"""


def upload(text: str | bytes = LIST, name: str = "bayiler.csv", *, scan: bool = False) -> ImportBatch:
    data = text.encode("cp1254") if isinstance(text, str) else text
    batch = importing.create_batch(SimpleUploadedFile(name, data), name, by=None)
    batch.scan_after = scan
    batch.save()
    return batch


def run(batch: ImportBatch, work_off: WorkOff) -> ImportBatch:
    importing.start(batch, by=None)
    work_off()
    batch.refresh_from_db()
    return batch


def verdicts(batch: ImportBatch) -> list[tuple[int, str, str, str]]:
    rows = ImportRow.objects.filter(batch=batch).order_by("row", "part")
    return [(row.row, row.domain, row.verdict, row.reason) for row in rows]


def test_every_row_of_a_turkish_list_gets_its_verdict(work_off: WorkOff) -> None:
    batch = run(upload(), work_off)
    assert verdicts(batch) == [
        (4, "isik-tekstil.example", "created", ""),
        (5, "gunesgida.example", "created", ""),
        (6, "", "rejected", "consumer_email"),
        (7, "isik-tekstil.example", "duplicate", ""),
        (8, "cift-alan.example", "created", ""),
        (8, "ikinci-alan.example", "created", ""),
        (9, "", "rejected", "no_domain"),
    ]
    assert (batch.state, batch.rows_total, batch.balance) == ("done", 6, 7)
    lead = Lead.objects.get(domain="isik-tekstil.example")
    assert (lead.company_name, lead.contact_emails) == ("Işık Tekstil A.Ş.", ["info@isik-tekstil.example"])
    assert set(DomainClaim.objects.filter(lead__domain="gunesgida.example").values_list("claim", "via")) == {
        ("satis@posta.gunesgida.example", "email")
    }


def listed(client: Client, query: str) -> list[str]:
    return sorted(lead.domain for lead in client.get(f"/leads/{query}").context["page"])


def test_a_finished_import_leads_to_its_leads(as_operator: Client, work_off: WorkOff) -> None:
    make_lead("gunesgida.example")
    make_lead("baska.example")
    batch = run(upload(), work_off)
    run(upload("Firma;Web\nBaşka;baska.example\n", "diger.csv"), work_off)
    html = as_operator.get(batch.get_absolute_url()).content.decode()
    everything, added = f"?batch={batch.pk}", f"?batch={batch.pk}-new"
    assert f'href="/leads/{everything}"' in html
    assert f'href="/leads/{added}"' in html
    new = ["cift-alan.example", "ikinci-alan.example", "isik-tekstil.example"]
    assert listed(as_operator, added) == new
    assert listed(as_operator, everything) == [*new[:1], "gunesgida.example", *new[1:]]
    assert listed(as_operator, f"{everything}&q=gunes") == ["gunesgida.example"]
    page = as_operator.get(f"/leads/{everything}").content.decode()
    assert "From bayiler.csv" in page
    assert 'href="/leads/#count"' in page  # without the filter
    assert f'<input type="hidden" name="batch" value="{batch.pk}">' in page  # the form keeps it
    assert "Added by bayiler.csv" in as_operator.get(f"/leads/{added}").content.decode()


def test_the_leads_of_an_import_are_changed_together_and_kept_as_a_view(as_operator: Client, work_off: WorkOff) -> None:
    make_lead("baska.example")
    batch = run(upload(), work_off)
    sent = {"query": f"?batch={batch.pk}", "all": "1", "action": "tag", "total": "4"}
    draft = as_operator.post(reverse("leads:bulk"), sent, follow=True)
    assert draft.context["action"].total == 4
    as_operator.post(reverse("leads:view_add"), {"name": "Bayiler", "query": f"?batch={batch.pk}", "tab": "on"})
    assert SavedView.objects.get().query == f"?batch={batch.pk}"


def test_an_import_that_is_gone_or_undone_leads_nowhere(as_operator: Client, work_off: WorkOff) -> None:
    batch = run(upload(), work_off)
    ImportBatch.objects.filter(pk=batch.pk).update(state="undone")
    assert "?batch=" not in as_operator.get(batch.get_absolute_url()).content.decode()
    query = f"?batch={batch.pk}"
    batch.delete()
    assert listed(as_operator, query) == []
    assert "From an import that was deleted" in as_operator.get(f"/leads/{query}").content.decode()
    for wrong in ("?batch=x", "?batch=-new", "?batch=1-new-new", "?batch=%00"):
        assert len(listed(as_operator, wrong)) == 4


def test_importing_again_creates_nothing_and_overwrites_nothing(work_off: WorkOff) -> None:
    run(upload(), work_off)
    Lead.objects.filter(domain="isik-tekstil.example").update(company_name="Elle Düzeltildi")
    again = run(upload(), work_off)
    assert (again.created_count, again.matched_count) == (0, 4)
    assert Lead.objects.count() == 4
    assert Lead.objects.get(domain="isik-tekstil.example").company_name == "Elle Düzeltildi"


def test_a_known_lead_learns_only_what_it_did_not_know(work_off: WorkOff) -> None:
    make_lead("gunesgida.example", contact_emails=["eski@gunesgida.example"])
    run(upload(), work_off)
    lead = Lead.objects.get(domain="gunesgida.example")
    assert lead.company_name == "Güneş Gıda Ltd."
    assert lead.contact_emails == ["eski@gunesgida.example", "satis@posta.gunesgida.example"]
    assert "gunes" in lead.search_text


def test_new_leads_are_scanned_and_scored_without_a_click(dns: Served, work_off: WorkOff) -> None:
    dns(google("isik-tekstil.example"))
    batch = run(upload(scan=True), work_off)
    assert batch.scan_job is not None
    assert batch.scan_job.state == Job.State.DONE
    assert Lead.objects.get(domain="isik-tekstil.example").score == 90


def test_a_killed_import_goes_on_after_its_last_written_row(work_off: WorkOff, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["WEB"] + [f"firma{number}.example" for number in range(1300)]
    batch = upload("\n".join(lines), "list.csv")
    job = importing.start(batch, by=None)
    from jobs import lifecycle

    claimed = lifecycle.claim(job.pk)
    assert claimed is not None
    with pytest.raises(Stop):
        importing.run_import(killed_after(2)(claimed))
    assert ImportRow.objects.count() == 1000
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    work_off()
    batch.refresh_from_db()
    assert (batch.created_count, batch.rows_total, Lead.objects.count()) == (1300, 1300, 1300)
    assert ImportRow.objects.count() == 1300


def test_a_file_that_cannot_be_read_ends_the_import_with_a_sentence(work_off: WorkOff) -> None:
    batch = run(upload(b"%PDF-1.7 not a table", "list.csv"), work_off)
    assert batch.state == "failed"
    assert "PDF" in batch.error
    assert batch.job is not None
    assert batch.job.state == Job.State.FAILED


def test_each_500_rows_cost_the_same_number_of_queries(work_off: WorkOff) -> None:
    def cost(rows: int, start: int) -> int:
        batch = upload("\n".join(["WEB", *(f"n{start + number}.example" for number in range(rows))]), "list.csv")
        importing.start(batch, by=None)
        with CaptureQueriesContext(connection) as queries:
            work_off()
        return len(queries)

    one, two, three = cost(500, 0), cost(1000, 1000), cost(1500, 3000)
    assert three - two == two - one <= 60  # SQLite takes 999 values a statement, so one insert is several


def test_judging_a_file_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    assert [found.verdict for found in importing.judge_file(path)].count("created") == 4
    assert not Lead.objects.exists()


def test_two_people_importing_the_same_file_create_each_lead_once(work_off: WorkOff) -> None:
    first, second = upload(), upload()
    importing.start(first, by=None)
    importing.start(second, by=None)
    work_off()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.created_count + second.created_count == Lead.objects.count() == 4


UNREADABLE = (
    b"%PDF-1.7 x",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old workbook",
    b"PK\x03\x04 torn",
    b"\0\1\2garbage" * 50,
)


@pytest.mark.parametrize("content", UNREADABLE)
def test_an_upload_that_cannot_be_read_has_failed_at_once(as_operator: Client, content: bytes) -> None:
    uploaded = as_operator.post(reverse("leads:imports"), {"file": SimpleUploadedFile("bayiler.xls", content)})
    batch = ImportBatch.objects.get()
    assert (batch.state, bool(batch.error), batch.job) == ("failed", True, None)
    page = as_operator.get(uploaded.headers["Location"]).content.decode()
    assert "This file cannot be read as a company list" in page
    assert batch.error in page
    listed = as_operator.get(reverse("leads:imports")).content.decode()
    assert "Failed" in listed
    assert "Waiting for your check" not in listed


def test_an_upload_that_cannot_be_read_can_be_discarded_with_its_file(as_operator: Client) -> None:
    batch = upload(b"%PDF-1.7 x")
    path = Path(batch.file.path)
    assert (
        reverse("leads:import_discard", args=[batch.pk]) in as_operator.get(batch.get_absolute_url()).content.decode()
    )
    as_operator.post(reverse("leads:import_discard", args=[batch.pk]))
    assert not ImportBatch.objects.exists()
    assert not path.exists()


def test_an_upload_that_cannot_be_read_is_not_started(as_operator: Client) -> None:
    batch = upload(b"%PDF-1.7 x")
    as_operator.post(reverse("leads:import_start", args=[batch.pk]))
    batch.refresh_from_db()
    assert (batch.state, batch.job) == ("failed", None)


def test_an_import_that_ran_is_not_discarded(as_operator: Client, work_off: WorkOff) -> None:
    batch = run(upload(), work_off)
    ImportBatch.objects.update(state="failed")
    assert as_operator.post(reverse("leads:import_discard", args=[batch.pk])).status_code == 404
    assert ImportBatch.objects.exists()


def test_the_page_of_an_import_says_why_there_are_more_verdicts_than_rows(
    as_operator: Client, work_off: WorkOff
) -> None:
    page = as_operator.get(run(upload(), work_off).get_absolute_url()).content.decode()
    assert "6 rows read, 7 verdicts" in " ".join(page.split())


def test_a_doubt_about_an_accepted_name_is_a_sentence_on_the_page(as_operator: Client, work_off: WorkOff) -> None:
    batch = run(upload("FİRMA ADI;WEB SİTESİ\nIşık;www.isik.con\nAy;ay.example\n"), work_off)
    assert verdicts(batch)[0] == (2, "isik.con", "created", "unknown_ending")
    page = as_operator.get(batch.get_absolute_url()).content.decode()
    assert "Check the domain for a slip." in page
    assert "unknown_ending" not in page


def test_a_file_that_was_imported_before_is_recognised_under_any_name(
    as_operator: Client, operator: User, work_off: WorkOff
) -> None:
    first = run(upload(), work_off)
    ImportBatch.objects.update(created_by=operator)
    again = upload(name="kopya.csv")
    page = as_operator.get(again.get_absolute_url()).content.decode()
    assert "This list was imported on" in page
    assert "by operator" in page
    assert f'href="{first.get_absolute_url()}"' in page


def test_only_the_same_content_imported_counts_as_imported_before(as_operator: Client, work_off: WorkOff) -> None:
    upload()  # uploaded, never imported
    run(upload(LIST.replace("Işık", "Isık")), work_off)  # the same size
    gone = run(upload(), work_off)
    Path(gone.file.path).unlink()
    page = as_operator.get(upload().get_absolute_url()).content.decode()
    assert "This list was imported on" not in page


ADD = reverse_lazy("leads:add")


def test_refused_text_comes_back_for_a_second_try_beside_what_was_added(as_seller: Client) -> None:
    page = as_seller.post(ADD, {"text": "isik.example\nbakkal@gmail.com\ngunes.example\n10.0.0.1", "company_name": "X"})
    assert page.status_code == 200
    assert set(Lead.objects.values_list("domain", flat=True)) == {"isik.example", "gunes.example"}
    html = page.content.decode()
    assert page.context["form"]["text"].value() == "bakkal@gmail.com\n10.0.0.1"
    assert html.partition("<main")[2].partition("</main>")[0].count("banner--warning") == 1
    assert "This is an IP address." in html
    assert 'href="/leads/isik.example/"' in html
    assert "import it again" not in html


def test_names_are_shown_as_people_write_them(as_seller: Client) -> None:
    html = as_seller.post(ADD, {"text": "şişli.example\nçağ.example\nbakkal@gmail.com"}).content.decode()
    assert 'href="/leads/xn--ili-rzab.example/">şişli.example</a>' in html
    lead = Lead.objects.get(domain="xn--ili-rzab.example")
    Lead.objects.filter(pk=lead.pk).update(contact_emails=["işıl@xn--ili-rzab.example"], dismissed_at=lead.created_at)
    page = as_seller.get(lead.get_absolute_url()).content.decode()
    assert 'href="mailto:işıl@xn--ili-rzab.example">işıl@<wbr>şişli.<wbr>example</a>' in page
    restored = as_seller.post(reverse("leads:restore", args=[lead.domain]), follow=True).content.decode()
    assert "şişli.example is on the list again." in restored
    brief = as_seller.get(reverse("leads:brief", args=[lead.domain])).content.decode()
    assert "işıl@xn--" not in brief.replace("mailto:işıl@xn--", "")


def test_at_most_ten_refusals_are_listed_and_the_rest_is_counted(as_seller: Client) -> None:
    refused = [f"kisi{number}@gmail.com" for number in range(14)]
    page = as_seller.post(ADD, {"text": "\n".join(["isik.example", *refused])})
    html = page.content.decode()
    assert html.count("”: ") == 10
    assert "and 4 more" in html
    assert page.context["form"]["text"].value() == "\n".join(refused)


def test_what_was_refused_can_be_corrected_and_sent_again(as_seller: Client) -> None:
    as_seller.post(ADD, {"text": "isik.example\nfirma..example"})
    again = as_seller.post(ADD, {"text": "firma.example"})
    assert again.headers["Location"] == "/leads/firma.example/"
    assert Lead.objects.count() == 2


def test_a_refusal_fits_a_form_and_a_file(as_seller: Client) -> None:
    html = as_seller.post(ADD, {"text": "firma..example"}).content.decode()
    assert "Correct it and add it again." in html
    assert "Nothing was added" in html


IMPORTS = reverse_lazy("leads:imports")
PASTED = """Işık Tekstil A.Ş.; isik-tekstil.example; info@isik-tekstil.example
2. Güneş Gıda Ltd. Şti. – www.güneş-gıda.com.tr
Ayşe Kaya <ayse@demir.example>
bakkal@gmail.com
ISIK-TEKSTIL.EXAMPLE
Yıldız Mobilya
ay.example, gun.example\tali@hotmail.com
"""


def paste(client: Client, text: str) -> ImportBatch:
    answer = client.post(IMPORTS, {"text": text})
    assert answer.status_code == 302
    return ImportBatch.objects.get(pk=int(answer.headers["Location"].split("/")[2]))


def test_pasted_text_goes_the_way_of_a_file_and_every_piece_gets_its_verdict(
    as_operator: Client, work_off: WorkOff
) -> None:
    batch = paste(as_operator, PASTED)
    html = as_operator.get(batch.get_absolute_url()).content.decode()
    assert "güneş-gıda.com.tr" in html
    assert "bakkal@gmail.com: This mail service is open to everyone" in html
    assert not Lead.objects.exists()
    as_operator.post(reverse("leads:import_start", args=[batch.pk]), {"column_0": "mixed", "header_row": "0"})
    work_off()
    assert verdicts(batch) == [
        (1, "isik-tekstil.example", "created", ""),
        (2, Lead.objects.get(company_name__startswith="Güneş").domain, "created", ""),
        (3, "demir.example", "created", ""),
        (4, "", "rejected", "consumer_email"),
        (5, "isik-tekstil.example", "duplicate", ""),
        (6, "", "rejected", "no_domain"),
        (7, "ay.example", "created", ""),
        (7, "gun.example", "created", ""),
        (7, "", "rejected", "consumer_email"),
    ]
    names = dict(Lead.objects.values_list("domain", "company_name"))
    assert names.pop("isik-tekstil.example") == "Işık Tekstil A.Ş."
    assert sorted(names.values()) == ["", "", "", "Güneş Gıda Ltd. Şti."]
    rejects = b"".join(as_operator.get(reverse("leads:import_rejects", args=[batch.pk])).streaming_content).decode()
    assert "ali@hotmail.com" in rejects


def test_an_address_on_a_pasted_line_is_no_contact_of_another_company(as_operator: Client, work_off: WorkOff) -> None:
    make_lead("yesil.example")
    run(paste(as_operator, "https://www.KIRMIZI.example/a?b=c, info@mavi.example, www.yesil.example"), work_off)
    assert dict(Lead.objects.values_list("domain", "contact_emails")) == {
        "kirmizi.example": [],
        "mavi.example": ["info@mavi.example"],
        "yesil.example": [],
    }


def test_the_preview_tells_which_address_is_another_companys(as_operator: Client) -> None:
    batch = paste(as_operator, "Firma\tWeb\tE-posta\nŞişli\tşişli.example\tişıl@şişli.example, a@muhasebeci.com\n")
    html = as_operator.get(batch.get_absolute_url()).content.decode()
    preview = html[html.index("rows-title") :]
    assert "işıl@şişli.example" in preview
    assert "not taken, another company's: a@muhasebeci.com" in preview
    assert "xn--" not in preview


def test_rows_copied_from_a_spreadsheet_are_a_table(as_operator: Client) -> None:
    with_titles = paste(as_operator, "Firma\tWeb\nIşık A.Ş.\tisik.example\n")
    without = paste(as_operator, "Işık A.Ş.\tisik.example\t0212 555\nAy Ltd.\tay.example\t0212 556\n")
    for batch, roles in ((with_titles, ["company", "website"]), (without, ["company", "domain", ""])):
        preview = importing.preview(batch)
        assert (preview.delimiter, [str(column.role) for column in preview.columns]) == ("\t", roles)


def test_a_pasted_list_is_called_a_list_wherever_it_is_named(
    as_operator: Client, as_administrator: Client, work_off: WorkOff
) -> None:
    run(paste(as_operator, PASTED), work_off)
    again = as_operator.get(paste(as_operator, PASTED).get_absolute_url()).content.decode()
    assert "This list was imported on" in again
    assert "Pasted list</a>" in as_administrator.get("/admin/leads/importbatch/").content.decode()


def test_ten_thousand_pasted_lines_are_imported(as_operator: Client, work_off: WorkOff) -> None:
    lines = [f"Firma {number} Ltd. Şti.; https://www.firma{number}.com.tr/iletisim" for number in range(10_000)]
    batch = paste(as_operator, "\r\n".join(lines))
    ImportBatch.objects.filter(pk=batch.pk).update(scan_after=False)
    importing.start(batch, by=None)
    work_off()
    batch.refresh_from_db()
    assert (batch.state, batch.created_count, batch.rejected_count) == ("done", 10_000, 0)


def test_a_whole_list_in_one_line_loses_nothing(as_operator: Client, work_off: WorkOff) -> None:
    batch = paste(as_operator, ", ".join(f"firma{number}.example" for number in range(5_000)))
    ImportBatch.objects.filter(pk=batch.pk).update(scan_after=False)
    importing.start(batch, by=None)
    work_off()
    batch.refresh_from_db()
    assert (batch.created_count, batch.balance) == (5_000, 5_000)


def test_nothing_pasted_and_too_much_pasted_say_what_to_do(as_operator: Client) -> None:
    empty = as_operator.post(IMPORTS, {"text": " \n"})
    assert empty.status_code == 422
    assert "Paste something first" in empty.content.decode()
    long = as_operator.post(IMPORTS, {"text": "a.example\n" * 110_000})
    assert "Save it as a text file and upload that." in long.content.decode()
    assert not ImportBatch.objects.exists()


def test_who_may_not_import_may_not_paste(as_seller: Client) -> None:
    assert as_seller.post(IMPORTS, {"text": "isik.example"}).status_code == 403
    assert not ImportBatch.objects.exists()


def test_the_preview_says_how_it_understood_each_column_and_how_sure_it_is(as_operator: Client) -> None:
    batch = upload("FİRMA;İrtibat e-postası;Notlar\nIşık;info@isik.example;x\n")
    html = as_operator.get(batch.get_absolute_url()).content.decode()
    for words in (
        "Windows-1254 (Turkish)", "Semicolon (;)", "Recognised by its title.", "Recognised by a word of its title.",
        "not recognised", "Nothing in the title or the cells tells what this is.",
    ):  # fmt: skip
        assert words in html
    unsure = upload("FİRMA;WEB SİTESİ\nIşık;bilmiyoruz\nAy;sonra\n")
    html = as_operator.get(unsure.get_absolute_url()).content.decode()
    assert "One column is no more than a guess." in html
    assert "The title says so, but hardly a cell looks like it." in html


def test_what_was_misunderstood_is_corrected_and_shown_again(as_operator: Client, work_off: WorkOff) -> None:
    batch = upload("Bayi | isik.example\nİl | ay.example\n")
    reread = reverse("leads:import_reread", args=[batch.pk])

    def shown() -> importing.Preview:
        return as_operator.get(batch.get_absolute_url()).context["preview"]

    as_operator.post(reread, {"delimiter": "none"})
    assert [str(column.role) for column in shown().columns] == ["mixed"]
    as_operator.post(reread, {"delimiter": "|"})
    assert len(shown().columns) == 2
    as_operator.post(reread, {"delimiter": "|", "column_0": "city", "column_1": "domain"})
    first = shown().columns[0]
    assert (str(first.role), first.sureness) == ("city", "chosen")
    assert shown().rows[0].city == "Bayi"
    as_operator.post(reread, {"header_row": "1"})
    assert [row.number for row in shown().rows] == [2]
    as_operator.post(reread, {"encoding": "cp857"})
    assert shown().encoding == "cp857"
    start = reverse("leads:import_start", args=[batch.pk])
    told = as_operator.post(start, {"encoding": "cp1254", "header_row": "0"}, follow=True).content.decode()
    assert "Check the preview once more" in told
    assert not ImportRow.objects.exists()
    none = as_operator.post(start, {"column_0": "company", "column_1": ""})
    assert none.status_code == 422
    assert "No column names a domain." in none.content.decode()
    as_operator.post(start, {"column_0": "city", "column_1": "domain"})
    work_off()
    assert Lead.objects.get(domain="isik.example").city == "Bayi"


def test_a_reading_that_does_not_work_is_refused_with_the_reason(as_operator: Client) -> None:
    batch = upload("WEB\n" + "firma.example\n" * 160_000)
    told = as_operator.post(
        reverse("leads:import_reread", args=[batch.pk]), {"encoding": "utf-16"}, follow=True
    ).content.decode()
    assert "The file is read as before." in told
    assert importing.preview(batch).encoding == "utf-8"
