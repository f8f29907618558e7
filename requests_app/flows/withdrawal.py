"""The person takes a request back."""

from django.db import transaction

from exports import api as exports
from requests_app import askers, letters
from requests_app.flows import moving
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State, next_states


def may_withdraw(case: Case) -> bool:
    """Until we have begun to change something, or have answered."""
    return State.WITHDRAWN in next_states(State(case.state), Right(case.right))


@transaction.atomic
def withdraw(case: Case) -> None:
    """Ends the case and destroys what was gathered for it. Raises the rule's sentence when it is too late."""
    case = moving.locked(case)
    moving.move(case, State.WITHDRAWN, by="person")
    if case.job_id is not None:
        exports.cancel(case.job_id)
    letters.queue(case, "withdrawn", to=askers.reader_address(case))
