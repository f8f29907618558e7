"""What every public page stands in: the organisation, its promises, and who may keep a copy of the page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page

from portal.kit import clock
from portal.organisations.models import Organisation, Policy
from portal.organisations.promises import PolicyDocument
from requests_app.flows import timing
from requests_app.rules.deadlines import CONFIRMED, ClockEvent
from requests_app.rules.rights import Right

V = TypeVar("V", bound=Callable[..., HttpResponse])
# Personal or one-time: kept by nobody.
unkept = cache_control(no_store=True, private=True)
READ: dict[tuple[int, datetime], PolicyDocument] = {}
MOST_READ = 64
RECKONING = Lock()


def kept_a_while(view: V) -> V:
    """The start and the policy are the same for everybody for a while; whoever asks again then hears that nothing has changed."""
    return conditional_page(cache_control(public=True, max_age=300)(view))


@dataclass(frozen=True)
class Frame:
    """An organisation with the policy in force and its promises as values."""

    organisation: Organisation
    policy: Policy
    promises: PolicyDocument

    @property
    def zone(self) -> ZoneInfo:
        """Times on a page are those of the organisation."""
        return ZoneInfo(self.organisation.timezone)

    @property
    def today(self) -> date:
        return clock.today(self.organisation.timezone)


def framed(request: HttpRequest, key: str) -> Frame:
    """The frame of this organisation, remembered for the template. A name that does not exist is not found."""
    organisation = Organisation.objects.filter(key=key, is_active=True).first()
    if organisation is None:
        raise Http404
    policy = organisation.policies_in_effect_first().defer("document").first()
    if policy is None:
        raise Http404
    frame = Frame(organisation, policy, promises_of(policy))
    request.frame = frame  # type: ignore[attr-defined]  # the templates' way to it, error pages included
    return frame


def promises_of(policy: Policy) -> PolicyDocument:
    """The promises of a version, read once per process: a version that is loaded again has another time."""
    version = (policy.pk, policy.loaded_at)
    if version not in READ:
        while len(READ) >= MOST_READ:
            READ.pop(next(iter(READ)), None)
        READ[version] = policy.read()
    return READ[version]


def reply_by(frame: Frame, right: Right, *, country: str = "") -> date | None:
    """“If you ask today, we must reply by”: the date of a request that arrives and is confirmed today."""
    with RECKONING:  # the first reads laws and calendars: of many who come at once after a start, one does
        return _reply_by(frame.policy.pk, frame.policy.loaded_at, right, frame.today, country)


@lru_cache(maxsize=512)
def _reply_by(policy_pk: int, loaded_at: datetime, right: Right, today: date, country: str) -> date | None:
    confirmed = [ClockEvent(CONFIRMED, today)]
    return timing.reckon(READ[policy_pk, loaded_at], right, today, country=country, events=confirmed).due


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, be it nothing; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


def shown(request: HttpRequest, name: str, status: int = 200, /, **words: Any) -> HttpResponse:
    """A public page."""
    return render(request, f"public/{name}.html", words, status=status)
