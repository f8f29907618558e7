"""One append-only, tamper-evident history line: a code and facts, never personal data; never swept."""

from typing import Any, ClassVar, NoReturn

from django.db import models

from portal.organisations.models import Organisation


class AppendOnly(Exception):
    """Somebody tried to change history."""


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **changes: Any) -> NoReturn:
        raise AppendOnly("Events are never changed. Nothing was changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Events are never deleted. Nothing was changed.")


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
    digest = models.CharField(max_length=64)

    objects: ClassVar[models.Manager["Event"]] = EventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]

    def __str__(self) -> str:
        return f"{self.position} {self.code}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("Events are never changed. Nothing was changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Events are never deleted. Nothing was changed.")
