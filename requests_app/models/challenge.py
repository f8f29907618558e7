"""A one-time proof: a link and a code that were mailed to an address."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.models import Organisation
from requests_app.models.case import Case


class Purpose(models.TextChoices):
    CONFIRM = "confirm", _("Confirm the request")
    CONFIRM_AGAIN = "confirm_again", _("Confirm a high-risk request a second time")
    AUTHORISE = "authorise", _("Say that somebody may act for the person")
    FOLLOW = "follow", _("Follow the request")
    DOWNLOAD = "download", _("Download the archive")


class Challenge(models.Model):
    """Only digests are stored. `browser_hash` binds the code to the browser that asked, `mailbox` is where it was sent."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="challenges")
    purpose = models.CharField(max_length=14, choices=Purpose.choices)
    code_hash = models.CharField(max_length=64)
    link_hash = models.CharField(max_length=64, unique=True)
    browser_hash = models.CharField(max_length=64, blank=True)
    mailbox = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["case", "purpose", "created_at"], name="challenge_latest"),
            models.Index(fields=["mailbox", "created_at"], name="challenge_mailbox"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of case {self.case_id}"


class Enquiry(models.Model):
    """Somebody wants to follow a request. What they typed waits here, sealed, until a worker has looked whether it matches.

    The page that takes it does the same work whether it matches or not. A worker deletes the row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="enquiries")
    claim_sealed = models.BinaryField()
    browser_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "enquiries"
        ordering: ClassVar[list[str]] = ["created_at"]

    def __str__(self) -> str:
        return str(self.id)
