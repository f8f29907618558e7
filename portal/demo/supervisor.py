"""Keeps the demo's processes alive, and takes them along when it ends."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

LONG_LIFE = 60.0
TRIES = 5  # for what is to run once
GRACE = 8.0


class Stopped(Exception):
    """Somebody asked the supervisor to end."""


@dataclass
class Child:
    """One process: its role, how often it has fallen over lately, and when it may be started again."""

    name: str
    words: list[str]
    runs_once: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    falls: int = 0
    next_start: float = 0.0

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def fell(self, now: float) -> float:
        """Count the fall; the wait before the next start doubles, up to half a minute, and is forgiven after a long life."""
        self.falls = 1 if now - self.started_at > LONG_LIFE else self.falls + 1
        wait: float = min(30.0, 0.5 * 2 ** (self.falls - 1))
        self.next_start = now + wait
        self.process = None
        return wait


@dataclass
class Supervisor:
    """Starts children in process groups of their own, holding one end of a pipe whose closing ends them all."""

    logs: Path
    environment: dict[str, str]
    children: list[Child] = field(default_factory=list)
    is_asked_to_end: bool = False

    def __post_init__(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lifeline, self._held = os.pipe()
        for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(asked, self._stop)

    def start(self, child: Child) -> None:
        """Start a child; from now on it is watched. Only the main thread may do so: Linux ends a child with its parent thread."""
        if child not in self.children:
            self.children.append(child)
        command = [sys.executable, "-m", "portal.demo.child", child.words[0], str(self._lifeline), *child.words[1:]]
        with (self.logs / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                pass_fds=[self._lifeline],
                start_new_session=True,
            )
        child.started_at = time.monotonic()

    def look_after(self) -> list[str]:
        """Start again whoever fell. Returns a sentence for each fall.

        Raises Stopped when somebody has asked for the end: what a signal raises is lost if it lands in a finalizer.
        """
        if self.is_asked_to_end:
            raise Stopped
        now = time.monotonic()
        said = [self._note_fall(child, now) for child in [*self.children] if child.process is not None and not child.is_alive]
        for child in self.children:
            if child.process is None and child.next_start and child.next_start <= now:
                self.start(child)
        return [sentence for sentence in said if sentence]

    def _note_fall(self, child: Child, now: float) -> str:
        code = child.process.returncode if child.process else 0
        if child.runs_once and code == 0:
            self.children.remove(child)
            return ""
        wait = child.fell(now)
        fell, log = f"{child.name} ended ({_how(code)})", f"Its log: {self.logs / child.name}.log"
        if child.runs_once and child.falls >= TRIES:
            self.children.remove(child)
            return f"{fell} for the {TRIES}th time and is left alone until the next start. {log}"
        return f"{fell}; it starts again in {wait:g} seconds. {log}"

    def stop(self) -> None:
        """Ask everybody to end, and after a while insist."""
        for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(asked, signal.SIG_IGN)
        running = [child.process for child in self.children if child.process is not None and child.is_alive]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE
        while any(process.poll() is None for process in running) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in running:
            _end_group(process.pid)
            process.wait()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.is_asked_to_end = True
        raise Stopped

    def tail(self, name: str, lines: int = 12) -> str:
        """The end of a child's log."""
        return "\n".join((self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])


def leave_when_interrupted(words: str) -> None:
    """Until a supervisor takes over, Ctrl-C ends the process at once: nothing that is being prepared needs to be put away.

    KeyboardInterrupt would not do. Raised while Python runs a finalizer, it is printed and forgotten, and the process goes on.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        os.write(sys.stderr.fileno(), f"{words}\n".encode())
        os._exit(128 + number)

    signal.signal(signal.SIGINT, leave)


def _end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return  # it took everybody with it


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
