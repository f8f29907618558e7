"""Everything is killed inside an archive and inside a deletion, and the queue is wiped. After a restart both end, nothing twice.

On a folder of messages and on servers alike: the database is the queue, whichever it is.
"""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.processes import Demo, descendants, eventually, is_running, without_samples
from tests.stories.portal import letters_to, rows, state_of, store

pytestmark = pytest.mark.story
MANY = 150_000
LETTERS = "FROM requests_app_letter l JOIN requests_app_case c ON c.id = l.case_id WHERE c.reference = ?"
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
# What dead workers held is free again; that a lease ends by itself is told in test_killed_workers.py, where nobody shortens it.
HALF_A_MINUTE_LATER = """
from exports.models import Job
from portal.kit import clock
from requests_app.models import Letter
for model in (Job, Letter):
    model.objects.filter(lease_until__gt=clock.now()).update(lease_until=clock.now())
"""


@pytest.fixture(params=["folder", pytest.param("servers", marks=pytest.mark.needs("postgresql", "redis-server"))])
def demo(request: pytest.FixtureRequest, stacks: Callable[[str], dict[str, str]], tmp_path: Path) -> Iterator[Demo]:
    with Demo(without_samples(tmp_path), settings=stacks(request.param)) as running:
        running.wait_until_open()
        running.wait_until_filled()
        yield running


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
    found = demo.rows("SELECT state FROM exports_job WHERE reference = ? ORDER BY created_at DESC", reference)
    return str(found[0][0]) if found else ""


def wait_for_a_job(demo: Demo, state: str) -> str:
    """Until the only job of this demo has come so far; its reference. Whoever asked for it may still be on their way out."""
    asked = "SELECT reference FROM exports_job WHERE state = ?"
    assert eventually(lambda: bool(demo.rows(asked, state)), within=120), demo.rows("SELECT state FROM exports_job")
    return str(demo.rows(asked, state)[0][0])


def wait_until(demo: Demo, reference: str, *states: str) -> None:
    """Until its job has come so far, and no further: a state that is over before anybody looked is told."""
    assert eventually(lambda: job_state(demo, reference) in states, within=120), f"{job_state(demo, reference)}, not {states}\n{demo.text}"


def kill_everything_and_wipe_the_queue(demo: Demo) -> None:
    family = [demo.process.pid, *descendants(demo.process.pid)]
    for pid in family:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    demo.process.wait()
    assert eventually(lambda: not any(is_running(pid) for pid in family))
    demo.wipe_queue()
    demo.shell(HALF_A_MINUTE_LATER)


def test_killed_inside_an_archive_it_is_packed_once_and_whole(demo: Demo) -> None:
    held = fatten(demo, WHO["access"])
    with demo.begin("shell", "--no-imports", "-c", ASK, given=f"access {WHO['access']}"):
        reference = wait_for_a_job(demo, "collecting")
        time.sleep(0.3)
        kill_everything_and_wipe_the_queue(demo)
    assert job_state(demo, reference) == "collecting"

    with Demo(demo.folder, settings=demo.settings) as again:
        again.wait_until_open()
        wait_until(again, reference, "collected")
        assert eventually(lambda: state_of(again, reference) == "review", within=60), state_of(again, reference)  # its case follows
        with again.begin("case", reference, "release"):
            wait_until(again, reference, "packing")
            time.sleep(0.3)
            kill_everything_and_wipe_the_queue(again)

    with Demo(demo.folder, settings=demo.settings) as last:
        last.wait_until_open()
        wait_until(last, reference, "packed")
        assert letters_of(last, reference) == ["answer_access", "confirm", "received"]
        assert len([text for text in letters_to(last, WHO["access"]) if "You can download it until" in text]) == 1
        ((found,),) = last.rows(
            "SELECT sum(s.disclosed) FROM exports_step s"
            " JOIN exports_sourcerun r ON r.id = s.run_id JOIN exports_job j ON j.id = r.job_id"
            " WHERE j.reference = ? AND s.collection LIKE ?",
            reference,
            "%request_log",
        )
        ((archives,),) = last.rows(
            "SELECT count(*) FROM exports_archive a JOIN exports_job j ON j.id = a.job_id WHERE j.reference = ?", reference
        )
        assert found == held
        assert archives == 1


def test_killed_inside_a_deletion_it_ends_the_same_and_nothing_is_done_twice(demo: Demo) -> None:
    address = WHO["deletion"]
    held = fatten(demo, address)
    (account,) = next(iter(rows(store(demo, "mcpworks", "accounts"), "SELECT id FROM accounts WHERE email = ?", address)))
    others = rows(store(demo, "mcpworks", "telemetry"), "SELECT * FROM request_log WHERE account_id IS NOT ?", account)
    reference = demo.shell(ASK, given=f"deletion {address}").split()[-1]
    wait_until(demo, reference, "planned")
    assert held > MANY
    with demo.begin("case", reference, "approve", plan_read(demo, reference)):
        wait_until(demo, reference, "spooling", "executing")
        time.sleep(0.5)
        kill_everything_and_wipe_the_queue(demo)
    assert job_state(demo, reference) in {"spooling", "executing", "proving"}

    with Demo(demo.folder, settings=demo.settings) as again:
        again.wait_until_open()
        wait_until(again, reference, "executing", "proving")
        time.sleep(0.3)
        kill_everything_and_wipe_the_queue(again)

    with Demo(demo.folder, settings=demo.settings) as last:
        last.wait_until_open()
        wait_until(last, reference, "finished", "failed")
        assert job_state(last, reference) == "finished"
        assert not rows(store(last, "mcpworks", "telemetry"), "SELECT 1 FROM request_log WHERE account_id = ?", account)
        assert rows(store(last, "mcpworks", "telemetry"), "SELECT * FROM request_log WHERE account_id IS NOT ?", account) == others
        assert letters_of(last, reference) == ["answer_deletion", "confirm", "confirm_again", "received"]
        assert len([text for text in letters_to(last, address) if "certificate" in text]) == 1


def letters_of(demo: Demo, reference: str) -> list[str]:
    """The kinds of all letters of an answered case, once none waits to be sent."""

    def waiting() -> list[tuple[object, ...]]:
        return demo.rows(f"SELECT l.kind, l.state {LETTERS} AND l.state <> 'sent'", reference)

    assert eventually(lambda: state_of(demo, reference) == "answered" and not waiting(), within=60), (state_of(demo, reference), waiting())
    return sorted(str(kind) for (kind,) in demo.rows(f"SELECT l.kind {LETTERS}", reference))


def plan_read(demo: Demo, reference: str) -> str:
    """The fingerprint of the plan, as a lead reads it before approving."""
    assert eventually(lambda: state_of(demo, reference) == "review", within=120), state_of(demo, reference)
    return str(json.loads(demo.manage("case", reference, "plan", "--json"))["plan"]["digest"])
