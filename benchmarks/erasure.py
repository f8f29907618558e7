"""Erases one customer with many rows by bare SQL and by the engine, plan and proof included, side by side in one run.

python -m benchmarks.erasure [--rows 100000] [--repeat 3] [--scattered] [--profile FILE]

Needs PostgreSQL's programs on the machine: a private server with its ordinary settings is started for the run.
"""

from __future__ import annotations

import argparse
import sys
from statistics import median
from typing import Any

from benchmarks.processes import by_engine, database, of_server
from benchmarks.stores import erase_bare, fill, left
from tests.servers import running_postgresql


def main() -> None:
    """Both ways, some times over, each on a fresh copy of the same database."""
    asked = _words()
    bare: list[dict[str, float]] = []
    engine: list[dict[str, Any]] = []
    with running_postgresql({"shared_buffers": "256MB"}) as server:
        fill(database(server, "first"), asked.rows, scattered=asked.scattered)
        for number in range(asked.repeat):
            one, other = (database(server, f"{name}{number}", "TEMPLATE first") for name in ("bare", "engine"))
            started = of_server(server)
            bare.append({"seconds": erase_bare(one), "server": of_server(server) - started})
            started = of_server(server)
            engine.append(by_engine("erase", other, asked.profile))
            engine[-1]["server"] = of_server(server) - started
            if left(one) != left(other):
                sys.exit(f"They did not do the same: {left(one)} and {left(other)}")
    _tell(asked, bare, engine)


def _tell(asked: argparse.Namespace, bare: list[dict[str, float]], engine: list[dict[str, Any]]) -> None:
    seconds, sql = (median(one["seconds"] for one in way) for way in (engine, bare))
    worker, server, alone = (median(one[name] for one in way) for name, way in (("cpu", engine), ("server", engine), ("server", bare)))
    print(f"{asked.rows} rows, {asked.repeat} runs, median")
    print(f"bare SQL      {sql:.2f} s; CPU: server {alone:.2f} s")
    print(f"engine        {seconds:.2f} s, {seconds / sql:.1f} times; CPU: server {server:.2f} s, worker {worker:.2f} s")
    for phase in engine[0]["phases"]:
        print(f"  {phase:12}{median(one['phases'][phase] for one in engine):.2f} s")
    peak, before = (max(one[name] for one in engine) for name in ("peak", "before"))
    print(f"engine's peak memory {peak} MB, of which {before} MB before it began")


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Erase one customer by bare SQL and by the engine.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--scattered", action="store_true", help="the customer's rows do not lie together")
    parser.add_argument("--profile", default="", help="write a cProfile of the engine's last run here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
