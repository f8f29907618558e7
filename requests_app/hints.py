"""Tells a worker that a row is due. A hint may get lost: the dispatcher finds every due row again."""

import logging
from functools import partial
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger("habeas.hints")
POST_LETTER = "requests_app.post_letter"
POST_NOTICE = "requests_app.post_notice"
SETTLE_CASE = "requests_app.settle_case"
SETTLE_ENQUIRY = "requests_app.settle_enquiry"


def on_commit(task: str, pk: int | UUID) -> None:
    """Sends the hint once the row can be seen by others."""
    transaction.on_commit(partial(send, task, pk))


def send(task: str, pk: int | UUID) -> None:
    """Sends a hint now. It grows old in a minute: by then the dispatcher has sent another."""
    try:
        current_app.send_task(task, args=[pk if isinstance(pk, int) else str(pk)], retry=False, expires=60)
    except OperationalError:
        log.warning("The broker did not take %s; the dispatcher will send it again.", task)
