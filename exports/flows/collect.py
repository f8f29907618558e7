"""Finds a person's records in every source and writes them, sealed, step by step. Safe to stop at any moment and to run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from django.utils.translation import gettext as _

from exports.connectors.base import SourceError, SourceUnreachable
from exports.datasets import Collection, Field
from exports.flows.by_hand import gather_by_hand, late_answers
from exports.flows.gathering import Gathered, gather
from exports.flows.leasing import Held
from exports.graph import Unreachable
from exports.models import Job, JobState, PartState, SourceRun, Step
from exports.selection import chosen_fields, matches
from exports.sources import Source, Survey, surveying
from portal.kit.clock import now

LAST = 10_000
TOOK, FAILURES = "took", "failures"  # of a step: seconds of the last answer, and how often there was none
NOTE_AFTER = 1.0  # seconds


class Notebook:
    """What was done and is not yet written down. Steps that take no time are written down together, in one transaction of a second's work.

    Whoever takes over from a worker that died does again what it had not written down: looking twice changes nothing.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        held.meanwhile = self.write  # one step may take long: then the others are not kept waiting
        self._notes: list[Callable[[], None]] = []
        self._runs: dict[int, SourceRun] = {}  # those with steps that were done
        self._written = time.monotonic()

    def add(self, note: Callable[[], None], run: SourceRun) -> None:
        """Something that was done for this run; written down now if the last time was a while ago."""
        self._notes.append(note)
        self._runs[run.pk] = run
        if time.monotonic() - self._written > NOTE_AFTER:
            self.write()

    def write(self) -> None:
        """Write everything down, if the job is still ours."""
        if self._notes:
            with self._held.writing():
                self.write_inside()

    def write_inside(self) -> None:
        """The same within a transaction that is already open."""
        for note in self._notes:
            note()
        for run in self._runs.values():
            _count(run)
        if self._notes:
            Job.objects.filter(pk=self._held.job_id).update(attempts=0)  # it has come further
        self._notes.clear()
        self._runs.clear()
        self._written = time.monotonic()


def collect(held: Held) -> None:
    """Do every step that is not done yet. A source that fails is marked with a sentence; the others go on."""
    job, notes = held.job(), Notebook(held)
    with surveying(job.organisation, job.identities) as survey:
        if job.state == JobState.NEW:
            _lay_out(held, job, survey)
        people = {source.key: source for source in survey.sources.values() if source.is_by_hand}
        runs = {run.pk: run for run in SourceRun.objects.filter(job=job)}
        for step in list(Step.objects.filter(run__in=runs, state=PartState.PENDING).order_by("position", "pk")):
            step.run = runs[step.run_id]
            by_hand = people.get(step.run.source_key)
            _do(notes, step, partial(gather_by_hand, held, job, by_hand) if by_hand else partial(_ask, held, job, survey))
    if not _finish(held, job, notes):
        collect(held)


def _lay_out(held: Held, job: Job, survey: Survey) -> None:
    """Write down all runs and steps before the first question, so that what was not done can be seen."""
    with held.writing():
        runs = {
            source.key: SourceRun.objects.create(job=job, source_key=source.key, title=source.title, position=source.position)
            for source in survey.sources.values()
        }
        Step.objects.bulk_create(
            [
                *_visited(runs, job, survey),
                *_missed(runs, job, survey),
                *(step for source in survey.sources.values() if source.is_by_hand for step in _by_hand(runs[source.key], source, job)),
            ]
        )
        Job.objects.filter(pk=job.pk).update(state=JobState.COLLECTING)


def _visited(runs: Mapping[str, SourceRun], job: Job, survey: Survey) -> Iterator[Step]:
    for visit in survey.walk.visits:
        if fields := chosen_fields(visit.collection, job.categories):
            yield _step(runs[survey.questions.source(visit.address)], visit.collection, fields=fields, position=visit.position)


def _missed(runs: Mapping[str, SourceRun], job: Job, survey: Survey) -> Iterator[Step]:
    for missed in survey.walk.unreachable:
        if is_personal(missed.collection) and (fields := chosen_fields(missed.collection, job.categories)):
            run = runs[survey.source_of(missed.collection).key]
            yield _skipped(_step(run, missed.collection, fields=fields, position=LAST), missed)


def _by_hand(run: SourceRun, source: Source, job: Job) -> Iterator[Step]:
    """A person looks everywhere: what leads where is for machines."""
    collections = [one for dataset in source.datasets for one in dataset.collections if not one.skipped]
    for number, collection in enumerate(collections):
        if not job.categories or collection.category in job.categories:
            yield _step(run, collection, fields=collection.fields, position=LAST + 1 + number)


