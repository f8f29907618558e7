"""A deletion after its rehearsal: choices, approval of exactly one plan, and the answer once the receipt says complete."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from portal.kit import clock, codes
from requests_app import certificate, hints, holds, letters
from requests_app.access import Actor, SignInAgain, must_lead
from requests_app.flows import seconding, shortfalls, verification
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import PLANNED, NotYet, proved_identities
from requests_app.flows.triage import address_of
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.undone import Why

COPY_IS_THERE = frozenset({State.ANSWERED.value, State.CLOSED.value})
COPY_IS_OFF = frozenset({State.WITHDRAWN.value, State.DUPLICATE.value, State.EXPIRED.value, State.REFUSED.value})


@transaction.atomic
def settle_plan(case: Case, choices: Mapping[str, str], *, by: Actor) -> None:
    """Chooses the date where the policy says two things. The plan is rehearsed again and gets a new fingerprint."""
    case = locked(case)
    _must_be_planned(case)
    assert case.job_id is not None  # noqa: S101  (checked by the line above)
    api.settle(case.job_id, choices, by=by.key)
    record(case, "plan.settled", by=by.key, lines=len(choices))
    if not api.progress(case.job_id).finished:
        move(case, State.COLLECTING, by=by.key)
        hints.on_commit(hints.SETTLE_CASE, case.pk)


@transaction.atomic
def approve(case: Case, *, digest: str, typed: str, by: Actor) -> None:
    """A lead allows exactly the plan with this fingerprint to be carried out."""
    case = locked(case)
    _must_be_planned(case)
    assert case.job_id is not None  # noqa: S101  (checked by the line above)
    must_lead(by, case, _("Only a lead can approve a deletion."))
    missing = barriers(case)
    if missing:
        raise NotYet(missing[0])
    if codes.normalise_reference(typed) != case.reference:
        raise NotYet(_("What you typed is not the reference of this request. Type it exactly. Nothing was deleted."))
    if not by.is_fresh:
        raise SignInAgain(_("You signed in more than ten minutes ago. Sign in again, then approve. Nothing was deleted."))
    seconding.check_second(case, digest, by=by)
    api.approve(case.job_id, digest, by=by.key)
    case.released_at, case.released_by = clock.now(), by.name
    move(case, State.EXECUTING, by=by.key, plan=digest)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


def barriers(case: Case) -> list[str]:
    """Sentences that say what still stands between the plan and its approval, apart from the plan itself."""
    found = [held] if (held := holds.barrier(case)) else []
    if not verification.is_proved(case):
        found.append(_("The person has not given every proof that a deletion needs. Nothing can be deleted yet."))
    copy = case.copy_first
    if copy and copy.state not in COPY_IS_THERE | COPY_IS_OFF:
        found.append(
            _("The person asked for a copy first. %(reference)s must be answered before anything is deleted.")
            % {"reference": copy.reference}
        )
    return found


def _must_be_planned(case: Case) -> None:
    if case.right not in PLANNED:
        raise NotYet(_("This request is not for a deletion. Nothing was changed."))
    if case.state != State.REVIEW.value or case.job_id is None:
        raise NotYet(_("There is no plan to decide on: the deletion is not rehearsed and in review. Nothing was changed."))


@transaction.atomic
def conclude(case: Case) -> bool:
    """For the sweep: answers once the receipt says complete. Anything less goes back to an officer, never to the person as done."""
    case = locked(case)
    if case.state != State.EXECUTING.value or case.job_id is None or case.right not in PLANNED:
        return False
    progress = api.progress(case.job_id)
    if not progress.finished:
        return False
    receipt = api.receipt(case.job_id)
    outcome = str(receipt["receipt"]["outcome"]) if receipt else "failed"
    if receipt and shortfalls.is_answerable(case, outcome) and not progress.failed:
        _certify(case, receipt["receipt"], outcome=shortfalls.PARTLY)
        return True
    if receipt is None or outcome != "complete" or progress.failed:
        case.released_at = None
        move(case, State.REVIEW, by="system", outcome=outcome)
        return True
    if case.right == Right.WITHDRAWAL.value:
        _revoked(case, receipt["receipt"])
    else:
        _certify(case, receipt["receipt"])
    return True


def _revoked(case: Case, receipt: Mapping[str, Any]) -> None:
    """What gave access is gone; what else stops, and the answer, are an officer's."""
    case.released_at, case.released_by = None, ""
    totals = receipt["totals"]
    record(case, "access.revoked", by="system", rows=totals.get("delete", 0) + totals.get("mask", 0))
    move(case, State.REVIEW, by="system", outcome="complete")


@transaction.atomic
def answer_in_part(case: Case, why: Why, *, by: Actor) -> None:
    """A lead answers a deletion that ended in part with nothing left to try: the letter says what was not done, and why."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can answer a deletion in part."))
    signed = api.receipt(case.job_id) if case.job_id and shortfalls.may_accept_gaps(case) else None
    if signed is None:
        raise NotYet(_("This deletion did not end in part, or can still be finished somewhere. Nothing was changed."))
    shortfalls.accept_gaps(case, why, by=by)
    _certify(case, signed["receipt"], outcome=shortfalls.PARTLY)


def _certify(case: Case, receipt: Mapping[str, Any], *, outcome: str = "erased") -> None:
    days = case.policy.read().backups_days
    today = clock.today(case.organisation.timezone)
    case.answered_at, case.outcome = clock.now(), outcome
    said = receipt.get("backups_until")
    case.backups_until = date.fromisoformat(str(said)) if said else (today + timedelta(days=days) if days else None)
    until = case.backups_until.isoformat() if case.backups_until else ""
    move(case, State.ANSWERED, by="system", outcome=receipt["outcome"], backups_until=until, **_counts(receipt))
    api.revoke_all(case.organisation, proved_identities(case), keep=_copy_to_fetch(case))
    letters.queue(case, "answer_deletion", to=address_of(case), facts=certificate.erasure(case, receipt), formal=True)


def _counts(receipt: Mapping[str, Any]) -> dict[str, int]:
    """What the register remembers of a deletion: rows, each once."""
    totals = receipt.get("totals", {})
    return {column: totals.get(action, 0) for action, column in certificate.COLUMNS.items()} | {"gaps": len(receipt.get("gaps", ()))}


def _copy_to_fetch(case: Case) -> tuple[UUID, ...]:
    """The copy that was asked for together with this deletion, while nobody has it yet; the engine closes it after its first download."""
    job_id = case.copy_first.job_id if case.copy_first else None
    archive = api.archive(job_id) if job_id else None
    return (job_id,) if job_id and archive and not archive.downloads else ()
