"""The person takes a request back."""

from django.db import transaction

from exports import api as exports
from requests_app import askers, letters
from requests_app.access import Actor
from requests_app.flows import moving, triage
from requests_app.models import Case
from requests_app.models.note import NoteKind
from requests_app.rules.rights import Right
from requests_app.rules.states import State, next_states


def may_withdraw(case: Case) -> bool:
    """Until we have begun to change something, or have answered."""
    return State.WITHDRAWN in next_states(State(case.state), Right(case.right))


@transaction.atomic
def withdraw_for(case: Case, how: str, *, by: Actor) -> None:
    """The person took it back on the phone, by post or in person: an officer writes down how, and ends it."""
    case = moving.locked(case)
    triage.keep_note(case, how, by=by, kind=NoteKind.WITHDRAWAL)
    withdraw(case, by=by.key)


@transaction.atomic
def withdraw(case: Case, *, by: str = "person") -> None:
    """Ends the case and destroys what was gathered for it. Raises the rule's sentence when it is too late."""
    case = moving.locked(case)
    moving.move(case, State.WITHDRAWN, by=by)
    if case.job_id is not None:
        exports.cancel(case.job_id)
    if to := askers.reader_address(case):
        letters.queue(case, "withdrawn", to=to)
