"""Whoever has the data from us: told by a letter or by hand, confirmed, named to the person who asks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from requests_app.desk_forms import ReasonForm
from requests_app.flows import recipients
from requests_app.views.case import act_page, read_or_send
from requests_app.views.staff import case_and_actor, posted


@require_POST
def tell(request: HttpRequest, reference: str) -> HttpResponse:
    """Writes to a recipient, or notes that somebody has told them."""
    case, actor = case_and_actor(request, reference)
    do = recipients.write if "write" in request.POST else recipients.note
    do(case, request.POST.get("recipient", ""), by=actor)
    return redirect(_back(reference))


@read_or_send
def confirmed(request: HttpRequest, reference: str, recipient: str) -> HttpResponse:
    """A recipient said that it is done, or why it cannot be."""
    case, actor = case_and_actor(request, reference)
    form = ReasonForm(posted(request))
    form.fields["text"].label = _("Who confirmed it, and how?")
    if request.method == "POST" and form.is_valid():
        recipients.confirm(case, recipient, form.cleaned_data["text"], by=actor)
        return redirect(_back(reference))
    lead = _("A name and a day are enough. If they cannot do it, write why.")
    return act_page(request, case, form, {"heading": _("They have confirmed"), "button": _("Keep it"), "lead": lead})


@require_POST
def name_to_person(request: HttpRequest, reference: str) -> HttpResponse:
    """The person asked who was told."""
    case, actor = case_and_actor(request, reference)
    recipients.name_to_person(case, by=actor)
    return redirect(_back(reference))


def _back(reference: str) -> str:
    return f"{reverse('desk:case', args=[reference])}#recipients"
