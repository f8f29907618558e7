"""The receipt of a sweep: what was too old, what became of it, what is left and why. Counts and dates only, signed."""

from __future__ import annotations

from typing import Any

import rfc8785

from exports.flows.aging import ANONYMISE, DELETE
from exports.flows.receipts import COMPLETE, FAILED, PARTIAL
from exports.models import Job, PartState, Step
from portal.kit import clock, crypto


def signed_sweep(job: Job) -> dict[str, Any]:
    """The receipt with a detached signature over its canonical form (RFC 8785)."""
    receipt = sweep_receipt(job)
    return {"receipt": receipt, "jws": crypto.sign(rfc8785.dumps(receipt), "receipt")}


def sweep_receipt(job: Job) -> dict[str, Any]:
    """What is said about the sweep. `removed` is what was due before less what is due now: nobody's word is taken for it."""
    plan, steps = job.plan or {}, list(Step.objects.filter(run__job=job).select_related("run").order_by("run__position", "position"))
    lines = [_line(step) for step in steps]
    gaps = list(dict.fromkeys([*plan.get("gaps", ()), *(f"{run.title}: {run.error}" for run in job.runs.all() if run.error)]))
    return {
        "kind": "sweep",
        "job": str(job.pk),
        "reference": job.reference,
        "organisation": job.organisation.key,
        "policy": {"version": job.policy.version, "sha256": job.policy.digest},
        "plan": job.digest,
        "moment": plan["moment"],
        "finished_at": clock.now().isoformat(timespec="seconds"),
        "outcome": outcome_of(job, steps, gaps),
        "totals": {
            "delete": sum(line["removed"] for line in lines if line["action"] == DELETE),
            "anonymise": sum(line["removed"] for line in lines if line["action"] == ANONYMISE),
            "held": sum(line["held"] for line in lines),
            "on_hold": sum(line["on_hold"] for line in lines),
        },
        "lines": lines,
        "gaps": gaps,
        "verification": {
            "counted_again_at": plan.get("proved_at"),
            "too_old_and_held_by_nothing": sum(step.facts.get("unswept", 0) for step in steps),
            "unproved": sorted(set(plan.get("unproved", ()))),
        },
    }


def outcome_of(job: Job, steps: list[Step], gaps: list[str]) -> str:
    """Failed when something that nothing holds is still too old or was not read again; partial when a promise was not within reach."""
    if any(step.facts.get("unswept") for step in steps) or (job.plan or {}).get("unproved"):
        return FAILED
    return PARTIAL if gaps or job.runs.filter(state=PartState.FAILED).exists() else COMPLETE


def _line(step: Step) -> dict[str, Any]:
    facts = step.facts
    left = facts.get("left", facts["due"])
    return {
        "source": facts["source"],
        "collection": facts["collection"],
        "category": facts["category"],
        "action": facts["action"],
        "period": facts["period"],
        "cutoff": facts["cutoff"],
        "due": facts["due"],
        "removed": max(0, facts["due"] - left),
        "held": left,
        "on_hold": facts.get("on_hold", 0),
        "late": facts["late"],
        "undated": facts["undated"],
        "notes": facts["notes"],
    }
