"""How long each source takes to answer, and how often it does not: from what was noted while copies were gathered. Asks no source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, time
from statistics import median
from zoneinfo import ZoneInfo

from exports.facts import SourceTimes
from exports.flows.collect import FAILURES, TOOK
from exports.models import DataSource, JobKind, PartState, SourceRun, Step
from exports.sources import BY_HAND
from portal.organisations.models import Organisation


def source_times(organisation: Organisation, first: date, last: date, *, leave_out: Collection[str] = ()) -> tuple[SourceTimes, ...]:
    """Of copies whose sources were asked on these local days, both included. `leave_out`: references that do not count.

    A source at which a person looks is left out: how long people take is seen at the requests themselves.
    """
    zone = ZoneInfo(organisation.timezone)
    people = DataSource.objects.filter(organisation=organisation, kind=BY_HAND).values("key")
    runs = SourceRun.objects.filter(
        job__organisation=organisation,
        job__kind=JobKind.ACCESS,
        started_at__gte=datetime.combine(first, time.min, zone),
        started_at__lte=datetime.combine(last, time.max, zone),
    )
    found: dict[str, list[SourceRun]] = defaultdict(list)
    for run in runs.exclude(job__reference__in=leave_out).exclude(source_key__in=people).order_by("pk"):
        found[run.source_key].append(run)
    noted = _noted([run.pk for some in found.values() for run in some])
    return tuple(_times(key, some, noted) for key, some in sorted(found.items()))


def _noted(runs: list[int]) -> dict[int, tuple[float, int]]:
    """Run → seconds of all its answers, and how often there was none; nothing for a run of which that was not noted."""
    took: dict[int, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
    for run, facts in Step.objects.filter(run__in=runs).values_list("run_id", "facts"):
        if TOOK in facts:
            seconds, failures = took[run]
            took[run] = (seconds + float(facts[TOOK]), failures + int(facts.get(FAILURES, 0)))
    return dict(took)


def _times(key: str, runs: list[SourceRun], noted: dict[int, tuple[float, int]]) -> SourceTimes:
    seconds = [noted[run.pk][0] for run in runs if run.pk in noted and run.state in (PartState.DONE, PartState.NOTHING)]
    return SourceTimes(
        key=key,
        title=runs[-1].title,
        asked=len(runs),
        failed_once=sum(run.pk in noted and noted[run.pk][1] > 0 for run in runs),
        unanswered=sum(run.state == PartState.FAILED for run in runs),
        median_seconds=round(median(seconds), 3) if seconds else None,
        slowest_seconds=round(max(seconds), 3) if seconds else None,
    )
