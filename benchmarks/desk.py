"""The desk's lists on a store with a million cases, beside the same lists with ten thousand.

python -m benchmarks.desk [--cases 10000 1000000] [--repeat 3]

The store is a private PostgreSQL; the pages are asked for through Django's test client by a signed-in officer.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.processes import database, python, surroundings
from tests.servers import Server, running_postgresql

MAIN = "from benchmarks.crowd import main; main()"


def main() -> None:
    """Fill both stores, then ask them by turns."""
    asked = _words()
    with running_postgresql({"shared_buffers": "256MB", "max_wal_size": "4GB"}) as server, ExitStack() as stack:
        stores = {cases: _filled(server, stack, cases) for cases in asked.cases}
        (pid, *_rest) = (server.folder / "data" / "postmaster.pid").read_text().splitlines()
        told: dict[int, list[dict[str, Any]]] = {cases: [] for cases in stores}
        for _time in range(asked.repeat):
            for cases, store in stores.items():
                told[cases].append(json.loads(python(MAIN, store, "look", pid).splitlines()[-1]))
    few, many = min(told), max(told)
    print(f"{'':32} {f'{few:,} cases':>24} {f'{many:,} cases':>24}  times  questions")
    for name in told[few][0]:
        one, other = (_best([looked[name] for looked in told[cases]]) for cases in (few, many))
        figures = " ".join(f"{one['median']:8.1f} ms ({one['cpu']:5.1f} CPU)" for one in (one, other))
        print(f"{name:32} {figures}  {other['cpu'] / one['cpu']:5.2f}  {one['queries']:.0f} {other['queries']:.0f}")
    print(f"times: of the CPU seconds of page and database server; load {os.getloadavg()[0]:.1f}")


def _filled(server: Server, stack: ExitStack, cases: int) -> dict[str, str]:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="habeas-benchmark-"))
    ours = {"DATABASE_URL": database(server, f"cases{cases}"), "HABEAS_ALLOWED_HOSTS": "testserver", "PYTHONWARNINGS": "ignore"}
    store = surroundings(folder) | ours
    python(MAIN, store, "fill", str(cases))
    return store


def _best(looked: Sequence[dict[str, float]]) -> dict[str, float]:
    """On a machine that others use, the least is the truest."""
    return {name: min(one[name] for one in looked) for name in looked[0]}


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Look at the desk with few and with many cases.")
    parser.add_argument("--cases", type=int, nargs=2, default=[10_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
