"""Answers of people whom we asked because no machine can: kept by the engine, written into the history, and then the work goes on."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from exports.api import HandAnswer, HandView
from requests_app import hints
from requests_app.access import SYSTEM, Actor
from requests_app.flows import fulfilment
from requests_app.flows.moving import locked, record
from requests_app.flows.searching import NotYet
from requests_app.models import Case
from requests_app.rules.states import State

OUTSIDE = "outside"


def case_of(task: HandView) -> Case | None:
    """The case for which somebody was asked."""
    return Case.objects.select_related("organisation", "policy", "submission").filter(job_id=task.job_id).first()


def task_of(case: Case, task_id: UUID) -> HandView:
    """What was asked, if it was asked for this case."""
    found = next((one for one in api.asked_by_hand(case.job_id) if one.id == task_id), None) if case.job_id else None
    if found is None:
        raise NotYet(_("Nobody was asked this for this request. Nothing was changed."))
    return found


@transaction.atomic
def answer(case: Case, task: HandView, given: HandAnswer, *, by: Actor | None) -> None:
    """Keeps the answer, and asks the source again, which now has something to say. Without an actor somebody outside said it."""
    case = locked(case)
    goes_on = api.answer_by_hand(task.id, given)
    record(case, "hand.answered", by=by.key if by else OUTSIDE, source=task.source_key, said=given.said)
    if goes_on and case.state in (State.REVIEW.value, State.COLLECTING.value):
        fulfilment.retry(case, task.source_key, by=by or SYSTEM)
    elif goes_on and case.state == State.EXECUTING.value and case.job_id is not None:  # it has ended, and nobody has looked at it yet
        api.retry(case.job_id, task.source_key)
        hints.on_commit(hints.SETTLE_CASE, case.pk)


@transaction.atomic
def ask_again(case: Case, task: HandView, *, by: Actor) -> None:
    """Writes once more, with a fresh link; the old one is closed."""
    case = locked(case)
    api.ask_by_hand_again(task.id)
    record(case, "hand.asked_again", by=by.key, source=task.source_key)


@transaction.atomic
def close_link(case: Case, task: HandView, *, by: Actor) -> None:
    """Nobody gets in by the link any more; somebody at the desk answers instead."""
    case = locked(case)
    api.close_link(task.id)
    record(case, "hand.link_closed", by=by.key, source=task.source_key)
