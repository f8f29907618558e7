"""The person is asked whether somebody may act for them. A link is no consent: a button, and a code typed here, are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from requests_app import askers, journey
from requests_app.asker_forms import TO_AGENT, AllowForm
from requests_app.flows import authority, challenges
from requests_app.flows.challenges import Outcome
from requests_app.models import Challenge
from requests_app.models.challenge import Purpose
from requests_app.rules.rights import Right
from requests_app.rules.states import State, is_over
from requests_app.rules.verification import CODE_MINUTES, LINK_DAYS, CodeRefused
from requests_app.views import visits
from requests_app.views.confirming import WORDS
from requests_app.views.frame import Frame, framed, posted, shown, unkept
from requests_app.views.links import hide_token, linked


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def allow(request: HttpRequest, org: str, token: str = "") -> HttpResponse:
    """The link of the letter to the person. Looking at it changes nothing and spends nothing: only the buttons do."""
    frame = framed(request, org)
    if token:
        return hide_token("public:allow", org, token) if request.method != "POST" else redirect("public:allow", org)
    challenge = linked(request, org, Purpose.AUTHORISE)
    if challenge is None:
        return shown(request, "link_unknown", 404)
    outcome = challenges.standing(challenge, browser=challenge.browser_hash)
    if outcome is Outcome.RIGHT and is_over(State(challenge.case.state)):
        outcome = Outcome.USED
    if outcome is not Outcome.RIGHT:
        return _over(request, challenge, outcome)
    if request.method == "POST" and not visits.is_within_limits(request, "code", org):
        return shown(request, "limited", 429)
    if "no" in request.POST:
        authority.deny(challenge)
        return shown(request, "not_allowed")
    return _decide(request, frame, challenge)


def _over(request: HttpRequest, challenge: Challenge, outcome: Outcome) -> HttpResponse:
    """The link is too old or was used; too old a one is sent again, to the same address."""
    is_invited = outcome is Outcome.EXPIRED
    words: dict[str, object] = {"outcome": outcome.value, "minutes": CODE_MINUTES, "days": LINK_DAYS, "is_invited": is_invited}
    if not is_invited or request.method != "POST":
        return shown(request, "link_over", 410, **words)
    try:
        authority.ask_person_again(challenge.case, browser="")
    except CodeRefused as refusal:
        return shown(request, "link_over", 410, refusal=str(refusal), **words)
    return shown(request, "link_over", was_sent=True, **words)


def _decide(request: HttpRequest, frame: Frame, challenge: Challenge) -> HttpResponse:
    case, browser = challenge.case, visits.browser_of(request) if request.method == "POST" else visits.known_browser(request)
    if not authority.was_asked_here(case, browser=browser):
        if request.method != "POST":
            return _page(request, frame, challenge, AllowForm())
        authority.ask_person(challenge, browser=browser)
        return redirect("public:allow", frame.organisation.key)
    if "again" in request.POST:
        return _send_another(request, frame, challenge)
    form = AllowForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return _page(request, frame, challenge, form, is_asked=True)
    to_agent = form.cleaned_data["answer"] == TO_AGENT
    outcome = authority.allow(case, form.cleaned_data["code"], browser=browser, to_agent=to_agent)
    if outcome is not Outcome.RIGHT:
        form.add_error("code", str(WORDS[outcome]))
        return _page(request, frame, challenge, form, is_asked=True)
    visits.remember_asked(request, frame.organisation.key, case.submission, case)
    visits.let_in(request, case)
    return redirect("public:status", frame.organisation.key, case.reference)


def _send_another(request: HttpRequest, frame: Frame, challenge: Challenge) -> HttpResponse:
    try:
        authority.ask_person_again(challenge.case, browser=visits.browser_of(request))
    except CodeRefused as refusal:
        return _page(request, frame, challenge, AllowForm(), is_asked=True, refusal=str(refusal))
    return _page(request, frame, challenge, AllowForm(), is_asked=True, was_sent=True)


def _page(request: HttpRequest, frame: Frame, challenge: Challenge, form: AllowForm, **words: object) -> HttpResponse:
    case = challenge.case
    return shown(
        request,
        "allow",
        form=form,
        problems=form.errors,
        case=case,
        right=journey.right_words(frame.promises, Right(case.right)),
        asker=askers.asker_of(case),
        address=challenges.address_of(case, Purpose.AUTHORISE),
        chosen=form["answer"].value(),
        **words,
    )
