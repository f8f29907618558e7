"""A lead's decisions beside the usual road: a source that is closed, an answer in part, an appeal."""

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.kit import clock
from requests_app import folder, particulars
from requests_app.access import Actor
from requests_app.answers import spoken
from requests_app.desk_forms import ReasonForm
from requests_app.flows import appealing, erasing, lifting, shortfalls, viewing, withdrawal
from requests_app.flows.searching import NotYet
from requests_app.lead_forms import AboutForm, AppealForm, LiftForm, ShortfallForm
from requests_app.models import Case
from requests_app.models.case import Channel
from requests_app.views.case import act_page, read_or_send, with_reason
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


@read_or_send
def appeal(request: HttpRequest, reference: str) -> HttpResponse:
    """Opens an appeal that came by mail, by phone or by post."""
    case, actor = case_and_actor(request, reference)
    form = ReasonForm(posted(request))
    form.fields["text"].label = _("What does the person not agree with?")
    if request.method == "POST" and form.is_valid():
        opened = appealing.appeal(case, form.cleaned_data["text"], by=actor.key, channel=Channel.POST)
        return redirect("desk:case", opened.reference)
    lead = _("The appeal is a request of its own, with its own date from today. Somebody who had no part in the decision must decide it.")
    return act_page(request, case, form, {"heading": _("Open an appeal"), "button": _("Open the appeal"), "lead": lead})


@read_or_send
def decide_appeal(request: HttpRequest, reference: str) -> HttpResponse:
    """Upholds or overturns; first, where it is not known, which request it is about."""
    case, actor = case_and_actor(request, reference)
    if case.appeal_of is None:
        return _about(request, case, actor)
    may = appealing.may_decide(case, actor)
    form = AppealForm(posted(request)) if may or request.method == "POST" else Form()
    if request.method == "POST" and form.is_valid():
        appealing.decide(case, form.cleaned_data["verdict"], form.cleaned_data["text"], by=actor)
        return redirect("desk:case", reference)
    viewing.looked_at(case, viewing.THREAD, by=actor)
    shut = _("You had a part in the decision that is appealed against, so somebody else must decide.")
    words = {
        "heading": _("Decide the appeal"),
        "lead": "" if may else f"{shut} {appealing.deciders_words(case)}",
        "first": particulars.first_decision(case.appeal_of),
        "button": _("Decide and tell the person") if may else "",
        "thread": folder.said(case),
        "wish": particulars.wish_words(case),
    }
    return act_page(request, case, form, words)


def _about(request: HttpRequest, case: Case, actor: Actor) -> HttpResponse:
    found = [(one.reference, particulars.twin_words(one)) for one in appealing.appealable(case)]
    form = AboutForm(posted(request), cases=found)
    if request.method == "POST" and form.is_valid():
        appealing.link(case, form.cleaned_data["about"], by=actor)
        return redirect("desk:decide_appeal", case.reference)
    nothing = _("No ended request of the same confirmed address can be appealed against. Ask the person which one is meant, or refuse.")
    words = {"heading": _("Which request is it about?"), "button": _("That one") if found else "", "lead": "" if found else nothing}
    return act_page(request, case, form, words)


@read_or_send
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """The person took the request back in another way than on its page."""
    case, actor = case_and_actor(request, reference)
    lead = _("The request ends, what was gathered is destroyed, and a letter confirms it. Nothing of their data is changed.")
    words = {"heading": _("The person takes it back"), "button": _("End the request"), "lead": lead, "question": _("How did they say it?")}
    return with_reason(request, case, lambda text: withdrawal.withdraw_for(case, text, by=actor), words=words)


@read_or_send
def lift(request: HttpRequest, reference: str) -> HttpResponse:
    """First the letter, then, on its day, the end of the restriction."""
    case, actor = case_and_actor(request, reference)
    day = lifting.lifts_on(case)
    form: Form = Form() if day else LiftForm(posted(request))
    if request.method == "POST" and day:
        lifting.lift(case, by=actor)
        return redirect("desk:case", reference)
    if request.method == "POST" and form.is_valid():
        lifting.announce(case, form.cleaned_data["text"], on=form.cleaned_data["on"], by=actor)
        return redirect("desk:case", reference)
    if day:
        lead = _("The person was told that the data is used again from %(day)s. Lift it on that day or later.") % {"day": spoken(day)}
        button = _("Lift it now") if clock.today(case.organisation.timezone) >= day else ""
        return act_page(request, case, form, {"heading": _("Lift the restriction"), "button": button, "lead": lead})
    lead = _("The law wants the person to hear of it before. The letter names the day and your reason.")
    return act_page(request, case, form, {"heading": _("Lift the restriction"), "button": _("Tell the person"), "lead": lead})
