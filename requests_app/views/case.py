"""The page of a case and the small acts on it: owner, words, and looking closer."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.kit import clock
from requests_app import access, folder, letters, particulars
from requests_app.access import staff_of
from requests_app.chronicle import chronicle
from requests_app.desk_forms import MessageForm, NoteForm, OwnerForm, ReasonForm
from requests_app.flows import fulfilment, returning, triage, viewing, waiting
from requests_app.models import Case, Letter
from requests_app.views.staff import case_and_actor, desk_page, posted, user_of

SHOWN = "shown"  # references whose details this browser may show, each with the time it was asked
SHOWN_FOR = timedelta(minutes=10)
read_or_send = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything about one case, with one thing to do next."""
    case = access.case_for(user_of(request), reference)
    actor = access.actor_for(user_of(request), case)
    words = folder.folder(case, actor)
    return desk_page(request, "case", **words, lines=chronicle(case), is_shown=is_shown(request, case))


@require_POST
def start(request: HttpRequest, reference: str) -> HttpResponse:
    """Begins to gather, or to rehearse a deletion."""
    case, actor = case_and_actor(request, reference)
    fulfilment.start(case, by=actor.key)
    return redirect("desk:case", reference)


@read_or_send
def gather_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Looks everywhere anew, once somebody has read what that means."""
    case, actor = case_and_actor(request, reference)
    if request.method == "POST":
        fulfilment.gather_again(case, by=actor)
        return redirect("desk:case", reference)
    lead = _("What was found is thrown away, and every source is asked again. Nothing is changed in any source.")
    return act_page(request, case, Form(), {"heading": _("Ask every source again?"), "button": _("Ask again"), "lead": lead})


@require_POST
def retry(request: HttpRequest, reference: str) -> HttpResponse:
    """Asks one failed source again."""
    case, actor = case_and_actor(request, reference)
    fulfilment.retry(case, request.POST.get("source", ""), by=actor)
    return redirect("desk:case", reference)


@require_POST
def show(request: HttpRequest, reference: str) -> HttpResponse:
    """Shows personal details for ten minutes in this browser, and writes down that somebody looked."""
    case = access.case_for(user_of(request), reference)
    triage.reveal(case, by=access.actor_for(user_of(request), case))
    request.session[SHOWN] = {**request.session.get(SHOWN, {}), reference: clock.now().timestamp()}
    if request.POST.get("then") == "correct":
        return redirect("desk:correct", reference)
    return redirect(f"{_address(case)}#details")


def is_shown(request: HttpRequest, case: Case) -> bool:
    """Whether this browser has asked to see the personal details, minutes ago."""
    since = request.session.get(SHOWN, {}).get(case.reference)
    return since is not None and clock.now().timestamp() - float(since) < SHOWN_FOR.total_seconds()


def _address(case: Case) -> str:
    return redirect("desk:case", case.reference).url


@require_POST
def resume(request: HttpRequest, reference: str) -> HttpResponse:
    """Goes on without the answer, or because it came another way."""
    case, actor = case_and_actor(request, reference)
    triage.resume(case, by=actor.key)
    return redirect("desk:case", reference)


@require_POST
def chase(request: HttpRequest, reference: str) -> HttpResponse:
    """Reminds the person of our question."""
    case, actor = case_and_actor(request, reference)
    waiting.chase(case, by=actor)
    return redirect("desk:case", reference)


@read_or_send
def assign(request: HttpRequest, reference: str) -> HttpResponse:
    """Who looks after it."""
    case, actor = case_and_actor(request, reference)
    form = OwnerForm(posted(request), staff=staff_of(case.organisation), initial={"owner": case.owner_id})
    if request.method == "POST" and form.is_valid():
        triage.assign(case, form.cleaned_data["owner"], by=actor)
        return redirect("desk:case", reference)
    return act_page(request, case, form, {"heading": _("Who looks after it?"), "button": _("Save the owner")})


@read_or_send
def note(request: HttpRequest, reference: str) -> HttpResponse:
    """Something for colleagues."""
    case, actor = case_and_actor(request, reference)
    form = NoteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        triage.note(case, form.cleaned_data["text"], by=actor)
        return redirect(f"{_address(case)}#notes")
    words = {"heading": _("Add a note"), "button": _("Keep the note"), "lead": _("Colleagues read it. The person never does.")}
    return act_page(request, case, form, words)


@read_or_send
def message(request: HttpRequest, reference: str) -> HttpResponse:
    """The thread with the person, and what we say next."""
    case = access.case_for(user_of(request), reference)
    actor = access.actor_for(user_of(request), case)
    if request.method == "POST":
        case, actor = case_and_actor(request, reference)
    form = MessageForm(posted(request))
    if request.method == "POST" and form.is_valid():
        _send(case, form.cleaned_data, actor)
        return redirect("desk:message", reference)
    viewing.looked_at(case, viewing.THREAD, by=actor)
    thread = [(one, case.unseal(one.body_sealed)) for one in case.messages.all()]
    kinds = [(key, label, _hint(case, key, hint)) for key, label, hint in MessageForm.KINDS if key == "message" or folder.may_ask(case)]
    return desk_page(request, "message", case=case, actor=actor, form=form, thread=thread, kinds=kinds, **folder.heading(case))


def _hint(case: Case, kind: str, hint: Any) -> Any:
    return particulars.question_hint(case, kind) if kind in triage.QUESTIONS else hint


def _send(case: Case, said: Mapping[str, str], actor: access.Actor) -> None:
    if said["kind"] == "message":
        triage.write(case, said["text"], by=actor)
    else:
        triage.ask(case, said["text"], about=said["kind"], by=actor)


@require_safe
def letter(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """A letter as it was written. One that holds a code is read by nobody but the person."""
    case, found = _letter(request, reference, pk)
    actor = access.actor_for(user_of(request), case)
    is_secret = found.kind in letters.SECRET_KINDS
    if not is_secret:
        viewing.looked_at(case, viewing.LETTER, by=actor, letter=found)
    body = "" if is_secret else case.unseal(found.body_sealed)
    return desk_page(request, "letter", case=case, actor=actor, letter=found, body=body, is_secret=is_secret, **folder.heading(case))


@require_safe
def letter_pdf(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """The formal letter as it was sent."""
    case, found = _letter(request, reference, pk)
    if not found.pdf_sealed:
        return redirect("desk:letter", reference, pk)
    viewing.looked_at(case, viewing.LETTER, by=access.actor_for(user_of(request), case), letter=found)
    response = HttpResponse(case.box.open_bytes(found.pdf_sealed), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{case.reference}.pdf"'
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
def letter_again(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Another round of tries for a letter that did not arrive."""
    case, actor = case_and_actor(request, reference)
    returning.again(get_object_or_404(Letter, case=case, pk=pk), by=actor)
    return redirect("desk:case", reference)


