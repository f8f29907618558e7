"""The life of a case: which state may follow which, and what to say when it may not."""

from enum import StrEnum

from requests_app.rules.errors import RuleError
from requests_app.rules.rights import Right


class State(StrEnum):
    ARRIVED = "arrived"
    OPEN = "open"
    WAITING = "waiting"
    COLLECTING = "collecting"
    REVIEW = "review"
    EXECUTING = "executing"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    CLOSED = "closed"


class MoveRefused(RuleError):
    """A case may not go from one state to another."""


S = State

# A case that waits goes back to where it came from: any of the three states that may ask a question.
NEXT: dict[State, tuple[State, ...]] = {
    S.ARRIVED: (S.OPEN, S.WAITING, S.WITHDRAWN, S.EXPIRED, S.DUPLICATE, S.REFUSED),
    S.OPEN: (S.COLLECTING, S.EXECUTING, S.WAITING, S.REFUSED, S.WITHDRAWN, S.DUPLICATE),
    S.WAITING: (S.ARRIVED, S.OPEN, S.REVIEW, S.REFUSED, S.WITHDRAWN, S.EXPIRED, S.DUPLICATE),
    S.COLLECTING: (S.REVIEW,),
    S.REVIEW: (S.ANSWERED, S.EXECUTING, S.COLLECTING, S.WAITING, S.REFUSED, S.WITHDRAWN, S.DUPLICATE),
    S.EXECUTING: (S.ANSWERED, S.REVIEW),
    S.ANSWERED: (S.CLOSED,),
    S.REFUSED: (S.CLOSED,),
    S.WITHDRAWN: (S.CLOSED,),
    S.EXPIRED: (S.CLOSED,),
    S.DUPLICATE: (S.CLOSED,),
    S.CLOSED: (S.OPEN,),
}

MEANS: dict[State, str] = {
    S.ARRIVED: "arrived and not yet confirmed",
    S.OPEN: "open",
    S.WAITING: "waiting for the person",
    S.COLLECTING: "gathering data",
    S.REVIEW: "in review",
    S.EXECUTING: "being carried out",
    S.ANSWERED: "answered",
    S.REFUSED: "refused",
    S.WITHDRAWN: "withdrawn",
    S.EXPIRED: "expired",
    S.DUPLICATE: "a duplicate",
    S.CLOSED: "closed",
}

ENDED = frozenset({S.ANSWERED, S.REFUSED, S.WITHDRAWN, S.EXPIRED, S.DUPLICATE, S.CLOSED})
MAY_WAIT = frozenset({S.ARRIVED, S.OPEN, S.REVIEW})

# Giving data changes nothing at the sources; deleting it is rehearsed and reviewed first.
CHANGES_NOTHING = frozenset({Right.ACCESS, Right.PORTABILITY})
REHEARSED_FIRST = frozenset({Right.DELETION})


def is_over(state: State) -> bool:
    """Whether the person has had the last word from us: no clock runs any more."""
    return state in ENDED


def next_states(state: State, right: Right) -> tuple[State, ...]:
    """The states that may follow, for this right."""
    return tuple(new for new in NEXT[state] if not _barrier(state, new, right))


def check_move(old: State, new: State, right: Right, *, came_from: State | None = None) -> None:
    """Refuse a move that the table does not have. `came_from` is the state before a case began to wait."""
    if new not in NEXT[old]:
        raise MoveRefused(_no_way(old, new, right))
    barrier = _barrier(old, new, right)
    if barrier:
        raise MoveRefused(f"{barrier} Nothing was changed.")
    if old is S.WAITING and came_from and new in MAY_WAIT and new is not came_from:
        raise MoveRefused(
            f"This request was {MEANS[came_from]} before it began to wait. It goes back there, not to “{new}”. Nothing was changed."
        )


def _barrier(old: State, new: State, right: Right) -> str:
    if new is S.EXECUTING and right in CHANGES_NOTHING:
        return "A request for data changes nothing in the sources, so there is nothing to carry out. Gather, review and answer it instead."
    if old is S.OPEN and new is S.EXECUTING and right in REHEARSED_FIRST:
        return "A deletion is rehearsed and reviewed before it is carried out. Gather first."
    return ""


def _no_way(old: State, new: State, right: Right) -> str:
    if old is new:
        return f"This request is already {MEANS[old]}. Nothing was changed."
    possible = next_states(old, right)
    named = ", ".join(possible)
    if old is S.CLOSED:
        return f"This request is closed. Only a lead can open it again, with a reason; it cannot become {MEANS[new]}. Nothing was changed."
    if old in ENDED:
        return f"This request is {MEANS[old]}; all that can follow is: {named}. It cannot become {MEANS[new]}. Nothing was changed."
    return f"This request is {MEANS[old]} and cannot become {MEANS[new]} from there. Possible next states: {named}. Nothing was changed."
