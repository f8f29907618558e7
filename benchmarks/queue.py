"""A thousand light subjects (about fifty rows in ten tables each) and two workers, of which one is killed on the way and replaced.

python -m benchmarks.queue [--people 1000] [--kill-after 20]

Every person must have one archive with all their rows at the end. The store is SQLite; the source is a private PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks.market import fill
from benchmarks.processes import database, surroundings
from tests.servers import running_postgresql

START = "import django; django.setup(); from benchmarks.worker import main; main()"
ROWS = 52


def main() -> None:
    """Ask, let two workers answer, kill one, and count."""
    asked = _words()
    with running_postgresql({}) as server, tempfile.TemporaryDirectory(prefix="habeas-benchmark-") as folder:
        url = database(server, "light")
        fill(url, 5_000, others=asked.people)
        _started(folder, "ask", url, str(asked.people)).wait()
        began = time.perf_counter()
        one, other = (_started(folder, "answer") for _ in range(2))
        time.sleep(asked.kill_after)
        one.kill()
        one.communicate()
        told = [_told(worker) for worker in (other, _started(folder, "answer"))]
        seconds = time.perf_counter() - began
    _judge(asked.people, told, seconds)


def _judge(people: int, told: list[dict[str, Any]], seconds: float) -> None:
    last = told[-1]
    answered, cpu = sum(one["answered"] for one in told), sum(one["cpu"] for one in told)
    print(f"{last['archives']} archives for {people} people in {seconds:.0f} s, {last['records']} records, {last['sizes']} in each")
    print(f"{last['rate']:.1f} a second until 95% were done; the last case of the killed waits for its lease")
    print(f"{1000 * cpu / max(1, answered):.0f} ms of CPU for each of the {answered} that the two workers finished, peak {last['peak']} MB")
    if last["archives"] != people or last["sizes"] != [ROWS]:
        sys.exit("Something was lost")


def _started(folder: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, *words]
    return subprocess.Popen(command, env=surroundings(folder), stdout=subprocess.PIPE, text=True)


def _told(worker: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = worker.communicate()
    if worker.returncode:
        sys.exit(f"A worker ended with {worker.returncode}")
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    return told


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Answer a thousand light subjects with two workers.")
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--kill-after", type=float, default=20.0, help="seconds after which the first worker is killed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
