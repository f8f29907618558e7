"""Members of staff as the flows see them, and cases on their way."""

from django.db import transaction

from portal.kit import clock
from portal.organisations.models import User
from requests_app.access import Actor, actor_for
from requests_app.flows import fulfilment
from requests_app.flows.moving import record
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State


def as_actor(user: User, case: Case, *, fresh: bool = True) -> Actor:
    return actor_for(user, case, signed_in_at=clock.now() if fresh else None)


def proved(case: Case) -> Case:
    """Every proof that a deletion needs."""
    case.identifiers.update(verified_how="email_code")
    with transaction.atomic():
        record(case, "identity.second_code", by="person")
    return case


def reviewed(case: Case) -> Case:
    """Gathered or rehearsed, and in front of an officer."""
    if case.right == Right.DELETION:
        proved(case)
    fulfilment.start(case)
    fulfilment.settle(case)
    case.refresh_from_db()
    assert case.state == State.REVIEW
    return case
