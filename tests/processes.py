"""The whole product as a newcomer starts it: real processes on a data folder of their own."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

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

    def __enter__(self) -> "Demo":
        command = [str(ROOT / "start"), "demo", "--port", str(self.port), "--no-browser", *self.words]
        self.process = subprocess.Popen(
            command,
            env=own_environment(self.folder) | self.settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *problem: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            self.printed.extend(line.rstrip("\n") for line in lines)

    @property
    def text(self) -> str:
        return "\n".join(self.printed)

    @property
    def url(self) -> str:
        """The one address that it printed, once it did."""
        found = re.search(r"^ +(http://localhost:\d+)/$", self.text, re.MULTILINE)
        return found.group(1) if found else ""

    def is_open(self) -> bool:
        return bool(self.url) or self.process.poll() is not None

    def wait_until_open(self) -> None:
        assert eventually(self.is_open, within=120), self.text
        assert self.url, self.text

    def is_filled(self) -> bool:
        """Whether the sample requests were all played."""
        log = self.folder / "logs" / "samples.log"
        return log.exists() and "Played" in log.read_text()

    def page(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=20) as answer:
            return str(answer.read().decode())


def own_environment(folder: Path) -> dict[str, str]:
    """What a newcomer's shell has: nothing of the tests' own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HABEAS_", "DJANGO_", "PYTEST_"))}
    return {**inherited, "HABEAS_DATA": str(folder)}
