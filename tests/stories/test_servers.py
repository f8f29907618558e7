"""The product on PostgreSQL and Redis: the same stories, by two settings."""

import json
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.processes import ROOT, Demo, eventually, own_environment, without_samples
from tests.servers import Server
from tests.stories.test_killed_workers import workers

pytestmark = [pytest.mark.story, pytest.mark.needs("postgresql", "redis-server")]

STAGE = """
import json, sys
from examples.people import crowd
from portal.demo.stage import Stage, asks, confirms, confirms_again
from portal.organisations.models import Organisation
from requests_app.rules.rights import Right
mcpworks = Organisation.objects.get(key="mcpworks")
people = crowd(120)[-8:]
copies = [Stage(key="copy" + p.email, organisation=mcpworks, person=p, right=Right.ACCESS, country="CA") for p in people]
deletions = [Stage(key="gone" + p.email, organisation=mcpworks, person=p, right=Right.DELETION, country="CA") for p in people[:2]]
"""
ASK = """
for stage in copies:
    asks(stage)
    confirms(stage)
"""
ASK_FOR_DELETION = """
for stage in deletions:
    asks(stage)
    confirms(stage)
    confirms_again(stage)
"""
RELEASE = """
from requests_app.flows import fulfilment
for stage in copies:
    fulfilment.release(stage.case, by=stage.staff("lead"))
"""
APPROVE = """
from exports import api
from requests_app.flows import erasing
for stage in deletions:
    erasing.approve(stage.case, digest=api.plan(stage.case.job_id).digest, typed=stage.case.reference, by=stage.staff("lead"))
"""
TELL = """
from exports.models import Job
def outcome(case):
    job = Job.objects.filter(pk=case.job_id).first()
    return job.receipt["receipt"]["outcome"] if job and job.receipt else None
print(json.dumps([[
    stage.case.state,
    stage.case.letters.exclude(state="sent").count(),
    Job.objects.filter(reference=stage.case.reference).count(),
    outcome(stage.case),
] for stage in GROUP if stage.cases]))
"""


@pytest.fixture(scope="module")
def settings(stacks: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """A database and a broker of our own."""
    return stacks("servers")


@pytest.fixture(scope="module")
def left_in_the_broker() -> list[object]:
    """What somebody else had put there, after the start."""
    return []


@pytest.fixture(scope="module")
def demo(settings: dict[str, str], left_in_the_broker: list[object], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    broker = redis.Redis.from_url(settings["REDIS_URL"])
    broker.set("somebody else's", "must stay")
    with broker, Demo(without_samples(tmp_path_factory.mktemp("servers")), settings=settings) as running:
        running.wait_until_open()
        running.wait_until_filled()
        assert eventually(lambda: bool(workers(running)), within=60)
        left_in_the_broker.append(broker.get("somebody else's"))
        yield running


def play(demo: Demo, program: str) -> None:
    demo.shell(STAGE + program)


def told(demo: Demo, group: str) -> list[list[object]]:
    printed = demo.shell(STAGE + TELL.replace("GROUP", group))
    return list(json.loads(printed.splitlines()[-1]))


def all_are(demo: Demo, group: str, *expected: object) -> bool:
    """Every case of the group is in this state, with nothing left to post, by one job, with this outcome."""
    return eventually(lambda: all(one == list(expected) for one in told(demo, group)), within=120)


def test_every_migration_runs_on_postgresql_forwards_and_back(postgresql_server: Server, tmp_path: Path) -> None:
    name = f"habeas_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql_server.url("postgres"), autocommit=True) as opened:
        opened.execute(f"CREATE DATABASE {name}")
    environment = own_environment(tmp_path) | {"DATABASE_URL": postgresql_server.url(name)}
    for words in (
        ["migrate"],
        ["makemigrations", "--check"],
        ["migrate", "requests_app", "zero"],
        ["migrate"],
        ["check", "--database", "default"],
    ):
        done = subprocess.run([ROOT / "start", "manage", *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-1500:]


def test_pages_are_served_and_the_broker_is_not_emptied(demo: Demo, left_in_the_broker: list[object]) -> None:
    assert "MCPWorks" in demo.page("/")
    assert demo.page("/readyz").strip() == "ready"
    assert left_in_the_broker == [b"must stay"]
    assert not (demo.folder / "habeas.sqlite3").exists()
    assert demo.manage("verify_log")


def test_killed_workers_and_a_wiped_broker_lose_nothing(demo: Demo) -> None:
    play(demo, ASK)
    for _round in range(2):
        killed = [pid for pid in workers(demo) if _kill(pid)]
        demo.wipe_queue()
        assert killed
        assert eventually(lambda before=killed: bool(set(workers(demo)) - set(before)))
    assert all_are(demo, "copies", "review", 0, 1, None), told(demo, "copies")
    play(demo, RELEASE)
    demo.wipe_queue()
    assert all_are(demo, "copies", "answered", 0, 1, None), told(demo, "copies")
    play(demo, ASK_FOR_DELETION)
    assert all_are(demo, "deletions", "review", 0, 1, None), told(demo, "deletions")
    play(demo, APPROVE)
    demo.wipe_queue()
    for pid in workers(demo):
        _kill(pid)
    assert all_are(demo, "deletions", "answered", 0, 1, "complete"), told(demo, "deletions")


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
