"""The pages for what is not there and what went wrong. They say the same to everybody."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Missing and forbidden look the same to outsiders."""
    return render(request, _page(request, "missing"), status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Something broke; answers that were given are kept in the session."""
    return render(request, _page(request, "failed"), status=500)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was sent cannot be taken: too much of it, or not from here. Who sent it may not be known yet, so the page asks for nobody."""
    if isinstance(exception, TOO_MUCH):
        sentence = gettext("That is more than this page takes. Nothing was changed. Go back and send a shorter text.")
        return render(request, "public/refused.html", {"sentence": sentence}, status=413)
    sentence = gettext("We could not read what was sent. Nothing was changed. Go back, load the page again and send it once more.")
    return render(request, "public/refused.html", {"sentence": sentence}, status=400)


def _page(request: HttpRequest, name: str) -> str:
    return f"desk/{name}.html" if request.path.startswith("/desk/") else f"public/{name}.html"
