"""The next step of a case: a verb, and the page where it is done."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from requests_app import askers
from requests_app.models import Case
from requests_app.models.letter import Author
from requests_app.rules.rights import Right
from requests_app.rules.states import State


@dataclass(frozen=True)
class Step:
    """What an officer does next. `page` is a name of the desk's addresses."""

    verb: Promise | str
    page: str = "case"
    reference: str = ""

    @property
    def address(self) -> str:
        return reverse(f"desk:{self.page}", args=[self.reference])


OPEN: dict[Right, tuple[Promise | str, str]] = {
    Right.ACCESS: (_("Start gathering"), "case"),
    Right.PORTABILITY: (_("Start gathering"), "case"),
    Right.DELETION: (_("Rehearse the deletion"), "case"),
    Right.CORRECTION: (_("Decide the correction"), "correct"),
    Right.RESTRICTION: (_("Decide the restriction"), "answer"),
    Right.OBJECTION: (_("Decide the objection"), "answer"),
    Right.WITHDRAWAL: (_("Confirm what stops"), "answer"),
    Right.OPT_OUT_SALE: (_("Answer the opt-out"), "answer"),
    Right.LIMIT_SENSITIVE: (_("Answer the limit"), "answer"),
    Right.COMPLAINT: (_("Answer the complaint"), "answer"),
    Right.GRIEVANCE: (_("Answer the grievance"), "answer"),
    Right.APPEAL: (_("Decide the appeal"), "decide_appeal"),
}
REVIEW: dict[Right, tuple[Promise | str, str]] = {
    **OPEN,
    Right.ACCESS: (_("Review the archive"), "case"),
    Right.PORTABILITY: (_("Review the archive"), "case"),
    Right.DELETION: (_("Check the plan"), "plan"),
}
SAME_FOR_ALL: dict[State, tuple[Promise | str, str]] = {
    State.ARRIVED: (_("Check the address"), "case"),
    State.WAITING: (_("Wait for the answer"), "case"),
    State.COLLECTING: (_("Watch the gathering"), "case"),
    State.EXECUTING: (_("Watch it being carried out"), "case"),
    State.ANSWERED: (_("Read the answer"), "case"),
    State.REFUSED: (_("Read the refusal"), "case"),
    State.WITHDRAWN: (_("Read it"), "case"),
    State.EXPIRED: (_("Read it"), "case"),
    State.DUPLICATE: (_("Read it"), "case"),
    State.CLOSED: (_("Read it"), "case"),
}


def next_step(case: Case) -> Step:
    """The one thing to do next, as a verb and an address. `last_writer` may stand on the row already."""
    verb, page = _step(case, State(case.state), Right(case.right))
    return Step(verb, page, case.reference)


def _step(case: Case, state: State, right: Right) -> tuple[Promise | str, str]:
    if getattr(case, "last_writer", None) == Author.PERSON and state not in SETTLED:
        return _("Answer the message"), "message"
    if state is State.REVIEW and case.released_at:
        return _("Watch the packing"), "case"
    if state is State.ANSWERED and case.backups_until:
        is_due = case.backups_until <= clock.today(case.organisation.timezone)
        return (_("Attest the backups") if is_due else _("Wait for the backups")), "case"
    if state is State.COLLECTING and right is Right.DELETION:
        return _("Watch the rehearsal"), "case"
    if state is State.OPEN and askers.lacks_authority(case):
        return _("Check who may ask"), "authority"
    if state in (State.OPEN, State.REVIEW):
        return (OPEN if state is State.OPEN else REVIEW)[right]
    return SAME_FOR_ALL[state]


SETTLED = frozenset({State.ANSWERED, State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.DUPLICATE, State.CLOSED})
