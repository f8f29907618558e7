"""The PDF of each kind of formal letter that the demo's sample requests end in: CPU seconds, size, pages, and whether it is tagged.

python -m benchmarks.letters [--repeat 7]

Plays the samples first, which takes about a minute, and warms the worker with one letter of each kind.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from statistics import median

from benchmarks.processes import python, surroundings

PLAY = """import portal.celery; from django.core.management import call_command; from portal.demo.running import prepare
prepare(); call_command("demo_samples")"""
MEASURE = "from benchmarks.printing import main; main()"


def main() -> None:
    """Play, then print."""
    asked = _words()
    with tempfile.TemporaryDirectory(prefix="habeas-benchmark-") as folder:
        environment = surroundings(folder) | {"HABEAS_MODE": "demo"}
        python(PLAY, environment)
        told = json.loads(python(MEASURE, environment, str(asked.repeat)).splitlines()[-1])
    print(f"{'letter':34} {'CPU, median (least)':>20} {'pages':>6} {'kB':>6}  tagged PDF/UA-1, fonts")
    for one in sorted(told, key=lambda one: -one["median"]):
        figures = f"{one['median']:10.3f} s ({one['least']:.3f}) {one['pages']:6} {one['size'] / 1000:6.0f}"
        print(f"{one['name']:34} {figures}  {'yes' if one['tagged'] else 'NO'}  {', '.join(one['fonts'])}")
    print(f"median of {len(told)}: {median(one['median'] for one in told):.3f} s; load {os.getloadavg()[0]:.1f}")


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Render each kind of formal letter.")
    parser.add_argument("--repeat", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
