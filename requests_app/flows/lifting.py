"""The end of a restriction: the person is told before it is lifted (GDPR Art. 18(3)), and whoever was asked to pause hears of it after."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from requests_app import letters
from requests_app.access import Actor, must_lead
from requests_app.flows import recipients
from requests_app.flows.moving import locked, record
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of
from requests_app.models import Case, Event
from requests_app.models.letter import LetterState
from requests_app.rules.rights import Right
from requests_app.rules.states import State

ANNOUNCED, LIFTED, KIND = "restriction.announced", "restriction.lifted", "restriction_lifts"
STANDS_IN = frozenset({State.ANSWERED.value, State.CLOSED.value})


def stands(case: Case) -> bool:
    """Whether a use of data is paused by this request and nobody has lifted it."""
    is_paused = case.right == Right.RESTRICTION.value and case.state in STANDS_IN and case.outcome in recipients.DONE
    return is_paused and bool(case.key_sealed) and _last(case, LIFTED) is None


def lifts_on(case: Case) -> date | None:
    """From when it may be lifted, as the person was told; None while nobody has told them."""
    line = _last(case, ANNOUNCED)
    return date.fromisoformat(line.facts["on"]) if line else None


@transaction.atomic
def announce(case: Case, why: str, *, on: date, by: Actor) -> None:
    """Tells the person that, from when and why their data will be used again."""
    case = locked(case)
    _must_stand(case, by)
    if lifts_on(case):
        raise NotYet(_("The person was told already. Nothing was sent."))
    if on <= clock.today(case.organisation.timezone):
        raise NotYet(_("The person must hear of it before it is lifted: choose a day that lies ahead. Nothing was sent."))
    if not why.strip():
        raise NotYet(_("Write why it is lifted: the person reads it. Nothing was sent."))
    record(case, ANNOUNCED, by=by.key, on=on.isoformat())
    letters.queue(case, KIND, to=address_of(case), facts={"why": why.strip(), "lift_on": on})


@transaction.atomic
def lift(case: Case, *, by: Actor) -> None:
    """Ends the pause, once the letter about it is out and its day has come. Recipients who paused by our letter are written to."""
    case = locked(case)
    _must_stand(case, by)
    day, letter = lifts_on(case), case.letters.filter(kind=KIND).order_by("-pk").first()
    if day is None or letter is None or letter.state != LetterState.SENT.value:
        raise NotYet(_("The person has not been told yet, and the law wants that first. Nothing was changed."))
    if letter.bounced_at:
        raise NotYet(_("Our letter about it came back. Reach the person in another way and note it. Nothing was changed."))
    if clock.today(case.organisation.timezone) < day:
        raise NotYet(_("The day that the person was told has not come yet. Nothing was changed."))
    record(case, LIFTED, by=by.key)
    policy = case.policy.read()
    for told in case.tellings.filter(letter__isnull=False):
        recipient = policy.recipient(told.recipient)
        if recipient and (to := recipients.contact_of(recipient)):
            letters.queue(case, letters.TO_RECIPIENT_AGAIN, to=to, facts={"recipient": recipient, "told_on": told.told_at})


def _must_stand(case: Case, by: Actor) -> None:
    must_lead(by, case, _("Only a lead can lift a restriction."))
    if not stands(case):
        raise NotYet(_("No use of data is paused by this request. Nothing was changed."))


def _last(case: Case, code: str) -> Event | None:
    """The newest line of this kind since the request was last opened."""
    lines = Event.objects.filter(case_reference=case.reference).order_by("-position")
    again = lines.filter(code="case.open", facts__again=True).values_list("position", flat=True).first() or 0
    return lines.filter(code=code, position__gt=again).first()
