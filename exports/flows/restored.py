"""Whether the main store is older than the ledger: it was restored from a backup, and erasures that were done since must be done again."""

from __future__ import annotations

import time
from uuid import UUID

from django.db.models import Q

from exports.flows import ledger, replay
from exports.models import Job, JobKind, JobState
from portal.organisations.models import Organisation

SECONDS = 60.0  # a running process is not restored under its own feet
AT_WORK = (JobState.SPOOLING, JobState.EXECUTING, JobState.PROVING)
_fine_until = 0.0


def is_behind() -> bool:
    """Erasures stand in the ledger that this store knows nothing of. Looked at once a minute, while it is so at every call."""
    global _fine_until
    if time.monotonic() < _fine_until:
        return False
    if missing():
        return True
    _fine_until = time.monotonic() + SECONDS
    return False


def look_again() -> None:
    """Forget what was seen."""
    global _fine_until
    _fine_until = 0.0


def missing() -> list[str]:
    """Entries of the ledger whose erasure this store does not know as done, is not at, and has not run again."""
    found = [name for name in ledger.names() if "." not in name]  # what was due on a later day is done by the store's own handles
    if not found:
        return []
    done = Q(receipt__isnull=False) | Q(state__in=AT_WORK)
    known = set(map(str, Job.objects.filter(done, kind=JobKind.ERASURE).values_list("pk", flat=True)))
    for plan in Job.objects.filter(kind=JobKind.REPLAY, state=JobState.FINISHED).values_list("plan", flat=True):
        known.update((plan or {}).get("entries", ()))
    return [name for name in found if name not in known]


def start_missing() -> list[UUID]:
    """A replay for every organisation that is behind; one that was not loaded again yet waits for that."""
    behind = set(missing())
    keys = {entry.organisation for entry in ledger.entries() if entry.name in behind}
    return [replay.start(organisation) for organisation in Organisation.objects.filter(key__in=keys) if organisation.policies.exists()]


def unknown_organisations() -> list[str]:
    """Keys of organisations that the ledger knows and this store does not."""
    behind = set(missing())
    keys = {entry.organisation for entry in ledger.entries() if entry.name in behind}
    return sorted(keys - set(Organisation.objects.values_list("key", flat=True)))
