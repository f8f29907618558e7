"""May they ask for somebody else? Settled by the person, who types a code, or by an officer, who has seen what shows it.

Until then nothing is searched for and nothing is done (`askers.lacks_authority`). What an officer has seen also bears out that the
address that was given is the person's: it was only claimed before, and only then may it seed a search.
"""

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from exports import api
from portal.kit import clock
from requests_app import askers, letters
from requests_app.access import Actor
from requests_app.flows import challenges, moving, verification
from requests_app.flows.challenges import Outcome
from requests_app.flows.triage import keep_note, must_be_moving
from requests_app.models import Case, Challenge
from requests_app.models.challenge import Purpose
from requests_app.models.note import NoteKind
from requests_app.rules.errors import RuleError
from requests_app.rules.rights import Right
from requests_app.rules.states import State, is_over, next_states


class AuthorityRefused(RuleError):
    """It cannot be settled like this that somebody may ask for the person. Nothing was changed."""


@transaction.atomic
def record_seen(case: Case, what: str, *, seen_on: date, by: Actor, to_agent: bool = False) -> None:
    """An officer writes down what showed that they may ask, and that the address is the person's. Copies are not kept."""
    _must_be_open(case, by=by)
    if seen_on > clock.today(case.organisation.timezone):
        raise AuthorityRefused(_("This day is still to come. Enter the day on which you saw it. Nothing was changed."))
    if to_agent and not askers.is_agents(case):
        raise AuthorityRefused(_("A guardian gets the answer anyway. Nothing was changed."))
    if not case.identifiers.filter(kind=askers.OWN).exists():
        raise AuthorityRefused(_("This request names no address of the person, so nothing could be searched by. Nothing was changed."))
    keep_note(moving.locked(case), what, by=by, kind=NoteKind.AUTHORITY)
    for one in _together(case):
        moving.record(one, "authority.seen", by=by.key, on=seen_on.isoformat(), to_agent=to_agent)
        theirs = one.identifiers.filter(kind=askers.OWN, verified_at__isnull=True)
        theirs.update(verified_at=clock.now(), verified_how=askers.BY_EVIDENCE)
        _settle(one, askers.BY_EVIDENCE, to_agent=to_agent, browser="")


def _must_be_open(case: Case, *, by: Actor) -> None:
    case = moving.locked(case)
    must_be_moving(case)
    if not by.handles:
        raise AuthorityRefused(_("Only an officer or a lead can settle this. Nothing was changed."))
    if not askers.lacks_authority(case):
        raise AuthorityRefused(_("There is nothing to settle: nobody asks for somebody else here, or it was settled. Nothing was changed."))


@transaction.atomic
def ask_person(challenge: Challenge, *, browser: str) -> None:
    """The person pressed the button behind the link: this browser becomes the bound one and is sent a code."""
    challenges.issue(challenge.case, Purpose.AUTHORISE, browser=browser)


def ask_person_again(case: Case, *, browser: str) -> None:
    """Another code. Raises `CodeRefused` when it is too soon."""
    challenges.issue_on_demand(case, Purpose.AUTHORISE, browser=browser)


def was_asked_here(case: Case, *, browser: str) -> bool:
    """Whether this browser has a code to type."""
    last = challenges.newest(case, Purpose.AUTHORISE)
    return last is not None and bool(last.browser_hash) and last.browser_hash == browser


@transaction.atomic
def allow(case: Case, typed: str, *, browser: str, to_agent: bool) -> Outcome:
    """The person says that the agent may act, and who gets the answer. Their own mailbox is proved by it."""
    outcome = challenges.try_code(case, Purpose.AUTHORISE, typed, browser=browser)
    if outcome is not Outcome.RIGHT:
        return outcome
    for one in _together(case):
        verification.prove(one, askers.OWN, how="email_code")
        moving.record(one, "authority.given", by="person", to_agent=to_agent)
        _settle(one, askers.BY_THE_PERSON, to_agent=to_agent, browser=browser)
    return outcome


@transaction.atomic
def deny(challenge: Challenge) -> None:
    """The person did not ask anybody to act: what was sent in their name ends, and whoever sent it is told that it ended.

    Their word stands above a paper that an officer saw. What is being gathered cannot end at this moment: nothing of it goes out
    until the question is settled anew.
    """
    for case in _together(challenge.case, denied=True):
        moving.record(case, "authority.denied", by="person")
        if _can_end(case):
            moving.move(case, State.WITHDRAWN, by="person")
            if case.job_id:
                api.cancel(case.job_id)
            letters.queue(case, "not_allowed", to=askers.address_for(case, Purpose.CONFIRM))
        else:
            case.authorised_at, case.authorised_how, case.answers_asker = None, "", False
            case.save()
    challenges.spend(challenge)


def _can_end(case: Case) -> bool:
    is_begun = bool(case.job_id and (case.released_at or api.sources_left(case.job_id)))
    return State.WITHDRAWN in next_states(State(case.state), Right(case.right)) and not is_begun


def _together(case: Case, *, denied: bool = False) -> list[Case]:
    """The cases that were sent together and still wait for this, locked; for a person's no also those that a paper settled."""
    waiting = Q(authorised_at__isnull=True) | (Q(authorised_how=askers.BY_EVIDENCE) if denied else Q(pk__in=[]))
    rows = Case.objects.filter(waiting, submission_id=case.submission_id).order_by("pk")
    locked = [moving.locked(row) for row in rows]
    return [one for one in locked if not is_over(State(one.state))]


def _settle(case: Case, how: str, *, to_agent: bool, browser: str) -> None:
    case.authorised_at, case.authorised_how, case.answers_asker = clock.now(), how, to_agent
    case.save()
    if case.confirmed_at is None and askers.is_asker_proved(case):
        verification.open_up(case, browser=browser)
