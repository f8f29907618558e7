"""Two people on one plan, and what must stay for now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from requests_app.flows import holding, seconding
from requests_app.lead_forms import HoldForm
from requests_app.views.case import act_page, read_or_send, with_reason
from requests_app.views.staff import case_and_actor, posted


@require_POST
def agree(request: HttpRequest, reference: str) -> HttpResponse:
    """The first of two people agrees with exactly the plan that was shown."""
    case, actor = case_and_actor(request, reference)
    seconding.agree(case, request.POST.get("digest", ""), by=actor)
    return redirect("desk:plan", reference)


@read_or_send
def hold(request: HttpRequest, reference: str) -> HttpResponse:
    """Holds a line of the plan, or the whole request."""
    case, actor = case_and_actor(request, reference)
    lines = holding.lines_to_hold(case)
    form = HoldForm(posted(request), lines=lines, initial={"line": request.GET.get("line", "")})
    if request.method == "POST" and form.is_valid():
        holding.hold(case, form.cleaned_data["line"], form.terms, by=actor)
        return redirect("desk:case", reference)
    lead = _("What is held stays, and plan, receipt and letter say so. No day ends a hold: a lead lets it go.")
    return act_page(request, case, form, {"heading": _("Legal hold"), "button": _("Hold it"), "lead": lead})


@read_or_send
def let_go(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Ends a hold."""
    case, actor = case_and_actor(request, reference)
    lead = _(
        "A plan is rehearsed again. What a deletion has put off or kept goes on its day, or within a minute if that day is over; "
        "only where its rows cannot be told apart is the deletion opened again."
    )
    words = {"heading": _("Let it go?"), "button": _("Let it go"), "lead": lead}
    return with_reason(request, case, lambda text: holding.let_go(case, pk, text, by=actor), words=words)
