"""The engine's side of a benchmark: loads one source, rehearses, approves, carries out and proves, in a process of its own."""

from __future__ import annotations

import cProfile
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from django.core.management import call_command

from benchmarks.stores import RITA
from exports import api
from exports.models import DataSource, Job
from portal.celery import settle
from tests.people import an_organisation

DATASET = Path(__file__).parent / "datasets" / "shop.yml"


def main() -> None:
    """Words: the database's address, and a file for the profile or nothing."""
    url, profile = sys.argv[1:]
    call_command("migrate", verbosity=0)
    print(json.dumps(erase(url, profile)))


def erase(url: str, profile: str = "") -> dict[str, Any]:
    """How long each phase took, and how much memory the process had at most, before and after."""
    organisation = an_organisation("shop")
    source = DataSource(organisation=organisation, key="shop", title="Shop")
    source.url = url
    source.datasets = yaml.safe_load(DATASET.read_text())["dataset"]
    source.save()
    settle()  # as a worker does
    before, profiler, phases = _peak(), cProfile.Profile(), {}
    if profile:
        profiler.enable()
    began = time.perf_counter()
    job_id = api.start_erasure(api.Search(organisation, organisation.current_policy, {"email": RITA}, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    phases["plan"] = time.perf_counter() - began
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    api.run(job_id)
    seconds = time.perf_counter() - began
    phases["execution"] = seconds - phases["plan"]
    if profile:
        profiler.disable()
        profiler.dump_stats(profile)
    signed = api.receipt(job_id)
    if signed is None or signed["receipt"]["outcome"] != "complete":
        sys.exit(f"{signed} {Job.objects.get(pk=job_id).error}")
    return {"seconds": seconds, "phases": phases, "before": before, "peak": _peak()}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
