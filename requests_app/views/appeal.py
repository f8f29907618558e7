"""The person appeals against our decision, from the page of the request."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from requests_app import progress
from requests_app.flows import appealing, closing
from requests_app.forms import MessageForm
from requests_app.views import visits
from requests_app.views.frame import framed, posted, shown, unkept
from requests_app.views.tracking import followed, not_yours


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def appeal(request: HttpRequest, org: str, reference: str) -> HttpResponse:
    """A page, what they do not agree with, a button; then the page of the appeal."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        return not_yours(request, reference)
    form = MessageForm(posted(request))
    form.fields["message"].label = _("What do you not agree with?")
    may = appealing.may_appeal(case)
    if request.method == "POST" and may and form.is_valid():
        opened = appealing.appeal(case, form.cleaned_data["message"], by="person", is_proved=True)
        visits.let_in(request, opened)
        return redirect("public:status", org, opened.reference)
    words = {"case": case, "title": progress.title_of(case), "may_appeal": may}
    sentences = [law.appeal for law in closing.laws_of(case) if law.appeal]
    return shown(request, "appeal", **words, sentences=sentences, form=form, problems=form.errors)
