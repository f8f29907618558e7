"""Work that is held by a lease: renewed while it lasts, checked inside every last transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from exports.models import Job
from portal.kit import leases

RENEW_AFTER = 8.0  # seconds; a lease lasts 30


def _nothing() -> None:
    return None


class Held:
    """A job that this worker holds. Every change to the job or its parts is made inside `writing()`.

    `meanwhile` is called whenever the lease was renewed: for what should not wait until a long piece of work is over.
    """

    def __init__(self, job_id: UUID, token: int) -> None:
        self.job_id, self.token = job_id, token
        self.meanwhile: Callable[[], None] = _nothing
        self._renewed = time.monotonic()

    def renew(self) -> None:
        """Hold it longer, at most once in a few seconds. Raises LeaseLost when another worker has taken over."""
        if time.monotonic() - self._renewed > RENEW_AFTER:
            leases.renew(Job, self.job_id, self.token)
            self._renewed = time.monotonic()
            self.meanwhile()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that is kept only if the job is still ours."""
        with transaction.atomic():
            leases.check(Job, self.job_id, self.token)
            yield

    def job(self) -> Job:
        """The job as it stands now."""
        return Job.objects.select_related("organisation", "policy").get(pk=self.job_id)


def held(job_id: UUID) -> Held | None:
    """Take the job if it is due and free."""
    token = leases.claim(Job, job_id)
    return None if token is None else Held(job_id, token)
