"""A company list becomes leads: preview, background run, a verdict for every row.

Rows are written in chunks; the leads, their claims, the verdicts and the place to go on from are one transaction,
so a killed worker repeats nothing and loses nothing. Reading files is leads.company_list.
"""

from __future__ import annotations

import filecmp
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

import jobs.services
from jobs.models import Job
from jobs.services import JobRun, PermanentFailure
from jobs.tasks import run_job
from leads.bulk import update_rows
from leads.company_list.reading import UnreadableFile, open_table
from leads.company_list.rows import CompanyRow, Preview, iter_rows
from leads.company_list.rows import preview as preview_file
from leads.models import DomainClaim, Event, ImportBatch, ImportRow, Lead, Source
from leads.scanning import queue_scan

CHUNK = 500  # claims in one transaction
_EMAILS_KEPT = 20

Verdict = ImportRow.Verdict


class ImportStopped(Exception):
    """The import ended before the file did; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVerdict:
    """The verdict on one claim of one row; `domain` is "" when the row was rejected. `reason` is a key of the
    REJECTIONS of leads.company_list.messages; of an accepted claim a key of FLAGS, or ""."""

    row: CompanyRow
    part: int
    domain: str
    via: str
    raw: str
    verdict: str
    reason: str


def create_batch(file: File[bytes], name: str, *, by: User | None) -> ImportBatch:
    """Keep the uploaded file and wait for the person to check what was understood; a file that cannot be read has
    failed at once."""
    batch = ImportBatch(file_name=Path(name).name[:255], created_by=by, owner=by)
    stored = re.sub(r"[^A-Za-z0-9._-]+", "_", batch.file_name)[-60:]  # any file system takes this
    batch.file.save(f"{timezone.now():%H%M%S}-{stored}", file, save=False)
    try:
        preview(batch)
    except UnreadableFile as error:
        batch.state, batch.error = ImportBatch.State.FAILED, str(error)[:400]
    batch.save()
    return batch


def preview(batch: ImportBatch) -> Preview:
    """What the file says. Raises UnreadableFile with a sentence for the person."""
    path = Path(batch.file.path)
    if not path.exists():
        raise UnreadableFile("gone")
    return preview_file(path, batch.file_name, sheet=batch.sheet or None, header_row=batch.header_row)


def never_ran(batch: ImportBatch) -> bool:
    """Whether nothing was or will be written: it waits for the person's check, or its file could not be read."""
    unread = batch.state == ImportBatch.State.FAILED and batch.job_id is None and batch.next_row == 0
    return unread or batch.state == ImportBatch.State.PREVIEW


def can_go_on(batch: ImportBatch) -> bool:
    """Whether an import that was stopped or failed can be taken up after its last row."""
    stopped = batch.state in (ImportBatch.State.CANCELLED, ImportBatch.State.FAILED)
    return stopped and batch.job_id is not None


def imported_before(batch: ImportBatch) -> ImportBatch | None:
    """The latest finished import of a file with the same content, whatever its name."""
    path = Path(batch.file.path)
    size = path.stat().st_size
    for other in ImportBatch.objects.listed().filter(state=ImportBatch.State.DONE).exclude(pk=batch.pk):
        try:
            other_path = Path(other.file.path)
            if other_path.stat().st_size == size and filecmp.cmp(path, other_path, shallow=False):
                return other
        except FileNotFoundError:
            continue
    return None


def start(batch: ImportBatch, *, by: User | None) -> Job:
    """Queue the import; a second click finds the job that is already there."""
    with transaction.atomic():
        ImportBatch.objects.select_for_update().get(pk=batch.pk)  # the handler locks in the same order
        job = jobs.services.enqueue(
            "import",
            key=f"import:{batch.pk}",
            subject=batch.file_name,
            payload={"batch": batch.pk, "title": "import.named", "name": batch.file_name},
            started_by=by,
        )
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.QUEUED, job=job)
    return job


def run_import(run: JobRun) -> None:
    """Job handler. Goes on after the last row that was written."""
    batch = ImportBatch.objects.get(pk=run.payload["batch"])
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.RUNNING, error="")
    try:
        finished = _import_rows(batch, run)
    except UnreadableFile as error:
        raise PermanentFailure(str(error)) from error
    if not finished:
        run.again()
    with transaction.atomic():
        finish(batch)
        run.checkpoint(total=batch.rows_total)


