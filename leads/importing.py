"""A company list, uploaded or pasted, becomes leads: preview, background run, a verdict for every row.

Rows are written in chunks; the leads, their claims, the verdicts and the place to go on from are one transaction,
so a killed worker repeats nothing and loses nothing. Reading files is leads.company_list.
"""

from __future__ import annotations

import filecmp
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import jobs.services
from jobs.models import Job
from jobs.services import JobRun, PermanentFailure
from jobs.tasks import run_job
from leads import knowledge
from leads.bulk import insert_rows, update_rows
from leads.company_list.claims import Rejection
from leads.company_list.header import Role
from leads.company_list.reading import Table, UnreadableFile, open_table
from leads.company_list.rows import CompanyRow, Preview, iter_rows
from leads.company_list.rows import preview as preview_file
from leads.folding import address_key
from leads.models import DomainClaim, Event, ImportBatch, ImportRow, Lead, Source
from leads.scanning import queue_scan

CHUNK = 500  # claims in one transaction
_EMAILS_KEPT = 20
ONE_COLUMN: Final = "none"
# How a delimiter is stored, and what it is; a stored blank is found out.
_DELIMITERS: Final = {ONE_COLUMN: "", "tab": "\t", ";": ";", ",": ",", "|": "|"}
_LINE_CHARS: Final = 4_000  # no company needs more; a cell holds 32,767
_ENDS_OF_PIECES: Final = re.compile(r"[,;|\t]\s*|\s+")

Verdict = ImportRow.Verdict
_TAKEN_BACK: Final = (ImportBatch.State.UNDOING, ImportBatch.State.UNDONE)


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
    batch = _stored(file, Path(name).name[:255], by=by)
    try:
        preview(batch)
    except UnreadableFile as error:
        _not_read(batch, error)
    batch.save()
    return batch


def create_paste(text: str, *, by: User | None) -> ImportBatch:
    """Keep pasted text as a list like any other. What was copied from a spreadsheet is a table: it has titles or tabs.
    Everything else is read line by line, each line naming a company and its addresses in any mixture."""
    lines = [part for line in text.splitlines() for part in _short_lines(line)]
    batch = _stored(ContentFile("\n".join(lines).encode()), "", by=by)
    try:
        found = preview(batch)
    except UnreadableFile as error:
        _not_read(batch, error)
    else:
        if not found.header_row and (found.delimiter != "\t" or found.names_no_domain):
            batch.delimiter, batch.header_row, batch.columns = ONE_COLUMN, 0, {"0": Role.MIXED.value}
    batch.save()
    return batch


def _stored(file: File[bytes], name: str, *, by: User | None) -> ImportBatch:
    batch = ImportBatch(file_name=name, created_by=by, owner=by)
    stored = re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-60:] or "pasted.txt"  # any file system takes this
    # The name is never used twice, not even that of a file that is gone.
    batch.file.save(f"{timezone.now():%H%M%S}-{secrets.token_hex(4)}-{stored}", file, save=False)
    return batch


def _not_read(batch: ImportBatch, error: UnreadableFile) -> None:
    batch.state, batch.error = ImportBatch.State.FAILED, str(error)[:400]


def _short_lines(line: str) -> Iterator[str]:
    """A line that holds a whole list, cut between its entries."""
    while len(line) > _LINE_CHARS:
        ends = [match.end() for match in _ENDS_OF_PIECES.finditer(line, 0, _LINE_CHARS)]
        cut = ends[-1] if ends else _LINE_CHARS
        yield line[:cut]
        line = line[cut:]
    yield line


def preview(batch: ImportBatch) -> Preview:
    """What the file says. Raises UnreadableFile with a sentence for the person."""
    path = Path(batch.file.path)
    if not path.exists():
        raise UnreadableFile("gone")
    return preview_file(
        path,
        batch.file_name,
        sheet=batch.sheet or None,
        header_row=batch.header_row,
        encoding=batch.encoding,
        delimiter=_DELIMITERS.get(batch.delimiter),
        columns=batch.columns,
    )


def read_otherwise(batch: ImportBatch, changes: Mapping[str, Any]) -> None:
    """Read the file with another `sheet`, `encoding`, `delimiter` (a code) or `header_row`. The columns are understood
    anew. Raises UnreadableFile and changes nothing when it cannot be read that way."""
    before = {name: getattr(batch, name) for name in ("sheet", "encoding", "delimiter", "header_row", "columns")}
    as_one = changes.get("delimiter") == ONE_COLUMN
    anew = {"header_row": None, "columns": {"0": Role.MIXED.value} if as_one else {}}
    for name, value in {**anew, **changes}.items():
        setattr(batch, name, value)
    try:
        preview(batch)
    except UnreadableFile:
        for name, value in before.items():
            setattr(batch, name, value)
        raise
    batch.save(update_fields=list(before))


