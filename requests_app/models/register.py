"""The register: one row per request that outlives its content. Codes, dates and counts; nothing that a person wrote.

A row changes in the transaction of what it reports: whenever its case is saved (`enter`), and whenever history gets a line (`note`).
It points at nothing but its organisation, so nothing that is destroyed takes it along.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from portal.organisations.models import Organisation
from requests_app.rules.outcomes import Result, result_of

# Lines of history that are counted, and under which name.
COUNTED = {
    "letter.bounced": "bounced",
    "letter.failed": "undelivered",
    "archive.downloaded": "downloads",
    "recipient.told": "told",
    "message.received": "messages_in",
    "message.sent": "messages_out",
    "source.retried": "sources_asked_again",
    "reminder.due": "reminders",
    "question.chased": "chasers",
}
FIGURES = ("found", "records", "withheld", "covered", "gaps", "deleted", "masked", "kept", "changed", "refused")
PAUSES = {"clarification", "identity"}


class RegisterEntry(models.Model):
    """One request, for as long as an organisation must account for it. `reference` is the link to the case, while there is one."""

    reference = models.CharField(max_length=12, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="register")
    right = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    regimes = models.JSONField(default=list)
    residence = models.CharField(max_length=10, blank=True)
    policy_version = models.CharField(max_length=40)
    is_test = models.BooleanField(default=False)

    received_at = models.DateTimeField()
    received_on = models.DateField()  # local days of the organisation: what the law counts
    confirmed_at = models.DateTimeField(null=True, blank=True)
    proof = models.CharField(max_length=60, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    ack_due_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True)
    extension_reason = models.CharField(max_length=40, blank=True)
    pauses = models.JSONField(default=list)  # {"why", "since", "until"}: local days
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_on = models.DateField(null=True, blank=True)
    days_taken = models.IntegerField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    state = models.CharField(max_length=10)
    ending = models.CharField(max_length=10, blank=True)  # how it ended, also once it is closed
    outcome = models.CharField(max_length=20, blank=True)
    grounds = models.JSONField(default=list)
    is_automatic = models.BooleanField(default=False)  # the archive released itself, as the policy says
    is_agent = models.BooleanField(default=False)
    is_guardian = models.BooleanField(default=False)
    appeal_of = models.CharField(max_length=12, blank=True)
    duplicate_of = models.CharField(max_length=12, blank=True)
    counts = models.JSONField(default=dict)

    backups_until = models.DateField(null=True, blank=True)
    backups_attested_at = models.DateTimeField(null=True, blank=True)
    content_destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "register entries"
        ordering: ClassVar[list[str]] = ["received_at", "pk"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["organisation", "received_on"], name="register_year")]

    def __str__(self) -> str:
        return self.reference

    @property
    def result(self) -> Result:
        """Complied with in whole, in part, denied, or without a decision."""
        return result_of(self.ending, self.outcome, self.counts)

    @property
    def is_late(self) -> bool:
        """Whether the answer went out after the date that held at that moment."""
        return self.answered_on is not None and self.due_on is not None and self.answered_on > self.due_on


def enter(reference: str, columns: Mapping[str, Any], *, first: Callable[[], Mapping[str, Any]]) -> None:
    """Writes what a case says of itself; `first` gives what never changes. Call it in the transaction of the change."""
    if not RegisterEntry.objects.filter(reference=reference).update(**columns):
        RegisterEntry.objects.create(reference=reference, **columns, **first())


def acknowledge(reference: str, at: datetime) -> None:
    """The first letter that says “we have your request” has gone out; later ones change nothing."""
    RegisterEntry.objects.filter(reference=reference, acknowledged_at__isnull=True).update(acknowledged_at=at)


def note(reference: str, code: str, facts: Mapping[str, Any], *, at: datetime, by: str) -> None:
    """A line of history about this request, as far as the register counts such lines."""
    if not reference or not _matters(code):
        return
    entry = RegisterEntry.objects.filter(reference=reference).first()
    if entry is None:
        return
    if code in COUNTED:
        entry.counts[COUNTED[code]] = entry.counts.get(COUNTED[code], 0) + 1
    elif code.startswith("clock."):
        _pause(entry, code.removeprefix("clock."), facts)
    elif code.startswith("identity."):
        entry.proof = " ".join(filter(None, [entry.proof, str(facts.get("how") or code.removeprefix("identity."))]))[:60]
    elif code.startswith("case."):
        _moved(entry, facts)
    elif code == "archive.released":
        entry.is_automatic = by == "system"
    elif code == "backups.attested":
        entry.backups_attested_at = at
    else:
        entry.content_destroyed_at = at
    entry.save()


OTHERS = ("archive.released", "backups.attested", "content.destroyed")
MOVED = ("case.review", "case.answered", "case.refused", "case.duplicate", "case.open")


def _matters(code: str) -> bool:
    return code in COUNTED or code in OTHERS or code in MOVED or code.startswith(("clock.", "identity."))


def _moved(entry: RegisterEntry, facts: Mapping[str, Any]) -> None:
    entry.counts.update({name: facts[name] for name in FIGURES if isinstance(facts.get(name), int)})
    if facts.get("again"):
        entry.counts["reopened"] = entry.counts.get("reopened", 0) + 1
        entry.grounds, entry.is_automatic = [], False
    entry.grounds = list(facts.get("grounds") or filter(None, [facts.get("ground")])) or entry.grounds
    entry.duplicate_of = str(facts.get("other", entry.duplicate_of))


def _pause(entry: RegisterEntry, kind: str, facts: Mapping[str, Any]) -> None:
    """A question and its answer are the two ends of a time of waiting; whether the date waits too is the laws' to say."""
    why, _underscore, end = kind.partition("_")
    if why not in PAUSES:
        return
    if end == "requested":
        entry.pauses.append({"why": why, "since": facts["on"], "until": None})
    else:
        for pause in entry.pauses:
            if pause["why"] == why and pause["until"] is None:
                pause["until"] = facts["on"]
