"""The engine's side of a benchmark: loads one source and answers or erases one person, in a process of its own."""

from __future__ import annotations

import cProfile
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from django.core.management import call_command

from benchmarks.market import RITA
from exports import api
from exports.management.asking import cover_for
from exports.models import DataSource, Job
from portal.celery import settle
from portal.organisations.models import Organisation
from tests.people import an_organisation

DATASETS = Path(__file__).parent / "datasets"


def main() -> None:
    """Words: what to do, the database's address, and a file for the profile or nothing."""
    what, url, profile = sys.argv[1:]
    call_command("migrate", verbosity=0)
    dataset, work = {"erase": ("shop", erase), "access": ("market", access)}[what]
    organisation = load(dataset, url)
    access(organisation, "nobody@example.net")  # a worker that has done something before has read all its modules
    settle()  # as a worker does
    before = _peak()
    used = time.process_time()
    with _profiled(profile):
        phases = work(organisation, RITA)
    cpu = time.process_time() - used
    print(json.dumps({"seconds": sum(phases.values()), "cpu": cpu, "phases": phases, "before": before, "peak": _peak()}))


def erase(organisation: Organisation, email: str) -> dict[str, float]:
    """Rehearse, approve, carry out and prove: how long each phase took."""
    started = time.perf_counter()
    job_id = api.start_erasure(search(organisation, email))
    api.run(job_id)
    planned = time.perf_counter()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    api.run(job_id)
    done = time.perf_counter()
    signed = api.receipt(job_id)
    if signed is None or signed["receipt"]["outcome"] != "complete":
        sys.exit(f"{signed} {Job.objects.get(pk=job_id).error}")
    return {"plan": planned - started, "execution": done - planned}


def access(organisation: Organisation, email: str) -> dict[str, float]:
    """Collect and pack: how long each took."""
    started = time.perf_counter()
    job_id = api.start_access(search(organisation, email))
    api.run(job_id)
    collected = time.perf_counter()
    progress = api.progress(job_id)
    if progress.state != "collected" or progress.gaps:
        sys.exit(f"{progress.state} {progress.error} {progress.gaps}")
    api.pack(job_id, cover_for(organisation, "DR-TEST-01", progress))
    packed = time.perf_counter()
    facts = api.archive(job_id)
    print(json.dumps({"records": facts.records if facts else 0, "size": facts.size if facts else 0}), file=sys.stderr)
    return {"collect": collected - started, "pack": packed - collected}


def load(dataset: str, url: str, **promises: Any) -> Organisation:
    """An organisation with this dataset at this database."""
    organisation = an_organisation("shop", **promises)
    source = DataSource(organisation=organisation, key=dataset, title=dataset.capitalize())
    source.url = url
    source.datasets = yaml.safe_load((DATASETS / f"{dataset}.yml").read_text())["dataset"]
    source.save()
    return organisation


def search(organisation: Organisation, email: str) -> api.Search:
    """The search for one person."""
    return api.Search(organisation, organisation.current_policy, {"email": email}, "s" * 32, "DR-TEST-01")


@contextmanager
def _profiled(path: str) -> Iterator[None]:
    profiler = cProfile.Profile()
    if path:
        profiler.enable()
    yield
    if path:
        profiler.disable()
        profiler.dump_stats(path)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