def _step(run: SourceRun, collection: Collection, *, fields: Sequence[Field], position: int) -> Step:
    named = {collection.category_of(leaf) for part in fields for leaf in part.leaves()} - {""}
    return Step(
        run=run,
        collection=collection.address,
        title=collection.title or collection.name.replace("_", " ").strip().capitalize(),
        category=collection.category or next(iter(sorted(named)), ""),
        position=position,
        facts={"name": collection.name, "description": collection.description, "categories": sorted(named)},
    )


def _skipped(step: Step, missed: Unreachable) -> Step:
    step.state, step.note = PartState.NOTHING, missed.sentence
    step.facts = {**step.facts, "unreachable": True}
    if not missed.exempt:
        step.facts["gap"] = _("%(title)s could not be searched. %(why)s") % {"title": step.title, "why": missed.sentence}
    return step


def is_personal(collection: Collection) -> bool:
    """The dataset says that the collection holds something about people."""
    keys = [*collection.categories, *(category for leaf in collection.leaves() for category in leaf.categories)]
    said = bool(collection.category) or any(leaf.category or leaf.identity for leaf in collection.leaves())
    return said or any(matches(key, ["user"]) for key in keys)


def _ask(held: Held, job: Job, survey: Survey, step: Step) -> Gathered:
    return gather(held, job, survey=survey, step=step)


def _do(notes: Notebook, step: Step, ask: Callable[[Step], Gathered]) -> None:
    if step.run.state == PartState.PENDING:
        notes.add(partial(_begin, step.run), step.run)
        notes.write()  # a source may take its time: it can be seen that it was asked
    begun = time.monotonic()
    try:
        gathered = ask(step)
    except SourceError as problem:
        failures = step.facts.get(FAILURES, 0) + 1
        step.facts = {**step.facts, TOOK: _since(begun), FAILURES: failures}
        notes.add(partial(_fail, step, problem), step.run)
        return
    step.facts = {**step.facts, TOOK: _since(begun)}
    notes.add(partial(_keep, step, gathered), step.run)


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


def _begin(run: SourceRun) -> None:
    run.state, run.started_at = PartState.RUNNING, now()
    run.save(update_fields=["state", "started_at"])


def _keep(step: Step, gathered: Gathered) -> None:
    tally = gathered.tally
    step.state = PartState.DONE if tally.found else PartState.NOTHING
    step.found, step.disclosed, step.withheld = tally.found, tally.disclosed, tally.found - tally.disclosed
    step.covered, step.spool, step.note = gathered.covered, gathered.spool, gathered.note[:400]
    step.facts = {**{key: value for key, value in step.facts.items() if key != "gap"}, **gathered.facts}
    step.save()


def _fail(step: Step, problem: SourceError) -> None:
    run, sentence = step.run, str(problem)
    gap = _("%(title)s could not be read. %(why)s") % {"title": step.title, "why": sentence}
    step.state, step.note = PartState.FAILED, sentence[:400]
    step.facts = {**step.facts, "gap": sentence if isinstance(problem, SourceUnreachable) else gap}
    step.save(update_fields=["state", "note", "facts"])
    run.error, run.since = sentence[:400], run.since or now()
    run.save(update_fields=["error", "since"])


def _count(run: SourceRun) -> None:
    steps = list(Step.objects.filter(run=run))
    run.found, run.disclosed = sum(step.found for step in steps), sum(step.disclosed for step in steps)
    run.withheld, run.covered = sum(step.withheld for step in steps), sum(step.covered for step in steps)
    run.save(update_fields=["found", "disclosed", "withheld", "covered"])


def _finish(held: Held, job: Job, notes: Notebook) -> bool:
    """False when a person answered in the last moment, or a source was to be tried again meanwhile, so that there is more to do."""
    with held.writing():
        notes.write_inside()
        if Step.objects.filter(run__job=job, state=PartState.PENDING).exists():
            return False
        for run in SourceRun.objects.filter(job=job, state__in=(PartState.PENDING, PartState.RUNNING)):
            _close(run)
        if late_answers(job):
            return False
        Job.objects.filter(pk=job.pk).update(state=JobState.COLLECTED, error="", finished_at=now())
    return True


def _close(run: SourceRun) -> None:
    failed = run.steps.filter(state=PartState.FAILED).exists()
    run.state = PartState.FAILED if failed else PartState.DONE if run.found else PartState.NOTHING
    run.finished_at = now()
    if not failed:
        run.error, run.since = "", None
    run.save(update_fields=["state", "finished_at", "error", "since"])
