"""One append-only, tamper-evident history line: a code and facts, never personal data.

Lines stay for good. Of those that only say that somebody looked, who it was and at what is forgotten after two years.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, NoReturn

from django.db import models

from portal.organisations.models import Organisation

# Lines of this kind say that somebody looked at something; their digest covers `content`, which covers who and what.
LOOKING = frozenset({"case.viewed", "details.shown", "mail.viewed", "register.taken"})
LOOKING_KEPT = timedelta(days=731)  # two years, whichever they are


class AppendOnly(Exception):
    """Somebody tried to change history."""


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **changes: Any) -> NoReturn:
        raise AppendOnly("Events are never changed. Nothing was changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Events are never deleted. Nothing was changed.")

    def forget_who_looked(self, until: datetime) -> int:
        """The one change that history allows: of lines from before this moment that say that somebody looked, who and at what is emptied.

        What is left still proves itself: place, kind, day, request, and that nothing was put in or taken out around it.
        """
        old = self.filter(code__in=LOOKING, at__lt=until).exclude(salt="")
        return models.QuerySet.update(old, actor="", facts={}, salt="")


class Event(models.Model):
    """`previous` is the digest of the line before; `digest` covers this line and `previous` (RFC 8785, SHA-256)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="events")
    position = models.PositiveBigIntegerField(unique=True)
    case_reference = models.CharField(max_length=12, blank=True, db_index=True)
    code = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    actor = models.CharField(max_length=60)  # person, system, or the id of a member of staff
    at = models.DateTimeField()
    previous = models.CharField(max_length=64, blank=True)
    content = models.CharField(max_length=64, blank=True)  # of a line about looking: a digest of who, what and the salt
    salt = models.CharField(max_length=32, blank=True)
    digest = models.CharField(max_length=64)

    objects: ClassVar[models.Manager["Event"]] = EventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["at"], name="event_who_looked", condition=~models.Q(salt=""))]

    def __str__(self) -> str:
        return f"{self.position} {self.code}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("Events are never changed. Nothing was changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Events are never deleted. Nothing was changed.")
