"""A fee for a further request: what the laws say, and the letter that announces it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from requests_app.fee_forms import FeeForm
from requests_app.flows import charging
from requests_app.flows.charging import Fee
from requests_app.rules.fees import Circumstance, FeeRefused
from requests_app.views.case import act_page, read_or_send
from requests_app.views.staff import case_and_actor, posted


@read_or_send
def fee(request: HttpRequest, reference: str) -> HttpResponse:
    """Announces a fee, where the policy and every law allow one."""
    case, actor = case_and_actor(request, reference)
    standing = charging.standing_of(case, charging.AT_WORST)
    if standing is None or not standing.may_announce:
        raise FeeRefused(_("No fee can be asked for this request: it is free of charge. Nothing was changed."))
    form = FeeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        said, found = form.cleaned_data, form.cleaned_data["found"]
        facts = Circumstance(is_excessive="excessive" in found, is_further_copy="further_copy" in found)
        charging.announce(case, Fee(said["amount"], said["text"], said["how"]), by=actor, found=facts)
        return redirect("desk:case", reference)
    earlier = ngettext(
        "%(count)d earlier request was answered in %(months)d months.",
        "%(count)d earlier requests were answered in %(months)d months.",
        standing.earlier,
    ) % {"count": standing.earlier, "months": standing.price.months}
    lead = f"{earlier} {_('The person is told first, and the date does not wait for the fee.')}"
    words = {"heading": _("Announce a fee"), "button": _("Tell the person"), "lead": lead, "laws": standing.price.rule.sentences}
    return act_page(request, case, form, words)


@require_POST
def settle(request: HttpRequest, reference: str) -> HttpResponse:
    """The fee was paid, or is waived."""
    case, actor = case_and_actor(request, reference)
    charging.settle(case, waived="waived" in request.POST, by=actor)
    return redirect("desk:case", reference)
