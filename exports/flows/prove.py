"""Proves an erasure: every targeted row and cell is read back by its key; then the person is searched for again, from the beginning.

The proof asks the sources and believes nothing that the executor said. Only what was read decides the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from exports.connectors.base import Reader, SourceError, SourceUnreachable
from exports.flows import handles, noting, on_hold
from exports.flows.belonging import without_marks
from exports.flows.by_hand import take_words
from exports.flows.elements import WAYS, is_taken
from exports.flows.erase import TRIES, moves_of
from exports.flows.ground import Ground, ground_of
from exports.flows.leasing import Held
from exports.flows.receipts import signed_receipt
from exports.flows.rehearse import fates_of
from exports.flows.revoking import revoke_fetched
from exports.flows.sharing import spare_shared
from exports.flows.strangers import forget, strangers_of
from exports.models import Handle, HandleState, Job, JobState, PartState
from exports.moves import Move
from exports.query import ByKey, Key, Query
from exports.sources import Sessions, surveying
from exports.values import same
from portal.kit import leases
from portal.kit.clock import now

ASKED_AT_ONCE = 20_000  # keys


@dataclass
class Proof:
    """What was read back, move by move, and what the second search found that should not be there."""

    by_key_at: str = ""
    searched_at: str = ""
    proved: dict[int, int] = field(default_factory=dict)
    failed: dict[int, int] = field(default_factory=dict)
    absent: dict[int, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    unproved: list[str] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)  # handles of rows that are gone, as they should be: to be marked

    foreign: dict[int, set[Key]] = field(default_factory=dict)

    def strangers_of(self, held: Held, reader: Reader, move: Move) -> set[Key]:
        """Rows of this move that are somebody else's by now, whatever stands in them."""
        if move.number not in self.foreign:
            self.foreign |= strangers_of(held, reader, held.job(), [move])
        return self.foreign[move.number]

    @property
    def holds(self) -> bool:
        """Everything that was read is as the plan says."""
        return not (any(self.failed.values()) or self.left or self.unproved)


def prove(held: Held) -> None:
    """Read back by key, search again, sign the receipt and finish."""
    job, proof = held.job(), Proof()
    with surveying(job.organisation, job.identities) as survey:
        by_key(held, job, survey.sessions, proof=proof)
        ground = ground_of(survey, fates_of(job))
        search_again(held, job, ground, proof=proof)
    _finish(held, job, proof)


def by_key(held: Held, job: Job, sessions: Sessions, *, proof: Proof) -> None:
    """Each row by its key: gone, masked, or still there because it is kept. A row that no handle stands for proves nothing."""
    unfinished = set(job.runs.filter(state=PartState.FAILED).values_list("source_key", flat=True))
    covered = handles.covered(job)
    for move in moves_of(job):
        if not move.rows or move.source in unfinished:
            continue
        try:
            reader = sessions.reader(move.source)
            if missing := abs(move.rows - covered.get(move.number, 0)):
                proof.failed[move.number] = proof.failed.get(move.number, 0) + missing
            for some in handles.portions(handles.opened(job, move), ASKED_AT_ONCE):
                held.renew()
                if _all_gone(reader, move, some, proof=proof):
                    proof.gone += [handle.pk for handle in some]
                    continue
                for handle in some:
                    _read_back(held, reader, move, handle, proof=proof)
        except SourceError as problem:
            _unread(job, problem)
            proof.unproved.append(move.source)
    proof.by_key_at = now().isoformat(timespec="seconds")


def _all_gone(reader: Reader, move: Move, some: list[handles.Opened], *, proof: Proof) -> bool:
    """Rows that should be gone are asked for together; only if one is there, each is looked at."""
    if not (move.is_now and move.removes):
        return False
    keys = handles.keys_of(some)
    if reader.count(Query(move.table, ByKey(keys))):
        return False
    proof.proved[move.number] = proof.proved.get(move.number, 0) + len(keys)
    return True


def _read_back(held: Held, reader: Reader, move: Move, handle: handles.Opened, *, proof: Proof) -> None:
    held.renew()
    absent, wrong = 0, set[Key]()
    columns = tuple(sorted(move.masks)) or reader.describe().tables[move.table].key
    expected = dict(handle.rows)
    for key, row in reader.read_back(move.table, handle.keys, fields=columns):
        if row is None:
            absent += 1
        elif move.is_now and not _is_done(move, row, expected[key]):
            wrong.add(key)
    if foreign := wrong and wrong & proof.strangers_of(held, reader, move):
        wrong -= foreign
        rest = forget(held, move, handle, foreign)
        if rest is None:
            return
        handle = rest
    proof.proved[move.number] = proof.proved.get(move.number, 0) + len(handle.rows) - len(wrong)
    proof.failed[move.number] = proof.failed.get(move.number, 0) + len(wrong)
    proof.absent[move.number] = proof.absent.get(move.number, 0) + (0 if move.removes and move.is_now else absent)
    if move.is_now:
        _judge(held, move, handle, wrong)


