"""What somebody decided about part of a case: what is not done, what must stay, who was told, and by which appeal."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from requests_app.models.case import Case
from requests_app.models.letter import Letter


class Shortfall(models.Model):
    """A source that a lead closed for one case, and why; with no source, all that a receipt names as not reached."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="shortfalls")
    source_key = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=20)
    words_sealed = models.BinaryField()  # the person reads them
    decided_by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "source_key"], name="shortfall_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source_key} of case {self.case_id}"


class Hold(models.Model):
    """Data that must stay although its deletion was asked for: one line of the plan, or, with no line, the whole case.

    `until` is when somebody looks at it again. Nothing is deleted by that day coming.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="holds")
    line = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    ground = models.CharField(max_length=20)
    until = models.DateField(null=True, blank=True)
    note_sealed = models.BinaryField()  # for colleagues
    set_by = models.CharField(max_length=120)
    set_at = models.DateTimeField()
    released_by = models.CharField(max_length=120, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "line"], name="hold_once", condition=Q(released_at__isnull=True)),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["until"], name="hold_due", condition=Q(released_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.ground} on case {self.case_id}"


class How(models.TextChoices):
    LETTER = "letter", _("by email")
    HAND = "hand", _("by hand")


class Telling(models.Model):
    """That a recipient of the data was told what we did (GDPR Art. 19), and what came of it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tellings")
    recipient = models.CharField(max_length=60)
    how = models.CharField(max_length=6, choices=How.choices)
    letter = models.ForeignKey(Letter, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    told_by = models.CharField(max_length=120)
    told_at = models.DateTimeField()
    answer_by = models.DateField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_sealed = models.BinaryField(default=bytes)  # who confirmed it, and how

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "recipient"], name="telling_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["answer_by"], name="telling_due", condition=Q(answered_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.recipient} of case {self.case_id}"
