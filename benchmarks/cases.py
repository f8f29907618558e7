"""A thousand cases and the product's real way: hints through the broker, Celery's workers, the clock. One worker is killed on the way.

python -m benchmarks.cases [--cases 1000] [--store sqlite|postgresql] [--broker folder|redis] [--kill-after 15]

Every case is proved and waits when the workers begin. Its job searches ten tables, its archive is released by the policy itself, packed,
read back and answered by a letter; in the end all cases are answered and all letters are posted.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.market import fill
from benchmarks.processes import cpu_of, database, of_server, python, surroundings
from tests.processes import descendants
from tests.servers import Server, running_postgresql, running_redis

CELERY = [sys.executable, "-m", "celery", "--app", "portal.celery"]
ALONE = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
OTHERS = 1_000
PATIENCE = 900.0
PAUSE = 0.5


@dataclass
class Crew:
    """Two workers and the clock, with the CPU seconds that they used, those of the fallen included."""

    environment: Mapping[str, str]
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    fallen: float = 0.0

    def worker(self) -> subprocess.Popen[bytes]:
        """One more worker, of one process."""
        number = len(self.running)
        return self._start(f"worker-{number}", "worker", "--concurrency", "1", "--hostname", f"worker-{number}@benchmark", *ALONE)

    def clock(self) -> None:
        """The dispatcher's clock."""
        self._start("beat", "beat", "--loglevel", "WARNING")

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Without a word to anybody, and with all its children."""
        self.fallen += cpu_of(worker.pid)
        for pid in (worker.pid, *descendants(worker.pid)):
            os.kill(pid, 9)
        worker.wait()
        self.running.remove(worker)

    def cpu(self) -> float:
        """CPU seconds so far."""
        return self.fallen + sum(cpu_of(one.pid) for one in self.running)

    def end(self) -> None:
        """All go."""
        for one in self.running:
            one.terminate()
        for one in self.running:
            one.wait()

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running.append(subprocess.Popen([*CELERY, *words], env=dict(self.environment), stdout=log, stderr=log))
        return self.running[-1]


def main() -> None:
    """Ask, let two workers answer, kill one, and count."""
    asked = _words()
    with ExitStack() as stack:
        server = stack.enter_context(running_postgresql({}))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="habeas-benchmark-")))
        url = database(server, "light")
        fill(url, 5_000, others=max(OTHERS, asked.cases))
        environment = stack.enter_context(_installation(asked, server, folder))
        python("from benchmarks.worker import open_cases; open_cases()", environment, url, str(asked.cases))
        crew = Crew(environment, folder)
        try:
            _run(asked, crew, server)
        finally:
            crew.end()


@contextmanager
def _installation(asked: argparse.Namespace, server: Server, folder: Path) -> Iterator[dict[str, str]]:
    """The settings of an installation with this store and this broker."""
    with ExitStack() as stack:
        environment = surroundings(str(folder))
        if asked.store == "postgresql":
            environment["DATABASE_URL"] = database(server, "store")
        if asked.broker == "redis":
            environment["REDIS_URL"] = stack.enter_context(running_redis()).url("0", account="")
        yield environment


def _run(asked: argparse.Namespace, crew: Crew, server: Server) -> None:
    seen = _watched(crew)
    served, one = of_server(server), crew.worker()
    crew.worker()
    crew.clock()
    while next(seen)[0] == asked.cases:
        time.sleep(PAUSE)  # the workers come up
    began, lines, is_killed = time.perf_counter(), [], False
    for _open, answered, unsent in seen:
        seconds = time.perf_counter() - began
        lines.append((seconds, answered, unsent))
        print(f"{seconds:6.1f} s {answered:6} answered {unsent:6} letters to post {crew.cpu():7.1f} s CPU", file=sys.stderr)
        if not is_killed and seconds > asked.kill_after:
            is_killed = True
            crew.kill(one)
            crew.worker()
        if answered == asked.cases and not unsent:
            break
        if seconds > PATIENCE:
            sys.exit("It took too long")
        time.sleep(PAUSE)
    _tell(asked, lines, crew.cpu(), of_server(server) - served)


def _watched(crew: Crew) -> Iterator[tuple[int, int, int]]:
    """How many cases are open, how many are answered, how many letters wait."""
    counts = [
        "count(*) FROM requests_app_case WHERE state = 'open'",
        "count(*) FROM requests_app_case WHERE state = 'answered'",
        "count(*) FROM requests_app_letter WHERE state <> 'sent'",
    ]
    question = "SELECT " + ", ".join(f"(SELECT {count})" for count in counts)
    address = crew.environment.get("DATABASE_URL")
    while True:
        if address:
            with psycopg.connect(address) as opened:
                yield opened.execute(question).fetchone() or (0, 0, 0)
        else:
            with closing(sqlite3.connect(f"file:{crew.folder}/habeas.sqlite3?mode=ro", uri=True, timeout=30)) as opened:
                yield opened.execute(question).fetchone()


def _tell(asked: argparse.Namespace, lines: list[tuple[float, int, int]], cpu: float, served: float) -> None:
    whole = next(seconds for seconds, answered, _ in lines if answered == asked.cases)
    first = next(line for line in lines if line[1])
    most = next(line for line in lines if line[1] >= 0.95 * asked.cases)
    rate = (most[1] - first[1]) / max(0.1, most[0] - first[0])
    print(f"{asked.cases} cases on {asked.store} with {asked.broker}, one worker killed after {asked.kill_after:.0f} s: all answered")
    print(f"after {whole:.0f} s, all letters posted after {lines[-1][0]:.0f} s; between the first and 95%: {rate:.1f} cases a second")
    workers, postgresql = 1000 * cpu / asked.cases, 1000 * served / asked.cases
    print(f"CPU for each case: {workers:.0f} ms of the workers and the clock, {postgresql:.0f} ms of PostgreSQL")
    print(f"load {os.getloadavg()[0]:.1f}")


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Answer a thousand cases by the product's real way.")
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--broker", choices=["folder", "redis"], default="folder")
    parser.add_argument("--kill-after", type=float, default=15.0, help="seconds after which the first worker is killed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
