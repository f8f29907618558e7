"""The receipt: what was done and how it was proved, in counts and dates only, signed. It holds no personal data and no keys of rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import rfc8785

from exports.facts import PlanLine, PlanView
from exports.flows.erase import is_one_transaction, moves_of
from exports.models import Job, PartState
from exports.moves import Move
from portal.kit import clock, crypto

COMPLETE, PARTIAL, FAILED = "complete", "partial", "failed"


def signed_receipt(job: Job, proof: Mapping[str, Any], *, holds: bool) -> dict[str, Any]:
    """The receipt with a detached signature over its canonical form (RFC 8785)."""
    receipt = receipt_of(job, proof, holds=holds)
    return {"receipt": receipt, "jws": crypto.sign(rfc8785.dumps(receipt), "receipt")}


def receipt_of(job: Job, proof: Mapping[str, Any], *, holds: bool) -> dict[str, Any]:
    """What is said about the job. `outcome`: complete, partial (a place could not be reached), or failed."""
    view, moves = PlanView.from_json((job.plan or {})["view"]), moves_of(job)
    today = clock.today(job.organisation.timezone)
    return {
        "kind": "erasure",
        "job": str(job.pk),
        "reference": job.reference,
        "organisation": job.organisation.key,
        "policy": {"version": job.policy.version, "sha256": job.policy.digest},
        "plan": job.digest,
        "approved_at": _moment(job.approved_at),
        "finished_at": _moment(clock.now()),
        "outcome": outcome_of(job, view, holds=holds),
        "totals": dict(view.totals),
        "lines": [_line(line) for line in view.lines if line.rows],
        "sources": [_source(job, run, moves) for run in job.runs.all()],
        "moves": [_move(move, proof) for move in moves if move.rows],
        "kept": [_kept(line) for line in view.lines if line.rows and (line.action == "keep" or line.when)],
        "detached": [_detached(line) for line in view.lines if line.action == "detach"],
        "differences": [{"move": number, "planned": before, "found": found} for number, before, found in _differences(job)],
        "gaps": list(view.gaps) + [f"{run.title}: {run.error}" for run in job.runs.filter(state=PartState.FAILED) if run.error],
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


def outcome_of(job: Job, view: PlanView, *, holds: bool) -> str:
    """Computed from what was read: failed when the proof does not hold, partial when a place is missing."""
    if not holds or (job.plan or {}).get("refused"):
        return FAILED
    return PARTIAL if view.gaps or job.runs.filter(state=PartState.FAILED).exists() else COMPLETE


def _line(line: PlanLine) -> dict[str, Any]:
    return {
        "source": line.source_key,
        "category": line.category,
        "action": line.action,
        "rows": line.rows,
        "on": line.when.isoformat() if line.when else None,
        "basis": line.basis,
    }


def _detached(line: PlanLine) -> dict[str, Any]:
    return {"source": line.source_key, "category": line.category, "rows": line.rows, "reason": line.basis}


def _kept(line: PlanLine) -> dict[str, Any]:
    return {
        "source": line.source_key,
        "category": line.category,
        "rows": line.rows,
        "until": line.when.isoformat() if line.when else None,
        "basis": line.basis,
    }


def _source(job: Job, run: Any, moves: list[Move]) -> dict[str, Any]:
    rows = sum(move.rows for move in moves if move.source == run.source_key and move.is_now)
    return {
        "source": run.source_key,
        "state": run.state,
        "rows_changed": rows if run.state == PartState.DONE else 0,
        "how": "one transaction" if is_one_transaction(rows) else "batches with checkpoints",
        "finished_at": _moment(run.finished_at),
    }


def _move(move: Move, proof: Mapping[str, Any]) -> dict[str, Any]:
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
    }


def _differences(job: Job) -> list[list[int]]:
    found: list[list[int]] = (job.plan or {}).get("differences", [])
    return found


def _moment(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
