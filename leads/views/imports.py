"""Company lists: upload, check what was understood, run, look at the verdicts."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

import jobs.services
from leads import import_undo, importing
from leads.company_list.messages import UnreadableFile, reason_text
from leads.company_list.rows import Preview
from leads.export import safe_cell
from leads.forms import MappingForm, PasteForm, ReadingForm, UploadForm
from leads.list_query import ADDED
from leads.models import ImportBatch, ImportRow
from leads.views.pages import Request, allowed, page_of, show

ROWS_ON_A_PAGE = 100
logger = logging.getLogger(__name__)


@allowed("leads.view_importbatch")
@require_http_methods(["GET", "POST"])
def import_list(request: Request) -> HttpResponse:
    """The imports so far, and two ways to begin one: a file, or pasted text (POST with `text`)."""
    pasted = "text" in request.POST
    form = UploadForm(None if pasted else request.POST or None, request.FILES or None)
    paste = PasteForm(request.POST if pasted else None)
    status = 200
    if request.method == "POST":
        if not request.user.has_perm("leads.import_leads"):
            return show(request, "403.html", "403.html", {}, status=403)
        if batch := _begun(request, paste if pasted else form):
            return redirect(batch)
        status = 422
    context = {"form": form, "paste": paste, "page": page_of(ImportBatch.objects.listed(), request, 25)}
    return show(request, "leads/import_list.html", "leads/_import_table.html", context, status=status)


def _begun(request: Request, form: UploadForm | PasteForm) -> ImportBatch | None:
    """The new batch; None = the form says what is wrong."""
    if not form.is_valid():
        return None
    try:
        if isinstance(form, PasteForm):
            return importing.create_paste(form.cleaned_data["text"], by=request.user)
        file = form.cleaned_data["file"]
        return importing.create_batch(file, file.name, by=request.user)
    except OSError as error:
        logger.warning("An upload could not be stored: %s", error)
        form.add_error(
            next(iter(form.fields)),
            _("The file could not be stored; the disk may be full. Tell your administrator."),
        )
    return None


@allowed("leads.view_importbatch")
@require_GET
def import_detail(request: Request, pk: int) -> HttpResponse:
    """Before the run: the preview. After: progress and verdicts, and what an undo did."""
    batch = get_object_or_404(ImportBatch.objects.listed(), pk=pk)
    if importing.never_ran(batch):
        return _preview(request, batch)
    verdict, undone = request.GET.get("verdict", ""), request.GET.get("undone", "")
    verdict = verdict if verdict in ImportRow.Verdict.values else ""
    undone = undone if undone in ImportRow.Undone.values else ""
    context = {
        "batch": batch,
        "verdict": verdict,
        "verdicts": ImportRow.Verdict.choices,
        "undone": undone,
        "undone_counts": import_undo.results(batch),
        "can_undo": import_undo.can_undo(batch),
        "can_go_on": importing.can_go_on(batch),
        "shown_leads": batch.state != ImportBatch.State.UNDONE and batch.created_count + batch.matched_count > 0,
        "added": ADDED,
        "page": page_of(importing.batch_rows(batch, verdict, undone=undone), request, ROWS_ON_A_PAGE),
    }
    return show(request, "leads/import_detail.html", "leads/_import_progress.html", context)


def _preview(request: Request, batch: ImportBatch, *, form: MappingForm | None = None) -> HttpResponse:
    """`form`: what the person sent and what is wrong with it."""
    context: dict[str, object] = {"batch": batch}
    status = 200
    if batch.state == ImportBatch.State.FAILED:
        context["unreadable"] = importing.unreadable(batch)
        return show(request, "leads/import_preview.html", "leads/import_preview.html", context)
    try:
        preview = form.preview if form else importing.preview(batch)
    except UnreadableFile as error:
        context["unreadable"] = error
        status = 422
    else:
        status = 422 if form else 200
        reading = ReadingForm(preview=preview, pasted=not batch.file_name)
        context |= {"preview": preview, "reading": reading, "form": form or MappingForm(preview=preview, batch=batch)}
        if not form and (earlier := importing.imported_before(batch)):
            messages.info(request, _told(earlier))
    return show(request, "leads/import_preview.html", "leads/import_preview.html", context, status=status)


def _told(earlier: ImportBatch) -> SafeString:
    """When and by whom this list, a file or pasted, was imported, with a link to that import."""
    on = date_format(timezone.localtime(earlier.finished_at or earlier.created_at), "DATETIME_FORMAT")
    if earlier.created_by:
        by = earlier.created_by.get_full_name() or earlier.created_by.get_username()
        text = _("This list was imported on %(date)s by %(person)s.") % {"date": on, "person": by}
    else:
        text = _("This list was imported on %(date)s.") % {"date": on}
    return format_html('{} <a href="{}">{}</a>', text, earlier.get_absolute_url(), _("To that import"))


@allowed("leads.import_leads")
@require_POST
def import_reread(request: Request, pk: int) -> HttpResponse:
    """Look at the preview again: with the file read otherwise, or else with the columns as corrected."""
    batch = get_object_or_404(ImportBatch, pk=pk, state=ImportBatch.State.PREVIEW)
    try:
        preview = importing.preview(batch)
    except UnreadableFile:
        return _preview(request, batch)
    if not _read_otherwise(request, batch, preview):
        form = MappingForm(request.POST, preview=preview, batch=batch)
        form.is_valid()
        form.save_choices()
    return redirect(batch)


def _read_otherwise(request: Request, batch: ImportBatch, preview: Preview) -> bool:
    """Whether the person wants the file read otherwise, which is then so; what they said about columns is void."""
    changes = ReadingForm(request.POST, preview=preview, pasted=not batch.file_name).changes
    if not changes:
        return False
    try:
        importing.read_otherwise(batch, changes)
    except UnreadableFile as error:
        messages.error(request, _("%(reason)s The file is read as before.") % {"reason": error})
    return True


@allowed("leads.import_leads")
@require_POST
def import_start(request: Request, pk: int) -> HttpResponse:
    batch = get_object_or_404(ImportBatch, pk=pk)
    if importing.can_go_on(batch):
        importing.start(batch, by=request.user)
        return redirect(batch)
    if batch.state != ImportBatch.State.PREVIEW:
        return redirect(batch)
    try:
        preview = importing.preview(batch)
    except UnreadableFile:
        return _preview(request, batch)
    if _read_otherwise(request, batch, preview):
        messages.info(request, _("The file is read in another way now. Check the preview once more, then start."))
        return redirect(batch)
    form = MappingForm(request.POST, preview=preview, batch=batch)
    if not form.is_valid():
        return _preview(request, batch, form=form)
    form.save()
    importing.start(batch, by=request.user)
    return redirect(batch)


@allowed("leads.import_leads")
@require_http_methods(["GET", "POST"])
def import_undo_page(request: Request, pk: int) -> HttpResponse:
    """GET: what an undo would do, counted. POST does it, as long as that is still what it would do (`promised`)."""
    batch = get_object_or_404(ImportBatch.objects.listed(), pk=pk)
    if not import_undo.can_undo(batch):
        messages.info(request, _("There is nothing to undo."))
        return redirect(batch)
    found = import_undo.forecast(batch)
    if request.method == "POST":
        going_on = batch.state == ImportBatch.State.UNDOING
        if going_on or request.POST.get("promised") == found.code:
            import_undo.undo(batch, by=request.user)
            return redirect(batch)
        messages.info(request, _("Something has changed since you looked: these are the numbers now."))
    context = {"batch": batch, "found": found, "staying": import_undo.staying(batch) if found.kept else []}
    return show(request, "leads/import_undo.html", "leads/import_undo.html", context)


@allowed("leads.import_leads")
@require_POST
def import_discard(request: Request, pk: int) -> HttpResponse:
    """Throw away an upload that was never run, file included."""
    batch = get_object_or_404(ImportBatch, pk=pk)
    if not importing.never_ran(batch):
        raise Http404
    batch.file.delete(save=False)
    batch.delete()
    messages.success(request, _("The upload was discarded; nothing was imported."))
    return redirect("leads:imports")


@allowed("leads.import_leads")
@require_POST
def import_cancel(request: Request, pk: int) -> HttpResponse:
    batch = get_object_or_404(ImportBatch.objects.listed(), pk=pk)
    if batch.job is not None:
        jobs.services.cancel(batch.job, by=request.user)
        messages.success(request, _("The import stops after the rows it is writing now. What is written stays."))
    return redirect(batch)


@allowed("leads.view_importbatch")
@require_GET
def import_rejects(request: Request, pk: int) -> StreamingHttpResponse:
    """The rejected rows as CSV, to be mended and imported again."""
    batch = get_object_or_404(ImportBatch, pk=pk)
    response = StreamingHttpResponse(_reject_lines(batch), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="rejected-{batch.pk}.csv"'
    return response


def _reject_lines(batch: ImportBatch) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";")
    yield "\ufeff"
    writer.writerow([_("Row"), _("Company"), _("As written"), _("Reason")])
    for row in importing.batch_rows(batch, ImportRow.Verdict.REJECTED).iterator(chunk_size=1000):
        writer.writerow([row.row, safe_cell(row.company_name), safe_cell(row.raw), reason_text(row.reason)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
