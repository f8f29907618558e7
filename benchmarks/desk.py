"""The desk's lists on a store with a million cases, beside the same lists with ten thousand.

python -m benchmarks.desk [--cases 10000 1000000]

The store is a private PostgreSQL; the pages are asked for through Django's test client by a signed-in officer.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from typing import Any

from benchmarks.processes import database, python, surroundings
from tests.servers import Server, running_postgresql


def main() -> None:
    """Fill and ask, for each size."""
    asked = _words()
    with running_postgresql({"shared_buffers": "256MB", "max_wal_size": "4GB"}) as server:
        told = {cases: _measured(server, cases) for cases in asked.cases}
    few, many = min(told), max(told)
    print(f"{'milliseconds, median (least)':32} {few:>9,} cases {many:>12,} cases  times (least)  queries")
    for name, one in told[few]["lists"].items():
        other = told[many]["lists"][name]
        figures = f"{one['median']:8.1f} ({one['least']:.1f})  {other['median']:11.1f} ({other['least']:.1f})"
        times = f"{other['median'] / one['median']:.2f} ({other['least'] / one['least']:.2f})"
        print(f"{name:32} {figures}  {times:>12}  {one['queries']:.0f} {other['queries']:.0f}")
    print(f"filled in {told[few]['filled']:.0f} and {told[many]['filled']:.0f} s; load {os.getloadavg()[0]:.1f}")


def _measured(server: Server, cases: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="habeas-benchmark-") as folder:
        ours = {"DATABASE_URL": database(server, f"cases{cases}"), "HABEAS_ALLOWED_HOSTS": "testserver"}
        said = python("from benchmarks.crowd import main; main()", surroundings(folder) | ours, str(cases))
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Look at the desk with few and with many cases.")
    parser.add_argument("--cases", type=int, nargs=2, default=[10_000, 1_000_000])
    return parser.parse_args()


if __name__ == "__main__":
    main()
