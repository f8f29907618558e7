"""What cannot be done: a lead closes a source that refuses for good, with a reason that the person reads. The answer is then in part."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from portal.kit import clock
from requests_app import hints
from requests_app.access import Actor, must_lead
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import PLANNED, NotYet
from requests_app.models import Case, Shortfall
from requests_app.rules.rights import GATHERED, Right
from requests_app.rules.states import State
from requests_app.undone import REASONS, Why

EVERYTHING = ""  # stands for all that a receipt names, where no single source is to be closed
PARTLY = "partly"


def open_sources(case: Case) -> Sequence[tuple[str, str]]:
    """Key and title of each source that did not do its part and that nobody has closed yet."""
    if case.job_id is None or case.state != State.REVIEW.value or case.released_at:
        return ()
    if case.right in GATHERED:
        found = [(one.key, one.title) for one in api.progress(case.job_id).sources if one.state == "failed"]
    elif case.right in PLANNED:
        found = [*api.sources_left(case.job_id), *api.sources_silent(case.job_id)]
    else:
        return ()
    closed = set(case.shortfalls.values_list("source_key", flat=True))
    return [(key, title) for key, title in found if key not in closed]


@transaction.atomic
def close_source(case: Case, source_key: str, why: Why, *, by: Actor) -> None:
    """Goes on without a source for this request. A plan is rehearsed again without it; what was begun is proved again."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can close a source."))
    known = dict(open_sources(case))
    if source_key not in known:
        raise NotYet(_("This source did its part, or is closed already. Nothing was changed."))
    _keep(case, (source_key, known[source_key]), why, by=by)
    record(case, "source.closed", by=by.key, source=source_key, reason=why.reason)
    if case.right not in PLANNED or case.job_id is None:
        return
    is_begun = source_key in dict(api.sources_left(case.job_id))
    api.leave_out(case.job_id, source_key, by=by.key)
    if is_begun:
        case.released_at = clock.now()  # it was approved long ago; it is only proved anew
    move(case, State.EXECUTING if is_begun else State.COLLECTING, by=by.key)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


def accept_gaps(case: Case, why: Why, *, by: Actor) -> None:
    """Inside the transaction that answers in part: why what the receipt names stays undone."""
    _keep(case, (EVERYTHING, ""), why, by=by)
    record(case, "gaps.accepted", by=by.key, reason=why.reason)


def _keep(case: Case, source: tuple[str, str], why: Why, *, by: Actor) -> None:
    if why.reason not in REASONS:
        raise NotYet(_("Choose why it cannot be done: the person reads it. Nothing was changed."))
    if not why.words.strip():
        raise NotYet(_("Write what was not done and why: the person reads it in our answer. Nothing was changed."))
    words = {"reason": why.reason, "words_sealed": case.seal(why.words.strip()), "decided_by": by.name, "at": clock.now()}
    Shortfall.objects.create(case=case, source_key=source[0], title=source[1], **words)


def take_back(case: Case, source_key: str | None = None) -> None:
    """Inside a transaction: the source is asked once more, or all are; what was decided about it no longer counts."""
    closed = case.shortfalls.all() if source_key is None else case.shortfalls.filter(source_key=source_key)
    closed.delete()


def must_be_closed(case: Case) -> None:
    """Refuses to release a copy while a source did not answer and nobody has said why it is left out."""
    waiting = open_sources(case)
    if waiting:
        titles = ", ".join(title for _key, title in waiting)
        raise NotYet(
            _("%(titles)s did not answer. Try again there, or close it with a reason that the person reads. Nothing was released.")
            % {"titles": titles}
        )


def is_answerable(case: Case, outcome: str) -> bool:
    """Whether a deletion that ended in part may be answered: somebody has said why, and nothing is left to try."""
    return outcome == "partial" and case.right == Right.DELETION.value and case.shortfalls.exists() and not _left(case)


def may_accept_gaps(case: Case) -> bool:
    """Whether a deletion ended in part with nothing left to try, so that a lead may answer it as it is."""
    if case.right != Right.DELETION.value or case.state != State.REVIEW.value or case.job_id is None:
        return False
    signed = api.receipt(case.job_id)
    return signed is not None and signed["receipt"]["outcome"] == "partial" and not _left(case)


def _left(case: Case) -> bool:
    return bool(case.job_id and api.sources_left(case.job_id))
