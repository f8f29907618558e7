"""Mails to staff: a row first, posted by a worker, once. They name the request by its reference and nobody at all."""

import logging
from datetime import date
from email.utils import formataddr, parseaddr
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import dateformat, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kit import clock, leases
from portal.kit.leases import LeaseLost
from requests_app.letters import FIRST_WAIT, LONGEST_WAIT, MAX_ATTEMPTS, TO_MACHINES
from requests_app.models import Notice, Reminder
from requests_app.models.letter import LetterState
from requests_app.rules.reminding import Kind
from requests_app.words import right_title, state_title

log = logging.getLogger("habeas.notices")
SUBJECTS: dict[str, Promise | str] = {
    Kind.ACKNOWLEDGE: lazy("%(reference)s: confirm receipt by %(day)s"),
    Kind.TARGET: lazy("%(reference)s: our own target is %(day)s"),
    Kind.AT_RISK: lazy("%(reference)s: at risk, reply by %(day)s"),
    Kind.DUE_SOON: lazy("%(reference)s: due soon, reply by %(day)s"),
    Kind.OVERDUE: lazy("%(reference)s: overdue since %(day)s"),
    Kind.BREACH: lazy("%(reference)s: still overdue, we had to reply by %(day)s"),
    Kind.BACKUPS: lazy("%(reference)s: backups have rolled over on %(day)s, attest it"),
    Kind.LOST: lazy("%(reference)s: a letter did not arrive, %(day)s"),
    Kind.HOLD: lazy("%(reference)s: look at the legal hold by %(day)s"),
    Kind.HOLD_OPEN: lazy("%(reference)s: on hold since %(day)s, with no day to look at it again"),
    Kind.RECIPIENT: lazy("%(reference)s: a recipient has not confirmed by %(day)s"),
}
TITLES: dict[str, Promise | str] = {
    Kind.ACKNOWLEDGE: lazy("Confirm receipt"),
    Kind.TARGET: lazy("Our own target"),
    Kind.AT_RISK: lazy("At risk"),
    Kind.DUE_SOON: lazy("Due soon"),
    Kind.OVERDUE: lazy("Overdue"),
    Kind.BREACH: lazy("Still overdue"),
    Kind.BACKUPS: lazy("Attest the backups"),
    Kind.LOST: lazy("A letter did not arrive"),
    Kind.HOLD: lazy("A legal hold to look at"),
    Kind.HOLD_OPEN: lazy("A legal hold without a day"),
    Kind.RECIPIENT: lazy("A recipient has not confirmed"),
}


def subject_of(reminder: Reminder) -> str:
    """The line that says it all: reference, what, and the date."""
    return str(SUBJECTS[reminder.kind]) % {"reference": reminder.case.reference, "day": _spoken(reminder.about_on)}


def body_of(reminder: Reminder) -> str:
    """What kind of request it is, where it stands, and where it is looked at."""
    case = reminder.case
    facts = {"right": right_title(case.right), "state": state_title(case.state), "name": case.organisation.name}
    said = _("Request %(reference)s at %(name)s.") % {"reference": case.reference, **facts}
    stands = _("Right: %(right)s. It stands at: %(state)s.") % facts
    owner = _("Nobody owns it yet.") if case.owner is None else _("Its owner is %(owner)s.") % {"owner": case.owner.name}
    address = settings.BASE_URL + reverse("desk:case", args=[case.reference])
    return "\n\n".join([said, stands, owner, address, _("This was sent by a machine. It is said once.")]) + "\n"


def post(notice_id: int) -> bool:
    """Sends a due notice that nobody else is sending. True when it went out now; what fails is tried again."""
    token = leases.claim(Notice, notice_id)
    if token is None:
        return False
    notice = Notice.objects.select_related("to", "reminder__case__organisation", "reminder__case__owner").get(pk=notice_id)
    try:
        _mail(notice).send()
        with transaction.atomic():
            leases.check(Notice, notice.pk, token)
            Notice.objects.filter(pk=notice.pk).update(state=LetterState.SENT, sent_at=clock.now(), due_at=None, lease_until=None)
    except LeaseLost:
        return False
    except (SMTPException, OSError, ValueError) as problem:
        _put_off(notice, token, type(problem).__name__)
        return False
    return True


def _mail(notice: Notice) -> EmailMessage:
    reminder = notice.reminder
    with translation.override(settings.LANGUAGE_CODE):  # the desk's own, whoever's letter was written before in this process
        subject, body = subject_of(reminder), body_of(reminder)
    return EmailMessage(
        subject=subject,
        body=body,
        from_email=formataddr((reminder.case.organisation.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[notice.to.email],
        headers=TO_MACHINES,
    )


def _put_off(notice: Notice, token: int, problem: str) -> None:
    attempts = Notice.objects.values_list("attempts", flat=True).get(pk=notice.pk)
    log.warning("A notice about %s could not be sent: %s, try %s", notice.reminder.case.reference, problem, attempts)
    if attempts >= MAX_ATTEMPTS:
        Notice.objects.filter(pk=notice.pk, lease_token=token).update(state=LetterState.FAILED, due_at=None, lease_until=None)
        return
    leases.release(Notice, notice.pk, token, again_in=min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT))


def _spoken(day: date) -> str:
    return dateformat.format(day, _("j F Y"))
