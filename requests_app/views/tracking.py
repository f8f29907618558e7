"""Following a request: find it, read it, answer, take it back."""

from contextlib import suppress

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_safe

from portal.kit import codes
from requests_app import askers, particulars, progress
from requests_app.flows import (
    appealing,
    charging,
    conversation,
    delivery,
    duplicates,
    following,
    opining,
    verification,
    waiting,
    withdrawal,
)
from requests_app.forms import CodeForm, FollowForm, MessageForm, OpinionForm
from requests_app.letters import SECRET_KINDS, TO_OTHERS
from requests_app.models import Case, Letter
from requests_app.models.letter import LetterState
from requests_app.models.opinion import Opinion
from requests_app.rules.states import State, is_over
from requests_app.rules.verification import CodeRefused
from requests_app.views import visits
from requests_app.views.frame import framed, posted, shown, unkept
from requests_app.wishes import outline_of

NOT_FOR_THEM = [*SECRET_KINDS, *TO_OTHERS]


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def track(request: HttpRequest, org: str) -> HttpResponse:
    """Reference and address. What comes next is the same whether they match or not."""
    frame = framed(request, org)
    form = FollowForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return shown(request, "track", form=form, problems=form.errors)
    if not visits.is_within_limits(request, "follow", org):
        return shown(request, "limited", 429)
    reference, address = form.cleaned_data["reference"], form.cleaned_data["email"]
    following.enquire(frame.organisation, reference, address, browser=visits.browser_of(request))
    visits.keep_claim(request, org, reference, address)
    return redirect("public:track_code", org)


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def track_code(request: HttpRequest, org: str) -> HttpResponse:
    """The code that opens the request; the same words for every ending but the right one."""
    frame = framed(request, org)
    claim = visits.claim_of(request, org)
    if claim is None:
        return redirect("public:track", org)
    form = CodeForm(posted(request))
    if request.method == "POST" and not visits.is_within_limits(request, "code", org):
        return shown(request, "limited", 429)
    if request.method == "POST" and form.is_valid():
        case = following.enter(frame.organisation, claim, form.cleaned_data["code"], browser=visits.browser_of(request))
        if case is not None:
            visits.let_in(request, case)
            return redirect("public:status", org, case.reference)
        form.add_error("code", str(progress.NOT_LET_IN))
    return shown(request, "track_code", form=form, problems=form.errors, reference=claim[0], address=claim[1])


def followed(request: HttpRequest, org: str, reference: str) -> Case | None:
    """The case, if this browser was let in to it. Missing and foreign are the same."""
    rows = Case.objects.select_related("organisation", "policy", "submission", "copy_first")
    case = rows.filter(organisation__key=org, reference=codes.normalise_reference(reference)).first()
    return case if case and visits.is_let_in(request, case) else None


