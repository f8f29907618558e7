"""While the samples are played, visitors get their mail, the play keeps its days, and no worker takes its work away."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from portal.demo import play, postman, running, then
from portal.demo.supervisor import Child, Supervisor
from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app import letters
from requests_app.models import Letter
from requests_app.models.letter import LetterState
from tests.people import RITA, a_case


def test_only_letters_written_since_then_are_posted(northwind: Organisation) -> None:
    case, since = a_case(northwind), clock.now()
    with then.at(since - timedelta(minutes=3)):
        letters.queue(case, "received", to=RITA)
    letters.queue(case, "withdrawn", to=RITA)

    assert postman.round_of(since) == 1
    assert dict(Letter.objects.values_list("kind", "state")) == {"received": LetterState.QUEUED, "withdrawn": LetterState.SENT}
    assert postman.round_of(since) == 0


def test_no_scene_of_the_play_is_so_near_that_the_postman_takes_its_letters(db: None) -> None:
    days = [after - request.days_ago for requests in play.PLAYED.values() for request in requests for after, _act in request.scenes]

    assert not [one for one in days if timedelta(minutes=-3) < timedelta(days=one) < timedelta(hours=1)]


class Slow:
    """A play on a slow machine: so many looks until each act, and as many acts; each look takes a second."""

    def __init__(self, supervisor: Supervisor, child: Child, *, acts: int, looks: int) -> None:
        self.supervisor, self.child, self.acts, self.looks = supervisor, child, acts, looks
        self.seconds = 0

    def look(self, *_whom: object) -> None:
        self.seconds += 1
        if self.seconds == self.acts * self.looks:
            self.supervisor.children.remove(self.child)

    def progress(self) -> tuple[int, int]:
        return 7, self.seconds // self.looks


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr("signal.signal", lambda *_words: None)
    one = Supervisor(tmp_path, {}, [Child("samples", ["samples"], runs_once=True)])
    yield one
    os.close(one._lifeline)
    os.close(one._held)


@pytest.mark.parametrize(
    ("acts", "looks", "waited"), [(40, 30, 1200), (3, 70, 60)], ids=["slow but moving: to its end", "stuck: as long as patience lasts"]
)
def test_workers_wait_for_a_play_that_moves(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, acts: int, looks: int, waited: int
) -> None:
    slow = Slow(supervisor, supervisor.children[0], acts=acts, looks=looks)
    monkeypatch.setattr(running, "_look_after", slow.look)
    monkeypatch.setattr(play, "progress", slow.progress)
    monkeypatch.setattr(running.time, "monotonic", lambda: slow.seconds)

    running._wait_for_the_play(supervisor, slow.child, print)

    assert slow.seconds == waited
