"""Sweeps what is older than its policy keeps it: plans, deletes or makes anonymous by key in batches, then counts again.

A sweep needs no list of rows put aside: what is too old is still too old after a crash. Each batch is one transaction and the
database itself the checkpoint. How many rows went is the difference of two counts, so it does not matter which worker removed them.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from exports.connectors.base import Connector, Reader, SourceBusy, SourceError, SourceUnreachable
from exports.flows.aging import Aging, aging_of
from exports.flows.leasing import Held
from exports.flows.outlook import Outlook, aged_sources, outlook, sweeping
from exports.flows.plots import Plot, is_looped
from exports.flows.sweep_receipts import signed_sweep
from exports.models import Job, JobState, PartState, SourceRun, Step
from exports.query import Key
from exports.sources import Source, sources_of
from portal.kit import clock

BATCH = 20_000  # rows per transaction
MOST_PASSES = 200  # over tables whose rows point at each other
TRIES = 5
PROOFS = 2


def plan(held: Held) -> None:
    """Count what is due everywhere and write it down before the first change."""
    job = held.job()
    found = outlook(job.organisation, job.policy.read(), moment_of(job), pulse=held.renew)
    with held.writing():
        job.runs.all().delete()
        for source in aged_sources(job.organisation, aging_of(sources_of(job.organisation), job.policy.read())):
            _begin(job, source, found)
        stored = {**(job.plan or {}), "gaps": [gap.sentence for gap in found.gaps]}
        Job.objects.filter(pk=job.pk).update(state=JobState.EXECUTING, plan=stored, digest=found.digest, attempts=0)


def execute(held: Held) -> None:
    """Source by source, children before parents. One that cannot be reached is tried again, then left, and the receipt says so."""
    job = held.job()
    aging = aging_of(sources_of(job.organisation), job.policy.read())
    for source in aged_sources(job.organisation, aging):
        run = SourceRun.objects.filter(job=job, source_key=source.key).first()
        if run is not None and run.state in (PartState.PENDING, PartState.RUNNING):
            _at_source(held, run, source, aging)
    with held.writing():
        Job.objects.filter(pk=job.pk).update(state=JobState.PROVING, attempts=0)


def prove(held: Held) -> None:
    """Count again in new sessions: whatever is still too old must be held by something. Else it is swept once more, then said."""
    job = held.job()
    aging = aging_of(sources_of(job.organisation), job.policy.read())
    unproved: list[str] = []
    for source in aged_sources(job.organisation, aging):
        run = SourceRun.objects.filter(job=job, source_key=source.key).exclude(state=PartState.FAILED).first()
        if run is not None:
            unproved += _count_again(held, run, source, aging)
    tries = (job.plan or {}).get("proofs", 0) + 1
    stored = {**(job.plan or {}), "proofs": tries, "unproved": unproved, "proved_at": clock.now().isoformat(timespec="seconds")}
    left_over = [step for step in Step.objects.filter(run__job=job) if step.facts.get("unswept")]
    with held.writing():
        Job.objects.filter(pk=job.pk).update(plan=stored, attempts=0)
        if left_over and tries < PROOFS:
            SourceRun.objects.filter(steps__in=left_over).update(state=PartState.PENDING)
            Job.objects.filter(pk=job.pk).update(state=JobState.EXECUTING)
            return
        job.refresh_from_db()
        signed = signed_sweep(job)
        failed = signed["receipt"]["outcome"] == "failed"
        error = _("The sweep left rows that are too old and that nothing holds. The receipt says where.") if failed else ""
        changes = {"state": JobState.FINISHED, "receipt": signed, "finished_at": clock.now(), "error": error}
        Job.objects.filter(pk=job.pk).update(**changes)


def moment_of(job: Job) -> datetime:
    """The moment from which ages are counted; it stays the same however long the sweep takes."""
    return datetime.fromisoformat((job.plan or {})["moment"])


def _begin(job: Job, source: Source, found: Outlook) -> None:
    error = found.unread.get(source.key, "")
    state = PartState.FAILED if error else PartState.PENDING
    since = clock.now() if error else None
    run = SourceRun.objects.create(
        job=job, source_key=source.key, title=source.title, position=source.position, state=state, error=error[:400], since=since,
        started_at=since,
    )  # fmt: skip
    for position, line in enumerate(line for line in found.lines if line.source == source.key):
        Step.objects.create(
            run=run, collection=line.collection, title=line.title[:200], category=line.category, position=position, found=line.due,
            state=PartState.FAILED if line.blocked else PartState.PENDING, note=line.blocked[:400],
            facts={**asdict(line), "notes": list(line.notes)},
        )  # fmt: skip


def _at_source(held: Held, run: SourceRun, source: Source, aging: Aging) -> None:
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(state=PartState.RUNNING, started_at=run.started_at or clock.now())
    try:
        _sweep(held, run, source, aging)
    except (SourceBusy, SourceUnreachable) as problem:
        with held.writing():
            SourceRun.objects.filter(pk=run.pk).update(error=str(problem)[:400], since=run.since or clock.now())
        if held.job().attempts < TRIES:
            raise
        _give_up(held, run, str(problem))
    except SourceError as problem:
        _give_up(held, run, str(problem))
    else:
        with held.writing():
            SourceRun.objects.filter(pk=run.pk).update(state=PartState.DONE, finished_at=clock.now(), error="", since=None)
            Job.objects.filter(pk=held.job_id).update(attempts=0)


def _sweep(held: Held, run: SourceRun, source: Source, aging: Aging) -> None:
    with sweeping(source, aging, moment_of(held.job())) as (_reader, plots, _missing):
        busy = [plot for plot in plots if not plot.blocked]
    due = set(run.steps.filter(found__gt=0).values_list("collection", flat=True))
    connector = source.connector()
    for _pass in range(MOST_PASSES if is_looped(busy) else 1):
        if not sum(_sweep_rows(held, connector, plot) for plot in busy if plot.address in due):
            break


def _sweep_rows(held: Held, connector: Connector, plot: Plot) -> int:
    """One pass over a collection's due rows in the order of their keys; says how many went or became anonymous."""
    changed, last = 0, None
    while True:
        held.renew()
        with connector.writing() as writer:
            keys: list[Key] = list(writer.targets(plot.due(after=last), most=BATCH))
            free = plot.free(writer, keys)
            if free and plot.removes:
                writer.erase(plot.table.name, free)
            elif free:
                writer.mask(plot.table.name, free, {name: mask.value for name, mask in plot.masks.items()})
        with held.writing():
            Job.objects.filter(pk=held.job_id).update(attempts=0)  # it gets on: only standing still is counted
        changed += len(free)
        if len(keys) < BATCH:
            return changed
        last = keys[-1]


