"""Handing an archive over: each download takes a fresh code and is counted before the first byte leaves."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from exports import api as exports
from requests_app.flows import challenges, moving
from requests_app.flows.challenges import Outcome
from requests_app.models import Case, Challenge
from requests_app.models.challenge import Purpose
from requests_app.rules.states import State
from requests_app.rules.verification import CODE_MINUTES

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


@sensitive_variables("password")
@transaction.atomic
def redeem(case: Case, typed: str, *, browser: str, part: int = 1, password: str = "") -> tuple[Outcome, Iterator[bytes] | None]:
    """Takes the code, counts the download and opens this part of the archive, or none of it: then the engine's sentence is raised.

    With a password the part comes locked by it. History says that it was locked; the password itself is written nowhere.
    """
    case = moving.locked(case)
    facts = archive_of(case)
    outcome = challenges.try_code(case, Purpose.DOWNLOAD, typed, browser=browser)
    if outcome is Outcome.USED and facts and len(facts.parts) > 1 and _opens_all(case, typed, browser=browser):
        outcome = Outcome.RIGHT
    if outcome is not Outcome.RIGHT:
        return outcome, None
    if facts is None:
        raise exports.ArchiveUnavailable(_("There is nothing to download for this request."))
    exports.count_download(facts.job_id)
    moving.record(case, "archive.downloaded", by="person", number=facts.downloads + 1, **({"locked": True} if password else {}))
    if password:
        return outcome, exports.open_locked(facts.job_id, password=password, part=part)
    return outcome, exports.open_archive(facts.job_id, part=part)


def _opens_all(case: Case, typed: str, *, browser: str) -> bool:
    """One code is enough for all parts of one copy, in the browser that asked for it and for as long as a code lives."""
    return challenges.was_just_taken(case, Purpose.DOWNLOAD, typed, browser=browser, within=timedelta(minutes=CODE_MINUTES))
