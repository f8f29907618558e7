"""The engine's side of the queue: asks for many people, or answers whoever is due, in a process of its own."""

from __future__ import annotations

import json
import random
import resource
import sys
import time

from django.core.management import call_command

from benchmarks.engine import load, search
from exports import api
from exports.management.asking import cover_for
from exports.models import Archive, Job, JobState
from portal.celery import settle
from portal.kit.leases import LeaseLost
from portal.organisations.models import Organisation
from portal.organisations.promises import RightPromise
from requests_app import hints
from tests.people import a_case

PAUSE = 0.5


def main() -> None:
    """Words: `ask`, the database's address and how many; or `answer`."""
    what, *words = sys.argv[1:]
    if what == "ask":
        ask(words[0], int(words[1]))
    else:
        answer()


def ask(url: str, people: int) -> None:
    """Open one job for each person; the hints to workers go nowhere."""
    call_command("migrate", verbosity=0)
    organisation = load("market", url)
    for number in range(1, people + 1):
        api.start_access(search(organisation, f"c{number}@example.net"))


def answer() -> None:
    """Collect and pack whatever is left, in an order of one's own, until nothing is; then tell what it cost and what there is."""
    settle()
    organisation = Organisation.objects.get()
    answered, used = 0, time.process_time()
    while left := list(Job.objects.exclude(state=JobState.PACKED).values_list("pk", flat=True)):
        random.shuffle(left)
        done = sum(_one(organisation, job_id) for job_id in left)
        answered += done
        if not done:
            time.sleep(PAUSE)  # the rest is held by somebody: by another worker, or by one that is no more
    records = list(Archive.objects.values_list("records", flat=True))
    sealed = sorted(Archive.objects.values_list("sealed_at", flat=True))
    most = int(0.95 * len(sealed))  # the last of a worker that was killed wait for its lease to end
    told = {
        "answered": answered,
        "cpu": time.process_time() - used,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "archives": len(records),
        "rate": most / max(0.1, (sealed[most - 1] - sealed[0]).total_seconds()),
        "records": sum(records),
        "sizes": sorted(set(records)),
    }
    print(json.dumps(told))


def _one(organisation: Organisation, job_id: object) -> bool:
    job = Job.objects.get(pk=job_id)
    if job.state == JobState.PACKED:
        return False
    try:
        api.run(job.pk)
        progress = api.progress(job.pk)
        if progress.state not in (JobState.COLLECTED, JobState.PACKING):
            return False
        api.pack(job.pk, cover_for(organisation, "DR-TEST-01", progress))
    except (api.JobBusy, api.JobNotReady, LeaseLost):
        return False
    return api.progress(job.pk).state == JobState.PACKED


def open_cases() -> None:
    """Words: the database's address and how many. Each case is proved, and the hint to look at it lies in the broker."""
    url, cases = sys.argv[1], int(sys.argv[2])
    call_command("migrate", verbosity=0)
    organisation = load("market", url, rights={"access": RightPromise(right="access", days=30, automatic_release=True)})
    for number in range(1, cases + 1):
        hints.send(hints.SETTLE_CASE, a_case(organisation, email=f"c{number}@example.net").pk)