def _count_again(held: Held, run: SourceRun, source: Source, aging: Aging) -> list[str]:
    """What is left of each collection, and how much of that nothing holds; the source's key where it could not be read."""
    job = held.job()
    try:
        with sweeping(source, aging, moment_of(job)) as (reader, plots, _missing):
            for plot in plots:
                step = run.steps.filter(collection=plot.address).first()
                if step is not None and not plot.blocked:
                    left = {"left": reader.count(plot.due()), "unswept": _unheld(held, reader, plot), "on_hold": plot.on_hold(reader)}
                    _note(held, step, left)
    except SourceError as problem:
        if job.attempts < TRIES:
            raise problem
        return [source.key]
    return []


def _note(held: Held, step: Step, left: dict[str, Any]) -> None:
    state = PartState.FAILED if left["unswept"] else PartState.DONE
    with held.writing():
        Step.objects.filter(pk=step.pk).update(facts={**step.facts, **left}, state=state, withheld=left["left"])


def _unheld(held: Held, reader: Reader, plot: Plot) -> int:
    """Rows that are too old although nothing holds them."""
    unheld, last = 0, None
    while keys := list(reader.targets(plot.due(after=last), most=BATCH)):
        held.renew()
        unheld += len(plot.free(reader, keys))
        last = keys[-1]
    return unheld


def _give_up(held: Held, run: SourceRun, sentence: str) -> None:
    with held.writing():
        changes = {"state": PartState.FAILED, "error": sentence[:400], "since": run.since or clock.now(), "finished_at": clock.now()}
        SourceRun.objects.filter(pk=run.pk).update(**changes)
