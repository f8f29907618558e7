"""A lead's decisions about part of a request: a source that is closed, an answer in part."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from requests_app.flows import erasing, shortfalls
from requests_app.flows.searching import NotYet
from requests_app.lead_forms import ShortfallForm
from requests_app.views.case import act_page, read_or_send
from requests_app.views.staff import case_and_actor, posted


@read_or_send
def close_source(request: HttpRequest, reference: str, source: str) -> HttpResponse:
    """Goes on without a source that refuses for good."""
    case, actor = case_and_actor(request, reference)
    form = ShortfallForm(posted(request))
    if request.method == "POST" and form.is_valid():
        shortfalls.close_source(case, source, form.why, by=actor)
        return redirect("desk:case", reference)
    title = dict(shortfalls.open_sources(case)).get(source)
    if title is None:
        raise NotYet(_("This source did its part, or is closed already. Nothing was changed."))
    words = {
        "heading": _("Go on without %(title)s?") % {"title": title},
        "lead": _("The answer is then given in part, never as complete, and says what was not done. It cannot be tried there any more."),
        "button": _("Close it and go on"),
    }
    return act_page(request, case, form, words)


@read_or_send
def answer_in_part(request: HttpRequest, reference: str) -> HttpResponse:
    """Answers a deletion that ended in part and that nothing can finish."""
    case, actor = case_and_actor(request, reference)
    form = ShortfallForm(posted(request))
    if request.method == "POST" and form.is_valid():
        erasing.answer_in_part(case, form.why, by=actor)
        return redirect("desk:case", reference)
    words = {
        "heading": _("Answer in part"),
        "lead": _("The letter says what was deleted, what was not, why, and what the person can do."),
        "button": _("Answer the person"),
    }
    return act_page(request, case, form, words)
