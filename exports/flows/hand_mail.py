"""Mails to people who are asked to look or to delete: a row first, posted by a worker, repeated until they answer. They name nobody.

Whom it is about stands behind the link, which is a secret of its own, ends on its day, and changes nothing when it is only opened.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from email.utils import formataddr, parseaddr
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from exports.flows.answering_by_hand import is_wanted
from exports.models import Asks, HandState, HandTask
from exports.refusals import JobNotReady
from exports.sources import sources_of
from portal.kit import leases
from portal.kit.clock import local_date, now
from portal.kit.crypto import Sealed
from portal.kit.leases import LeaseLost

log = logging.getLogger("habeas.exports")
TRY_AGAIN = timedelta(minutes=5)
MOST_ATTEMPTS = 200
TO_MACHINES = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def post(task_id: UUID) -> bool:
    """Send the mail of a task that is due. True when it went out now; what fails is tried again."""
    token = leases.claim(HandTask, task_id)
    if token is None:
        return False
    task = HandTask.objects.select_related("job__organisation", "job__policy").get(pk=task_id)
    if task.state != HandState.OPEN or not is_wanted(task, task.job):
        leases.release(HandTask, task.pk, token)
        return False
    try:
        _mail(task).send()
        _sent(task, token)
    except (Sealed, LeaseLost):
        leases.release(HandTask, task.pk, token)
        return False
    except (SMTPException, OSError, ValueError) as problem:
        log.warning("A mail about what is asked of a person could not be sent: %s", type(problem).__name__)
        leases.release(HandTask, task.pk, token, again_in=TRY_AGAIN if task.attempts < MOST_ATTEMPTS else None)
        return False
    return True


@transaction.atomic
def ask_again(task_id: UUID) -> None:
    """Send a fresh link now; the old one is closed. Refused where nobody is written to."""
    task = HandTask.objects.select_for_update().get(pk=task_id)
    if task.state != HandState.OPEN or not task.to_sealed:
        raise JobNotReady(_("Nobody waits for a mail about this. Nothing was sent."))
    task.give_token()
    task.expires_at = now() + timedelta(days=_person(task).get("link_days", 30))
    task.due_at, task.attempts = now(), 0
    task.save()


def _sent(task: HandTask, token: int) -> None:
    person = _person(task)
    again = task.mails < person.get("chasers", 3)
    due = now() + timedelta(days=person.get("chase_days", 7)) if again else None
    with transaction.atomic():
        leases.check(HandTask, task.pk, token)
        HandTask.objects.filter(pk=task.pk).update(mails=F("mails") + 1, mailed_at=now(), due_at=due, lease_until=None, attempts=0)


def _person(task: HandTask) -> dict[str, int]:
    source = next((one for one in sources_of(task.job.organisation) if one.key == task.source_key), None)
    return source.record.settings if source is not None else {}


def _mail(task: HandTask) -> EmailMessage:
    organisation, policy = task.job.organisation, task.job.policy.read()
    return EmailMessage(
        subject=_subject(task),
        body=_body(task),
        from_email=formataddr((organisation.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[task.unseal(task.to_sealed)],
        reply_to=[policy.contacts.privacy_email],
        headers=TO_MACHINES,
    )


def _subject(task: HandTask) -> str:
    words = {"name": task.job.organisation.name, "title": task.title, "reference": task.job.reference or str(task.pk)[:8]}
    if task.asks == Asks.DELETE:
        return _("%(name)s asks you to delete: %(title)s (%(reference)s)") % words
    return _("%(name)s asks you to look up: %(title)s (%(reference)s)") % words


def _body(task: HandTask) -> str:
    organisation = task.job.organisation
    link = settings.BASE_URL + reverse("public:by_hand", args=[organisation.key, task.unseal(task.token_sealed)])
    words = {
        "name": organisation.name,
        "title": task.title,
        "day": date_format(local_date(task.expires_at, organisation.timezone), "j F Y"),
    }
    what = _("Somebody has asked %(name)s for a copy of their data. Please look for it in: %(title)s.")
    if task.asks == Asks.DELETE:
        what = _("Somebody has asked %(name)s to delete their data. Please delete it in: %(title)s.")
    lines = [
        _("This is a reminder.") if task.mails else "",
        what % words,
        _("Whom it is about, and where to answer, stands behind this link. It is for you only and works until %(day)s.") % words,
        link,
        _("Opening it changes nothing. If this is not for you, answer this mail."),
    ]
    return "\n\n".join(line for line in lines if line) + "\n"
