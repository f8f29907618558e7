"""The acts of a lead: release, approve, refuse, take more time, answer, attest, open again."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from exports import api
from portal.kit import clock
from requests_app import access, folder, particulars
from requests_app.access import SignInAgain
from requests_app.answers import by_source
from requests_app.desk_forms import AnswerForm, ExtendForm, JoinForm, RefuseForm
from requests_app.flows import answering, closing, duplicates, erasing, fulfilment, seconding, viewing
from requests_app.flows.searching import PLANNED, NotYet
from requests_app.rules.deadlines import Clock
from requests_app.rules.extensions import extension_reasons, may_extend
from requests_app.rules.refusals import refusal_grounds
from requests_app.rules.rights import Right
from requests_app.views.case import act_page, read_or_send, with_reason
from requests_app.views.staff import case_and_actor, desk_page, posted, signed_in_at, user_of

CHOICE = "line:"


@require_POST
def release(request: HttpRequest, reference: str) -> HttpResponse:
    """Lets the copy go out."""
    case, actor = case_and_actor(request, reference)
    fulfilment.release(case, by=actor)
    return redirect("desk:case", reference)


@require_safe
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    """The rehearsal of a deletion: what would go, stay and change, and what still stands in its way."""
    case = access.case_for(user_of(request), reference)
    actor = access.actor_for(user_of(request), case, signed_in_at=signed_in_at(request))
    if case.job_id is None or case.right not in PLANNED:
        raise NotYet(_("There is no plan for this request yet. Nothing was changed."))
    view = api.plan(case.job_id)
    words: dict[str, Any] = {
        "plan": view,
        "sources": by_source(view.lines),
        "barriers": [*erasing.barriers(case), *view.blocked],
        "is_decidable": folder.is_decidable(case),
        "second": seconding.standing(case, view.digest, by=actor),
        "proofs": folder.proofs_of(case),
        "again": _sign_in_again(reference),
        "backups_on": folder.backups_on(case, view.backups_days) if case.right == Right.DELETION else None,
        "recipients": [one.name for one in case.policy.read().recipients if case.right in one.told_on],
    }
    return desk_page(request, "plan", case=case, actor=actor, **words, **folder.heading(case))


@require_POST
def settle(request: HttpRequest, reference: str) -> HttpResponse:
    """Keeps the chosen dates; the plan that follows is shown before anything can be approved."""
    case, actor = case_and_actor(request, reference)
    erasing.settle_plan(case, _choices(request), by=actor)
    return redirect("desk:plan", reference)


@require_POST
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    """Deletes, if the plan is exactly the one that was shown. Another date chosen above is a new plan: shown first."""
    case, actor = case_and_actor(request, reference)
    chosen = _choices(request)
    known = {line.key: line.chosen for line in api.plan(case.job_id).lines} if case.job_id else {}
    changed = {line: choice for line, choice in chosen.items() if known.get(line) != choice}
    if changed:
        erasing.settle_plan(case, changed, by=actor)
        return redirect("desk:plan", reference)
    try:
        erasing.approve(case, digest=request.POST.get("digest", ""), typed=request.POST.get("typed", ""), by=actor)
    except SignInAgain:
        return redirect(_sign_in_again(reference))
    return redirect("desk:case", reference)


def _choices(request: HttpRequest) -> dict[str, str]:
    return {name.removeprefix(CHOICE): str(value) for name, value in request.POST.items() if name.startswith(CHOICE)}


def _sign_in_again(reference: str) -> str:
    """Where a sign-in is made fresh, and back to the plan."""
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': reverse('desk:plan', args=[reference])})}"


@read_or_send
def extend(request: HttpRequest, reference: str) -> HttpResponse:
    """More time, once, with a reason the laws accept."""
    case, actor = case_and_actor(request, reference)
    counted = Clock.from_json(case.clock)
    may_extend(counted, clock.today(case.organisation.timezone), case.extended_at is not None)
    reasons = extension_reasons(counted)
    form = ExtendForm(posted(request), reasons=reasons)
    if request.method == "POST" and form.is_valid():
        closing.extend(case, form.cleaned_data["reason"], until=form.cleaned_data["until"], by=actor)
        return redirect("desk:case", reference)
    hints = {one.code: folder.reach(one) for one in reasons}
    lead = _("The person is told at once, with the reason. It can be done once.")
    return act_page(request, case, form, {"heading": _("Take more time"), "button": _("Tell the person"), "lead": lead, "hints": hints})


@read_or_send
def refuse(request: HttpRequest, reference: str) -> HttpResponse:
    """A refusal with its ground; an officer proposes, a lead decides."""
    case, actor = case_and_actor(request, reference)
    grounds = refusal_grounds(closing.laws_of(case), Right(case.right))
    proposed = seconding.proposal_of(case)
    first = proposed.ground if proposed and proposed.actor != actor.key else ""
    form = RefuseForm(posted(request), grounds=grounds, proposed=first, initial={"ground": first})
    if request.method == "POST" and form.is_valid():
        decide = closing.propose_refusal if "propose" in request.POST else closing.refuse
        decide(case, form.cleaned_data["ground"], form.cleaned_data["text"], by=actor)
        return redirect("desk:case", reference)
    words = {
        "heading": _("Refuse this request"),
        "lead": _("The person reads the ground, where it stands in law, and where to complain. What was gathered is destroyed."),
        "button": _("Refuse and tell the person") if actor.decides else "",
        "second": _("Propose it to a lead") if not actor.decides else _("Ask a colleague to decide"),
        "hints": {one.code: folder.weight(one) for one in grounds},
        "shown": closing.evidence_of(case, other_than=actor) if first else "",
    }
    return act_page(request, case, form, words)


@read_or_send
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """Decides a right that is not gathered."""
    case, actor = case_and_actor(request, reference)
    uses = particulars.uses_of(case)
    pauses = case.right == Right.RESTRICTION
    form = AnswerForm(posted(request), uses=uses, pauses=pauses, initial=particulars.first_words(case))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answering.answer(case, said["text"], outcome=said["outcome"], stops=said.get("stops", ()), by=actor)
        return redirect("desk:case", reference)
    viewing.looked_at(case, viewing.THREAD, by=actor)
    words = {"heading": folder.question_of(case), "button": _("Answer the person"), "thread": folder.said(case)}
    return act_page(request, case, form, {**words, "wish": particulars.wish_words(case), "access": answering.access_of(case)})


@read_or_send
def join(request: HttpRequest, reference: str) -> HttpResponse:
    """Ends a request that was sent twice, and points to the other one."""
    case, actor = case_and_actor(request, reference)
    twins = duplicates.twins_of(case)
    listed = [(one.reference, particulars.twin_words(one)) for one in twins]
    form = JoinForm(posted(request), twins=listed, initial={"other": listed[0][0] if listed else ""})
    if request.method == "POST" and form.is_valid():
        duplicates.join(case, form.cleaned_data["other"], by=actor)
        return redirect("desk:case", reference)
    lead = _("This request ends, and a letter points the person to the other one. The other one goes on with its own date.")
    button = _("Mark as a duplicate") if listed else ""
    return act_page(request, case, form, {"heading": _("Is this the same request?"), "button": button, "lead": lead})


@read_or_send
def attest(request: HttpRequest, reference: str) -> HttpResponse:
    """Says, with a name under it, that no backup holds the data any more."""
    case, actor = case_and_actor(request, reference)
    lead = _("Your name stands under it, and the person is told that the last backup has gone.")
    words = {"heading": _("Attest the backups"), "button": _("The backups are gone"), "lead": lead, "question": _("How do you know?")}
    return with_reason(request, case, lambda text: closing.attest_backups(case, text, by=actor), words=words)


@read_or_send
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """Takes a closed case up again."""
    case, actor = case_and_actor(request, reference)
    words = {"heading": _("Open it again"), "button": _("Open the request again")}
    return with_reason(request, case, lambda text: closing.reopen(case, text, by=actor), words=words)


@require_safe
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """What was done, place by place, and how anybody can check it."""
    case = access.case_for(user_of(request), reference)
    actor = access.actor_for(user_of(request), case)
    viewing.looked_at(case, viewing.RECEIPT, by=actor)
    return desk_page(request, "receipt", case=case, actor=actor, **folder.receipt(case), **folder.heading(case))


@require_safe
def receipt_json(request: HttpRequest, reference: str) -> HttpResponse:
    """The signed receipt as a file, for `verify_receipt`."""
    case = access.case_for(user_of(request), reference)
    signed = folder.signed_receipt(case)
    viewing.looked_at(case, viewing.RECEIPT, by=access.actor_for(user_of(request), case))
    response = HttpResponse(json.dumps(signed, indent=1, ensure_ascii=False), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{case.reference}-receipt.json"'
    response["Cache-Control"] = "no-store, private"
    return response
