"""The brief of a lead: page, print, PDF, and what people write into it during the call."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads import services
from leads.brief import brief_of
from leads.brief_page import BriefPage, CallAnswerForm, FollowUpForm, TakenUpForm
from leads.brief_pdf import draw
from leads.brief_sheet import sheet_of
from leads.call_answers import AnsweredMeanwhile, is_question, save_answer
from leads.models import Lead
from leads.overtaken import Overtaken
from leads.views.pages import Request, allowed, back, lead_or_404, say_overtaken, show

_LANGUAGES = [code for code, _name in settings.LANGUAGES]


@allowed("leads.view_lead")
@require_GET
def brief(request: Request, domain: str) -> HttpResponse:
    lead, asked = lead_or_404(domain), request.GET.get("lang", "")
    language = asked if asked in _LANGUAGES else get_language() or settings.LANGUAGE_CODE
    public, full = request.GET.get("for") == "customer", request.GET.get("call") == "1"
    with override(language):
        if request.GET.get("format") == "pdf":
            return _pdf(lead, language, public=public, full=full)
        page = BriefPage.of(lead, public=public, full=full)
        return show(request, "leads/brief.html", "leads/_brief_page.html", _context(request, lead, page))


def _pdf(lead: Lead, language: str, *, public: bool, full: bool) -> HttpResponse:
    sheet = sheet_of(lead, public=public, full=full)
    response = HttpResponse(draw(sheet, language=language), content_type="application/pdf")
    kind = "-public" if public else ""
    response.headers["Content-Disposition"] = f'inline; filename="brief-{lead.domain}{kind}-{language}.pdf"'
    return response


def _context(request: Request, lead: Lead, page: BriefPage) -> dict[str, Any]:
    may_answer = request.user.has_perm("leads.change_callanswer") and request.user.has_perm("leads.add_callanswer")
    return {"lead": lead, "page": page, "brief": page.brief, "may_answer": may_answer, "languages": settings.LANGUAGES}


@allowed("leads.add_callanswer")
@allowed("leads.change_callanswer")
@require_POST
def brief_answer(request: Request, domain: str, question: str) -> HttpResponse:
    """Keep what came of a question. When somebody else saved it meanwhile nothing is lost: their answer is shown
    beside the one that was sent."""
    lead, form = lead_or_404(domain), CallAnswerForm(request.POST)
    if not is_question(question):
        raise Http404
    if not form.is_valid():
        return _answered(request, lead, question, form=form)
    sent = form.cleaned_data
    try:
        save_answer(lead, question, asked=sent["asked"], note=sent["note"], seen=sent["seen"], by=request.user)
    except AnsweredMeanwhile as refusal:
        return _answered(request, lead, question, form=form, theirs=refusal)
    if request.htmx:
        return _answered(request, lead, question)
    return redirect(f"{lead.get_absolute_url()}brief/#{question}")


def _answered(
    request: Request,
    lead: Lead,
    question: str,
    *,
    form: CallAnswerForm | None = None,
    theirs: AnsweredMeanwhile | None = None,
) -> HttpResponse:
    page = BriefPage.of(lead, full=True)
    if form is not None:
        page = page.refused(question, form, theirs.answer if theirs else None)
    context = _context(request, lead, page) | {"item": page.item(question)}
    status = 422 if form else 200
    return show(request, "leads/brief.html", "leads/_brief_question.html", context, status=status)


@allowed("leads.change_lead")
@require_POST
def brief_follow_up(request: Request, domain: str) -> HttpResponse:
    """The next step becomes the follow-up of whoever asks; a lead that nobody owns becomes theirs. `seen`: the
    follow-up that the page showed."""
    lead = lead_or_404(domain)
    step = brief_of(lead).step
    if step is None or step.due is None:
        messages.info(request, _("There is no next step to follow up."))
        return back(request, "leads:brief", lead.domain)
    form = FollowUpForm(request.POST)
    seen = form.cleaned_data["seen"] if form.is_valid() else None
    try:
        taken = services.take_up(lead, step.due, by=request.user, seen=seen)
    except Overtaken:
        say_overtaken(request)
    else:
        told = {name: key for name, key in (("follow_up", taken.follow_up), ("owner", taken.owner)) if key}
        undo = f"{reverse('leads:brief_follow_up_undo', args=[lead.domain])}?{urlencode(told)}" if told else ""
        date = date_format(step.due, "SHORT_DATE_FORMAT")
        messages.success(request, _("Follow-up on %(date)s saved.") % {"date": date}, extra_tags=undo)
    return back(request, "leads:brief", lead.domain)


@allowed("leads.change_lead")
@require_POST
def brief_follow_up_undo(request: Request, domain: str) -> HttpResponse:
    """The address names the lines of the timeline that are to be taken back, and only the newest can be."""
    lead, form = lead_or_404(domain), TakenUpForm(request.GET)
    try:
        if not form.is_valid():
            raise Overtaken
        services.take_back(lead, services.TakenUp(**form.cleaned_data), by=request.user)
    except Overtaken:
        say_overtaken(request)
    else:
        messages.success(request, _("The follow-up is as it was before."))
    return back(request, "leads:brief", lead.domain)
