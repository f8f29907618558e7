"""The desk of a demo: requests of months in every state, made by the flows that the pages use."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from requests_app.rules.states import State
from tests.processes import Demo, eventually
from tests.stories.conftest import STACK

pytestmark = pytest.mark.story

ASK = """
import json
from django.db.models import Count
from requests_app.flows.history import check_history
from requests_app.models import Case, Letter
states = list(Case.objects.values_list("organisation__key", "state").annotate(n=Count("pk")))
print(json.dumps({"states": states, "letters": Letter.objects.exclude(state="sent").count(), "history": check_history().broken_at is None}))
"""
# Two states end within seconds once workers run, and nobody of the play sent a request twice.
NOT_PLAYED = {State.COLLECTING, State.EXECUTING, State.DUPLICATE}


@dataclass(frozen=True)
class Filled:
    """A demo that ran until its desk was filled, and what stood there then: every start after it changes more."""

    demo: Demo
    told: dict[str, Any]

    @property
    def said(self) -> str:
        return (self.demo.folder / "logs" / "samples.log").read_text()


@pytest.fixture(scope="module")
def filled(stacks: Callable[[str], dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Filled:
    with Demo(tmp_path_factory.mktemp("filled demo"), settings=stacks(STACK)) as demo:
        demo.wait_until_open()
        demo.wait_until_filled()
    return Filled(demo, told_by(demo))


def told_by(demo: Demo) -> dict[str, Any]:
    return dict(json.loads(demo.shell(ASK).splitlines()[-1]))


def test_no_sample_request_stopped_half_way(filled: Filled) -> None:
    assert "stopped" not in filled.said


def test_both_organisations_have_requests_in_every_state_that_lasts(filled: Filled) -> None:
    found = filled.told
    states = Counter({(key, state): number for key, state, number in found["states"]})

    for key in ("mcpworks", "cpzai"):
        assert {State(state) for owner, state in states if owner == key} >= set(State) - NOT_PLAYED
    assert found["letters"] == 0
    assert found["history"] is True


def test_a_second_start_plays_nothing_again(filled: Filled) -> None:
    before = told_by(filled.demo)["states"]
    with Demo(filled.demo.folder, settings=filled.demo.settings) as demo:
        demo.wait_until_open()
        assert eventually(lambda: "Played 0 acts" in filled.said, within=120), filled.said
        assert "being played now" not in demo.text

    after = told_by(filled.demo)["states"]
    assert sum(row[2] for row in after) == sum(row[2] for row in before)
