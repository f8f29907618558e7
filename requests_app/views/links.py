"""Links of letters: the token leaves the address at once and waits, sealed, in a cookie of the page that it belongs to."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from portal.kit import codes, crypto
from portal.kit.crypto import Sealed
from requests_app.models import Challenge

LINK = "link"
LINK_SECONDS = 10 * 60


def hide_token(page: str, org: str, token: str) -> HttpResponse:
    """The token leaves the address at once: it would stand in the history, in logs and on the screen."""
    response = redirect(page, org)
    sealed = crypto.installation_box(LINK).seal(token[:100], context=org).hex()
    is_secure = bool(settings.SESSION_COOKIE_SECURE)
    response.set_cookie(LINK, sealed, LINK_SECONDS, path=reverse(page, args=[org]), httponly=True, samesite="Lax", secure=is_secure)
    response["Referrer-Policy"] = "no-referrer"
    return response


def linked(request: HttpRequest, org: str, purpose: str) -> Challenge | None:
    """The challenge whose link this browser opened."""
    try:
        token = crypto.installation_box(LINK).unseal(bytes.fromhex(request.COOKIES.get(LINK, "")), context=org)
    except (Sealed, ValueError):
        return None
    rows = Challenge.objects.select_related("case__organisation", "case__policy", "case__submission")
    return rows.filter(link_hash=codes.digest(token), case__organisation__key=org, purpose=purpose).first()
