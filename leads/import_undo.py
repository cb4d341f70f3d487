"""Taking an import back: what it created and nobody has touched since goes, what it filled in is put back if it is
still the same, and what people have touched stays, with the reason.

A chunk of rows is one transaction that locks its leads by key in order (docs/decisions/0005), removes and puts back,
writes what became of each row and moves the place to go on from, so that a kill repeats nothing and loses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, CharField, Count, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

import jobs.services
from jobs.services import JobRun
from leads import knowledge
from leads.bulk import insert_rows, update_rows
from leads.event_words import edited_field
from leads.importing import FILLED, Filled
from leads.models import (
    CallAnswer,
    DomainClaim,
    Event,
    ImportBatch,
    ImportRow,
    Lead,
    Note,
    OutcomeRecord,
    Override,
    PushState,
    Source,
)

AT_ONCE: Final = 200  # rows undone within the request; more are a job
CHUNK: Final = 500
EXAMPLES: Final = 20  # leads that stay, named before the undo

State = ImportBatch.State
Undone = ImportRow.Undone
Because = ImportRow.LeftBecause
Verdict = ImportRow.Verdict

# What Hunter notes by itself; every other line of a timeline is the work of a person.
_AUTOMATIC: Final = (
    Event.Kind.CREATED, Event.Kind.IMPORTED, Event.Kind.PROVIDER, Event.Kind.GATEWAY, Event.Kind.MX, Event.Kind.SPF,
    Event.Kind.DKIM, Event.Kind.DMARC, Event.Kind.EXPIRY, Event.Kind.SCORE, Event.Kind.SEGMENT, Event.Kind.REGISTRAR,
    Event.Kind.NAME_SERVER, Event.Kind.TENANT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an undo would do now, in leads. `staying`: created leads that stay, by reason, most first; `changed`: known
    leads whose filled-in values are no longer what the import wrote or that another list confirmed."""

    removed: int
    staying: list[tuple[str, int]]
    put_back: int
    changed: int

    @property
    def kept(self) -> int:
        return sum(count for _reason, count in self.staying)

    @property
    def code(self) -> str:
        """Tells whether two forecasts promise the same."""
        return f"{self.removed}-{self.kept}-{self.put_back}-{self.changed}"

    @property
    def nothing(self) -> bool:
        return not (self.removed or self.put_back)


def can_undo(batch: ImportBatch) -> bool:
    """Whether the import wrote something and does not run; an undo that was stopped can be gone on with."""
    if batch.state == State.UNDOING:
        return batch.undo_job is None or not batch.undo_job.is_active  # finished jobs are forgotten in time
    ended = batch.state in (State.DONE, State.CANCELLED, State.FAILED)
    return ended and batch.created_count + batch.matched_count > 0


def forecast(batch: ImportBatch) -> Forecast:
    """What an undo would do now; writes nothing."""
    counts = Counter(_created(batch).order_by().values_list("because", flat=True).iterator(chunk_size=5_000))
    removed = counts.pop("", 0)
    put_back: set[int] = set()
    filled: set[int] = set()
    rows = _filled_rows(batch)
    leads = Lead.objects.filter(pk__in=rows.values("lead"))
    entries, typed = knowledge.contact_entries(leads), _typed(batch, leads)
    for lead, gaps, confirmed, *values in rows.iterator(chunk_size=2_000):
        filled.add(lead)
        left = _without(gaps, typed.get(lead, set()))
        if not confirmed and _unchanged(dict(zip(_GIVEN, values, strict=True)), left, entries.get(lead)):
            put_back.add(lead)
    return Forecast(
        removed=removed,
        staying=[(str(Because(code).label), count) for code, count in counts.most_common()],
        put_back=len(put_back),
        changed=len(filled - put_back),
    )


def staying(batch: ImportBatch) -> list[tuple[Lead, str]]:
    """The first leads that an undo would leave, each with the reason in words."""
    leads = _created(batch).exclude(because="").order_by("pk").only("domain", "company_name")[:EXAMPLES]
    return [(lead, str(Because(lead.because).label)) for lead in leads]


