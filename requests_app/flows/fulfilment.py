"""Gathering and giving: a case whose asker is proved gets a job; what the job found is reviewed, released, packed and answered."""

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from exports.api import EngineRefusal, JobBusy, Progress
from portal.kit import clock
from requests_app import answers, askers, hints, letters, outlines
from requests_app.access import SYSTEM, Actor, must_lead
from requests_app.flows import contacts, shortfalls, verification
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import STARTED, NotYet, engine_works, start_job
from requests_app.flows.triage import address_of
from requests_app.models import Case
from requests_app.models.case import AskedBy
from requests_app.rules.rights import GATHERED
from requests_app.rules.states import State
from requests_app.wishes import keep_outline, wish_of


@transaction.atomic
def start(case: Case, *, by: str = "system") -> None:
    """Looks for the person in every source; what changes something there is rehearsed. Only proved identifiers are searched by."""
    case = locked(case)
    _must_start(case)
    case.job_id = start_job(case)
    move(case, State.COLLECTING, by=by)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


def may_start(case: Case) -> bool:
    """Whether the sweep begins with this case by itself."""
    return case.state == State.OPEN.value and case.right in STARTED and verification.is_proved(case) and engine_works(case)


def _must_start(case: Case) -> None:
    if not engine_works(case):
        raise NotYet(_("For this right nothing is gathered: decide it and write the answer. Nothing was changed."))
    _must_be_settled(case)
    if case.state == State.OPEN.value and not verification.is_proved(case):
        raise NotYet(_("The person has not yet proved who is asking, so nothing is searched. Nothing was changed."))


def _must_be_settled(case: Case) -> None:
    """A deletion that has begun goes on by its own notes; a new search would no longer find all that is left."""
    left = api.sources_left(case.job_id) if case.job_id else ()
    if left:
        titles = ", ".join(title for _key, title in left)
        raise NotYet(
            _("The deletion has begun and is not finished at %(titles)s. Finish it there first. Nothing was changed.") % {"titles": titles}
        )


@transaction.atomic
def settle(case: Case) -> bool:
    """Moves a case to review once its job has done all it can. Safe at any time, any number of times."""
    case = locked(case)
    if case.state != State.COLLECTING.value or case.job_id is None:
        return False
    progress = api.progress(case.job_id)
    if not progress.finished:
        return False
    move(case, State.REVIEW, by="system", gaps=len(progress.gaps), found=progress.found)
    if _releases_itself(case, progress):
        _release(case, by=SYSTEM)
    return True


def _releases_itself(case: Case, progress: Progress) -> bool:
    """Where the policy says so, and only when nothing needs an officer's eye."""
    promise = case.policy.read().rights.get(case.right)
    is_plain = not progress.failed and not progress.gaps and not progress.covered
    may = case.right in GATHERED and promise is not None and promise.automatic_release and is_plain
    is_their_own = case.asked_by == AskedBy.SELF.value  # whoever asks for somebody else, and the young, are seen by a person
    return may and is_their_own and contacts.changed_at(case) is None


@transaction.atomic
def retry(case: Case, source_key: str, *, by: Actor) -> None:
    """Asks a source that failed once more. What the others answered stays. A deletion that was approved goes on where it stopped."""
    case = locked(case)
    if case.job_id is None or case.released_at:
        raise NotYet(_("Nothing is being gathered for this request. Nothing was changed."))
    goes_on = source_key in dict(api.sources_left(case.job_id))
    shortfalls.take_back(case, source_key)
    api.retry(case.job_id, source_key)
    record(case, "source.retried", by=by.key, source=source_key)
    if case.state == State.REVIEW.value and goes_on:
        case.released_at = clock.now()  # by whoever approved the plan; the certificate names them
        move(case, State.EXECUTING, by=by.key)
    elif case.state == State.REVIEW.value:
        move(case, State.COLLECTING, by=by.key)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


@transaction.atomic
def gather_again(case: Case, *, by: Actor) -> None:
    """Throws away what was found and looks in every source anew."""
    case = locked(case)
    if case.state != State.REVIEW.value or case.released_at:
        raise NotYet(_("Only a request in review that was not released can be gathered again. Nothing was changed."))
    _must_start(case)
    shortfalls.take_back(case)
    old, case.job_id = case.job_id, None
    case.job_id = start_job(case)
    move(case, State.COLLECTING, by=by.key)
    if old:
        api.destroy(old)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


