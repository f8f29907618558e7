"""The desk of a demo: requests of months in every state, made by the flows that the pages use."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from requests_app.rules.states import State
from tests.processes import ROOT, Demo, eventually, own_environment

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which a demo has run until its desk was filled."""
    place = tmp_path_factory.mktemp("filled demo")
    with Demo(place) as demo:
        demo.wait_until_open()
        assert eventually(demo.is_filled, within=180), demo.text
    return place


def told_by(folder: Path) -> dict[str, object]:
    command = [ROOT / "start", "manage", "shell", "--no-imports", "-c", ASK]
    done = subprocess.run(command, env=own_environment(folder), capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_no_sample_request_stopped_half_way(folder: Path) -> None:
    assert "stopped" not in (folder / "logs" / "samples.log").read_text()


def test_both_organisations_have_requests_in_every_state_that_lasts(folder: Path) -> None:
    found = told_by(folder)
    states = Counter({(key, state): number for key, state, number in found["states"]})  # type: ignore[attr-defined]

    for key in ("mcpworks", "cpzai"):
        assert {State(state) for owner, state in states if owner == key} >= set(State) - NOT_PLAYED
    assert found["letters"] == 0
    assert found["history"] is True


def test_a_second_start_plays_nothing_again(folder: Path) -> None:
    before = told_by(folder)["states"]
    with Demo(folder) as demo:
        demo.wait_until_open()
        assert "being played now" not in demo.text
        assert eventually(lambda: "Played 0 acts" in (folder / "logs" / "samples.log").read_text())

    after = told_by(folder)["states"]
    assert sum(row[2] for row in after) == sum(row[2] for row in before)  # type: ignore[attr-defined]
