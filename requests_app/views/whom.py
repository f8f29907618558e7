"""Whom a request is about, and who asks. Nobody is turned away by these pages, whatever they answer."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.organisations.promises import PolicyDocument
from requests_app.asker_forms import AskerForm, WhomForm
from requests_app.journey import Journey
from requests_app.models.case import AskedBy
from requests_app.views.frame import Frame, posted, shown
from requests_app.views.questions import go_on


def whom_choices(promises: PolicyDocument) -> list[tuple[str, str, str]]:
    """Who can be meant: value, words, hint. The line for the young stands only where the policy names an age."""
    age = promises.minimum_age
    young = _("Me, and I am under %(age)s") % {"age": age}
    return [
        (AskedBy.SELF.value, _("Me"), ""),
        *([(AskedBy.CHILD.value, young, _("You can ask yourself. A person reads it."))] if age is not None else []),
        (
            AskedBy.GUARDIAN.value,
            _("My child, or somebody I care for"),
            _("Before we look for anything, a person here makes sure that you may ask for them."),
        ),
        (AskedBy.AGENT.value, _("Somebody who asked me to act for them"), _("We write to them too, and start once they say yes.")),
    ]


def ask_whom(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """Whom it is about."""
    choices = whom_choices(frame.promises)
    form = WhomForm([(value, title) for value, title, _hint in choices], posted(request), initial={"whom": trip.draft.whom})
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["whom"] != trip.draft.whom:
            trip.draft.own = {}
        trip.draft.whom = form.cleaned_data["whom"]
        return go_on(request, frame, trip.draft)
    words: dict[str, Any] = {"choices": choices, "chosen": form["whom"].value(), "age": frame.promises.minimum_age}
    return shown(request, "whom", form=form, problems=form.errors, journey=trip, **words)


def ask_asker(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """Who asks for somebody else."""
    form = AskerForm(trip.draft.whom, posted(request), initial=trip.draft.own)
    if request.method == "POST" and form.is_valid():
        trip.draft.own = {name: value for name, value in form.cleaned_data.items() if value}
        return go_on(request, frame, trip.draft)
    chosen = form["capacity"].value() if "capacity" in form.fields else ""
    is_agents = trip.draft.whom == AskedBy.AGENT.value
    return shown(request, "asker", form=form, problems=form.errors, journey=trip, chosen=chosen, is_agents=is_agents)
