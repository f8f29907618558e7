"""Plays the sample requests in the order in which they happened, each act on its own day, and remembers how far it came."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from exports.api import EngineRefusal
from portal.demo import then
from portal.demo.plot import PLOT
from portal.demo.stage import Act, OutOfTune, Stage
from portal.demo.subplots import SUBPLOTS
from portal.kit import clock, leases
from portal.organisations.models import Organisation
from requests_app import letters
from requests_app.models import Letter
from requests_app.rules.errors import RuleError

log = logging.getLogger("habeas.demo")
PLAYED = PLOT | SUBPLOTS


@dataclass(frozen=True)
class Cue:
    """One act, and when it happened."""

    moment: datetime
    act: Act
    stage: Stage


@dataclass
class Diary:
    """How many acts were played, counted from which moment. A start that is interrupted goes on from there."""

    path: Path
    began_at: datetime
    played: int = 0
    stopped: list[str] = field(default_factory=list)

    @classmethod
    def opened(cls, path: Path) -> "Diary":
        try:
            kept = json.loads(path.read_text())
        except FileNotFoundError:
            return cls(path, clock.now())
        return cls(path, datetime.fromisoformat(kept["began_at"]), kept["played"], kept["stopped"])

    def turn(self) -> None:
        self.played += 1
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"began_at": self.began_at.isoformat(), "played": self.played, "stopped": self.stopped}))
        part.replace(self.path)


def play() -> int:
    """Play what was not played yet; the number of acts. No worker runs yet, so whoever asks meanwhile gets their mail from here."""
    diary = _diary()
    waiting = sorted(_cues(diary.began_at), key=lambda cue: cue.moment)[diary.played :]
    for number, cue in enumerate(waiting):
        _perform(cue, diary, may_be_done=number == 0 and diary.played > 0)
        diary.turn()
        for pk in leases.due_pks(Letter):
            letters.post(int(str(pk)))
    return len(waiting)


def is_over() -> bool:
    """Whether every act was played."""
    return _diary().played >= sum(len(request.scenes) for requests in PLAYED.values() for request in requests)


def progress() -> tuple[int, int]:
    """How far it came: sample systems that were built, and acts that were played. Only for seeing whether it moves."""
    built = len(list((Path(settings.DATA) / "samples").glob("*/")))
    return built, _diary().played


def _diary() -> Diary:
    return Diary.opened(Path(settings.DATA) / "samples" / "diary.json")


def _cues(began_at: datetime) -> Iterator[Cue]:
    for key, requests in PLAYED.items():
        organisation = Organisation.objects.get(key=key)
        for number, request in enumerate(requests):
            arrived = began_at - timedelta(days=request.days_ago)
            stage = Stage(
                key=f"{number}",
                organisation=organisation,
                person=request.person,
                right=request.right,
                country=request.country,
                copy_first=request.copy_first,
            )
            yield from (Cue(arrived + timedelta(days=after), act, stage) for after, act in request.scenes)


def _perform(cue: Cue, diary: Diary, *, may_be_done: bool) -> None:
    """An act that is refused ends its own request only; the desk fills up with the others.

    The act at which the last start was interrupted may have been done without being noted: its refusal says nothing.
    """
    if cue.stage.name in diary.stopped:
        return
    with then.at(cue.moment):
        try:
            cue.act(cue.stage)
        except (RuleError, EngineRefusal, OutOfTune) as refusal:
            if not may_be_done:
                diary.stopped.append(cue.stage.name)
                log.warning("The sample request %s stopped: %s", cue.stage.name, refusal)
