"""The whole product as a newcomer starts it: real processes on a data folder of their own."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent


def eventually(claim: Callable[[], bool], *, within: float = 30.0) -> bool:
    """Whether the claim comes true within some seconds."""
    deadline = time.monotonic() + within
    while not (is_true := claim()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_true


def is_running(pid: int) -> bool:
    """A zombie that waits for its parent to look is not running."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> set[int]:
    """Every process that this one started, and theirs."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, front = set(), {pid}
    while front:
        front = {child for child, parent in parents.items() if parent in front} - found
        found |= front
    return found


def free_port() -> int:
    with socket.socket() as anybody:
        anybody.bind(("127.0.0.1", 0))
        return int(anybody.getsockname()[1])


@dataclass
class Demo:
    """`./start demo` as one process tree, with what it printed."""

    folder: Path
    port: int = field(default_factory=free_port)
    words: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] = field(init=False)
    listener: threading.Thread = field(init=False, repr=False)

    def __enter__(self) -> "Demo":
        command = [str(ROOT / "start"), "demo", "--port", str(self.port), "--no-browser", *self.words]
        self.process = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        self.listener = threading.Thread(target=_listen, args=[self.process.stdout, self.printed], daemon=True)
        self.listener.start()
        return self

    def __exit__(self, *problem: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listener.join(timeout=20)  # its last words may still be on their way

    @property
    def environment(self) -> dict[str, str]:
        """What any command about this demo runs with."""
        return own_environment(self.folder) | self.settings

    def manage(self, *words: str, given: str = "") -> str:
        """What a management command printed; it must not refuse."""
        command = [ROOT / "start", "manage", *words]
        done = subprocess.run(command, env=self.environment, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout[-500:]}{done.stderr[-1500:]}"
        return done.stdout

    def begin(self, *words: str, given: str = "") -> subprocess.Popen[str]:
        """A management command that nobody waits for."""
        command = [ROOT / "start", "manage", *words]
        begun = subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert begun.stdin
        begun.stdin.write(given)
        begun.stdin.close()
        return begun

    def shell(self, program: str, given: str = "") -> str:
        """What a program printed that was run inside the product."""
        return self.manage("shell", "--no-imports", "-c", program, given=given)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What stands in the product's own database, wherever that is."""
        if address := self.settings.get("DATABASE_URL"):
            with psycopg.connect(address) as opened:
                return opened.execute(statement.replace("?", "%s"), values).fetchall()
        with closing(sqlite3.connect(f"file:{self.folder}/habeas.sqlite3?mode=ro", uri=True, timeout=30)) as opened:
            return opened.execute(statement, values).fetchall()

    def wipe_queue(self) -> None:
        """As if the broker had lost everything."""
        if address := self.settings.get("REDIS_URL"):
            with redis.Redis.from_url(address) as broker:
                broker.flushdb()
        else:
            shutil.rmtree(self.folder / "queue")

    @property
    def text(self) -> str:
        return "\n".join(self.printed)

    @property
    def url(self) -> str:
        """The one address that it printed, once it did."""
        found = re.search(r"^ +(http://localhost:\d+)/$", self.text, re.MULTILINE)
        return found.group(1) if found else ""

    def is_open(self) -> bool:
        """Whether it has said all that it says at the start, or ended."""
        return self.process.poll() is not None or (bool(self.url) and "Ctrl-C stops it all." in self.text)

    def wait_until_open(self) -> None:
        assert eventually(self.is_open, within=120), self.text
        assert self.url, self.text

    def is_filled(self) -> bool:
        """Whether the sample requests were all played."""
        log = self.folder / "logs" / "samples.log"
        return log.exists() and "Played" in log.read_text()

    def wait_until_filled(self) -> None:
        assert eventually(self.is_filled, within=400), "\n".join(
            [self.text, *(path.read_text(errors="replace")[-1500:] for path in (self.folder / "logs").glob("*.log"))]
        )

    def page(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=20) as answer:
            return str(answer.read().decode())


def _listen(said: IO[str], printed: list[str]) -> None:
    with said as lines:
        printed.extend(line.rstrip("\n") for line in lines)


def without_samples(folder: Path) -> Path:
    """A data folder as if its sample requests had been played: the desk stays empty, and the workers begin at once."""
    (folder / "samples").mkdir()
    diary = {"began_at": datetime.now(UTC).isoformat(), "played": 1_000_000, "stopped": []}
    (folder / "samples" / "diary.json").write_text(json.dumps(diary))
    return folder


def own_environment(folder: Path) -> dict[str, str]:
    """What a newcomer's shell has: nothing of the tests' own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HABEAS_", "DJANGO_", "PYTEST_"))}
    return {**inherited, "HABEAS_DATA": str(folder)}
