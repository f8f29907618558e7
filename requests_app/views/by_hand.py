"""Where people answer whom we asked to look or to delete by hand: through the link of a mail, or at the desk."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from exports import api
from exports.api import EngineRefusal, HandView
from portal.kit import crypto
from portal.kit.crypto import Sealed
from requests_app import folder
from requests_app.flows import by_hand
from requests_app.hand_forms import HandForm
from requests_app.rules.errors import RuleError
from requests_app.views import visits
from requests_app.views.case import read_or_send
from requests_app.views.frame import framed, shown, unkept
from requests_app.views.staff import case_and_actor, desk_page

LINK = "by_hand"
LINK_SECONDS = 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def link(request: HttpRequest, org: str, token: str = "") -> HttpResponse:
    """The link of a mail. Looking at it changes nothing and shows nobody; the button shows whom it is about, and is counted."""
    framed(request, org)
    if token:
        return _hide_token(org, token) if request.method != "POST" else redirect("public:by_hand_open", org)
    task = _linked(request, org)
    case = by_hand.case_of(task) if task else None
    if task is None or case is None or case.organisation.key != org:
        return shown(request, "by_hand_over", 404)
    if request.method != "POST":
        return shown(request, "by_hand", task=task, is_open=False)
    if not visits.is_within_limits(request, "code", org):
        return shown(request, "limited", 429)
    if "said" not in request.POST and "name" not in request.POST:
        api.count_opening(task.id)
        return shown(request, "by_hand", task=task, is_open=True, form=HandForm(task=task))
    form = HandForm(request.POST, request.FILES, task=task)
    refusal = ""
    if form.is_valid():
        try:
            by_hand.answer(case, task, form.answer(by_link=True), by=None)
        except (EngineRefusal, RuleError) as problem:
            refusal = str(problem)
        else:
            return _thanked(request, org)
    return shown(request, "by_hand", 422, task=task, is_open=True, form=form, problems=form.errors, refusal=refusal)


def _thanked(request: HttpRequest, org: str) -> HttpResponse:
    response = shown(request, "by_hand_over", is_answered=True)
    response.delete_cookie(LINK, path=reverse("public:by_hand_open", args=[org]))
    return response


def _hide_token(org: str, token: str) -> HttpResponse:
    """The token leaves the address at once: it would stand in the history, in logs and on the screen."""
    response = redirect("public:by_hand_open", org)
    sealed = crypto.installation_box(LINK).seal(token[:100], context=org).hex()
    path = reverse("public:by_hand_open", args=[org])
    secure = bool(settings.SESSION_COOKIE_SECURE)
    response.set_cookie(LINK, sealed, LINK_SECONDS, path=path, httponly=True, samesite="Lax", secure=secure)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _linked(request: HttpRequest, org: str) -> HandView | None:
    try:
        token = crypto.installation_box(LINK).unseal(bytes.fromhex(request.COOKIES.get(LINK, "")), context=org)
    except (Sealed, ValueError):
        return None
    return api.by_link(token)


@read_or_send
def answer(request: HttpRequest, reference: str, task: UUID) -> HttpResponse:
    """Somebody at the desk answers, writes once more, or closes the link."""
    case, actor = case_and_actor(request, reference)
    asked = by_hand.task_of(case, task)
    form = HandForm(request.POST, request.FILES, task=asked) if request.method == "POST" else HandForm(task=asked)
    refusal = ""
    if request.method == "POST" and {"again", "close"} & set(request.POST):
        (by_hand.ask_again if "again" in request.POST else by_hand.close_link)(case, asked, by=actor)
        return redirect("desk:case", reference)
    if request.method == "POST" and form.is_valid():
        try:
            by_hand.answer(case, asked, form.answer(by_link=False), by=actor)
        except EngineRefusal as problem:
            refusal = str(problem)
        else:
            return redirect("desk:case", reference)
    status = 422 if request.method == "POST" else 200
    words = {"case": case, "form": form, "task": asked, "refusal": refusal, **folder.heading(case)}
    return desk_page(request, "by_hand", status=status, **words)
