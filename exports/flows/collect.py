"""Finds a person's records in every source and writes them, sealed, step by step. Safe to stop at any moment and to run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from django.db import transaction
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


def collect(held: Held) -> None:
    """Do every step that is not done yet. A source that fails is marked with a sentence; the others go on."""
    job = held.job()
    with surveying(job.organisation, job.identities) as survey:
        if job.state == JobState.NEW:
            _lay_out(held, job, survey)
        people = {source.key: source for source in survey.sources.values() if source.is_by_hand}
        waiting = Step.objects.filter(run__job=job, state=PartState.PENDING).select_related("run").order_by("position", "pk")
        for step in list(waiting):
            by_hand = people.get(step.run.source_key)
            _do(held, step, partial(gather_by_hand, held, job, by_hand) if by_hand else partial(_ask, held, job, survey))
    if not _finish(held, job):
        collect(held)


def _lay_out(held: Held, job: Job, survey: Survey) -> None:
    """Write down all runs and steps before the first question, so that what was not done can be seen."""
    with held.writing():
        runs = {
            source.key: SourceRun.objects.create(job=job, source_key=source.key, title=source.title, position=source.position)
            for source in survey.sources.values()
        }
        for visit in survey.walk.visits:
            if fields := chosen_fields(visit.collection, job.categories):
                run = runs[survey.questions.source(visit.address)]
                _step(run, visit.collection, fields=fields, position=visit.position)
        for missed in survey.walk.unreachable:
            if is_personal(missed.collection) and (fields := chosen_fields(missed.collection, job.categories)):
                run = runs[survey.source_of(missed.collection).key]
                _skip(_step(run, missed.collection, fields=fields, position=LAST), missed)
        for source in survey.sources.values():
            _lay_out_by_hand(runs[source.key], source, job)
        Job.objects.filter(pk=job.pk).update(state=JobState.COLLECTING)


def _lay_out_by_hand(run: SourceRun, source: Source, job: Job) -> None:
    """A person looks everywhere: what leads where is for machines."""
    collections = [one for dataset in source.datasets for one in dataset.collections if source.is_by_hand and not one.skipped]
    for number, collection in enumerate(collections):
        if not job.categories or collection.category in job.categories:
            _step(run, collection, fields=collection.fields, position=LAST + 1 + number)


def _step(run: SourceRun, collection: Collection, *, fields: Sequence[Field], position: int) -> Step:
    named = {collection.category_of(leaf) for part in fields for leaf in part.leaves()} - {""}
    return Step.objects.create(
        run=run,
        collection=collection.address,
        title=collection.title or collection.name.replace("_", " ").strip().capitalize(),
        category=collection.category or next(iter(sorted(named)), ""),
        position=position,
        facts={"name": collection.name, "description": collection.description, "categories": sorted(named)},
    )


def _skip(step: Step, missed: Unreachable) -> None:
    step.state, step.note = PartState.NOTHING, missed.sentence
    step.facts = {**step.facts, "unreachable": True}
    if not missed.exempt:
        step.facts["gap"] = _("%(title)s could not be searched. %(why)s") % {"title": step.title, "why": missed.sentence}
    step.save(update_fields=["state", "note", "facts"])


def is_personal(collection: Collection) -> bool:
    """The dataset says that the collection holds something about people."""
    keys = [*collection.categories, *(category for leaf in collection.leaves() for category in leaf.categories)]
    said = bool(collection.category) or any(leaf.category or leaf.identity for leaf in collection.leaves())
    return said or any(matches(key, ["user"]) for key in keys)


def _ask(held: Held, job: Job, survey: Survey, step: Step) -> Gathered:
    return gather(held, job, survey=survey, step=step)


def _do(held: Held, step: Step, ask: Callable[[Step], Gathered]) -> None:
    _begin(held, step.run)
    try:
        gathered = ask(step)
    except SourceError as problem:
        _fail(held, step, problem)
        return
    with held.writing():
        _keep(step, gathered)
        _count(step.run)
        Job.objects.filter(pk=held.job_id).update(attempts=0)


def _begin(held: Held, run: SourceRun) -> None:
    if run.state == PartState.PENDING:
        run.state, run.started_at = PartState.RUNNING, now()
        with held.writing():
            run.save(update_fields=["state", "started_at"])


def _keep(step: Step, gathered: Gathered) -> None:
    tally = gathered.tally
    step.state = PartState.DONE if tally.found else PartState.NOTHING
    step.found, step.disclosed, step.withheld = tally.found, tally.disclosed, tally.found - tally.disclosed
    step.covered, step.spool, step.note = gathered.covered, gathered.spool, gathered.note[:400]
    step.facts = {**{key: value for key, value in step.facts.items() if key != "gap"}, **gathered.facts}
    step.save()


def _fail(held: Held, step: Step, problem: SourceError) -> None:
    run, sentence = step.run, str(problem)
    gap = _("%(title)s could not be read. %(why)s") % {"title": step.title, "why": sentence}
    with held.writing():
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


def _finish(held: Held, job: Job) -> bool:
    """False when a person answered in the last moment, or a source was to be tried again meanwhile, so that there is more to do."""
    with held.writing():
        if Step.objects.filter(run__job=job, state=PartState.PENDING).exists():
            return False
        for run in SourceRun.objects.filter(job=job, state__in=(PartState.PENDING, PartState.RUNNING)):
            _close(run)
        if late_answers(job):
            return False
        Job.objects.filter(pk=job.pk).update(state=JobState.COLLECTED, error="", finished_at=now())
    return True


@transaction.atomic
def _close(run: SourceRun) -> None:
    failed = run.steps.filter(state=PartState.FAILED)
    run.state = PartState.FAILED if failed else PartState.DONE if run.found else PartState.NOTHING
    run.finished_at = now()
    if not failed:
        run.error, run.since = "", None
    run.save(update_fields=["state", "finished_at", "error", "since"])
