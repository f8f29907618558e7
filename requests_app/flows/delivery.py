"""Handing an archive over: each download takes a fresh code and is counted before the first byte leaves."""

from collections.abc import Iterator

from django.db import transaction

from exports import api as exports
from requests_app.flows import challenges, moving
from requests_app.flows.challenges import Outcome
from requests_app.models import Case, Challenge
from requests_app.models.challenge import Purpose
from requests_app.rules.states import State

HANDED_OVER_IN = frozenset({State.ANSWERED, State.CLOSED})


def archive_of(case: Case) -> exports.ArchiveFacts | None:
    """What is known about the archive of an answered case; None before the release and where there is none."""
    if case.job_id is None or State(case.state) not in HANDED_OVER_IN:
        return None
    return exports.archive(case.job_id)


def contents_of(case: Case) -> exports.Progress | None:
    """What was found where, and what could not be reached."""
    return exports.progress(case.job_id) if case.job_id else None


def send_code(case: Case, *, browser: str) -> Challenge:
    """A code for one download, for this browser."""
    return challenges.issue_on_demand(case, Purpose.DOWNLOAD, browser=browser)


@transaction.atomic
def redeem(case: Case, typed: str, *, browser: str) -> Outcome:
    """Takes the code and counts the download, or neither. Raises the engine's sentence when the archive is not to be had."""
    case = moving.locked(case)
    outcome = challenges.try_code(case, Purpose.DOWNLOAD, typed, browser=browser)
    facts = archive_of(case)
    if outcome is not Outcome.RIGHT or facts is None or case.job_id is None:
        return outcome
    exports.count_download(case.job_id)
    moving.record(case, "archive.downloaded", by="person", number=facts.downloads + 1)
    return outcome


def open_archive(case: Case) -> Iterator[bytes]:
    """The bytes, decrypted piece by piece while they leave."""
    if case.job_id is None:
        raise exports.ArchiveUnavailable("There is no archive for this request.")
    return exports.open_archive(case.job_id)
