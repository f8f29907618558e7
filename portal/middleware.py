"""Two walls around every view: staff pages need a sign-in, and a refusal becomes a page that says what was not changed."""

import logging
from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse, RateLimited, ReauthenticationRequired
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from exports.api import EngineRefusal, is_behind
from portal.backwards import way_back
from portal.kit.crypto import Sealed
from portal.kit.waits import is_lock_wait
from requests_app.rules.errors import RuleError

log = logging.getLogger("habeas.doors")
OPEN_NAMESPACES = {"public", "open"}


class PrivateByDefault(LoginRequiredMiddleware):
    """Everything needs a sign-in except the public pages; those never even look at who is signed in."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: tuple[Any, ...], view_kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if request.resolver_match and request.resolver_match.namespace in OPEN_NAMESPACES:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class NotBeforeReplay:
    """After a restore nothing is shown until the erasures that were done since have been run again. Machines may ask how we are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in ("/healthz", "/readyz", "/metrics") or not is_behind():
            return self.get_response(request)
        sentence = gettext(
            "This service was restored from a backup. What was deleted since the backup was made is being deleted again. "
            "Until then nothing is shown and nothing is taken. Please come back later."
        )
        response = render(request, "public/refused.html", {"sentence": sentence}, status=503)
        response["Retry-After"] = "120"
        return response


# Ways of answering, not failures: Django or allauth turns each into a page.
NO_FAILURE = (Http404, PermissionDenied, ImmediateHttpResponse, ReauthenticationRequired, RateLimited)


class RefusalPages:
    """The rules or the engine said no: the person reads the sentence, on a page in the look of where they were."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        view = request.resolver_match.view_name if request.resolver_match else "no view"
        if isinstance(problem, RuleError | EngineRefusal | Sealed):
            log.info("A page refused: %s at %s", type(problem).__name__, view)
            return refused(request, str(problem))
        if isinstance(problem, NO_FAILURE):
            return None
        if is_lock_wait(problem):
            log.info("A page waited too long: %s", view)
            return refused(request, gettext("Too much is going on at this moment. Nothing was changed. Send it once more."), 503)
        log.error("A page failed: %s at %s", type(problem).__name__, view, exc_info=problem)
        return None


def refused(request: HttpRequest, sentence: str, status: int = 409) -> HttpResponse:
    """The page of a refused act."""
    side = "desk" if request.path.startswith("/desk/") else "public"
    return render(request, f"{side}/refused.html", {"sentence": sentence, "back": way_back(request)}, status=status)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was left open too long, or that another site sent."""
    sentence = gettext("This page was open for too long. Nothing was changed. Go back, load the page again and send it once more.")
    return refused(request, sentence, 403)
