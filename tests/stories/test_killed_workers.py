"""Workers are killed while they work, again and again. Nothing is lost, and nothing is done twice."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Demo, descendants, eventually, without_samples

pytestmark = pytest.mark.story
REQUESTS = 16

# Sixteen people ask for a copy and confirm, as the pages would have it, all within a moment.
ASK = f"""
from examples.people import crowd
from portal.demo.stage import Stage, asks, confirms
from portal.organisations.models import Organisation
from requests_app.rules.rights import Right
for person in crowd(120)[-{REQUESTS}:]:
    stage = Stage(key=person.email, organisation=Organisation.objects.get(key="mcpworks"), person=person, right=Right.ACCESS, country="CA")
    asks(stage)
    confirms(stage)
    print(stage.case.reference)
"""
TELL = """
import json, sys
from exports.models import Job
from requests_app.models import Case
cases = Case.objects.filter(reference__in=sys.stdin.read().split())
print(json.dumps({case.reference: {
    "state": case.state,
    "jobs": Job.objects.filter(reference=case.reference).count(),
    "found": sum(run.found for run in Job.objects.get(pk=case.job_id).runs.all()) if case.job_id else 0,
    "letters": sorted(case.letters.values_list("kind", flat=True)),
    "waiting": case.letters.exclude(state="sent").count(),
} for case in cases}))
"""


@pytest.fixture
def demo(stack: dict[str, str], tmp_path: Path) -> Iterator[Demo]:
    with Demo(without_samples(tmp_path), settings=stack) as running:
        running.wait_until_open()
        running.wait_until_filled()
        assert eventually(lambda: bool(workers(running)), within=60)
        yield running


def workers(demo: Demo) -> list[int]:
    found = []
    for pid in descendants(demo.process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"portal.demo.child" in words and b"worker" in words:
            found.append(pid)
    return found


def kill_workers(demo: Demo) -> int:
    killed = 0
    for pid in workers(demo):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        killed += 1
    return killed


def test_killing_every_worker_again_and_again_loses_nothing_and_repeats_nothing(demo: Demo) -> None:
    references = demo.shell(ASK).split()
    killed = 0
    for _round in range(4):
        killed += kill_workers(demo)
        eventually(lambda: bool(workers(demo)))
        time.sleep(1.5)  # long enough to begin, too short to end

    def told() -> dict[str, dict[str, object]]:
        return dict(json.loads(demo.shell(TELL, " ".join(references)).splitlines()[-1]))

    assert killed >= 4
    assert eventually(lambda: all(case["state"] == "review" and not case["waiting"] for case in told().values()), within=180), told()
    assert len(references) == REQUESTS
    assert {case["jobs"] for case in told().values()} == {1}
    assert all(case["found"] for case in told().values())
    assert all(case["letters"] == ["confirm", "received"] for case in told().values())
