"""The receipt: what was done and how it was proved, in counts and dates only, signed. It holds no personal data and no keys of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import rfc8785

from exports.facts import PlanLine, PlanView
from exports.flows.by_hand import attested
from exports.flows.erase import is_one_transaction, moves_of
from exports.flows.tallying import Tally, tally_of
from exports.flows.unfinished import earlier
from exports.models import DataSource, Job, PartState, Said, SourceRun
from exports.moves import Move
from portal.kit import clock, crypto

OTHERWISE = {"http": "record by record", "person": "attested by a person"}
COMPLETE, PARTIAL, FAILED = "complete", "partial", "failed"


@dataclass(frozen=True)
class Known:
    """What our own store knows of an erasure that is over."""

    runs: list[SourceRun]
    kinds: Mapping[str, str]  # by the key of a source
    earlier: list[str]
    attested: list[dict[str, Any]]

    @property
    def failed(self) -> list[SourceRun]:
        """The sources that were not done."""
        return [run for run in self.runs if run.state == PartState.FAILED]


def _known(job: Job) -> Known:
    kinds = dict(DataSource.objects.filter(organisation=job.organisation).values_list("key", "kind"))
    return Known(list(job.runs.all()), kinds, earlier(job), attested(job))


def signed_receipt(job: Job, proof: Mapping[str, Any], *, holds: bool) -> dict[str, Any]:
    """The receipt with a detached signature over its canonical form (RFC 8785)."""
    receipt = receipt_of(job, proof, holds=holds)
    return {"receipt": receipt, "jws": crypto.sign(rfc8785.dumps(receipt), "receipt")}


def receipt_of(job: Job, proof: Mapping[str, Any], *, holds: bool) -> dict[str, Any]:
    """What is said about the job: numbers are of rows read back, never of the plan. `outcome`: complete, partial or failed."""
    view, moves, known = PlanView.from_json((job.plan or {})["view"]), moves_of(job), _known(job)
    today, gaps = clock.today(job.organisation.timezone), _gaps(job, view, known)
    unread = {*(run.source_key for run in known.failed), *proof["unproved"]}
    away = {int(number): rows for number, rows in (job.plan or {}).get("not_theirs", {}).items()}
    tally = tally_of(moves, view.lines, {**proof, "away": away}, unread=unread)
    return {
        "kind": "erasure",
        "job": str(job.pk),
        "reference": job.reference,
        "organisation": job.organisation.key,
        "policy": {"version": job.policy.version, "sha256": job.policy.digest},
        "plan": job.digest,
        "approved_at": _moment(job.approved_at),
        "finished_at": _moment(clock.now()),
        "outcome": outcome_of(job, tally, known, holds=holds, gaps=gaps),
        "totals": tally.totals(),
        "not_done": tally.not_done(),
        "no_longer_theirs": sum(away.values()),
        "lines": [_line(line, tally) for line in view.lines if line.rows],
        "sources": [_source(run, known.kinds.get(run.source_key, ""), moves, tally=tally) for run in known.runs],
        "moves": [_move(move, proof, tally) for move in moves if move.rows or move.number in away],
        "kept": [_kept(line, tally) for line in view.lines if line.rows and (line.action == "keep" or line.when)],
        "detached": [_detached(line, tally) for line in view.lines if line.action == "detach"],
        "differences": [{"move": number, "planned": before, "found": found} for number, before, found in _differences(job)],
        "gaps": gaps,
        "attested": known.attested,
        "verification": {
            "by_key_at": proof["by_key_at"],
            "searched_again_at": proof["searched_at"],
            "rows_read_back": sum(proof["proved"].values()) + sum(proof["failed"].values()),
            "not_as_planned": sum(proof["failed"].values()),
            "found_again": sum(proof["left"].values()),
            "found_again_in": sorted(proof["left"]),
            "unproved": list(proof["unproved"]),
        },
        "backups_until": (today + timedelta(days=view.backups_days)).isoformat() if view.backups_days is not None else None,
    }


def outcome_of(job: Job, tally: Tally, known: Known, *, holds: bool, gaps: list[str]) -> str:
    """Computed from what was read: failed when the proof does not hold or nothing at all was done, partial when a place is missing."""
    words = {one["said"] for one in known.attested}
    is_left = bool(tally.not_done() or known.earlier or Said.NOT_DONE in words)
    is_done = Said.DELETED in words or any(tally.changed(run.source_key) for run in known.runs)
    is_idle = is_left and not job.left_out and not is_done
    if not holds or (job.plan or {}).get("refused") or is_idle:
        return FAILED
    return PARTIAL if gaps or is_left or known.failed else COMPLETE


def _gaps(job: Job, view: PlanView, known: Known) -> list[str]:
    """Every place that was not searched or not done, each once: of the plan, of the execution, and of an earlier erasure."""
    planned = (job.plan or {}).get("missed", view.gaps)
    failed = (run for run in known.failed if run.error and run.error not in planned)
    return list(dict.fromkeys([*planned, *(f"{run.title}: {run.error}" for run in failed), *known.earlier]))


def _line(line: PlanLine, tally: Tally) -> dict[str, Any]:
    return {
        "source": line.source_key,
        "category": line.category,
        "action": line.action,
        "rows": tally.of_line(line).done,
        "not_done": tally.of_line(line).not_done,
        "on": line.when.isoformat() if line.when else None,
        "basis": line.basis,
    }


def _detached(line: PlanLine, tally: Tally) -> dict[str, Any]:
    return {"source": line.source_key, "category": line.category, "rows": tally.of_line(line).done, "reason": line.basis}


def _kept(line: PlanLine, tally: Tally) -> dict[str, Any]:
    return {
        "source": line.source_key,
        "category": line.category,
        "rows": tally.of_line(line).done,
        "until": line.when.isoformat() if line.when else None,
        "basis": line.basis,
    }


def _source(run: SourceRun, kind: str, moves: list[Move], *, tally: Tally) -> dict[str, Any]:
    planned = sum(move.rows for move in moves if move.source == run.source_key and move.is_now)
    return {
        "source": run.source_key,
        "state": run.state,
        "rows_changed": tally.changed(run.source_key),
        "not_done": tally.not_done(run.source_key),
        "totals": tally.totals(run.source_key),
        "how": _how(kind, planned),
        "finished_at": _moment(run.finished_at),
    }


def _how(kind: str, rows: int) -> str:
    """A service without transactions is changed record by record, however few there are; a person's word is only that."""
    if kind in OTHERWISE:
        return OTHERWISE[kind]
    return "one transaction" if is_one_transaction(rows) else "batches with checkpoints"


def _move(move: Move, proof: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    return {
        "source": move.source,
        "collection": move.address,
        "action": move.action,
        "rows": move.rows,
        "on": move.on.isoformat() if move.on else None,
        "basis": move.basis,
        "masked": sorted(move.masks),
        "proved": proof["proved"].get(move.number, 0),
        "failed": proof["failed"].get(move.number, 0),
        "gone_already": proof["absent"].get(move.number, 0),
        "no_longer_theirs": tally.away.get(move.number, 0),
        "not_done": tally.of(move.number).not_done,
    }


def _differences(job: Job) -> list[list[int]]:
    found: list[list[int]] = (job.plan or {}).get("differences", [])
    return found


def _moment(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