@transaction.atomic
def release(case: Case, *, by: Actor) -> None:
    """A lead lets the copy go out. A worker packs it; the person hears of it once it is sealed and was read back."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can release an archive."))
    if case.right not in GATHERED:
        raise NotYet(_("This request is not for a copy of data, so there is no archive to release. Nothing was changed."))
    if case.state != State.REVIEW.value or case.job_id is None:
        raise NotYet(_("There is nothing to release: the data is not gathered and in review. Nothing was changed."))
    if askers.lacks_authority(case):
        raise NotYet(_("It is not settled that whoever asks may ask for the person. Check it first. Nothing was sent."))
    if not case.released_at:
        shortfalls.must_be_closed(case)
        _release(case, by=by)


def _release(case: Case, *, by: Actor) -> None:
    case.released_at, case.released_by = clock.now(), by.name
    case.save(update_fields=["released_at", "released_by"])
    record(case, "archive.released", by=by.key)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


def deliver(case: Case) -> bool:
    """For a worker: packs a released archive and answers once it was read back. May run twice."""
    case = Case.objects.select_related("organisation", "policy", "submission").get(pk=case.pk)
    if case.state != State.REVIEW.value or not case.released_at or case.job_id is None:
        return False
    if wish_of(case).outline:
        return _answer_with_outline(case)
    try:
        if api.archive(case.job_id) is None:
            api.pack(case.job_id, answers.cover(case, api.progress(case.job_id)))
    except JobBusy:
        return False
    except EngineRefusal as refusal:
        _take_back(case, type(refusal).__name__)
        return False
    return _answer_with_archive(case)


@transaction.atomic
def _take_back(case: Case, reason: str) -> None:
    """The archive would not be true: nothing goes out, and the case is an officer's again. One that was sealed meanwhile stays."""
    case = locked(case)
    if case.job_id is None or api.archive(case.job_id) is not None:
        return
    case.released_at, case.released_by = None, ""
    case.save(update_fields=["released_at", "released_by"])
    record(case, "archive.refused", by="system", reason=reason)


def _counts(progress: Progress) -> dict[str, int]:
    """What the register remembers of an answer."""
    return {"withheld": progress.withheld, "covered": progress.covered, "gaps": len(progress.gaps)}


@transaction.atomic
def _answer_with_outline(case: Case) -> bool:
    """A description goes out instead of records; what was read for it is destroyed with the answer."""
    case = locked(case)
    if case.state != State.REVIEW.value or not case.released_at or case.job_id is None:
        return False
    progress = api.progress(case.job_id)
    given = outlines.outline(case, progress)
    keep_outline(case, given)
    whole = "given" if progress.found else "nothing_held"
    case.answered_at, case.outcome = clock.now(), shortfalls.PARTLY if case.shortfalls.exists() else whole
    job, case.job_id = case.job_id, None
    kinds = sum(bool(one["found"]) for one in given["categories"])
    move(case, State.ANSWERED, by="system", kinds=kinds, **_counts(progress))
    api.destroy(job)
    facts = {"name": case.name, "given": given, "signed_by": case.released_by}
    letters.queue(case, "answer_outline", to=address_of(case), facts=facts, formal=True)
    return True


@transaction.atomic
def _answer_with_archive(case: Case) -> bool:
    case = locked(case)
    if case.state != State.REVIEW.value or not case.released_at or case.job_id is None:
        return False
    archive = api.archive(case.job_id)
    if archive is None:
        return False
    progress = api.progress(case.job_id)
    whole = "given" if progress.found else "nothing_held"
    case.answered_at, case.outcome = clock.now(), shortfalls.PARTLY if case.shortfalls.exists() else whole
    move(case, State.ANSWERED, by="system", records=archive.records, sha256=archive.sha256, **_counts(progress))
    letters.queue(case, "answer_access", to=address_of(case), facts=answers.access(case, progress, archive), formal=True)
    return True
