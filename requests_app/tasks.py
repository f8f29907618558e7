"""What workers do for cases and letters. Messages carry a row's id and are hints; everything here may run twice."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from uuid import UUID

from celery import shared_task
from django.db.models import Q, QuerySet

from exports import api
from exports.api import EngineRefusal
from portal.kit import clock, leases
from portal.kit.leases import LeaseLost
from portal.kit.waits import is_lock_wait
from portal.organisations.models import Organisation
from requests_app import hints, notices
from requests_app.flows import (
    closing,
    correcting,
    erasing,
    fetching,
    following,
    forgetting,
    fulfilment,
    receiving,
    reminding,
    returning,
    searching,
    triage,
    viewing,
    waiting,
)
from requests_app.mail.imap import MailboxUnread
from requests_app.models import Case, Letter, Notice
from requests_app.rules.errors import RuleError
from requests_app.rules.rights import Right
from requests_app.rules.states import State

log = logging.getLogger("habeas.tasks")
AT_ONCE = 200
AT_WORK = [State.COLLECTING.value, State.EXECUTING.value]
MOVING = Q(state__in=AT_WORK) | Q(state=State.REVIEW, released_at__isnull=False)
ENDED = [State.ANSWERED, State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.DUPLICATE]


@shared_task(name="requests_app.dispatch")  # type: ignore[untyped-decorator]  # Celery has no types
def dispatch() -> None:
    """Sends on whatever is due: letters, cases that can start, cases whose job may have finished."""
    for pk in leases.due_pks(Letter, AT_ONCE):
        hints.send(hints.POST_LETTER, int(str(pk)))
    for pk in leases.due_pks(Notice, AT_ONCE):
        hints.send(hints.POST_NOTICE, int(str(pk)))
    following.settle_due()
    startable = Q(state=State.OPEN, right__in=searching.STARTED)
    _each(_some(Case.objects.filter(startable | MOVING)), _work_on)


@shared_task(name=hints.POST_LETTER)  # type: ignore[untyped-decorator]  # Celery has no types
def post_letter(letter_id: int) -> None:
    """Posts one letter if it is still due."""
    returning.post(letter_id)


@shared_task(name=hints.POST_NOTICE)  # type: ignore[untyped-decorator]  # Celery has no types
def post_notice(notice_id: int) -> None:
    """Posts one mail to a member of staff if it is still due."""
    notices.post(notice_id)


@shared_task(name=hints.SETTLE_ENQUIRY)  # type: ignore[untyped-decorator]  # Celery has no types
def settle_enquiry(enquiry_id: str) -> None:
    """Answers somebody who wants to follow a request: by a code to the mailbox, or not at all."""
    following.settle(UUID(enquiry_id))


@shared_task(name=hints.SETTLE_CASE)  # type: ignore[untyped-decorator]  # Celery has no types
def settle_case(case_id: int) -> None:
    """Takes one case as far as it goes by itself, its job included: one message is enough, and nothing waits for the next round."""
    case = Case.objects.filter(pk=case_id).first()
    if case is not None:
        _each([case], _go_on)


@shared_task(name="requests_app.expire")  # type: ignore[untyped-decorator]  # Celery has no types
def expire() -> None:
    """Ends what nobody confirmed or answered, reminds, resumes what was answered, closes what has had its last word."""
    _each(_some(Case.objects.filter(state=State.ARRIVED)), closing.expire)
    for work in (triage.resume_answered, waiting.chase_if_due, waiting.end_if_silent):
        _each(_some(Case.objects.filter(state=State.WAITING)), work)
    _each(_some(Case.objects.filter(state__in=ENDED)), closing.close_if_done)
    receiving.forget_old()


@shared_task(name="requests_app.remind")  # type: ignore[untyped-decorator]  # Celery has no types
def remind() -> None:
    """Tells staff what comes due, what is late and what came back. One organisation does not keep another from its turn."""
    for organisation in Organisation.objects.filter(is_active=True):
        today = clock.today(organisation.timezone)
        _each(reminding.waiting(organisation, today), partial(reminding.remind, today=today))


@shared_task(name="requests_app.forget")  # type: ignore[untyped-decorator]  # Celery has no types
def forget() -> None:
    """Destroys what was kept long enough: the content of closed requests, and what our own doors noted."""
    while cases := list(_some(forgetting.due())):
        if not sum(_each(cases, forgetting.destroy_content)):
            break
    forgetting.forget_notes()
    while viewing.forget_who_looked():
        pass


@shared_task(name="requests_app.fetch_mail")  # type: ignore[untyped-decorator]  # Celery has no types
def fetch_mail() -> None:
    """Reads every mailbox. One that cannot be read keeps no other from its turn."""
    for organisation in fetching.configured():
        try:
            read_mailbox(organisation)
        except Exception as problem:
            log.error("The mailbox of %s was not read: %s", organisation.key, getattr(problem, "code", type(problem).__name__))


def read_mailbox(organisation: Organisation, *, at_once: bool = False) -> dict[str, int] | None:
    """One round: how many messages became what. None while somebody else reads it. One bad message stays, and stops no other."""
    with fetching.round_to(organisation, at_once=at_once) as current:
        if current is None:
            return None
        for uid in current.waiting():
            try:
                current.take(uid)
            except (MailboxUnread, LeaseLost):
                raise
            except Exception as problem:
                current.stuck += 1
                log.error("Message %s of %s was not taken in: %s", uid, organisation.key, type(problem).__name__, exc_info=problem)
        return {**current.taken, "stuck": current.stuck}


def _go_on(case: Case) -> None:
    """Step by step, until one changes nothing."""
    stands = None
    while stands != (stands := (case.state, case.released_at)):
        if case.job_id and case.state in AT_WORK:
            api.run(case.job_id)
        _work_on(case)
        case.refresh_from_db()


def _work_on(case: Case) -> None:
    """One case, one flow; each of them looks for itself whether there is something to do."""
    if fulfilment.may_start(case):
        fulfilment.start(case)
    elif case.state == State.COLLECTING:
        fulfilment.settle(case)
    elif case.state == State.EXECUTING:
        (correcting if case.right == Right.CORRECTION else erasing).conclude(case)
    elif case.released_at:
        fulfilment.deliver(case)


def _some(cases: QuerySet[Case]) -> QuerySet[Case]:
    """A random handful, so that cases that are stuck never keep others from their turn."""
    return cases.order_by("?")[:AT_ONCE]


def _each(cases: Iterable[Case], work: Callable[[Case], object]) -> list[bool]:
    """One case that cannot be worked on does not keep the others from their turn. Says for each whether something was done."""
    return [_one(case, work) for case in cases]


def _one(case: Case, work: Callable[[Case], object]) -> bool:
    try:
        return bool(work(case))
    except Exception as problem:
        _tell(case, problem)
        return False


def _tell(case: Case, problem: Exception) -> None:
    """A refusal and a wait are how work goes: nothing was changed, and the dispatcher comes again. Anything else is a fault."""
    is_usual = isinstance(problem, RuleError | EngineRefusal | LeaseLost) or is_lock_wait(problem)
    level, trace = (logging.INFO, None) if is_usual else (logging.ERROR, problem)
    log.log(level, "Work on %s stopped: %s", case.reference, type(problem).__name__, exc_info=trace)
