"""Company lists become leads: verdicts for every row, nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.models import Job
from jobs.services import Stop
from leads import importing
from leads.models import DomainClaim, ImportBatch, ImportRow, Lead
from tests.factories import make_lead
from tests.leads.conftest import Served
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
    written: list[int] = []

    class Killed(importing.JobRun):
        def checkpoint(self, **progress: object) -> None:  # type: ignore[override]
            if len(written) == 2:
                raise Stop  # the transaction of this chunk is rolled back, as by a kill
            written.append(1)
            super().checkpoint(**progress)  # type: ignore[arg-type]

    from jobs import lifecycle

    claimed = lifecycle.claim(job.pk)
    assert claimed is not None
    with pytest.raises(Stop):
        importing.run_import(Killed(claimed))
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
