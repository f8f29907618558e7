"""Works out what an erasure would do, from the live schemas, reading only. Nothing here can change a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from exports.connectors.base import SourceBusy, SourceError, SourceUnreachable
from exports.facts import PlanLine, PlanView
from exports.flows import ledger
from exports.flows.anchors import Anchors, hold_rows
from exports.flows.by_hand import people_of
from exports.flows.composing import Draft, compose
from exports.flows.detaching import Detached, cut_pointers, detach_rows
from exports.flows.digesting import digest_of, material_of, parts_of
from exports.flows.ground import Gap, Ground, ground_of
from exports.flows.leasing import Held
from exports.flows.lines import OVER_OTHERS, lines_of
from exports.flows.sharing import spare_shared
from exports.flows.unfinished import earlier
from exports.models import Job, JobState
from exports.moves import ALONE, DELETE, DETACH, KEEP, MASK, Move
from exports.query import AllOf, Filled, Outside, Query
from exports.sources import Source, Survey, surveying
from exports.verdicts import Fates
from portal.kit import clock

TRIES = 5
Counting = Callable[[Ground], None]
HELD = "held"  # a settlement that nobody is offered in the plan: a lead sets it apart from it


@dataclass
class Rehearsal:
    """One rehearsal with its sessions still open, so that rows can be taken from the snapshot that was looked at."""

    ground: Ground
    detached: list[Detached]
    anchors: Anchors
    draft: Draft
    lines: tuple[PlanLine, ...]
    material: dict[str, Any]
    digest: str


def rehearse(held: Held) -> None:
    """Rehearse the job's erasure and store the plan; it then waits for a person."""
    job = held.job()
    with held.writing():
        Job.objects.filter(pk=job.pk).update(state=JobState.REHEARSING)
    with rehearsing(job) as rehearsal:
        keep(held, job, rehearsal)


@contextmanager
def rehearsing(job: Job, count: Counting = Ground.count) -> Iterator[Rehearsal]:
    """The rehearsal of this job as of now. A source that does not answer half-way is tried again later, some times."""
    with surveying(job.organisation, job.identities) as survey:
        yield rehearsal_of(job, survey, count)


def rehearsal_of(job: Job, survey: Survey, count: Counting = Ground.count) -> Rehearsal:
    """From the open sources to lines and a fingerprint. What a source refuses to tell blocks the plan."""
    ground = ground_of(survey, fates_of(job))
    try:
        return _worked_out(job, ground, count)
    except SourceError as problem:
        if isinstance(problem, SourceBusy | SourceUnreachable) and job.attempts < TRIES:
            raise
        draft = Draft(blocks=[_("The plan could not be worked out. %(why)s Nothing was erased.") % {"why": problem}])
    material = material_of(job, ground, draft=draft, detached=[])
    return Rehearsal(ground, [], Anchors(), draft, (), material, digest_of(material))


def _worked_out(job: Job, ground: Ground, count: Counting) -> Rehearsal:
    shared = spare_shared(ground)
    count(ground)
    ground.gaps += _alike(ground)
    detached = detach_rows(ground, {address: one for address, one in shared.items() if not ground.fates.leaves_out(address)})
    anchors = hold_rows(ground, cut_pointers(ground, detached))
    draft = compose(ground, detached, anchors)
    draft.blocks = [*_unsearched(ground), *_nameless(ground), *draft.blocks]
    lines = lines_of(ground, draft, anchors=anchors, detached=detached)
    material = material_of(job, ground, draft=draft, detached=detached)
    return Rehearsal(ground, detached, anchors, draft, lines, material, digest_of(material))


def _unsearched(ground: Ground) -> list[str]:
    """Rows that were not found now may be found only through rows that would be gone then: so nothing goes before all is searched."""
    after = _("Nothing can be erased anywhere before this can be searched: what it holds may be found only through the rows that would go.")
    return [f"{gap.sentence} {after}" for gap in ground.gaps if gap.stops and gap.source not in ground.fates.closed]


def _alike(ground: Ground) -> Iterator[Gap]:
    """Rows that only capital letters keep from being found: whose they are is for an officer to say, and nothing is done to them."""
    for address, place in ground.places.items():
        folded = ground.survey.questions.lookalikes(address)
        if folded is not None and not ground.fates.leaves_out(address):
            other = AllOf((folded.where, Outside(ground.survey.questions.query(address).where)))
            if ground.reader(address).count(Query(folded.collection, other)):
                sentence = _("“%(title)s” holds records that match only if capital letters do not matter. They stay; an officer decides.")
                yield Gap(place.source, address, sentence % {"title": place.title})


