"""What can happen to a clock: the vocabulary of events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from requests_app.rules.errors import RuleError

CONFIRMED = "confirmed"
EXTENSION_NOTIFIED = "extension_notified"

EVENTS = {
    "identity_requested": "we asked for proof of identity",
    "identity_received": "the proof of identity arrived",
    "clarification_requested": "we asked what exactly is meant",
    "clarification_received": "the answer to our question arrived",
    "fee_requested": "we asked for the fee",
    "fee_paid": "the fee was paid",
    "cost_notice_sent": "we announced the cost",
    "cost_confirmed": "the person agreed to the cost",
    EXTENSION_NOTIFIED: "we announced an extension",
    CONFIRMED: "the person confirmed the address",
}


class UnknownEvent(RuleError):
    """A word that names no event."""


@dataclass(frozen=True)
class ClockEvent:
    """Something that happened on a local calendar date and may matter to a clock.

    An announced extension may carry its coded reason and the new date that its letter names.
    """

    type: str
    on: date
    reason: str = ""
    until: date | None = None

    def __post_init__(self) -> None:
        if self.type not in EVENTS:
            raise UnknownEvent(f"“{self.type}” is not an event we know. Choose one of: {', '.join(EVENTS)}.")


def dates_of(events: Sequence[ClockEvent], kind: str) -> list[date]:
    """When this kind of event happened, earliest first."""
    return sorted(event.on for event in events if event.type == kind)


def exchanges(events: Sequence[ClockEvent], asked: str, answered: str) -> list[tuple[date, date | None]]:
    """Each question with the first answer on or after it; None while it is open.

    Asking again before the answer came is a reminder, not a second question.
    """
    answers = dates_of(events, answered)
    pairs: list[tuple[date, date | None]] = []
    for when in dates_of(events, asked):
        if pairs and (pairs[-1][1] is None or when <= pairs[-1][1]):
            continue
        pairs.append((when, next((answer for answer in answers if answer >= when), None)))
    return pairs
