"""The one question at the end of a request."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from requests_app.flows import opining
from requests_app.forms import MessageForm, OpinionForm
from requests_app.models.opinion import Opinion
from requests_app.views.frame import framed, posted, shown, unkept
from requests_app.views.tracking import followed, not_yours, status_words


@require_POST
@unkept
def opine(request: HttpRequest, org: str, reference: str) -> HttpResponse:
    """Counts what the person pressed; pressed twice, it counts once."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        return not_yours(request, reference)
    form = OpinionForm(posted(request))
    if not form.is_valid():
        return shown(request, "status", **{**status_words(case), "opinion": form}, form=MessageForm(), problems=form.errors)
    opining.opine(case, Opinion(form.cleaned_data["opinion"]), form.cleaned_data["remark"])
    return redirect("public:status", org, case.reference)
