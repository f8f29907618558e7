"""When organisations are swept: once on each of their days, by a row that can exist only once; and what is known of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from exports.facts import RetentionState
from exports.flows.aging import aging_of
from exports.models import Job, JobKind, JobState
from exports.sources import sources_of
from portal.kit import clock, crypto
from portal.organisations.models import Organisation

ENDED = (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


def start_sweep(organisation: Organisation, *, moment: datetime | None = None, day: date | None = None) -> UUID:
    """A sweep that is due now. `day` marks the one of that day; a second one raises IntegrityError."""
    at = (moment or clock.now()).astimezone(UTC).replace(microsecond=0)
    job = Job(
        organisation=organisation,
        policy=organisation.current_policy,
        kind=JobKind.SWEEP,
        reference=f"sweep {at.date().isoformat()}",
        key_sealed=crypto.new_key(),
        day=day,
        plan={"moment": at.isoformat()},
        due_at=clock.now(),
    )
    job.identities = {}
    job.save(force_insert=True)
    return job.pk


def start_due_sweeps() -> list[UUID]:
    """Begin the sweep of the day wherever it has not begun. After downtime that is at once, and never twice on a day."""
    return [job for organisation in Organisation.objects.filter(is_active=True) if (job := _start_due(organisation)) is not None]


def retention(organisation: Organisation) -> RetentionState:
    """What is known of an organisation's sweeps. Asks no source."""
    policy = organisation.current_policy
    sweeps = Job.objects.filter(organisation=organisation, kind=JobKind.SWEEP)
    last = sweeps.filter(state__in=ENDED).order_by("-finished_at").first()
    today = clock.today(organisation.timezone)
    receipt = ((last.receipt or {}).get("receipt") or {}) if last else {}
    totals, verified = receipt.get("totals", {}), receipt.get("outcome", "")
    return RetentionState(
        sweeps=policy is not None and any(category.sweep and category.held for category in policy.read().categories),
        last_at=last.finished_at if last else None,
        outcome=verified or (str(last.state) if last else ""),
        deleted=totals.get("delete", 0),
        anonymised=totals.get("anonymise", 0),
        held=totals.get("held", 0),
        next_on=today + timedelta(days=1) if sweeps.filter(day=today).exists() else today,
        gaps=tuple(receipt.get("gaps", ())) or ((last.error,) if last and last.error else ()),
    )


def _start_due(organisation: Organisation) -> UUID | None:
    today = clock.today(organisation.timezone)
    sweeps = Job.objects.filter(organisation=organisation, kind=JobKind.SWEEP)
    if sweeps.filter(day=today).exists() or sweeps.exclude(state__in=ENDED).exists() or not _ages(organisation):
        return None
    try:
        with transaction.atomic():
            return start_sweep(organisation, day=today)
    except IntegrityError:  # another beat was faster
        return None


def _ages(organisation: Organisation) -> bool:
    if not organisation.policies.exists():
        return False
    aging = aging_of(sources_of(organisation), organisation.current_policy.read())
    return bool(aging.aged or aging.gaps)
