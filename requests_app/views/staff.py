"""What every page of the desk stands in: who is signed in, where they belong, and when they last proved it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from portal.organisations.models import Organisation, User
from requests_app import access
from requests_app.access import Actor
from requests_app.models import Case


def user_of(request: HttpRequest) -> User:
    """The member of staff; the wall in front of the desk lets nobody else through."""
    return cast(User, request.user)


def signed_in_at(request: HttpRequest) -> datetime | None:
    """When this browser last proved who sits in front of it."""
    moments = [float(record["at"]) for record in get_authentication_records(request, user_of(request)) if "at" in record]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None


def case_and_actor(request: HttpRequest, reference: str) -> tuple[Case, Actor]:
    """For every act that changes something: the case, and who acts on it in which role."""
    case = access.case_for(user_of(request), reference, to_change=True)
    return case, access.actor_for(user_of(request), case, signed_in_at=signed_in_at(request))


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: even an empty one, once it was sent."""
    return request.POST if request.method == "POST" else None


def _zone(case: Case | None, houses: Sequence[Organisation]) -> ZoneInfo:
    """Times on a page are those of the organisation that it is about."""
    house = case.organisation if case else next(iter(houses), None)
    return ZoneInfo(house.timezone if house else "UTC")


def desk_page(request: HttpRequest, template: str, *, section: str = "requests", status: int = 200, **words: Any) -> HttpResponse:
    """A page of the desk. It holds personal data, so no cache keeps it."""
    houses = words.pop("houses", None) or access.organisations_of(user_of(request))
    frame = {"house": houses[0] if len(houses) == 1 else None, "houses": houses, "section": section}
    with timezone.override(_zone(words.get("case"), houses)):
        response = render(request, f"desk/{template}.html", {**frame, **words}, status=status)
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store, private"
    return response
