"""The pages for what is not there and what went wrong. They say the same to everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Missing and forbidden look the same to outsiders."""
    return render(request, _page(request, "missing"), status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Something broke; answers that were given are kept in the session."""
    return render(request, _page(request, "failed"), status=500)


def _page(request: HttpRequest, name: str) -> str:
    return f"desk/{name}.html" if request.path.startswith("/desk/") else f"public/{name}.html"
