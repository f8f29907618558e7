"""Legal dates: one law at a time with `deadline`, all that bind at once with `clock`."""

from requests_app.rules.combining import POLICY, Clock, Promise, clock, extended_date
from requests_app.rules.counting import Calendar
from requests_app.rules.events import CONFIRMED, EVENTS, EXTENSION_NOTIFIED, ClockEvent
from requests_app.rules.reckoning import Deadline, deadline

__all__ = [
    "CONFIRMED",
    "EVENTS",
    "EXTENSION_NOTIFIED",
    "POLICY",
    "Calendar",
    "Clock",
    "ClockEvent",
    "Deadline",
    "Promise",
    "clock",
    "deadline",
    "extended_date",
]