def _judge(held: Held, move: Move, handle: handles.Opened, wrong: set[Key]) -> None:
    """What is as planned is proved; the rest gets a handle of its own, so that another try touches nothing else."""
    stored = Handle.objects.filter(pk=handle.pk)
    if not wrong:
        with held.writing():
            stored.update(state=HandleState.PROVED, note="")
        return
    job, rest = held.job(), [row for row in handle.rows if row[0] not in wrong]
    parts = [(HandleState.FAILED, [row for row in handle.rows if row[0] in wrong]), (HandleState.PROVED, rest)]
    found = []
    for state, rows in parts:
        if rows:
            found.append(handles.seal(job, move, rows))
            found[-1].state = state
    found[0].note = _("%(wrong)d of %(rows)d rows are not as planned.") % {"wrong": len(wrong), "rows": len(handle.rows)}
    with held.writing():
        stored.delete()
        handles.store(found)


def _is_done(move: Move, row: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """The cells hold what was to be written; a row that should be gone is never done."""
    if move.removes:
        return False
    written = {name: value for name, value in {**move.constants, **without_marks(own)}.items() if name != WAYS}
    return all(same(row[name], value) for name, value in written.items()) and is_taken(row, own)


def search_again(held: Held, job: Job, ground: Ground, *, proof: Proof) -> None:
    """From the identities, as if nothing had been done: only what is kept, masked, deferred or others' may be found."""
    spare_shared(ground)
    known_gaps = {(gap.source, gap.address) for gap in ground.gaps}
    planned = {tuple(gap) for gap in (job.plan or {}).get("gaps", ())}
    unfinished = set(job.runs.filter(state=PartState.FAILED).values_list("source_key", flat=True))
    for source, address in sorted(known_gaps - planned):
        if source not in unfinished:
            _unread(job, SourceUnreachable(address))
            proof.unproved.append(source)
    staying = _staying(job)
    for address, place in ground.places.items():
        held.renew()
        if place.source not in unfinished and place.table.key and not ground.fates.leaves_out(address):
            allowed = staying.get(address, [])
            found = sum(1 for _key in _unexpected(job, ground, address, allowed))
            if found:
                proof.left[address] = found
    proof.searched_at = now().isoformat(timespec="seconds")


def _staying(job: Job) -> dict[str, list[Move]]:
    found: dict[str, list[Move]] = {}
    for move in moves_of(job):
        if move.rows and not (move.removes and move.is_now):
            found.setdefault(move.address, []).append(move)
    return found


def _unexpected(job: Job, ground: Ground, address: str, allowed: list[Move]) -> Iterator[Key]:
    query, reader = ground.questions.query(address), ground.reader(address)
    if not reader.count(query):
        return
    known = {key for move in allowed for handle in handles.opened(job, move) for key in handle.keys}
    yield from (key for key in reader.targets(query) if key not in known)


def _unread(job: Job, problem: SourceError) -> None:
    """A source that cannot be read now is tried again later; after some tries the receipt says that it is not proved."""
    if job.attempts < TRIES:
        raise problem


def _finish(held: Held, job: Job, proof: Proof) -> None:
    job = held.job()
    noting.seal(job, moves_of(job))  # on the disk before anybody is told that it is done
    with transaction.atomic():
        leases.check(Job, job.pk, held.token)
        take_words(job)
        signed = signed_receipt(job, proof_of(proof), holds=proof.holds)
        changes = {"state": JobState.FINISHED, "receipt": signed, "finished_at": now(), "attempts": 0}
        if signed["receipt"]["outcome"] == "failed":
            changes["error"] = _why(proof)
        Job.objects.filter(pk=job.pk).update(**changes)
        on_hold.forget(job, proof.gone)
    revoke_fetched(job)


def _why(proof: Proof) -> str:
    if proof.holds:
        return _("Not everything was erased that had to be. The receipt says what is left.")
    return _("The proof failed: something that should be gone was found again, or could not be looked at. The receipt says what.")


def proof_of(proof: Proof) -> dict[str, Any]:
    """The proof as the receipt needs it."""
    return {
        "by_key_at": proof.by_key_at,
        "searched_at": proof.searched_at,
        "proved": proof.proved,
        "failed": proof.failed,
        "absent": proof.absent,
        "left": proof.left,
        "unproved": sorted(set(proof.unproved)),
    }
