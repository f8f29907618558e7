"""Checks the history line by line: each covers the one before, so an edit, a gap or a swap shows at its place.

How many lines there were is noted apart from the store, so that a history that was cut off at its end shows, too.
"""

from dataclasses import dataclass

from portal.kit import clock
from requests_app.flows import noted
from requests_app.flows.moving import content_digest, line_digest
from requests_app.models import Event
from requests_app.models.event import LOOKING, LOOKING_KEPT

NOT_NOTED = "it is not the line that was noted in the ledger's folder"


@dataclass(frozen=True)
class Finding:
    """How many lines hold, and the first that does not, with the reason; `last` is the digest to compare with one noted earlier."""

    lines: int
    last: str
    broken_at: int | None = None
    reason: str = ""


def check_history() -> Finding:
    """Recomputes every digest, in order, with constant memory. Writes nothing."""
    try:
        note = noted.read()
    except noted.NoteDamaged:
        return Finding(lines=0, last="", broken_at=1, reason="the note of its length in the ledger's folder is damaged")
    lines, last = 0, ""
    for event in Event.objects.order_by("position").iterator(chunk_size=2000):
        reason = _fault(event, expected=lines + 1, previous=last)
        if reason:
            return Finding(lines=lines, last=last, broken_at=event.position, reason=reason)
        lines, last = lines + 1, event.digest
        if note and note.lines == lines and note.last != last:
            return Finding(lines=lines - 1, last=event.previous, broken_at=lines, reason=NOT_NOTED)
    if note and note.lines > lines:
        reason = f"line {lines + 1} is missing, and all that followed: there were {note.lines}"
        return Finding(lines=lines, last=last, broken_at=lines + 1, reason=reason)
    return Finding(lines=lines, last=last)


def _fault(event: Event, *, expected: int, previous: str) -> str:
    if event.position != expected:
        return f"line {expected} is missing"
    if event.previous != previous:
        return "it does not follow the line before it"
    if event.digest != line_digest(event):
        return "its content was changed"
    return _fault_of_looking(event) if event.code in LOOKING else ""


def _fault_of_looking(event: Event) -> str:
    """Who looked is there and is what it was, or was forgotten as a whole, and not before its time."""
    if event.salt:
        return "" if event.content == content_digest(event) else "who looked was changed"
    if event.actor or event.facts:
        return "who looked was changed"
    return "" if event.at < clock.now() - LOOKING_KEPT else "who looked was taken out before its time"