def results(batch: ImportBatch) -> list[tuple[str, str, int]]:
    """What an undo has done so far: (code, words, number of rows), without the rows where there was nothing to do."""
    if batch.state not in (State.UNDOING, State.UNDONE):
        return []
    rows = batch.rows.exclude(undone__in=("", Undone.SAME)).order_by().values_list("undone")
    counts = dict(rows.annotate(count=Count("pk")))
    return [(code, str(label), counts[code]) for code, label in Undone.choices if code in counts]


def undo(batch: ImportBatch, *, by: User) -> bool:
    """Take the import back: at once when it has few rows, else as a job; a scan of its leads that waits or runs is
    stopped. False = there is nothing to undo, or somebody was faster."""
    if can_undo(batch) and batch.scan_job is not None and batch.scan_job.is_active:
        jobs.services.cancel(batch.scan_job, by=by)
    with transaction.atomic():
        locked = ImportBatch.objects.select_for_update(of=("self",)).select_related("undo_job").get(pk=batch.pk)
        if not can_undo(locked):
            return False
        locked.state, locked.undone_by = State.UNDOING, by
        rows = _rows(locked).count()
        if rows > AT_ONCE:
            locked.undo_job = jobs.services.enqueue(
                "import_undo",
                key=f"import_undo:{batch.pk}",
                subject=batch.title,
                payload={
                    "batch": batch.pk,
                    "title": "import.undo" if batch.file_name else "import.undo_pasted",
                    "name": batch.file_name,
                },
                started_by=by,
                total=rows,
            )
        locked.save(update_fields=["state", "undone_by", "undo_job"])
        if rows <= AT_ONCE:
            _undo_rows(locked)
            _close(locked)
    return True


def run_undo(run: JobRun) -> None:
    """Job handler: take the import back, chunk by chunk. Safe to kill anywhere and to run again."""
    batch = ImportBatch.objects.select_related("undone_by").get(pk=run.payload["batch"])
    while True:
        with transaction.atomic():
            if count := _undo_rows(batch):
                run.checkpoint(done=run.job.done + count)
        if not count:
            break
        if run.time_is_up():
            run.again()
    with transaction.atomic():
        _close(batch)
        run.checkpoint()


def _close(batch: ImportBatch) -> None:
    batch.state, batch.undone_at = State.UNDONE, timezone.now()
    batch.save(update_fields=["state", "undone_at"])


def _rows(batch: ImportBatch) -> QuerySet[ImportRow]:
    """The rows that the undo has not dealt with."""
    return batch.rows.filter(pk__gt=batch.undone_to).exclude(verdict=Verdict.REJECTED).order_by("pk")


