"""Work that is held by a lease: renewed while it lasts, checked inside every last transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from exports.models import Job
from portal.kit import leases

RENEW_AFTER = 8.0  # seconds; a lease lasts 30
MOST_SILENCE = 3600.0  # as long as a worker may wait for one answer, or for several that nobody counts


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
    def kept(self) -> Iterator[None]:
        """The lease lasts as long as the block, also while a source takes minutes for one answer. It ends with the process."""
        ended = Event()
        beating = Thread(target=self._beat, args=(ended,), daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join(timeout=1)

    def _beat(self, ended: Event) -> None:
        try:
            while not ended.wait(RENEW_AFTER) and time.monotonic() - self._renewed < MOST_SILENCE:
                try:
                    if not leases.extend(Job, self.job_id, self.token):
                        return  # another worker has it, and the next transaction here will say so
                except (DatabaseError, RuntimeError):
                    continue  # our own store is busy: there is time for two more tries
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that is kept only if the job is still ours."""
        with transaction.atomic():
            leases.check(Job, self.job_id, self.token)
            yield

    def stands(self) -> tuple[str, str]:
        """Kind and state of the job as it stands now."""
        kind, state = Job.objects.values_list("kind", "state").get(pk=self.job_id)
        return kind, state

    def job(self) -> Job:
        """The job as it stands now."""
        return Job.objects.select_related("organisation", "policy").get(pk=self.job_id)


def held(job_id: UUID) -> Held | None:
    """Take the job if it is due and free."""
    token = leases.claim(Job, job_id)
    return None if token is None else Held(job_id, token)