def delimiter_code(delimiter: str) -> str:
    """How a delimiter is stored in a batch."""
    return next(code for code, meant in _DELIMITERS.items() if meant == delimiter)


def unreadable(batch: ImportBatch) -> str:
    """Why the file could not be read, in the language of the reader."""
    try:
        preview(batch)
    except UnreadableFile as error:
        return str(error)
    return batch.error


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
        # The handler locks in the same order.
        if ImportBatch.objects.select_for_update().get(pk=batch.pk).state in _TAKEN_BACK:
            raise ImportStopped(_("This import was undone. Upload the list again."))
        job = jobs.services.enqueue(
            "import",
            key=f"import:{batch.pk}",
            subject=batch.title,
            payload={
                "batch": batch.pk,
                "title": "import.named" if batch.file_name else "import.pasted",
                "name": batch.file_name,
            },
            started_by=by,
        )
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.QUEUED, job=job)
    return job


def run_import(run: JobRun) -> None:
    """Job handler. Goes on after the last row that was written."""
    batch = ImportBatch.objects.get(pk=run.payload["batch"])
    if batch.state in _TAKEN_BACK:
        raise PermanentFailure(_("This import was undone. Upload the list again."))
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
    table = _table(batch)
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


def _table(batch: ImportBatch) -> Table:
    return open_table(
        Path(batch.file.path),
        batch.file_name,
        batch.sheet or None,
        encoding=batch.encoding,
        delimiter=_DELIMITERS.get(batch.delimiter),
    )


def write_rows(batch: ImportBatch, rows: Sequence[CompanyRow], seen: set[str]) -> list[RowVerdict]:
    """One chunk, inside the caller's transaction, in a constant number of statements: new leads, filled gaps of
    known ones, claims, events, verdicts, counts and the next row. `seen` holds the domains of earlier chunks and
    grows."""
    domains = _domains(rows)
    # Held until the chunk is written: what a person enters meanwhile waits, and is not overwritten, and no undo of
    # another import takes a known lead away.
    held = Lead.objects.select_for_update(no_key=True).filter(domain__in=domains).order_by("pk")
    known = set(held.values_list("domain", flat=True))
    _create_leads(batch, rows, known)
    leads = {lead.domain: lead for lead in held.only(*_READ)}
    # Another import may have created some of them a moment ago: those are known, not ours.
    known |= {lead.domain for lead in leads.values() if lead.import_batch_id != batch.pk}
    verdicts = list(judge_rows(rows, known=known, seen=seen))
    filled = _fill_gaps(rows, {domain: leads[domain] for domain in known if domain in leads})
    _note_confirmed(rows, leads, filled)
    ImportRow.objects.bulk_create(
        [_import_row(batch, verdict, leads, filled) for verdict in verdicts], batch_size=CHUNK
    )
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
            Event(
                lead=leads[verdict.domain],
                kind=Event.Kind.CREATED,
                by=batch.created_by,
                new=batch.file_name or Source.IMPORT.value,
            )
            for verdict in verdicts
            if verdict.verdict == Verdict.CREATED
        ]
    )
    insert_rows(
        [
            Event(lead_id=pk, kind=Event.Kind.IMPORTED, by=batch.created_by, new=batch.file_name or Source.IMPORT.value)
            for pk in _told_something(batch, verdicts, leads, filled)
        ]
    )
    _count(batch, rows, verdicts)
    return verdicts


