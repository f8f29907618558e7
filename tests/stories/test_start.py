"""A newcomer starts the product, looks at it, and stops it in every way that there is."""

import signal
import socket
import sqlite3
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.processes import ROOT, Demo, descendants, eventually, free_port, is_running, own_environment, without_samples

pytestmark = pytest.mark.story


def test_one_command_opens_the_portal_and_says_where(stack: dict[str, str], tmp_path: Path) -> None:
    with Demo(tmp_path / "da ta", settings=stack) as demo:
        demo.wait_until_open()

        assert demo.url == f"http://localhost:{demo.port}"
        assert "MCPWorks" in demo.page("/")
        assert "Mail that was sent" in demo.page("/outbox/")
        assert "ada@example.org" in demo.text
        assert demo.text.count(f"{demo.url}/\n") == 1


def test_a_killed_supervisor_leaves_nothing_running_and_the_next_start_goes_on(stack: dict[str, str], tmp_path: Path) -> None:
    with Demo(without_samples(tmp_path), settings=stack) as demo:
        demo.wait_until_open()
        assert eventually((tmp_path / "logs" / "beat.log").exists, within=120)  # the last of them to start
        assert eventually(lambda: len(descendants(demo.process.pid)) >= 5)  # web and its worker, two workers, beat
        family = descendants(demo.process.pid)
        demo.process.kill()
        demo.process.wait()
        assert eventually(lambda: not any(is_running(pid) for pid in family))

    with Demo(tmp_path, port=demo.port, settings=stack) as again:
        again.wait_until_open()
        assert again.url == demo.url
        assert "MCPWorks" in again.page("/")


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_stops_whole(stack: dict[str, str], tmp_path: Path, asked: signal.Signals) -> None:
    with Demo(tmp_path, settings=stack) as demo:
        demo.wait_until_open()
        family = descendants(demo.process.pid)
        demo.process.send_signal(asked)
        code = demo.process.wait(timeout=30)

    assert code == 0
    assert not any(is_running(pid) for pid in family)
    assert "Stopping" in demo.text


def test_interrupted_while_it_gets_ready_it_says_so_in_a_sentence(stack: dict[str, str], tmp_path: Path) -> None:
    with Demo(tmp_path, settings=stack) as demo:
        assert eventually(lambda: has_tables(demo))
        demo.process.send_signal(signal.SIGINT)
        code = demo.process.wait(timeout=30)
    with Demo(tmp_path, settings=stack) as again:
        again.wait_until_open()

    assert code == 130
    assert "Stopped before it was ready" in demo.text
    assert "Traceback" not in demo.text


def has_tables(demo: Demo) -> bool:
    """Whether it has begun to make them."""
    try:
        return bool(demo.rows("SELECT 1 FROM django_migrations"))
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        return False


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("HABEAS_WORKERS", "many", "it may be a number from 1 to 64"),
        ("HABEAS_MODE", "production", "HABEAS_MODE=demo only"),
        ("HABEAS_MODE", "dmeo", "it may be demo, production or test"),
        ("HABEAS_WRKERS", "2", "Unknown setting HABEAS_WRKERS"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(tmp_path: Path, setting: str, value: str, reason: str) -> None:
    command = [ROOT / "start", "demo", "--no-browser"]
    told = subprocess.run(
        command, env={**own_environment(tmp_path), setting: value}, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )

    assert told.returncode == 1
    assert reason in told.stderr
    assert "Nothing was started" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_taken_port_is_said_and_the_next_one_used(stack: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", free_port()))
        somebody.listen()
        taken = somebody.getsockname()[1]
        with Demo(tmp_path, port=taken, settings=stack) as demo:
            demo.wait_until_open()

            assert f"Port {taken} is taken by another program; using" in demo.text
            assert demo.url != f"http://localhost:{taken}"


def test_a_second_start_on_the_same_folder_says_where_the_first_one_is(stack: dict[str, str], tmp_path: Path) -> None:
    with Demo(tmp_path, settings=stack) as demo:
        demo.wait_until_open()
        with Demo(tmp_path, settings=stack) as second:
            assert second.process.wait(timeout=60) == 1

        assert eventually(lambda: f"already running on this folder: {demo.url}/" in second.text)
        assert "MCPWorks" in demo.page("/")