@read_or_send
def letter_settle(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """A letter did not arrive, and somebody has dealt with that."""
    case, actor = case_and_actor(request, reference)
    found = get_object_or_404(Letter, case=case, pk=pk)
    lead = _("“%(letter)s” did not arrive. Say how the person knows what it said, or why that is not needed; it is kept as a note.")
    words = {
        "heading": _("Deal with a letter that did not arrive"),
        "button": _("It is dealt with"),
        "lead": lead % {"letter": found.subject},
        "question": _("How did you reach them?"),
    }
    return with_reason(request, case, lambda text: returning.settle(found, text, by=actor), words=words)


def _letter(request: HttpRequest, reference: str, pk: int) -> tuple[Case, Letter]:
    case = access.case_for(user_of(request), reference)
    return case, get_object_or_404(Letter, case=case, pk=pk)


def act_page(request: HttpRequest, case: Case, form: Any, words: Mapping[str, Any]) -> HttpResponse:
    """A small page with one question and one button."""
    status = 422 if form.is_bound and not form.is_valid() else 200
    return desk_page(request, "act", status=status, case=case, form=form, **folder.heading(case), **words)


def with_reason(request: HttpRequest, case: Case, act: Callable[[str], object], *, words: Mapping[str, Any]) -> HttpResponse:
    """An act that asks for nothing but its reason: a small page, then the act, then the page of the request."""
    form = ReasonForm(posted(request))
    if question := words.get("question"):
        form.fields["text"].label = question
    if request.method == "POST" and form.is_valid():
        act(form.cleaned_data["text"])
        return redirect("desk:case", case.reference)
    return act_page(request, case, form, words)