def _undo_rows(batch: ImportBatch) -> int:
    """Take the next rows back, in the caller's transaction. Returns how many were looked at."""
    rows = list(_rows(batch)[:CHUNK])
    if not rows:
        return 0
    keys = {row.lead_id for row in rows if row.lead_id}
    # A full lock: nobody can write a note on a lead, or push it, between the look at it and its end.
    leads = {lead.pk: lead for lead in Lead.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    because = dict(_created(batch).filter(pk__in=leads).values_list("pk", "because"))
    results = _put_back(batch, rows, {pk: lead for pk, lead in leads.items() if pk not in because})
    for row in rows:
        if row.verdict == Verdict.CREATED and row.lead_id in because:
            reason = because[row.lead_id]
            results[row.pk] = (Undone.LEFT.value, reason) if reason else (Undone.REMOVED.value, "")
        elif row.verdict != Verdict.DUPLICATE and row.lead_id not in leads:
            results[row.pk] = (Undone.GONE.value, "")
    nothing = (Undone.SAME.value, "")
    update_rows(ImportRow, ("undone", "left_because"), [(row.pk, *results.get(row.pk, nothing)) for row in rows])
    Lead.objects.filter(pk__in=[pk for pk, reason in because.items() if not reason]).delete()
    batch.undone_to = rows[-1].pk
    batch.save(update_fields=["undone_to"])
    return len(rows)


_GIVEN: Final = ("company_name", "city", "country", "contact_emails")


def _put_back(batch: ImportBatch, rows: Sequence[ImportRow], known: Mapping[int, Lead]) -> dict[int, tuple[str, str]]:
    """Take back what the rows told leads that stood there before: values that are still the same, and their claims.
    Returns what became of each row that had filled something in."""
    confirmed = _named_later(batch, known)
    entries, typed = knowledge.contact_entries(known), _typed(batch, known)
    alone: list[Override] = []
    results: dict[int, tuple[str, str]] = {}
    changed: dict[int, Lead] = {}
    for row in rows:
        lead = known.get(row.lead_id or 0)
        if lead is None or row.filled is None:
            continue
        if confirmed.get(lead.pk, 0) > row.pk:
            results[row.pk] = (Undone.LEFT.value, Because.OTHER_SOURCE.value)
            continue
        filled, entry = _without(row.filled, typed.get(lead.pk, set())), entries.get(lead.pk)
        if _unchanged({name: getattr(lead, name) for name in _GIVEN}, filled, entry):
            if _empty(lead, filled, entry) and entry is not None:
                alone.append(entry)
            changed[lead.pk] = lead
            results[row.pk] = (Undone.PUT_BACK.value, "")
        else:
            results[row.pk] = (Undone.LEFT.value, Because.CHANGED.value)
    for lead in changed.values():
        lead.set_search_keys()
    update_rows(Lead, FILLED, [(pk, *(getattr(lead, name) for name in FILLED)) for pk, lead in changed.items()])
    knowledge.unconfirm_contacts(alone)
    name = batch.file_name or Source.IMPORT.value
    insert_rows(
        [
            Event(lead=lead, kind=Event.Kind.IMPORTED, by=batch.undone_by, old=name[:400], new="undone")
            for lead in changed.values()
        ]
    )
    same_claim = _others(batch).filter(lead=OuterRef("lead"), raw=OuterRef("claim"))
    DomainClaim.objects.filter(batch=batch, lead__in=known).exclude(Exists(same_claim)).delete()
    return results


def _typed(batch: ImportBatch, leads: Any) -> dict[int, set[str]]:
    """What people wrote about these leads since the list came, by lead: "city:Bursa", of contacts "contact_emails:"
    alone."""
    found: dict[int, set[str]] = {}
    events = Event.objects.filter(lead__in=leads, kind__in=(Event.Kind.EDITED, Event.Kind.OVERRIDE))
    for event in events.filter(at__gte=batch.created_at).only("lead_id", "kind", "old", "new").order_by():
        a_name = event.kind == Event.Kind.EDITED and edited_field(event) == ""
        found.setdefault(event.lead_id, set()).add(f"company_name:{event.new}" if a_name else event.new)
    return found


def _without(filled: Filled, typed: set[str]) -> Filled:
    """What the list filled in, without the values that a person wrote since, be they the same: those are theirs."""
    contacts = "contact_emails:" in typed
    return {
        name: value
        for name, value in filled.items()
        if not (contacts if name == "contact_emails" else f"{name}:{value}" in typed)
    }


def _empty(lead: Lead, filled: Filled, entry: Override | None) -> bool:
    """Take the values out that are still what was filled in; an address that a person has entered stays with `entry`.
    True = the entry is now the only one to say it."""
    told = filled.get("contact_emails", ())
    lead.contact_emails, alone = knowledge.take_back_contacts(entry, lead.contact_emails, told)
    for name, value in filled.items():
        if name != "contact_emails" and getattr(lead, name) == value:
            setattr(lead, name, "")
    return alone


def _unchanged(values: Mapping[str, Any], filled: Filled, entry: Override | None) -> bool:
    """Whether at least one of the values is still there to take back."""
    contacts = values["contact_emails"]
    left, alone = knowledge.take_back_contacts(entry, contacts, filled.get("contact_emails", ()))
    same = any(values[name] == value for name, value in filled.items() if name != "contact_emails")
    return same or alone or left != contacts


def _others(batch: ImportBatch) -> QuerySet[ImportRow]:
    """Rows of other imports that still stand."""
    return ImportRow.objects.exclude(batch=batch).exclude(batch__state=State.UNDONE)


def _named_later(batch: ImportBatch, leads: Iterable[int]) -> dict[int, int]:
    """The last row of another import that names a lead, by lead."""
    found = _others(batch).filter(lead__in=list(leads)).order_by().values("lead").annotate(last=Max("pk"))
    return {row["lead"]: row["last"] for row in found}


def _filled_rows(batch: ImportBatch) -> QuerySet[Any]:
    """(lead, what the row filled in, whether another list names it since, the values now) of leads of others."""
    later = _others(batch).filter(lead=OuterRef("lead"), pk__gt=OuterRef("pk"))
    rows = batch.rows.filter(filled__isnull=False, lead__isnull=False, undone="")
    rows = rows.exclude(lead__import_batch=batch).annotate(confirmed=Exists(later)).order_by()
    return rows.values_list("lead", "filled", "confirmed", *(f"lead__{name}" for name in _GIVEN))


def _created(batch: ImportBatch) -> Any:
    """The leads that the import created, each with the reason to leave it as `because`: the first of LeftBecause that
    holds, "" for a lead that nobody has touched."""
    return Lead.objects.filter(import_batch=batch).annotate(because=_reason(batch))


def _reason(batch: ImportBatch) -> Case:
    def has(rows: QuerySet[Any]) -> Exists:
        return Exists(rows.filter(lead=OuterRef("pk")))

    def worked(*kinds: Event.Kind) -> Exists:
        return has(Event.objects.filter(kind__in=kinds))

    owner = Q(owner=batch.owner_id) if batch.owner_id else Q(owner__isnull=True)
    tagged = Lead.tags.through.objects.filter(tag__automatic=False)
    reasons: dict[Because, Q | Exists] = {
        Because.DYNAMICS: ~Q(push_state=PushState.NOT_PUSHED) | ~Q(remote_state=""),
        Because.REFERRAL: Q(referral_count__gt=0),
        Because.ELSEWHERE: reduce(or_, (Q(Exists(rows)) for rows in _rows_of_other_rooms()), Q(pk__in=[])),
        Because.OUTCOME: ~Q(outcome="") | Q(has(OutcomeRecord.objects.all())),
        Because.NOTE: has(Note.objects.all()),
        Because.ANSWER: has(CallAnswer.objects.all()),
        Because.OPT_OUT: Q(opted_out_at__isnull=False) | Q(worked(Event.Kind.OPT_OUT)),
        Because.ENTRY: has(Override.objects.all()),
        Because.OWNER: ~owner | Q(worked(Event.Kind.OWNER)),
        Because.TAG: Q(has(tagged)) | Q(worked(Event.Kind.TAG)),
        Because.FOLLOW_UP: Q(follow_up_on__isnull=False) | Q(worked(Event.Kind.FOLLOW_UP)),
        Because.SNOOZED: Q(snoozed_by__isnull=False) | Q(worked(Event.Kind.SNOOZED)),
        Because.DISMISSED: Q(dismissed_at__isnull=False) | Q(worked(Event.Kind.DISMISSED)),
        Because.WATCHED: has(Lead.watchers.through.objects.all()),
        Because.OTHER_SOURCE: Q(has(_others(batch))) | Q(has(DomainClaim.objects.exclude(batch=batch))),
        Because.TOUCHED: has(Event.objects.exclude(kind__in=_AUTOMATIC)),
    }
    whens = [When(condition, then=Value(code.value)) for code, condition in reasons.items()]
    return Case(*whens, default=Value(""), output_field=CharField())


def _rows_of_other_rooms() -> Iterator[QuerySet[Any]]:
    """Whatever the rooms above keep about a lead: this room does not know them by name."""
    for relation in Lead._meta.related_objects:
        model: Any = relation.related_model
        if model._meta.app_label != Lead._meta.app_label:
            yield model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
