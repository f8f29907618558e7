"""A correction at the desk: what was asked, what stands there, and a decision on each."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from exports import api
from requests_app import access, folder, particulars
from requests_app.desk_forms import CorrectionForm
from requests_app.flows import correcting, viewing
from requests_app.flows.correcting import ACCEPT, REASONS, Decision
from requests_app.flows.searching import NotYet
from requests_app.rules.rights import Right
from requests_app.views.case import act_page, is_shown, read_or_send
from requests_app.views.staff import case_and_actor, desk_page, posted, user_of
from requests_app.wishes import OTHER, Wanted, wish_of


@require_safe
def correct(request: HttpRequest, reference: str) -> HttpResponse:
    """Each wish with what stands there now. The values are shown once somebody asked to see them, which is recorded."""
    case = access.case_for(user_of(request), reference)
    if case.right != Right.CORRECTION:
        raise NotYet(_("This request is not for a correction. Nothing was changed."))
    found, chosen = correcting.found_for(case), particulars.decided(case)
    wishes = [(number, wanted, found.get(number), chosen.get(number)) for number, wanted in enumerate(wish_of(case).corrections)]
    words: dict[str, Any] = {
        "actor": access.actor_for(user_of(request), case),
        "wishes": wishes,
        "trouble": api.progress(case.job_id).error if case.job_id else "",
        "digest": api.correction(case.job_id).digest if case.job_id and found else "",
        "reasons": list(REASONS.items()),
        "is_shown": is_shown(request, case),
        "is_decidable": folder.is_decidable(case),
        "has_failed": particulars.has_failed(case),
    }
    return desk_page(request, "correct", case=case, **words, **folder.heading(case))


@require_POST
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """Carries out what was accepted, and answers."""
    case, actor = case_and_actor(request, reference)
    total = len(wish_of(case).corrections)
    correcting.decide(case, _decisions(request.POST, total), digest=request.POST.get("digest", ""), by=actor)
    return redirect("desk:case", reference)


def _decisions(typed: QueryDict, total: int) -> dict[int, Decision]:
    return {number: _decision(typed, number) for number in range(total) if f"verdict:{number}" in typed}


def _decision(typed: QueryDict, number: int) -> Decision:
    verdict = typed.get(f"verdict:{number}", "")
    rows = tuple(int(row) for row in typed.getlist(f"row:{number}") if row.isdigit()) if verdict == ACCEPT else ()
    return Decision(verdict, rows, typed.get(f"reason:{number}", ""), typed.get(f"words:{number}", "").strip()[:2000])


@read_or_send
def add(request: HttpRequest, reference: str) -> HttpResponse:
    """Writes down what should be corrected, as the person said it."""
    case, actor = case_and_actor(request, reference)
    if case.right != Right.CORRECTION:
        raise Http404
    listed = [(one.key, f"{one.title} ({one.place})") for one in api.correctable(case.organisation, case.policy.read())]
    form = CorrectionForm(posted(request), things=[*listed, (OTHER, _("Something else"))])
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        title = said["title"] if said["thing"] == OTHER else ""
        correcting.add(case, Wanted(said["thing"], title, said["new"], said["old"], said["evidence"]), by=actor)
        return redirect("desk:case", reference)
    viewing.looked_at(case, viewing.THREAD, by=actor)
    words = {"heading": _("Write down a correction"), "button": _("Keep the correction"), "thread": folder.said(case)}
    return act_page(request, case, form, words)
