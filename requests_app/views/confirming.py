"""Codes and links: the request is confirmed, or a page says in plain words why not."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from requests_app import askers, fates, journey
from requests_app.flows import challenges, duplicates, verification
from requests_app.flows.challenges import Outcome
from requests_app.flows.verification import LinkLeads
from requests_app.forms import CodeForm
from requests_app.journey import Draft, Journey
from requests_app.models import Case, Challenge
from requests_app.models.challenge import Purpose
from requests_app.rules.rights import GATHERED, Right
from requests_app.rules.states import State, is_over
from requests_app.rules.verification import CODE_MINUTES, LINK_DAYS, CodeRefused, needs_no_proof
from requests_app.views import visits
from requests_app.views.frame import Frame, framed, shown, unkept
from requests_app.views.links import hide_token, linked
from requests_app.wishes import wish_of

WORDS: dict[Outcome, Promise | str] = {
    Outcome.WRONG: gettext_lazy("That is not the code we sent. Check it, or send another one."),
    Outcome.REPLACED: gettext_lazy("We have sent a newer code since. Enter the newest one."),
    Outcome.EXPIRED: gettext_lazy("That code has expired. We can send another."),
    Outcome.USED: gettext_lazy("That code was used already. We can send another."),
    Outcome.LOCKED: gettext_lazy("That was the fifth wrong try, so this code no longer works. We can send another."),
    Outcome.FOREIGN: gettext_lazy("This code belongs to another browser. Enter it where you asked, or send another one here."),
}
CASES = Case.objects.select_related("organisation", "policy", "submission")


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def code(request: HttpRequest, org: str) -> HttpResponse:
    """The emailed code, and after it, for a deletion, the second one."""
    frame = framed(request, org)
    case = _asked_case(request, org)
    if case is None or (is_over(State(case.state)) and not case.confirmed_at):
        return shown(request, "code_lost", 404)
    if askers.is_agents(case) and not case.confirmed_at and visits.is_let_in(request, case):
        return redirect("public:status", org, case.reference)  # the person: what is still to be typed is the agent's
    if askers.is_agents(case) and askers.is_asker_proved(case) and not visits.is_let_in(request, case):
        return redirect("public:done", org)
    is_over_with = bool(case.confirmed_at) and not verification.wants_second_code(case)
    if request.method != "POST":
        return redirect("public:done", org) if is_over_with else _code_page(request, frame, case, CodeForm())
    if not visits.is_within_limits(request, "code", org):
        return shown(request, "limited", 429)
    if is_over_with:
        return _pressed_twice(request, case) or redirect("public:done", org)
    if "different" in request.POST and not case.confirmed_at:
        return _ask_again(request, case)
    return _send_another(request, frame, case) if "again" in request.POST else _try(request, frame, case)


def _asked_case(request: HttpRequest, org: str) -> Case | None:
    sent = visits.asked(request.session, org)
    return CASES.filter(pk=sent[1], organisation__key=org).first() if sent else None


def _try(request: HttpRequest, frame: Frame, case: Case) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, frame, case, form)
    if twice := _pressed_twice(request, case):
        return twice
    is_second = verification.wants_second_code(case)
    confirm = verification.confirm_again if is_second else verification.confirm_by_code
    outcome = confirm(case, form.cleaned_data["code"], browser=visits.browser_of(request))
    if outcome is Outcome.USED and (twice := _pressed_twice(request, case)):
        return twice  # the first press was still at work when this one began
    if outcome is not Outcome.RIGHT:
        form.add_error("code", str(WORDS[outcome]))
        return _code_page(request, frame, case, form)
    _let_in(request, case)
    return redirect("public:code", frame.organisation.key)


def _pressed_twice(request: HttpRequest, case: Case) -> HttpResponse | None:
    """Whoever pressed the button twice sent the right code twice, and ends where the first press led."""
    if not verification.was_just_confirmed(case, request.POST.get("code", "")[:100], browser=visits.browser_of(request)):
        return None
    _let_in(request, case)
    return redirect("public:code", case.organisation.key)


def _let_in(request: HttpRequest, case: Case) -> None:
    """Whoever asked sees the request from here on. An agent sees nothing of it before the person has said so."""
    if not askers.is_agents(case):
        visits.let_in(request, case)


def _ask_again(request: HttpRequest, case: Case) -> HttpResponse:
    """A mistyped address: the same answers again, as a new draft. The first request ends by itself, unconfirmed."""
    found = {"name": case.name, "country": case.country, **{one.kind: one.value for one in case.identifiers.all()}}
    own, asker = found.pop(askers.ADDRESS, ""), askers.asker_of(case)
    draft = Draft.again(case.right, found, wish_of(case))
    draft.whom = case.asked_by
    if asker:
        draft.own = {"own_name": asker.name, "own_email": own, "capacity": asker.capacity}
    draft.copy_first = case.copy_first_id is not None
    journey.keep_draft(request.session, case.organisation.key, draft)
    return redirect("public:ask", case.organisation.key, journey.ASKER if asker else journey.FIND_YOU)


def _send_another(request: HttpRequest, frame: Frame, case: Case) -> HttpResponse:
    form = CodeForm()
    try:
        verification.send_code(case, browser=visits.browser_of(request))
    except CodeRefused as refusal:
        return _code_page(request, frame, case, form, refusal=str(refusal))
    return _code_page(request, frame, case, form, was_sent=True)


def _code_page(request: HttpRequest, frame: Frame, case: Case, form: CodeForm, **notes: object) -> HttpResponse:
    is_second = verification.wants_second_code(case)
    return shown(
        request,
        "code_again" if is_second else "code",
        form=form,
        problems=form.errors,
        case=case,
        address=challenges.address_of(case, Purpose.CONFIRM_AGAIN if is_second else Purpose.CONFIRM),
        ledger=fates.ledger(frame.promises, frame.today) if is_second else None,
        journey=Journey(frame.promises, Draft(right=case.right), journey.CODE),
        **notes,
    )


@require_safe
@unkept
def done(request: HttpRequest, org: str) -> HttpResponse:
    """The date and the reference: what people print or write down."""
    frame = framed(request, org)
    case = _asked_case(request, org)
    if case and askers.is_agents(case) and askers.is_asker_proved(case) and not visits.is_let_in(request, case):
        return shown(request, "done_agent", case=case, right=journey.right_words(frame.promises, Right(case.right)))
    is_unproved = case is not None and needs_no_proof(Right(case.right))
    if case is None or not (is_unproved or visits.is_let_in(request, case)):
        return redirect("public:track", org)
    if verification.wants_second_code(case):
        return redirect("public:code", org)
    ledger = fates.ledger(frame.promises, frame.today) if Right(case.right) is Right.DELETION else None
    days, promise = frame.promises.backups_days, frame.promises.rights.get(case.right)
    return shown(
        request,
        "done",
        case=case,
        copy=case.copy_first,
        right=journey.right_words(frame.promises, Right(case.right)),
        address=askers.reader_address(case),
        asker=askers.asker_of(case),
        lacks_authority=askers.lacks_authority(case),
        is_outline=wish_of(case).outline,
        ledger=ledger,
        twins=duplicates.twins_of(case),
        is_decided=case.right not in GATHERED,
        is_unproved=is_unproved,
        is_automatic=promise is not None and promise.automatic_release,
        backups_clear=case.due_on + timedelta(days=days) if ledger and days and case.due_on else None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def confirm(request: HttpRequest, org: str, token: str = "") -> HttpResponse:
    """The link of a letter. Looking at it changes nothing and spends nothing: only the button does."""
    frame = framed(request, org)
    if token:
        return hide_token("public:confirm", org, token) if request.method != "POST" else redirect("public:confirm", org)
    challenge = linked(request, org, Purpose.CONFIRM)
    if challenge is None:
        return shown(request, "link_unknown", 404)
    outcome = challenges.standing(challenge, browser=challenge.browser_hash)
    if outcome is not Outcome.RIGHT:
        return _over(request, challenge, outcome)
    leading = verification.leads(challenge, browser=visits.browser_of(request) if request.method == "POST" else "")
    if request.method != "POST" or leading is LinkLeads.BACK:
        right = journey.right_words(frame.promises, Right(challenge.case.right))
        return shown(request, "link", leads=leading.value, right=right, case=challenge.case)
    return _pressed(request, challenge)


def _over(request: HttpRequest, challenge: Challenge, outcome: Outcome) -> HttpResponse:
    """The link is too old or was used. Whoever asked by mail has no page to go back to: they can have a new link."""
    is_invited = outcome is Outcome.EXPIRED and verification.may_invite_again(challenge)
    words: dict[str, object] = {"outcome": outcome.value, "minutes": CODE_MINUTES, "days": LINK_DAYS, "is_invited": is_invited}
    if is_invited and request.method == "POST":
        try:
            verification.invite_again(challenge)
        except CodeRefused as refusal:
            return shown(request, "link_over", 410, refusal=str(refusal), **words)
        return shown(request, "link_over", was_sent=True, **words)
    return shown(request, "link_over", 410, **words)


def _pressed(request: HttpRequest, challenge: Challenge) -> HttpResponse:
    case, org = challenge.case, challenge.case.organisation.key
    outcome = verification.confirm_by_link(challenge, browser=visits.browser_of(request))
    if outcome is not Outcome.RIGHT:
        return _over(request, challenge, outcome)
    visits.remember_asked(request, org, case.submission, case)
    case.refresh_from_db()
    if case.confirmed_at:
        _let_in(request, case)
    return redirect("public:code", org)