def _nameless(ground: Ground) -> Iterator[str]:
    """SQLite lets a key be empty, and only the rows show it: such a row can neither be told apart nor proved."""
    for address, place in ground.places.items():
        columns = place.table.columns
        open_parts = tuple(Filled(name) for name in place.table.key if name in columns and columns[name].nullable)
        if open_parts and ground.rows.get(address) and not ground.fates.leaves_out(address):
            query = ground.questions.query(address)
            if ground.reader(address).count(Query(query.collection, AllOf((query.where, Outside(AllOf(open_parts)))))):
                yield _("Rows of “%(title)s” have an empty key, so they cannot be told apart and proved.") % {"title": place.title}


def fates_of(job: Job) -> Fates:
    """What the policy, and those who settled it, say on the organisation's calendar day."""
    settled = {line: found["choice"] for line, found in job.settlements.items() if line}  # all held at once changes no plan
    held = {line: found["because"] for line, found in job.settlements.items() if line and found["choice"] == HELD}
    return Fates(
        job.policy.read(),
        clock.today(job.organisation.timezone),
        settled,
        only=frozenset(job.categories),
        places=frozenset(job.collections),
        held=held,
        closed=frozenset(job.left_out),
    )


def keep(held: Held, job: Job, rehearsal: Rehearsal, *, error: str | None = None) -> None:
    """Store the plan, waiting for a decision. What was approved before no longer counts."""
    stored = {
        "view": view_of(job, rehearsal).to_json(),
        "moves": [move.to_json() for move in rehearsal.draft.moves],
        "parts": parts_of(rehearsal.material),
        "loosen": rehearsal.draft.loosen,
        "cut": rehearsal.draft.cut,
        "gaps": rehearsal.material["gaps"],
        "stops": sorted([gap.source, gap.address] for gap in rehearsal.ground.gaps if gap.stops),
        "missed": list(_missed(rehearsal)),
        "by_hand": rehearsal.material["people"],
    }
    changes: dict[str, Any] = {"plan": stored, "digest": rehearsal.digest, "state": JobState.PLANNED}
    changes |= {"approved_by": "", "approved_at": None, "attempts": 0}
    if error is not None:
        changes["error"] = error[:400]
    with held.writing():
        now = Job.objects.values_list("settlements", "left_out").get(pk=job.pk)
        if now != (job.settlements, job.left_out):
            changes["state"] = JobState.REHEARSING  # somebody decided something while this was worked out: once more
        job.handles.all().delete()
        Job.objects.filter(pk=job.pk).update(**changes)
    ledger.forget(str(job.pk))


def view_of(job: Job, rehearsal: Rehearsal) -> PlanView:
    """The plan for people."""
    return PlanView(
        job_id=job.pk,
        digest=rehearsal.digest,
        counted_at=clock.now(),
        lines=rehearsal.lines,
        totals=_totals(rehearsal),
        unsettled=sum(bool(line.choices) and line.key not in job.settlements for line in rehearsal.lines),
        blocked=tuple(dict.fromkeys(rehearsal.draft.blocks)),
        gaps=(*_missed(rehearsal), *earlier(job)),
        backups_days=job.policy.read().backups_days,
        by_hand=tuple(_by_hand(source) for source in people_of(job, rehearsal.ground.survey.sources.values())),
        fields=tuple(_fields(move) for move in rehearsal.draft.moves if move.rows),
    )


def _fields(move: Move) -> dict[str, Any]:
    """One thing that is done to some rows of a collection. `emptied` names each field that is written, with how."""
    emptied = {name: mask.strategy for name, mask in sorted(move.masks.items())}
    on = move.on.isoformat() if move.on else None
    return {"collection": move.address, "action": move.action, "rows": move.rows, "on": on, "emptied": emptied}


def _by_hand(source: Source) -> str:
    words = {"title": source.title, "who": source.record.settings.get("who") or _("A person")}
    return _("%(title)s: %(who)s is asked to delete and to say so. That is attested by a person, not proved by reading.") % words


def _missed(rehearsal: Rehearsal) -> tuple[str, ...]:
    return tuple(dict.fromkeys(gap.sentence for gap in rehearsal.ground.gaps))


def _totals(rehearsal: Rehearsal) -> dict[str, int]:
    """Every row once, by what becomes of it in the end; a row that is held counts as masked. Lines may share rows."""
    totals = dict.fromkeys((DELETE, MASK, KEEP, DETACH), 0)
    ends: dict[tuple[str, str, Any], Move] = {}
    for move in rehearsal.draft.moves:
        if move.action == DETACH:
            totals[DETACH] += move.rows
        elif move.group == ALONE or move.action != DELETE:
            ends[move.address, move.group, move.until] = move
    for move in ends.values():
        totals[move.action] += move.rows
    totals[DETACH] += sum(line.rows for line in rehearsal.lines if line.basis == OVER_OTHERS)
    return totals