def import_file(path: Path, *, by: User | None, owner: User | None, scan: bool) -> Iterator[ImportRow]:
    """Import now (the command); yields the verdicts in file order. The work is a job like any other: when this process
    is killed, the worker goes on. Raises UnreadableFile, and ImportStopped when the job failed or was cancelled."""
    open_table(path, path.name)
    with path.open("rb") as content:
        batch = create_batch(File(content), path.name, by=by)
    ImportBatch.objects.filter(pk=batch.pk).update(owner=owner, scan_after=scan)
    job = start(batch, by=by)
    while job.is_active:
        run_job(job.pk)
        job.refresh_from_db()
        if job.is_active:
            time.sleep(0.2)  # a worker has it, or it waits for its next slice
    yield from batch_rows(batch).iterator(chunk_size=1000)
    if job.state != Job.State.DONE:
        raise ImportStopped(job.error or str(job.get_state_display()))


def judge_file(path: Path) -> Iterator[RowVerdict]:
    """What an import of this file would do; writes nothing. Raises UnreadableFile."""
    table = open_table(path, path.name)
    seen: set[str] = set()
    for rows in _chunks(iter_rows(table, table.mapping)):
        known = set(Lead.objects.filter(domain__in=_domains(rows)).values_list("domain", flat=True))
        yield from judge_rows(rows, known=known, seen=seen)


def _import_rows(batch: ImportBatch, run: JobRun) -> bool:
    """Write the rows that are left. False = the slice is over and rows are left."""
    if not Path(batch.file.path).exists():
        raise UnreadableFile("gone")
    table = open_table(Path(batch.file.path), batch.file_name, sheet=batch.sheet or None)
    mapping = table.mapping if not batch.columns else table.mapping_of(batch.columns, batch.header_row)
    seen = set(
        ImportRow.objects.filter(batch=batch)
        .exclude(verdict=Verdict.REJECTED)
        .values_list("domain", flat=True)
        .iterator(chunk_size=5000)
    )
    for rows in _chunks(iter_rows(table, mapping, start_row=batch.next_row)):
        with transaction.atomic():
            write_rows(batch, rows, seen)
            run.checkpoint(done=batch.rows_total, failed=batch.rejected_count)
        if run.time_is_up():
            return False
    return True


def write_rows(batch: ImportBatch, rows: Sequence[CompanyRow], seen: set[str]) -> list[RowVerdict]:
    """One chunk, inside the caller's transaction, in a constant number of statements: new leads, filled gaps of
    known ones, claims, events, verdicts, counts and the next row. `seen` holds the domains of earlier chunks and
    grows."""
    domains = _domains(rows)
    known = set(Lead.objects.filter(domain__in=domains).values_list("domain", flat=True))
    _create_leads(batch, rows, known)
    # Held until the chunk is written: what a person enters meanwhile waits, and is not overwritten.
    held = Lead.objects.select_for_update(no_key=True).filter(domain__in=domains).order_by("pk").only(*_READ)
    leads = {lead.domain: lead for lead in held}
    # Another import may have created some of them a moment ago: those are known, not ours.
    known |= {lead.domain for lead in leads.values() if lead.import_batch_id != batch.pk}
    verdicts = list(judge_rows(rows, known=known, seen=seen))
    _fill_gaps(rows, {domain: leads[domain] for domain in known if domain in leads})
    ImportRow.objects.bulk_create([_import_row(batch, verdict, leads) for verdict in verdicts], batch_size=CHUNK)
    DomainClaim.objects.bulk_create(
        [
            DomainClaim(
                lead=leads[verdict.domain],
                claim=verdict.raw[:320],
                via=verdict.via,
                source=Source.IMPORT,
                batch=batch,
                by=batch.created_by,
            )
            for verdict in verdicts
            if verdict.domain
        ],
        ignore_conflicts=True,
    )
    Event.objects.bulk_create(
        [
            Event(lead=leads[verdict.domain], kind=Event.Kind.CREATED, by=batch.created_by, new=batch.file_name)
            for verdict in verdicts
            if verdict.verdict == Verdict.CREATED
        ]
    )
    _count(batch, rows, verdicts)
    return verdicts


def judge_rows(rows: Iterable[CompanyRow], *, known: set[str], seen: set[str]) -> Iterator[RowVerdict]:
    """A verdict for each claim of each row. `known`: domains that are leads already; `seen`: domains that earlier
    rows named, extended here."""
    for row in rows:
        if not row.claims:
            rejection = row.rejections[0]
            yield RowVerdict(
                row=row, part=0, domain="", via="", raw=rejection.raw, verdict=Verdict.REJECTED, reason=rejection.reason
            )
        for part, claim in enumerate(row.claims):
            if claim.domain in seen:
                verdict = Verdict.DUPLICATE
            else:
                verdict = Verdict.MATCHED if claim.domain in known else Verdict.CREATED
            seen.add(claim.domain)
            yield RowVerdict(
                row=row,
                part=part,
                domain=claim.domain,
                via=claim.via,
                raw=claim.raw,
                verdict=verdict,
                reason=claim.flag,
            )


