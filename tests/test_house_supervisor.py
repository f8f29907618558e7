"""The supervisor keeps its children alive and leaves none behind. Children here are small programs of a few lines."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.demo import ports
from portal.demo.supervisor import Child, Stopped, Supervisor
from tests.processes import eventually, is_running

ROOT = Path(__file__).resolve().parent.parent


def test_a_wait_doubles_with_every_fall_and_is_forgiven_after_a_long_life() -> None:
    child = Child("web", ["web"], started_at=100.0)

    assert [child.fell(101.0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert child.fell(1000.0) == 0.5


LONELY = """
    import os, sys, time
    from portal.demo.lifeline import hold_on_to
    hold_on_to(int(sys.argv[1]))
    if os.fork() == 0:
        hold_on_to(int(sys.argv[1]))
    with open(sys.argv[2], "a") as told:
        told.write(f"{os.getpid()}\\n")
    time.sleep(600)
"""
PARENT = """
    import os, subprocess, sys, time
    reading, writing = os.pipe()
    subprocess.Popen([sys.executable, "-c", sys.argv[1], str(reading), sys.argv[2]], pass_fds=[reading], start_new_session=True)
    time.sleep(600)
"""


def test_a_killed_parent_takes_children_and_grandchildren_along(tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.touch()
    command = [sys.executable, "-c", textwrap.dedent(PARENT), textwrap.dedent(LONELY), str(told)]
    parent = subprocess.Popen(command, cwd=ROOT)
    try:
        assert eventually(lambda: len(told.read_text().splitlines()) == 2)
    finally:
        parent.kill()
        parent.wait()

    family = [int(pid) for pid in told.read_text().split()]
    assert eventually(lambda: not any(is_running(pid) for pid in family))


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A supervisor whose `python -m portal.demo.child` is a program that sleeps, or ends as its role says."""
    package = tmp_path / "stand_in" / "portal" / "demo"
    package.mkdir(parents=True)
    (package / "child.py").write_text("import sys, time\nsys.exit(int(sys.argv[1])) if sys.argv[1].isdigit() else time.sleep(600)\n")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    made = Supervisor(tmp_path / "logs", {**os.environ, "PYTHONPATH": str(tmp_path / "stand_in")})
    monkeypatch.chdir(tmp_path)
    yield made
    made.stop()
    for number, meaning in before.items():
        signal.signal(number, meaning)


def test_a_child_that_fell_is_started_again(supervisor: Supervisor) -> None:
    child = Child("worker", ["sleep"])
    supervisor.start(child)
    assert child.process
    first = child.process
    first.kill()
    first.wait()

    said = supervisor.look_after()

    assert "worker ended (signal SIGKILL); it starts again in 0.5 seconds" in said[0]
    assert eventually(lambda: bool(supervisor.look_after()) or child.is_alive)
    assert child.process
    assert child.process.pid != first.pid


def test_a_child_that_was_to_run_once_and_succeeded_is_left_in_peace(supervisor: Supervisor) -> None:
    child = Child("samples", ["0"], runs_once=True)
    supervisor.start(child)
    assert child.process
    child.process.wait()

    assert supervisor.look_after() == []
    assert supervisor.children == []


def test_a_child_that_was_to_run_once_and_failed_is_tried_again(supervisor: Supervisor) -> None:
    child = Child("samples", ["3"], runs_once=True)
    supervisor.start(child)
    assert child.process
    child.process.wait()

    assert "samples ended (code 3)" in supervisor.look_after()[0]
    assert child in supervisor.children


def test_a_child_that_was_to_run_once_and_always_fails_is_given_up(supervisor: Supervisor) -> None:
    child = Child("samples", ["3"], runs_once=True, falls=4)
    supervisor.start(child)
    assert child.process
    child.process.wait()

    assert "for the 5th time and is left alone" in supervisor.look_after()[0]
    assert supervisor.children == []


def test_stopping_leaves_nobody_behind(supervisor: Supervisor) -> None:
    for number in range(3):
        supervisor.start(Child(f"worker-{number}", ["sleep"]))
    processes = [child.process.pid for child in supervisor.children if child.process]

    supervisor.stop()

    assert len(processes) == 3
    assert not any(is_running(pid) for pid in processes)


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken = somebody.getsockname()[1]

        assert not ports.is_free(taken)
        found = ports.free_port(taken)

    assert found is not None
    assert found > taken


def test_nobody_answers_where_nobody_listens() -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        assert not ports.answers(somebody.getsockname()[1])


class EndsWith:
    """Somebody who is interrupted while Python puts him away: what a handler raises there is told to nobody."""

    def __init__(self, asked: signal.Signals) -> None:
        self.asked = asked

    def __del__(self) -> None:
        os.kill(os.getpid(), self.asked)


def test_a_signal_that_lands_in_a_finalizer_still_ends_the_house(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: lost.append(told.exc_type))

    del [EndsWith(signal.SIGTERM)][:]

    assert lost == [Stopped]
    with pytest.raises(Stopped):
        supervisor.look_after()


def test_an_interrupt_that_lands_in_a_finalizer_still_ends_the_preparation() -> None:
    program = (
        "import signal, sys\n"
        "from portal.demo.supervisor import leave_when_interrupted\n"
        "from tests.test_house_supervisor import EndsWith\n"
        "leave_when_interrupted('Stopped.')\n"
        "del [EndsWith(signal.SIGINT)][:]\n"
        "print('went on')\n"
    )
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (told.returncode, told.stdout, told.stderr) == (130, "", "Stopped.\n")
