"""What staff were reminded of: a row per request, kind and date, so that nobody hears the same twice; and a mail to each who hears it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kit.leases import Leased
from requests_app.models.case import Case
from requests_app.models.letter import LetterState
from requests_app.rules.reminding import Kind


class Reminder(models.Model):
    """Made on a day about a date. One that was passed over came due together with a more urgent one, which was said instead."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in Kind])
    about_on = models.DateField()
    due_on = models.DateField()  # the day on which it should be made
    made_at = models.DateTimeField()
    is_passed_over = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "kind", "about_on"], name="reminder_once"),
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in Kind]), name="reminder_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of case {self.case_id}"


class Notice(Leased):
    """A mail to a member of staff about a reminder. It holds no text: what it says follows from the row, and names no person."""

    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="notices")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=LetterState.choices, default=LetterState.QUEUED)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["reminder", "to"], name="notice_once"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in LetterState]), name="notice_state_known"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk} of reminder {self.reminder_id}"
