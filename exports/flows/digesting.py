"""The fingerprint of a plan: what would be done and why, without counts and without days, so that it still holds tomorrow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import rfc8785
from django.utils.translation import gettext as _

from exports import tagged
from exports.flows.by_hand import people_of
from exports.flows.composing import Draft
from exports.flows.detaching import Detached
from exports.flows.ground import Ground
from exports.models import Job
from exports.moves import Move
from portal.kit import crypto


def material_of(job: Job, ground: Ground, *, draft: Draft, detached: list[Detached]) -> dict[str, Any]:
    """Everything that the approval covers, part by part. No personal data: identities and keys enter as keyed digests."""
    periods = _periods(ground)
    return {
        "policy": [job.policy.version, job.policy.digest],
        "subject": sorted(crypto.blind_index(kind, value) for kind, value in job.identities.items()),
        "settled": dict(sorted(ground.fates.settled.items())),
        "only": sorted(ground.fates.only),
        "closed": sorted(ground.fates.closed),
        "schema": _schemas(ground),
        "predicates": _predicates(ground),
        "actions": [_move(move, periods) for move in draft.moves],
        "shared": [[group.address, sorted(key_digest(key) for key in group.keys), sorted(group.masks)] for group in detached],
        "gaps": sorted([gap.source, gap.address] for gap in ground.gaps),
        "people": sorted(source.key for source in people_of(job, ground.survey.sources.values())),
    }


def digest_of(material: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(dict(material))).hexdigest()


def parts_of(material: Mapping[str, Any]) -> dict[str, str]:
    """A fingerprint of each part alone, to say later which of them changed."""
    return {name: hashlib.sha256(rfc8785.dumps(part)).hexdigest()[:16] for name, part in material.items()}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What of a plan is no longer as it was approved, in words."""
    words = {
        "policy": _("the policy"),
        "schema": _("the tables of a source"),
        "predicates": _("the datasets"),
        "actions": _("what would happen to the rows"),
        "shared": _("which rows other people use"),
        "gaps": _("which places can be searched"),
        "settled": _("the choices"),
        "subject": _("the identities"),
        "only": _("the categories"),
        "closed": _("the sources that are left out"),
        "people": _("who is asked to delete"),
    }
    return ", ".join(word for name, word in words.items() if before.get(name) != after.get(name)) or _("the plan")


def key_digest(key: Any) -> str:
    """A keyed digest of a row's key: it is the same for the same row and tells nothing else."""
    return crypto.keyed_digest("handles", tagged.dumps(key))


def _schemas(ground: Ground) -> dict[str, str]:
    tables: dict[str, set[str]] = {}
    for place in ground.places.values():
        tables.setdefault(place.source, set()).add(place.table.name)
    return {source: ground.schemas[source].fingerprint(names) for source, names in sorted(tables.items())}


def _predicates(ground: Ground) -> dict[str, Any]:
    """How each collection is reached; the identities' values are not here."""
    return {
        visit.address: [
            [[entry.field, entry.identity, entry.caseless] for entry in visit.entries],
            sorted([edge.source, list(edge.source_fields), list(edge.target_fields)] for edge in visit.edges),
        ]
        for visit in ground.survey.walk.visits
    }


def _periods(ground: Ground) -> dict[date, str]:
    found: dict[date, set[str]] = {}
    for verdict in ground.verdicts.values():
        for part in verdict.parts:
            found.setdefault(part.due.on, set()).add(part.due.period or part.due.when)
    return {day: " ".join(sorted(words)) for day, words in found.items()}


def _move(move: Move, periods: Mapping[date, str]) -> list[Any]:
    on = periods.get(move.on, move.on.isoformat()) if move.on else ""
    until = periods.get(move.until, "") if move.until and move.group == "held" else ""
    masks = [[name, mask.strategy, mask.shape, tagged.dumps(mask.value)] for name, mask in sorted(move.masks.items())]
    return [move.source, move.address, move.action, move.group, until, on, masks, sorted(move.categories), move.basis]


def grown(planned: list[Move], now: list[Move]) -> Move | None:
    """The first move that has grown beyond the bound since the plan was made."""
    before = {_same(move): move.rows for move in planned}
    return next((move for move in now if move.rows > allowed(before.get(_same(move), 0))), None)


def allowed(rows: int) -> int:
    """How many rows a move may have grown to: twenty more, or a fifth."""
    return rows + max(20, rows // 5)


def _same(move: Move) -> tuple[Any, ...]:
    return (move.source, move.address, move.group, move.action, move.edge, tuple(sorted(move.masks)))
