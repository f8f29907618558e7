"""Everything is killed inside an archive and inside a deletion, and the queue is wiped. After a restart both end, nothing twice."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.processes import ROOT, Demo, descendants, eventually, is_running, own_environment
from tests.stories.portal import letters_to, rows, store

pytestmark = pytest.mark.story
MANY = 150_000
WHO = {"access": "daniel.okafor@example.com", "deletion": "rita.lindqvist@example.org"}

# The request is made and proved as the pages would have it; the release and the approval come from the shell.
ASK = """
import sys
from examples.mcpworks.town import DANIEL, RITA
from portal.demo.stage import Stage, asks, confirms, confirms_again
from portal.organisations.models import Organisation
from requests_app.rules.rights import Right
right, address = sys.stdin.read().split()
person = next(one for one in (DANIEL, RITA) if one.email == address)
stage = Stage(key="killed-" + right, organisation=Organisation.objects.get(key="mcpworks"), person=person, right=Right(right), country="CA")
asks(stage)
confirms(stage)
if right == "deletion":
    confirms_again(stage)
print(stage.case.reference)
"""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with Demo(tmp_path) as running:
        running.wait_until_open()
        assert eventually(running.is_filled, within=180), running.text
        yield running


def manage(demo: Demo, *words: str, given: str = "") -> str:
    command = [ROOT / "start", "manage", *words]
    return subprocess.run(command, env=own_environment(demo.folder), input=given, capture_output=True, text=True, check=True).stdout


def fatten(demo: Demo, address: str) -> int:
    """Give one person so many rows that no step of their case is over in a moment; how many there are now."""
    (account,) = next(iter(rows(store(demo, "mcpworks", "accounts"), "SELECT id FROM accounts WHERE email = ?", address)))
    with sqlite3.connect(demo.folder / "samples" / "mcpworks" / "telemetry.sqlite3", timeout=30) as log:
        (last,) = log.execute("SELECT max(id) FROM request_log").fetchone()
        start = datetime(2026, 11, 1)
        log.executemany(
            "INSERT INTO request_log (id, account_id, endpoint, status, correlation_id, at) VALUES (?, ?, '/mcp', 200, ?, ?)",
            ((last + n, account, f"{n:016x}", str(start + timedelta(seconds=n))) for n in range(1, MANY + 1)),
        )
        return int(log.execute("SELECT count(*) FROM request_log WHERE account_id = ?", [account]).fetchone()[0])


def job_state(demo: Demo, reference: str) -> str:
    with sqlite3.connect(f"file:{demo.folder}/habeas.sqlite3?mode=ro", uri=True, timeout=30) as ours:
        found = ours.execute("SELECT state FROM exports_job WHERE reference = ? ORDER BY created_at DESC", [reference]).fetchone()
    return str(found[0]) if found else ""


def reaches(demo: Demo, reference: str, *states: str, within: float = 120) -> bool:
    return eventually(lambda: job_state(demo, reference) in states, within=within)


def kill_everything_and_wipe_the_queue(demo: Demo) -> None:
    family = [demo.process.pid, *descendants(demo.process.pid)]
    for pid in family:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    demo.process.wait()
    assert eventually(lambda: not any(is_running(pid) for pid in family))
    shutil.rmtree(demo.folder / "queue")


def test_killed_inside_an_archive_it_is_packed_once_and_whole(demo: Demo) -> None:
    held = fatten(demo, WHO["access"])
    reference = manage(demo, "shell", "--no-imports", "-c", ASK, given=f"access {WHO['access']}").split()[-1]
    assert reaches(demo, reference, "collecting")
    time.sleep(0.3)
    kill_everything_and_wipe_the_queue(demo)
    assert job_state(demo, reference) == "collecting"

    with Demo(demo.folder) as again:
        again.wait_until_open()
        assert reaches(again, reference, "collected")
        manage(again, "case", reference, "release")
        assert reaches(again, reference, "packing")
        time.sleep(0.3)
        kill_everything_and_wipe_the_queue(again)

    with Demo(demo.folder) as last:
        last.wait_until_open()
        assert reaches(last, reference, "packed")
        answers = [text for text in letters_to(last, WHO["access"]) if reference in text and "download" in text.lower()]
        assert eventually(lambda: bool([text for text in letters_to(last, WHO["access"]) if reference in text]), within=30)
        assert len(answers) <= 1
        with sqlite3.connect(f"file:{last.folder}/habeas.sqlite3?mode=ro", uri=True) as ours:
            (found,) = ours.execute(
                "SELECT sum(s.disclosed) FROM exports_step s"
                " JOIN exports_sourcerun r ON r.id = s.run_id JOIN exports_job j ON j.id = r.job_id"
                " WHERE j.reference = ? AND s.collection LIKE '%request_log'",
                [reference],
            ).fetchone()
            (archives,) = ours.execute(
                "SELECT count(*) FROM exports_archive a JOIN exports_job j ON j.id = a.job_id WHERE j.reference = ?", [reference]
            ).fetchone()
        assert found == held
        assert archives == 1


def test_killed_inside_a_deletion_it_ends_the_same_and_nothing_is_done_twice(demo: Demo) -> None:
    address = WHO["deletion"]
    held = fatten(demo, address)
    (account,) = next(iter(rows(store(demo, "mcpworks", "accounts"), "SELECT id FROM accounts WHERE email = ?", address)))
    others = rows(store(demo, "mcpworks", "telemetry"), "SELECT * FROM request_log WHERE account_id IS NOT ?", account)
    reference = manage(demo, "shell", "--no-imports", "-c", ASK, given=f"deletion {address}").split()[-1]
    assert reaches(demo, reference, "planned")
    assert held > MANY
    approve(demo, reference)
    assert reaches(demo, reference, "spooling", "executing")
    time.sleep(0.5)
    kill_everything_and_wipe_the_queue(demo)
    assert job_state(demo, reference) in {"spooling", "executing", "proving"}

    with Demo(demo.folder) as again:
        again.wait_until_open()
        assert reaches(again, reference, "executing", "proving")
        time.sleep(0.3)
        kill_everything_and_wipe_the_queue(again)

    with Demo(demo.folder) as last:
        last.wait_until_open()
        assert reaches(last, reference, "finished", "failed")
        assert job_state(last, reference) == "finished"
        assert not rows(store(last, "mcpworks", "telemetry"), "SELECT 1 FROM request_log WHERE account_id = ?", account)
        assert rows(store(last, "mcpworks", "telemetry"), "SELECT * FROM request_log WHERE account_id IS NOT ?", account) == others
        assert eventually(
            lambda: sum(reference in text and "certificate" in text.lower() for text in letters_to(last, address)) == 1, within=60
        )


def approve(demo: Demo, reference: str) -> None:
    """As a lead does it from the shell: exactly the plan that was read."""
    assert eventually(lambda: '"review"' in manage(demo, "case", reference, "show", "--json"), within=60)
    plan = manage(demo, "case", reference, "plan", "--json")
    digest = plan.split('"digest": "')[1].split('"')[0]
    manage(demo, "case", reference, "approve", digest)
