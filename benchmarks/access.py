"""Collects and packs one customer's rows from ten tables, beside `COPY (SELECT row_to_json …) TO STDOUT | gzip` of the same rows.

python -m benchmarks.access [--rows 1000 10000 100000 1000000] [--repeat 3] [--profile FILE]

Needs PostgreSQL's programs on the machine: a private server with its ordinary settings is started for the run.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import time
from statistics import median
from typing import Any

from benchmarks.market import copying, counted, fill
from benchmarks.processes import by_engine, database, of_server
from tests.servers import Server, running_postgresql


def main() -> None:
    """Both ways by turns, some times over, for each number of rows."""
    asked = _words()
    print("rows       COPY|gzip   engine  times   collect    pack  CPU of it  CPU, times, with the server   peak (of that before)")
    with running_postgresql({"shared_buffers": "256MB"}) as server:
        for rows in asked.rows:
            url = database(server, f"rows{rows}")
            fill(url, rows)
            runs = [(_copied(server, url), _answered(server, url, asked.profile)) for _ in range(asked.repeat)]
            _tell(counted(url), [bare for bare, _ in runs], [engine for _, engine in runs])


def _answered(server: Server, url: str, profile: str) -> dict[str, Any]:
    """What the engine told, with the server's CPU seconds added to its own."""
    before = of_server(server)
    told = by_engine("access", url, profile)
    return {**told, "all": told["cpu"] + of_server(server) - before}


def _copied(server: Server, url: str) -> tuple[float, float]:
    """Seconds, and CPU seconds of all that took part."""
    words = ["psql", url, "--no-psqlrc", "--quiet", *(word for statement in copying() for word in ("--command", statement))]
    before, started = _children() + of_server(server), time.perf_counter()
    asking = subprocess.Popen(words, stdout=subprocess.PIPE)
    packing = subprocess.Popen(["gzip", "--stdout"], stdin=asking.stdout, stdout=subprocess.DEVNULL)
    if asking.stdout:
        asking.stdout.close()
    if packing.wait() or asking.wait():
        raise SystemExit("COPY | gzip did not end well")
    seconds = time.perf_counter() - started
    return seconds, _children() + of_server(server) - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tell(rows: int, bare: list[tuple[float, float]], engine: list[dict[str, Any]]) -> None:
    seconds, base = median(one["seconds"] for one in engine), median(one for one, _ in bare)
    times = median(one["seconds"] / other for one, (other, _) in zip(engine, bare, strict=True))
    work = median(one["all"] / other for one, (_, other) in zip(engine, bare, strict=True))
    collect, pack = (median(one["phases"][name] for one in engine) for name in ("collect", "pack"))
    cpu, peak, before = (median(one[name] for one in engine) for name in ("cpu", "peak", "before"))
    figures = f"{base:9.2f} s {seconds:6.2f} s {times:6.1f} {collect:7.2f} s {pack:5.2f} s {cpu:6.2f} s {work:6.1f}"
    print(f"{rows:9} {figures} {peak:6.0f} MB ({before:.0f})  load {os.getloadavg()[0]:.1f}", flush=True)


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Answer one customer by COPY | gzip and by the engine.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--profile", default="", help="write a cProfile of the engine's last run here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