def not_yours(request: HttpRequest, reference: str) -> HttpResponse:
    """What whoever was not let in sees: the way in. A request that does not exist looks the same."""
    if request.method == "POST":
        raise Http404
    return shown(request, "track", 404, form=FollowForm(initial={"reference": reference[:20]}), is_shut=True)


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def status(request: HttpRequest, org: str, reference: str) -> HttpResponse:
    """Where the request stands and what the person can do; their messages are sent from here."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        return not_yours(request, reference)
    form = MessageForm(posted(request))
    if request.method == "POST" and form.is_valid():
        conversation.say(case, form.cleaned_data["message"])
        return redirect("public:status", org, case.reference)
    return shown(request, "status", **status_words(case), form=form, problems=form.errors)


def status_words(case: Case) -> dict[str, object]:
    reckoned = progress.clock_of(case)
    rules = progress.rules_of(reckoned) if reckoned and case.state not in progress.DATELESS else []
    question = waiting.question_of(case)
    found = delivery.contents_of(case) if case.state == State.COLLECTING.value else None
    places = (sum(one.state in ("done", "nothing") for one in found.sources), len(found.sources)) if found else None
    return {
        "case": case,
        "title": progress.title_of(case),
        "stages": progress.stages(case, from_places=places),
        "ending": progress.ending_of(case),
        "is_over": is_over(State(case.state)),
        "fee": charging.asked_for(case),
        "answer_by": question.last_on if question else None,
        "is_waiting": case.state == State.WAITING.value,
        "is_closed": case.state == State.CLOSED.value,
        "may_opine": opining.may_opine(case),
        "opinions": Opinion.choices,
        "opinion": OpinionForm(),
        "may_withdraw": withdrawal.may_withdraw(case),
        "asker": askers.asker_of(case),
        "waits_for_asker": askers.is_agents(case) and not case.confirmed_at and not is_over(State(case.state)),
        "lacks_authority": askers.lacks_authority(case) and not is_over(State(case.state)),
        "wants_code": not case.confirmed_at and not is_over(State(case.state)),
        "wants_second_code": verification.wants_second_code(case) and not is_over(State(case.state)),
        "may_appeal": appealing.may_appeal(case),
        "appeals": case.appeals.all(),
        "has_outline": bool(outline_of(case)),
        "archive": delivery.archive_of(case),
        "joined_to": duplicates.joined_to(case),
        "wish": particulars.wish_words(case),
        "others": case.submission.cases.exclude(pk=case.pk),
        "reckoned": reckoned,
        "rules": rules,
        "dated": sum(rule.due is not None for rule in rules),
        "tells": any(not rule.is_numberless for rule in rules),
        "citations": progress.citations(reckoned) if reckoned else [],
        "thread": [(one, case.unseal(one.body_sealed)) for one in case.messages.order_by("-pk")],
        "letters": letters_of(case),
    }


def letters_of(case: Case) -> list[Letter]:
    """What we wrote, newest first; codes are not for keeping."""
    return list(
        case.letters.exclude(kind__in=NOT_FOR_THEM).exclude(state=LetterState.FAILED).order_by("-pk").defer("body_sealed", "html_sealed")
    )


@require_http_methods(["POST"])
@unkept
def confirm_here(request: HttpRequest, org: str, reference: str) -> HttpResponse:
    """Somebody who proved the mailbox in this browser wants to confirm in it: a code of the right kind goes out."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        raise Http404
    if askers.is_agents(case) and not case.confirmed_at:
        return redirect("public:status", org, case.reference)  # the first code is the agent's, in the agent's browser
    with suppress(CodeRefused):  # a fresh code is on its way; the next page says how to get another
        verification.send_code(case, browser=visits.browser_of(request))
    visits.remember_asked(request, org, case.submission, case)
    return redirect("public:code", org)


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def withdraw(request: HttpRequest, org: str, reference: str) -> HttpResponse:
    """A page, a button, and only then the end of the request."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        return not_yours(request, reference)
    if request.method == "POST":
        withdrawal.withdraw(case)
        return redirect("public:status", org, case.reference)
    may = withdrawal.may_withdraw(case)
    return shown(request, "withdraw", case=case, title=progress.title_of(case), may_withdraw=may, is_over=is_over(State(case.state)))


@require_safe
@unkept
def outline(request: HttpRequest, org: str, reference: str) -> HttpResponse:
    """The description that was given, for machines."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        return not_yours(request, reference)
    given = outline_of(case)
    if not given:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{case.reference}.json"'}
    return JsonResponse(given, json_dumps_params={"indent": 1, "ensure_ascii": False}, headers=headers)


@require_safe
@unkept
def letter(request: HttpRequest, org: str, reference: str, pk: int) -> HttpResponse:
    """One letter, to be read."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        return not_yours(request, reference)
    found = get_object_or_404(case.letters.exclude(kind__in=NOT_FOR_THEM), pk=pk)
    return shown(request, "letter", case=case, letter=found, body=case.unseal(found.body_sealed))


@require_safe
@unkept
def letter_pdf(request: HttpRequest, org: str, reference: str, pk: int) -> HttpResponse:
    """A formal letter as it was posted."""
    framed(request, org)
    case = followed(request, org, reference)
    if case is None:
        return not_yours(request, reference)
    found = get_object_or_404(case.letters.filter(is_formal=True).exclude(pdf_sealed=b""), pk=pk)
    pdf = case.box.open_bytes(found.pdf_sealed)
    headers = {"Content-Disposition": f'attachment; filename="{case.reference}.pdf"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)
