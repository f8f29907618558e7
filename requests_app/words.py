"""What the desk calls things: one word for one thing, on every page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from requests_app.rules.rights import Right
from requests_app.rules.states import State

RIGHTS: dict[Right, Promise | str] = {
    Right.ACCESS: _("Access"),
    Right.PORTABILITY: _("Portability"),
    Right.CORRECTION: _("Correction"),
    Right.DELETION: _("Deletion"),
    Right.RESTRICTION: _("Restriction"),
    Right.OBJECTION: _("Objection"),
    Right.WITHDRAWAL: _("Withdrawal"),
    Right.OPT_OUT_SALE: _("Opt-out"),
    Right.LIMIT_SENSITIVE: _("Limit"),
    Right.COMPLAINT: _("Complaint"),
    Right.GRIEVANCE: _("Grievance"),
    Right.APPEAL: _("Appeal"),
}
STATES: dict[State, Promise | str] = {
    State.ARRIVED: _("Not confirmed yet"),
    State.OPEN: _("Open"),
    State.WAITING: _("Waiting for the person"),
    State.COLLECTING: _("Gathering"),
    State.REVIEW: _("In review"),
    State.EXECUTING: _("Being carried out"),
    State.ANSWERED: _("Answered"),
    State.REFUSED: _("Refused"),
    State.WITHDRAWN: _("Withdrawn"),
    State.EXPIRED: _("Ended unanswered"),
    State.DUPLICATE: _("Duplicate"),
    State.CLOSED: _("Closed"),
}


def right_title(right: str) -> str:
    """Access, Deletion…"""
    return str(RIGHTS[Right(right)])


def state_title(state: str) -> str:
    """Open, Waiting for the person…"""
    return str(STATES[State(state)])