def finish(batch: ImportBatch) -> None:
    """Close the batch and queue the scan of its leads that nobody looked at yet, in the caller's transaction."""
    batch.refresh_from_db()
    batch.state = ImportBatch.State.DONE
    batch.finished_at = timezone.now()
    if batch.scan_after:
        batch.scan_job = queue_scan(
            Lead.objects.filter(pk__in=batch.rows.filter(lead__isnull=False).values("lead")).never_scanned(),
            title="scan.named",
            name=batch.file_name,
            started_by=batch.created_by,
        )
    batch.save(update_fields=["state", "finished_at", "scan_job"])


def close_undone(job: Job) -> None:
    """The job of a batch failed or was cancelled: the batch says so, and what it wrote stays. Starting it again goes
    on after the last row."""
    state = ImportBatch.State.CANCELLED if job.state == Job.State.CANCELLED else ImportBatch.State.FAILED
    ImportBatch.objects.filter(job=job).update(state=state, error=job.error[:400], finished_at=timezone.now())


def _chunks(rows: Iterator[CompanyRow]) -> Iterator[list[CompanyRow]]:
    """At most `CHUNK` claims together, so that a transaction stays short whatever a row holds."""
    chunk: list[CompanyRow] = []
    claims = 0
    for row in rows:
        chunk.append(row)
        claims += max(1, len(row.claims))
        if claims >= CHUNK:
            yield chunk
            chunk, claims = [], 0
    if chunk:
        yield chunk


def _domains(rows: Iterable[CompanyRow]) -> set[str]:
    return {claim.domain for row in rows for claim in row.claims}


def _create_leads(batch: ImportBatch, rows: Sequence[CompanyRow], known: set[str]) -> None:
    new: dict[str, Lead] = {}
    for row in rows:
        for claim in row.claims:
            if claim.domain in known or claim.domain in new:
                continue
            lead = Lead(
                domain=claim.domain,
                company_name=row.company_name,
                contact_emails=row.emails[:_EMAILS_KEPT],
                city=row.city[:120],
                country=row.country[:120],
                source=Source.IMPORT,
                owner_id=batch.owner_id,
                created_by_id=batch.created_by_id,
                import_batch=batch,
            )
            if not batch.scan_after:
                lead.rescan_at = None
            lead.set_search_keys()
            new[claim.domain] = lead
    Lead.objects.bulk_create(new.values(), ignore_conflicts=True)


_FILLED = ("company_name", "contact_emails", "city", "country", "search_text", "name_key")


_READ = ("domain", "import_batch", "company_name", "contact_emails", "city", "country")


def _fill_gaps(rows: Iterable[CompanyRow], known: dict[str, Lead]) -> None:
    """A known lead learns what it did not know; nothing that stands is overwritten."""
    changed: dict[int, Lead] = {}
    for row in rows:
        for claim in row.claims:
            lead = known.get(claim.domain)
            if lead is None:
                continue
            emails = list(dict.fromkeys([*lead.contact_emails, *row.emails]))[:_EMAILS_KEPT]
            before = (lead.company_name, lead.contact_emails, lead.city, lead.country)
            lead.company_name = lead.company_name or row.company_name
            lead.city, lead.country = lead.city or row.city[:120], lead.country or row.country[:120]
            lead.contact_emails = emails
            if before != (lead.company_name, lead.contact_emails, lead.city, lead.country):
                lead.set_search_keys()
                changed[lead.pk] = lead
    update_rows(Lead, _FILLED, [(pk, *(getattr(lead, name) for name in _FILLED)) for pk, lead in changed.items()])


def _import_row(batch: ImportBatch, verdict: RowVerdict, leads: dict[str, Lead]) -> ImportRow:
    return ImportRow(
        batch=batch,
        row=verdict.row.number,
        part=verdict.part,
        domain=verdict.domain,
        company_name=verdict.row.company_name,
        raw=verdict.raw[:1000],
        verdict=verdict.verdict,
        reason=verdict.reason,
        lead=leads[verdict.domain] if verdict.domain else None,
    )


def _count(batch: ImportBatch, rows: Sequence[CompanyRow], verdicts: Sequence[RowVerdict]) -> None:
    batch.rows_total += len(rows)
    batch.next_row = rows[-1].number + 1
    changed = ["rows_total", "next_row"]
    for verdict in Verdict.values:
        name = f"{verdict}_count"
        setattr(batch, name, getattr(batch, name) + sum(found.verdict == verdict for found in verdicts))
        changed.append(name)
    batch.save(update_fields=changed)


def batch_rows(batch: ImportBatch, verdict: str = "") -> Any:
    """The verdicts of a batch in file order, of one kind or all."""
    rows = ImportRow.objects.filter(batch=batch).select_related("lead")
    return (rows.filter(verdict=verdict) if verdict else rows).order_by("row", "part")
