"""The folder as a broker: many write and read it at once, and no message is read before it is there as a whole."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue
from kombu.exceptions import ChannelError

from portal import folder_broker, settings
from tests.processes import ROOT

WRITERS, READERS, MESSAGES = 3, 4, 60


def a_channel(folder: Path) -> Any:
    (folder / "messages").mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.1,
    }
    return Connection("filesystem://", transport="portal.folder_broker.Transport", transport_options=options).channel()


def emptied(channel: Any) -> list[Any]:
    found = []
    while True:
        try:
            found.append(channel._get("work"))
        except Empty:
            return found


def test_the_product_uses_it() -> None:
    transport = Connection(
        settings.CELERY_BROKER_URL,
        transport=settings.CELERY_BROKER_TRANSPORT,
        transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    ).transport

    assert isinstance(transport, folder_broker.Transport)
    assert transport.polling_interval == settings.CELERY_BROKER_TRANSPORT_OPTIONS["polling_interval"] == 0.1


def test_messages_of_many_writers_are_read_once_and_whole_by_many_readers(tmp_path: Path) -> None:
    read: list[str] = []
    is_written = threading.Event()
    faults: list[BaseException] = []

    def write(name: str) -> None:
        channel = a_channel(tmp_path)
        for number in range(MESSAGES):
            channel._put("work", {"body": f"{name}/{number}" + "x" * 50_000})

    def read_all() -> None:
        channel = a_channel(tmp_path)
        try:
            while not is_written.is_set() or channel._size("work"):
                read.extend(message["body"].rstrip("x") for message in emptied(channel))
        except BaseException as problem:
            faults.append(problem)

    writers = [threading.Thread(target=write, args=(str(number),)) for number in range(WRITERS)]
    readers = [threading.Thread(target=read_all) for _ in range(READERS)]
    for thread in [*readers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    is_written.set()
    for thread in readers:
        thread.join()

    assert not faults
    assert sorted(read) == sorted(f"{name}/{number}" for name in range(WRITERS) for number in range(MESSAGES))
    assert not [*tmp_path.glob("messages/*"), *tmp_path.glob("processed/*")]


def test_half_a_message_is_passed_over_and_thrown_away_when_it_stays_so(tmp_path: Path) -> None:
    channel = a_channel(tmp_path)
    channel._put("work", {"body": "whole"})
    half = tmp_path / "messages" / "1_half.work.msg"
    half.write_text('{"body": "ha')
    empty = tmp_path / "messages" / "0_empty.work.msg"
    empty.touch()

    assert emptied(channel) == [{"body": "whole"}]
    assert half.exists()
    assert empty.exists()

    long_ago = time.time() - 60
    for file in (half, empty):
        os.utime(file, (long_ago, long_ago))
    assert emptied(channel) == []
    assert not half.exists()
    assert not empty.exists()


def test_a_message_that_somebody_else_took_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = a_channel(tmp_path)
    channel._put("work", {"body": "here"})
    monkeypatch.setattr(folder_broker, "_names", lambda folder: ["0_gone.work.msg", *os.listdir(folder)])

    assert emptied(channel) == [{"body": "here"}]


def test_a_wiped_queue_is_empty_and_is_made_again(tmp_path: Path) -> None:
    channel = a_channel(tmp_path)
    (tmp_path / "messages").rmdir()

    assert emptied(channel) == []
    channel._put("work", {"body": "first"})
    assert emptied(channel) == [{"body": "first"}]


def test_a_folder_that_takes_no_message_is_the_brokers_own_fault(tmp_path: Path) -> None:
    channel = a_channel(tmp_path)
    (tmp_path / "messages").rmdir()
    (tmp_path / "messages").write_text("not a folder")

    with pytest.raises(ChannelError, match="takes no message"):
        channel._put("work", {"body": "first"})


def test_the_table_of_an_exchange_is_never_seen_half_written(tmp_path: Path) -> None:
    names = [f"queue{number}" for number in range(20)]

    def bind(name: str) -> None:
        channel = a_channel(tmp_path)
        Queue(name, Exchange("work"), routing_key=name, channel=channel).declare()

    threads = [threading.Thread(target=bind, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    channel = a_channel(tmp_path)
    assert sorted(row.queue for row in channel.get_table("work")) == sorted(names)
    (tmp_path / "control" / "work.exchange").write_text("")
    assert channel.get_table("work") == []
    Queue("queue0", Exchange("work"), routing_key="queue0", channel=channel).declare()
    channel.queue_delete("queue0")
    assert [row.queue for row in channel.get_table("work")] == []


A_WORKER_THAT_FAILS = """
    import sys
    from portal import folder_broker
    from portal.demo import child

    def broken(self, queue):
        raise ZeroDivisionError

    folder_broker.Channel._get = broken
    child.worker(0, ["worker-1"])
"""


@pytest.mark.story
def test_a_worker_that_ends_by_a_fault_says_so_with_its_code(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(A_WORKER_THAT_FAILS)]
    surroundings = {**os.environ, "HABEAS_DATA": str(tmp_path), "HABEAS_MODE": "demo", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    ended = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=60, check=False)

    assert "ZeroDivisionError" in ended.stderr
    assert ended.returncode == 1
