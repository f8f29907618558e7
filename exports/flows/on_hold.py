"""What must stay for now, whatever its day: which put-off deletions wait, and which rows a sweep leaves alone.

Held is a line of a plan (`source:category`), or everything that a job looks for. It stands at the job (`settlements`), so it outlives
the erasure: what was put off to a day waits there by its handles. Rows of a job that has erased nothing yet are searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from exports.blocks import batches
from exports.connectors.base import ForeignKey, Link, Reader
from exports.datasets import Collection
from exports.facts import PlanView, PutOff
from exports.flows import handles
from exports.flows.erase import moves_of
from exports.flows.rehearse import HELD
from exports.flows.setting_going import ALL, set_going
from exports.flows.unfinished import asked, waiting
from exports.models import HandleState, Job, JobKind, JobState
from exports.moves import Move
from exports.query import ByKey, Key, Outside, Query
from exports.refusals import JobBusy
from exports.retention import LEGAL_HOLD
from exports.sources import Source, Survey, surveying
from portal.kit import clock
from portal.kit.crypto import Sealed
from portal.organisations.models import Organisation

Keys = dict[str, set[Key]]


def lines_held(job: Job) -> frozenset[str]:
    """The lines of this job that somebody holds; `ALL` among them when everything is held."""
    return frozenset(line for line, found in job.settlements.items() if found["choice"] == HELD)


def hold_back(job: Job, others: Mapping[str, Mapping[str, str]], held: Mapping[str, str], *, by: str) -> None:
    """The settlements of this job are these others, and that these lines are held. It is not saved here."""
    job.settlements = {**others, **{line: {"choice": HELD, "because": why, "by": by} for line, why in held.items()}}
    job.holds = bool(lines_held(job))


def waits(job: Job, move: Move) -> bool:
    """Whether a hold keeps this move from being made. A row that goes takes the cells of every category in it along."""
    lines = lines_held(job)
    if ALL in lines or not lines:
        return ALL in lines
    if move.removes or not move.masks:
        return (move.source, move.address) in _places(job, lines)
    return any(f"{move.source}:{category}" in lines for category in move.categories)


def pinned(job: Job, reader: Reader, due: list[Move]) -> set[int]:
    """Numbers of due moves that would take a row at which a row points that stays longer, directly or over other rows: they wait with it.

    What is held stays longer. So does, for what was held itself until now, whatever waits for a later day.
    """
    schema, found = reader.describe(), set[int]()
    was_held, numbers = any(move.basis == LEGAL_HOLD for move in due), {move.number for move in due}
    stays: dict[str, list[Move]] = {}
    for move in moves_of(job):
        is_later = was_held and move.removes and move.on is not None and move.number not in numbers
        if move.rows and (is_later or waits(job, move)):
            stays.setdefault(move.table, []).append(move)
    for move in due if stays else ():
        pointing = [(key, other) for key in schema.pointing_at(move.table) for other in stays.get(key.collection, ())]
        others = [(key, other) for key, other in pointing if other.number != move.number and move.removes]
        if any(_point(job, reader, key, other, move) for key, other in others):
            found.add(move.number)
            stays.setdefault(move.table, []).append(move)
    return found


def _point(job: Job, reader: Reader, key: ForeignKey, held: Move, move: Move) -> bool:
    """Whether a row of the held move points at a row of the other one, in the live tables."""
    link = Link(key.collection, key.columns, key.target, key.target_columns or reader.describe().tables[move.table].primary_key)
    return any(
        next(iter(reader.referrers(link, targeted=Query(move.table, ByKey(goes.keys)), outside=Query(key.collection, theirs))), None)
        for kept in handles.opened(job, held)
        for theirs in (Outside(ByKey(kept.keys)),)
        for goes in handles.opened(job, move)
    )


def rows_at(source: Source, collections: Iterable[Collection]) -> Mapping[str, set[Key]]:
    """Keys of all rows at this source, by collection, that are held for anybody. Raises SourceError when they cannot be told apart."""
    aged = {collection.address: collection for collection in collections}
    found: Keys = {}
    for job in Job.objects.filter(organisation=source.record.organisation, holds=True):
        for address, keys in _put_aside(job, source) if job.receipt else _searched(job, source, aged):
            found.setdefault(address, set()).update(keys)
    return found


def _put_aside(job: Job, source: Source) -> Iterator[tuple[str, Iterable[Key]]]:
    """By the handles of an erasure that is over: the way that led to these rows may be gone."""
    lines = lines_held(job)
    places = _places(job, lines)
    for move in moves_of(job):
        if move.source == source.key and (ALL in lines or (move.source, move.address) in places):
            yield from ((move.address, handle.keys) for handle in handles.opened(job, move))


def _searched(job: Job, source: Source, aged: Mapping[str, Collection]) -> Iterator[tuple[str, Iterable[Key]]]:
    """By a new search, as long as nothing was erased."""
    try:
        identities = job.identities
    except Sealed:
        return  # the job was destroyed: it says nothing about anybody any more
    with surveying(job.organisation, identities) as survey:
        for address in _reached(job, survey, source, aged):
            yield address, survey.reader(address).targets(survey.questions.query(address))


def _reached(job: Job, survey: Survey, source: Source, aged: Mapping[str, Collection]) -> Iterator[str]:
    lines = lines_held(job)
    for visit in survey.walk.visits:
        if visit.address in aged and survey.questions.source(visit.address) == source.key:
            named = {visit.collection.category, *(leaf.category for leaf in visit.collection.leaves())} - {""}
            if ALL in lines or lines & {f"{source.key}:{category}" for category in named}:
                yield visit.address


def _places(job: Job, lines: frozenset[str]) -> set[tuple[str, str]]:
    """Source and collection of everything in which a held category lies."""
    stored = (job.plan or {}).get("view")
    view = PlanView.from_json(stored).lines if stored else ()
    return {(line.source_key, address) for line in view if f"{line.source_key}:{line.category}" in lines for address in line.collections}


def forget(job: Job, proved: Sequence[int] = ()) -> None:
    """Handles are kept exactly as long as they are needed: what is proved, will not be touched again and is not held is destroyed.

    `proved` are those that have just been proved and are not marked yet.
    """
    if _is_waiting(job, set(proved)) or asked(job):  # a source is still to be done, and its proof will look at everything again
        for some in batches(proved, 500):
            job.handles.filter(pk__in=some).update(state=HandleState.PROVED)
        return
    lines, moves = lines_held(job), moves_of(job)
    places = _places(job, lines) if lines else set()
    stays = {move.number for move in moves if not move.removes and (ALL in lines or (move.source, move.address) in places)}
    job.handles.filter(part__in=[move.number for move in moves if move.on is None and move.number not in stays]).delete()


def _is_waiting(job: Job, proved: set[int]) -> bool:
    return any(pk not in proved for pk in waiting(job).values_list("pk", flat=True))


def put_off(organisation: Organisation, reference: str) -> tuple[PutOff, ...]:
    """What erasures of this reference have put off to a later day and not done yet, line by line."""
    found: dict[str, PutOff] = {}
    for job in _erased(organisation, reference):
        late = job.handles.filter(until__isnull=False).exclude(state=HandleState.PROVED)
        rows = dict(late.values_list("part").annotate(Sum("rows")))
        for line in PlanView.from_json((job.plan or {})["view"]).lines if rows else ():
            count = sum(rows.get(number, 0) for number in line.moves)
            if line.when and line.category and count:
                key = f"{line.source_key}:{line.category}"
                found[key] = PutOff(key, line.source_title, line.title, line.when, count + (found[key].rows if key in found else 0))
    return tuple(found.values())


@transaction.atomic
def keep_back(organisation: Organisation, reference: str, held: Mapping[str, str], *, by: str) -> frozenset[str]:
    """Hold exactly these lines (or everything, by `ALL`) in all jobs of this reference; what is let go is done on its day, or now.

    The lines of a plan that waits for a decision are not touched here: they are part of it (`terms.hold`). Returned are the lines that a
    carried out plan had kept and whose rows now go by their handles; what else was let go must be searched for anew.
    """
    going = frozenset[str]()
    for job in Job.objects.select_for_update().filter(organisation=organisation, reference=reference).order_by("created_at"):
        is_over = job.kind == JobKind.ERASURE and job.receipt is not None
        if is_over and job.lease_until and job.lease_until > clock.now():
            raise JobBusy(_("What was due is being deleted right now. Try again in a minute; nothing was changed."))
        mine = {line: why for line, why in held.items() if line == ALL or is_over}
        others = {line: found for line, found in job.settlements.items() if not _is_replaced(line, found, is_over=is_over)}
        hold_back(job, others, mine, by=by)
        if job.plan and is_over:
            job.plan = {name: value for name, value in job.plan.items() if name not in ("pinned", "deferred_tried")}
        job.save(update_fields=["settlements", "holds", "plan"])
        if is_over and job.state == JobState.FINISHED:
            going |= set_going(job, lines_held(job))
            forget(job)
    return going


def _is_replaced(line: str, found: Mapping[str, str], *, is_over: bool) -> bool:
    return found["choice"] == HELD and (line == ALL or is_over)


def _erased(organisation: Organisation, reference: str) -> Iterable[Job]:
    mine = Job.objects.filter(organisation=organisation, reference=reference, kind=JobKind.ERASURE, state=JobState.FINISHED)
    return mine.filter(receipt__isnull=False).order_by("created_at")
