"""Erasures that end half-way: a source that is locked by somebody else, or lost at its first write, until the engine gives it up."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from exports import api
from exports.connectors.base import SourceBusy, SourceError
from exports.connectors.sql_writing import SqlWriter
from exports.models import Job
from portal.kit import clock
from tests.engine.erasing import Store


@contextmanager
def locked_for_writing(store: Store, key: str) -> Iterator[None]:
    """Another program holds the database's write lock."""
    base = sqlite3.connect(store.files[key], isolation_level=None)
    base.execute("PRAGMA busy_timeout=0")
    try:
        base.execute("BEGIN IMMEDIATE")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("exports.connectors.sqlite.LOCK_SECONDS", 0.01)
            yield
    finally:
        base.close()


@contextmanager
def busy_at(table: str) -> Iterator[None]:
    """Rows of this table are locked: nobody can tell before they are written."""
    honest = SqlWriter.erase

    def erase(self: SqlWriter, collection: str, keys: Any) -> int:
        if collection == table:
            raise SourceBusy("It is locked.")
        return honest(self, collection, keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlWriter, "erase", erase)
        yield


def run_until_given_up(job_id: UUID) -> None:
    """Again and again, as the workers do, until the job rests."""
    for _attempt in range(12):
        try:
            api.run(job_id)
        except SourceError:
            Job.objects.filter(pk=job_id).exclude(due_at=None).update(lease_until=None, due_at=clock.now())
        if api.progress(job_id).finished:
            return
    raise AssertionError(api.progress(job_id).state)
