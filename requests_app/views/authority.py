"""An officer writes down what showed that somebody may ask for the person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.masking import mask_email
from requests_app import askers
from requests_app.asker_forms import EvidenceForm
from requests_app.flows import authority
from requests_app.flows.authority import AuthorityRefused
from requests_app.views.case import act_page, read_or_send
from requests_app.views.staff import case_and_actor, posted


@read_or_send
def check(request: HttpRequest, reference: str) -> HttpResponse:
    """What was seen, when, and what it shows. Nothing is searched before."""
    case, actor = case_and_actor(request, reference)
    asker, address = askers.asker_of(case), askers.own_address(case)
    if asker is None or not askers.lacks_authority(case):
        raise AuthorityRefused(_("Nobody asks for somebody else here, or it was settled already. Nothing was changed."))
    today = clock.today(case.organisation.timezone)
    is_agents = askers.is_agents(case)
    form = EvidenceForm(posted(request), today=today, address=mask_email(address), is_agents=is_agents, initial={"seen_on": today})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        to_agent = "to_agent" in said["shows"]
        authority.record_seen(case, said["text"], seen_on=said["seen_on"], by=actor, to_agent=to_agent)
        return redirect("desk:case", reference)
    words = {
        "heading": _("Check who may ask"),
        "button": _("They may ask"),
        "lead": _("%(capacity)s. Ask in the messages for what shows it. Whoever may not ask is refused.") % {"capacity": asker.title},
    }
    return act_page(request, case, form, words)
