"""How long the history is, noted apart from the store: a chain proves its lines, and never that none were cut off at its end.

The note stands in the folder of the ledger, under a digest whose key no database holds.
"""

from __future__ import annotations

import fcntl
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from portal.kit.crypto import keyed_digest
from requests_app.models import Event

logger = logging.getLogger("habeas.history")
PURPOSE = "history"


class NoteDamaged(Exception):
    """The note is there and was not written by us."""


@dataclass(frozen=True)
class Note:
    """So many lines there were, and the digest of the last one."""

    lines: int
    last: str

    @property
    def mark(self) -> str:
        """What nobody can make without the installation's key."""
        return keyed_digest(PURPOSE, f"{self.lines} {self.last}")


def read() -> Note | None:
    """The note, or None where nothing was noted yet. Raises `NoteDamaged`."""
    try:
        told = json.loads(_path().read_text())
        note = Note(int(told["lines"]), str(told["last"]))
        if note.mark == told["mark"]:
            return note
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise NoteDamaged from problem
    raise NoteDamaged


def write(lines: int, last: str, *, previous: str) -> None:
    """Note a line that was committed. A history that no longer holds the line noted before is left to `verify_log`."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            before = read()
        except NoteDamaged:
            logger.error("The note of the history is damaged; verify_log tells more")
            return
        if before is None or (lines > before.lines and _follows(lines, previous, before)):
            note = Note(lines, last)
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps({**asdict(note), "mark": note.mark}))
            fresh.replace(path)


def _follows(lines: int, previous: str, before: Note) -> bool:
    if lines == before.lines + 1:
        return previous == before.last
    return Event.objects.filter(position=before.lines, digest=before.last).exists()


def _path() -> Path:
    return Path(settings.LEDGER_FOLDER) / "history.json"