def judge_rows(rows: Iterable[CompanyRow], *, known: set[str], seen: set[str]) -> Iterator[RowVerdict]:
    """A verdict for each claim of each row. `known`: domains that are leads already; `seen`: domains that earlier
    rows named, extended here."""
    for row in rows:
        for part, rejection in enumerate(_told(row), len(row.claims)):
            yield RowVerdict(
                row=row,
                part=part,
                domain="",
                via="",
                raw=rejection.raw,
                verdict=Verdict.REJECTED,
                reason=rejection.reason,
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


def _told(row: CompanyRow) -> list[Rejection]:
    """The rejections that get a verdict: of free text all, of a table the first one of a row that names no domain."""
    return row.rejections if row.is_text else row.rejections[:1] if not row.claims else []


def finish(batch: ImportBatch) -> None:
    """Close the batch and queue the scan of its leads that nobody looked at yet, in the caller's transaction."""
    batch.refresh_from_db()
    batch.state = ImportBatch.State.DONE
    batch.finished_at = timezone.now()
    if batch.scan_after:
        batch.scan_job = queue_scan(
            Lead.objects.filter(pk__in=batch.rows.filter(lead__isnull=False).values("lead")).never_scanned(),
            title="scan.named" if batch.file_name else "scan.added",
            name=batch.file_name,
            started_by=batch.created_by,
        )
    batch.save(update_fields=["state", "finished_at", "scan_job"])


def close_undone(job: Job) -> None:
    """The job of a batch failed or was cancelled: the batch says so, and what it wrote stays. Starting it again goes
    on after the last row."""
    state = ImportBatch.State.CANCELLED if job.state == Job.State.CANCELLED else ImportBatch.State.FAILED
    batches = ImportBatch.objects.filter(job=job).exclude(state__in=_TAKEN_BACK)
    batches.update(state=state, error=job.error[:400], finished_at=timezone.now())


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
                contact_emails=row.contacts[claim.domain][:_EMAILS_KEPT],
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


FILLED: Final = ("company_name", "contact_emails", "city", "country", "search_text", "name_key")


_READ = ("domain", "import_batch", "company_name", "contact_emails", "opted_out_at", "city", "country")


Filled = dict[str, Any]


def _told_something(
    batch: ImportBatch,
    verdicts: Sequence[RowVerdict],
    leads: dict[str, Lead],
    filled: dict[tuple[int, int], Filled],
) -> list[int]:
    """Keys of the leads of others that learned something from these rows."""
    told = [leads[found.domain] for found in verdicts if found.domain and (found.row.number, found.part) in filled]
    return list(dict.fromkeys(lead.pk for lead in told if lead.import_batch_id != batch.pk))


def _fill_gaps(rows: Iterable[CompanyRow], known: dict[str, Lead]) -> dict[tuple[int, int], Filled]:
    """A known lead learns what it did not know; nothing that stands is overwritten. Returns what each row and part
    filled in, so that it can be taken back."""
    changed: dict[int, Lead] = {}
    filled: dict[tuple[int, int], Filled] = {}
    for row in rows:
        for part, claim in enumerate(row.claims):
            lead = known.get(claim.domain)
            if lead is None or not (gaps := _gaps(lead, row)):
                continue
            filled[row.number, part] = gaps
            for name, value in gaps.items():
                setattr(lead, name, [*lead.contact_emails, *value] if name == "contact_emails" else value)
            lead.set_search_keys()
            changed[lead.pk] = lead
    update_rows(Lead, FILLED, [(pk, *(getattr(lead, name) for name in FILLED)) for pk, lead in changed.items()])
    return filled


def _note_confirmed(rows: Sequence[CompanyRow], leads: dict[str, Lead], filled: dict[tuple[int, int], Filled]) -> None:
    """An address that only a person had entered is told by the row that names it, too, so that it can be taken back."""
    confirmed = knowledge.confirm_contacts(_named(rows, leads))
    for row in rows:
        for part, claim in enumerate(row.claims):
            lead = leads.get(claim.domain)
            if lead is not None and confirmed.get(lead.pk) in row.contacts[claim.domain]:
                told = filled.setdefault((row.number, part), {})
                told["contact_emails"] = [*told.get("contact_emails", ()), confirmed.pop(lead.pk)]


def _named(rows: Iterable[CompanyRow], leads: dict[str, Lead]) -> dict[int, list[str]]:
    """The addresses that the rows name, by lead."""
    named: dict[int, list[str]] = {}
    for row in rows:
        for claim in row.claims:
            if claim.domain in leads and (emails := row.contacts[claim.domain]):
                named.setdefault(leads[claim.domain].pk, []).extend(emails)
    return named


def _gaps(lead: Lead, row: CompanyRow) -> Filled:
    """What the row knows and the lead does not."""
    told = {"company_name": row.company_name, "city": row.city[:120], "country": row.country[:120]}
    gaps: Filled = {name: value for name, value in told.items() if value and not getattr(lead, name)}
    room = max(0, _EMAILS_KEPT - len(lead.contact_emails))
    have = {address_key(email) for email in lead.contact_emails}
    if emails := [email for email in row.contacts[lead.domain] if address_key(email) not in have][:room]:
        gaps["contact_emails"] = emails
    return gaps


def _import_row(
    batch: ImportBatch, verdict: RowVerdict, leads: dict[str, Lead], filled: dict[tuple[int, int], Filled]
) -> ImportRow:
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
        filled=filled.get((verdict.row.number, verdict.part)),
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


def batch_rows(batch: ImportBatch, verdict: str = "", *, undone: str = "") -> Any:
    """The verdicts of a batch in file order, of one kind or all; `undone`: what its undo did about them."""
    rows = ImportRow.objects.filter(batch=batch).select_related("lead")
    if undone:
        rows = rows.filter(undone=undone)
    return (rows.filter(verdict=verdict) if verdict else rows).order_by("row", "part")
