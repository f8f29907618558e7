"""What we write to the person: a row first, posted by a worker; and the thread between person and officer."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit.leases import Leased
from requests_app.models.case import Case


class LetterState(models.TextChoices):
    QUEUED = "queued", _("On its way")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Could not be sent")


class Letter(Leased):
    """The exact text that was sent, sealed under the key of the case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=40)
    language = models.CharField(max_length=10, default="en")
    to_sealed = models.BinaryField()
    subject = models.CharField(max_length=200)  # neutral by rule: no personal data
    body_sealed = models.BinaryField()
    html_sealed = models.BinaryField(default=bytes)  # the formal letter, rendered to PDF by the worker
    pdf_sealed = models.BinaryField(default=bytes)
    is_formal = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=LetterState.choices, default=LetterState.QUEUED)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)
    message_id = models.CharField(max_length=64, blank=True, db_index=True)  # a secret of this letter: an answer to it names it
    bounced_at = models.DateTimeField(null=True, blank=True)
    is_lost = models.BooleanField(default=False)  # it did not arrive, and nobody has dealt with that yet

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in LetterState]), name="letter_state_known"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["case"], name="letter_lost", condition=Q(is_lost=True))]

    def __str__(self) -> str:
        return f"{self.kind} of case {self.case_id}"


class Author(models.TextChoices):
    PERSON = "person", _("The person")
    OFFICER = "officer", _("An officer")


class Via(models.TextChoices):
    """How a message of the person came: a page was opened by a code, a sender's name on a mail proves nothing."""

    PAGE = "page", _("The page of the request")
    REQUEST = "request", _("The email that asked")
    MAIL = "mail", _("An email about it")


class Message(models.Model):
    """One message of the secure thread."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    author = models.CharField(max_length=8, choices=Author.choices)
    author_name = models.CharField(max_length=120, blank=True)
    via = models.CharField(max_length=8, choices=Via.choices, default=Via.PAGE)
    body_sealed = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"message of case {self.case_id}"
