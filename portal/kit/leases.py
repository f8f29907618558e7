"""Leases: who works on a row now, and proof that it is still theirs when they write.

The database is the queue. A claim is one conditional UPDATE; the token grows with each claim; the last transaction of any piece of
work checks the token, so that a worker that was thought dead and wakes up late changes nothing.
"""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from portal.kit.clock import now

LEASE = timedelta(seconds=30)


class LeaseLost(Exception):
    """Another worker has taken the row over; this one must stop and change nothing."""


class Leased(models.Model):
    lease_token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)  # null: nothing to do

    LEASE_FIELDS: ClassVar[tuple[str, ...]] = ("lease_token", "lease_until", "attempts", "due_at")

    class Meta:
        abstract = True


def claim(model: type[Leased], pk: object) -> int | None:
    """Takes the row for `LEASE` if it is due and nobody holds it. The fencing token, or None when there is nothing to take."""
    moment = now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=moment)
    rows = model._default_manager.filter(free, pk=pk, due_at__lte=moment)
    if not rows.update(lease_token=F("lease_token") + 1, lease_until=moment + LEASE, attempts=F("attempts") + 1):
        return None
    return int(model._default_manager.values_list("lease_token", flat=True).get(pk=pk))


def renew(model: type[Leased], pk: object, token: int) -> None:
    """Holds the row for another `LEASE`. Raises `LeaseLost` when it is no longer ours."""
    if not model._default_manager.filter(pk=pk, lease_token=token).update(lease_until=now() + LEASE):
        raise LeaseLost(str(pk))


def extend(model: type[Leased], pk: object, token: int) -> bool:
    """Holds the row for another `LEASE` while it is held at all; says whether it still is."""
    return bool(model._default_manager.filter(pk=pk, lease_token=token, lease_until__isnull=False).update(lease_until=now() + LEASE))


def check(model: type[Leased], pk: object, token: int) -> None:
    """Inside the last transaction: locks the row and raises `LeaseLost` unless the token is still the newest."""
    current = model._default_manager.select_for_update().values_list("lease_token", flat=True).get(pk=pk)
    if current != token:
        raise LeaseLost(str(pk))


def release(model: type[Leased], pk: object, token: int, *, again_in: timedelta | None = None) -> None:
    """Gives the row back: done (nothing due), or due again after a while."""
    due = None if again_in is None else now() + again_in
    model._default_manager.filter(pk=pk, lease_token=token).update(lease_until=None, due_at=due)


def due_pks(model: type[Leased], limit: int = 200) -> list[object]:
    """What a dispatcher should send: due, and held by nobody."""
    moment = now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=moment)
    return list(model._default_manager.filter(free, due_at__lte=moment).order_by("due_at").values_list("pk", flat=True)[:limit])
