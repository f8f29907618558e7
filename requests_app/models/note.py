"""What staff write for each other: never shown to the person, sealed under the key of the case."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.models.case import Case


class NoteKind(models.TextChoices):
    NOTE = "note", _("Note")
    EVIDENCE = "evidence", _("Why to refuse")
    AUTHORITY = "authority", _("Why they may ask for the person")
    WITHDRAWAL = "withdrawn", _("How it was taken back")
    REOPENING = "reopening", _("Why it was opened again")
    BACKUPS = "backups", _("How we know that the backups are gone")


class Note(models.Model):
    """One note of the staff."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=NoteKind.choices, default=NoteKind.NOTE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    body_sealed = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"note of case {self.case_id}"
