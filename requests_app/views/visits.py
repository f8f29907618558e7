"""What a browser is remembered for: ids of cases and a secret of its own. Nothing that names a person is kept in clear."""

import base64
import json
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from portal.kit import clock, codes, crypto, limits
from portal.kit.crypto import Sealed
from portal.proxies import is_among
from requests_app.models import Case, Submission

ENTRY_SECONDS = 30 * 60
OLD_ID_LIVES = timedelta(seconds=15)
BROWSER, ENTERED, ASKED, CLAIM = "browser", "entered", "asked", "claim"
BY_ADDRESS = {"send": (20, 3600), "follow": (30, 3600), "code": (60, 3600)}
BY_ORGANISATION = {"send": (1000, 3600), "follow": (2000, 3600), "code": (5000, 3600)}


def browser_of(request: HttpRequest) -> str:
    """The digest of this browser's secret; codes are bound to it."""
    if BROWSER not in request.session:
        request.session[BROWSER] = codes.new_token()
    return codes.digest(request.session[BROWSER])


def known_browser(request: HttpRequest) -> str:
    """The same for a page that is only looked at: empty where this browser has no secret yet."""
    return codes.digest(request.session[BROWSER]) if BROWSER in request.session else ""


def is_within_limits(request: HttpRequest, what: str, organisation_key: str) -> bool:
    """Counts a try of this kind, by internet address and by organisation. What an address is refused counts against nobody else."""
    times, seconds = BY_ADDRESS[what]
    if not limits.allow(f"{what}/from/{caller(request)}", times=times, seconds=seconds):
        return False
    times, seconds = BY_ORGANISATION[what]
    return limits.allow(f"{what}/at/{organisation_key}", times=times, seconds=seconds)


def caller(request: HttpRequest) -> str:
    """The internet address that asks. Behind a proxy that we trust it is the last one that the proxy named: the others can be made up."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if not is_among(direct, settings.TRUSTED_PROXIES):
        return direct
    try:
        return str(ip_address(named)) if named else direct
    except ValueError:
        return direct


def remember_asked(request: HttpRequest, organisation_key: str, submission: Submission, lead: Case) -> None:
    """This browser sent this submission: it may type its code, and a second press of the button leads here again."""
    request.session[ASKED] = {**request.session.get(ASKED, {}), organisation_key: [str(submission.pk), lead.pk]}


def asked(session: SessionBase, organisation_key: str) -> tuple[str, int] | None:
    """What this browser sent last at this organisation: the submission's id and the case that stands for it."""
    kept: Any = session.get(ASKED, {}).get(organisation_key)
    return (kept[0], kept[1]) if kept else None


def let_in(request: HttpRequest, case: Case) -> None:
    """A proved challenge opens the cases that were sent together, for half an hour, under a new session id."""
    _renew(request.session)
    until = int(clock.now().timestamp()) + ENTRY_SECONDS
    pks = case.submission.cases.values_list("pk", flat=True)
    request.session[ENTERED] = {**request.session.get(ENTERED, {}), **{str(pk): until for pk in pks}}


def _renew(session: SessionBase) -> None:
    """A new id, so that nobody who knew the old one comes along. What the old one led to before stays for some seconds:

    the second press of a button still brings it, and a session that is not found would take the new cookie away as well.
    """
    old = session.session_key
    held = dict(session.items())
    session.create()
    session.update(held)
    Session.objects.filter(session_key=old).update(expire_date=clock.now() + OLD_ID_LIVES)


def is_let_in(request: HttpRequest, case: Case) -> bool:
    """Whether this browser may see the case now."""
    until: int = request.session.get(ENTERED, {}).get(str(case.pk), 0)
    return until > clock.now().timestamp()


def keep_claim(request: HttpRequest, organisation_key: str, reference: str, address: str) -> None:
    """Which request this browser wants to follow, sealed."""
    sealed = crypto.installation_box(CLAIM).seal(json.dumps([reference, address]), context=organisation_key)
    request.session[CLAIM] = base64.b64encode(sealed).decode()


def claim_of(request: HttpRequest, organisation_key: str) -> tuple[str, str] | None:
    """What `keep_claim` kept for this organisation."""
    try:
        opened = crypto.installation_box(CLAIM).unseal(base64.b64decode(request.session.get(CLAIM, "")), context=organisation_key)
    except (Sealed, ValueError):
        return None
    reference, address = json.loads(opened)
    return reference, address
