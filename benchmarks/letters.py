"""The PDF of each kind of formal letter that the demo's sample requests end in: CPU seconds, size, pages, and whether it is tagged.

python -m benchmarks.letters [--repeat 7]

Plays the samples first, which takes about a minute, and warms the worker with one letter of each kind.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from statistics import median
from typing import Any

from pypdf import PdfReader

from benchmarks.processes import python, surroundings

PLAY = """import portal.celery; from django.core.management import call_command; from portal.demo.running import prepare
prepare(); call_command("demo_samples")"""
MEASURE = "from benchmarks.letters import measure; measure()"


def main() -> None:
    """Play, then print."""
    asked = _words()
    with tempfile.TemporaryDirectory(prefix="habeas-benchmark-") as folder:
        environment = surroundings(folder) | {"HABEAS_MODE": "demo"}
        python(PLAY, environment)
        told = json.loads(python(MEASURE, environment | {"REPEAT": str(asked.repeat)}).splitlines()[-1])
    print(f"{'letter':34} {'CPU, median (least)':>20} {'pages':>6} {'kB':>6}  tagged PDF/UA-1")
    for one in sorted(told, key=lambda one: -one["median"]):
        figures = f"{one['median']:10.3f} s ({one['least']:.3f}) {one['pages']:6} {one['size'] / 1000:6.0f}"
        print(f"{one['name']:34} {figures}  {'yes' if one['tagged'] else 'NO'}")
    print(f"median of {len(told)}: {median(one['median'] for one in told):.3f} s; load {os.getloadavg()[0]:.1f}")


def measure() -> None:
    """In a process with Django: the newest letter of each kind and right, each rendered some times over."""
    from portal.celery import settle
    from requests_app import paper
    from requests_app.models import Letter

    newest = {
        (letter.kind, letter.case.right): letter for letter in Letter.objects.filter(is_formal=True).select_related("case").order_by("pk")
    }
    sheets = {f"{kind}, {right}": letter.case.unseal(letter.html_sealed) for (kind, right), letter in newest.items()}
    for html in sheets.values():
        paper.pdf(html)
    settle()
    print(json.dumps([_measured(paper.pdf, name, html) for name, html in sheets.items()]))


def _measured(pdf: Any, name: str, html: str) -> dict[str, Any]:
    times = []
    for _time in range(int(os.environ["REPEAT"])):
        began = time.process_time()
        made = pdf(html)
        times.append(time.process_time() - began)
    read = PdfReader(io.BytesIO(made))
    root: Any = read.trailer["/Root"]
    tagged = bool(root["/MarkInfo"]["/Marked"]) and b"pdfuaid:part" in root["/Metadata"].get_data()
    return {"name": name, "median": median(times), "least": min(times), "pages": len(read.pages), "size": len(made), "tagged": tagged}


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Render each kind of formal letter.")
    parser.add_argument("--repeat", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
