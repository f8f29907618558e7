"""What is asked of a person where no machine can ask. Whatever names anybody is sealed under the job's key."""

import secrets
import uuid
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.kit import crypto
from portal.kit.leases import Leased


class Asks(models.TextChoices):
    LOOK = "look"
    DELETE = "delete"


class HandState(models.TextChoices):
    OPEN = "open"
    ANSWERED = "answered"


class Said(models.TextChoices):
    HELD = "held"
    NOTHING = "nothing"
    DELETED = "deleted"
    NOT_DONE = "not_done"


class Because(models.TextChoices):
    """Why something could not be deleted: what a receipt may say, since no free words stand there."""

    LAW = "law"
    SYSTEM = "system"
    OTHER = "other"


class HandTask(Leased):
    """One question to a person about one source of one job. `due_at`: when a mail about it goes out next."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey("exports.Job", on_delete=models.CASCADE, related_name="hand_tasks")
    source_key = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    asks = models.CharField(max_length=6, choices=Asks.choices)
    state = models.CharField(max_length=9, choices=HandState.choices, default=HandState.OPEN)
    who = models.CharField(max_length=120, blank=True)  # an office or a company, never a person's name
    to_sealed = models.BinaryField(default=bytes)  # empty: somebody at the desk answers
    token_sealed = models.BinaryField(default=bytes)
    token_digest = models.CharField(max_length=64, blank=True, db_index=True)
    expires_at = models.DateTimeField()
    mails = models.PositiveIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)
    opened = models.PositiveIntegerField(default=0)
    said = models.CharField(max_length=8, choices=Said.choices, blank=True)
    said_because = models.CharField(max_length=6, choices=Because.choices, blank=True)
    said_on = models.DateField(null=True, blank=True)
    said_by_link = models.BooleanField(default=False)
    name_sealed = models.BinaryField(default=bytes)
    words_sealed = models.BinaryField(default=bytes)
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["job", "source_key", "asks"], name="hand_task_once"),
        ]

    def __str__(self) -> str:
        return f"{self.asks} at {self.source_key}"

    def seal(self, text: str) -> bytes:
        """Sealed under the job's key, bound to this task."""
        return self.job.box.seal(text, context=f"hand/{self.pk}")

    def unseal(self, sealed: bytes | memoryview) -> str:
        """What `seal` wrote; an empty text where there is nothing."""
        return self.job.box.unseal(sealed, context=f"hand/{self.pk}") if sealed else ""

    def give_token(self) -> None:
        """A secret of its own for the link; whoever steals the table cannot use it."""
        token = secrets.token_urlsafe(24)
        self.token_sealed, self.token_digest = self.seal(token), crypto.keyed_digest("hand", token)


class HandFile(models.Model):
    """A file that a person handed in, sealed on disk under the job's key."""

    task = models.ForeignKey(HandTask, on_delete=models.CASCADE, related_name="files")
    collection = models.CharField(max_length=200)
    name_sealed = models.BinaryField()
    kind = models.CharField(max_length=5)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=255)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} for {self.collection}"

    @property
    def place(self) -> Path:
        """Where it lies."""
        return Path(settings.SPOOL_FOLDER) / self.path
