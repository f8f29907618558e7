"""What the engine remembers: sources, jobs and their parts, handles, archives. It has never heard of a case."""

import json
import uuid
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from exports.data_source import DataSource as DataSource
from exports.hand_task import Asks as Asks
from exports.hand_task import Because as Because
from exports.hand_task import HandFile as HandFile
from exports.hand_task import HandState as HandState
from exports.hand_task import HandTask as HandTask
from exports.hand_task import Said as Said
from portal.kit import crypto
from portal.kit.leases import Leased
from portal.organisations.models import Organisation, Policy


class JobKind(models.TextChoices):
    ACCESS = "access"
    ERASURE = "erasure"
    CORRECTION = "correction"
    SWEEP = "sweep"
    REPLAY = "replay"


class JobState(models.TextChoices):
    NEW = "new"
    COLLECTING = "collecting"
    COLLECTED = "collected"
    PACKING = "packing"
    PACKED = "packed"
    REHEARSING = "rehearsing"
    PLANNED = "planned"
    APPROVED = "approved"
    SPOOLING = "spooling"
    EXECUTING = "executing"
    PROVING = "proving"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Leased):
    """One run over all sources of an organisation, for one subject."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="jobs")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=12, choices=JobKind.choices)
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.NEW)
    reference = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=64)
    key_sealed = models.BinaryField(default=crypto.new_key)
    identities_sealed = models.BinaryField()
    categories = models.JSONField(default=list)
    collections = models.JSONField(default=list)  # an erasure that is about these collections only: `dataset.collection`
    corrections_sealed = models.BinaryField(default=bytes)  # what should be corrected, what stands there, what was accepted
    day = models.DateField(null=True, blank=True)  # of a sweep that was due by itself: one a day
    plan = models.JSONField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    settlements = models.JSONField(default=dict)
    holds = models.BooleanField(default=False)  # a line of its settlements is held: what finds such jobs
    left_out = models.JSONField(default=dict)  # sources that an erasure goes without, by a lead's decision: key → who decided
    approved_by = models.CharField(max_length=120, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    cover = models.JSONField(null=True, blank=True)
    receipt = models.JSONField(null=True, blank=True)
    error = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in JobKind]), name="job_kind_known"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in JobState]), name="job_state_known"),
            models.UniqueConstraint(fields=["organisation", "day"], name="sweep_once_a_day", condition=Q(kind="sweep")),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation"], name="job_holds", condition=Q(holds=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def box(self) -> crypto.Box:
        """Opens the job's own content. Raises `Sealed` once the job was destroyed."""
        return crypto.box(self.key_sealed)

    @property
    def identities(self) -> dict[str, str]:
        """The verified identifiers that seed the search."""
        found: dict[str, str] = json.loads(self.box.unseal(self.identities_sealed, context="identities"))
        return found

    @identities.setter
    def identities(self, values: dict[str, str]) -> None:
        self.identities_sealed = self.box.seal(json.dumps(values), context="identities")

    @property
    def corrections(self) -> str:
        """What should be corrected, what stands there now and what was accepted, as tagged JSON; empty where there is nothing."""
        return self.box.unseal(self.corrections_sealed, context="corrections") if self.corrections_sealed else ""

    @corrections.setter
    def corrections(self, text: str) -> None:
        self.corrections_sealed = self.box.seal(text, context="corrections")

    @property
    def spool_folder(self) -> Path:
        """Where this job's sealed spools lie."""
        return Path(settings.SPOOL_FOLDER) / str(self.id)


class JobToken(models.Model):
    """A blind index of one of a job's identities, so that an erasure finds the archives that must be revoked."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tokens")
    token = models.CharField(max_length=32, db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["job", "token"], name="job_token_once"),
        ]

    def __str__(self) -> str:
        return f"token of {self.job_id}"


class PartState(models.TextChoices):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    NOTHING = "nothing"
    FAILED = "failed"


class SourceRun(models.Model):
    """A job's part at one source."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="runs")
    source_key = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=PartState.choices, default=PartState.PENDING)
    found = models.PositiveBigIntegerField(default=0)
    disclosed = models.PositiveBigIntegerField(default=0)
    withheld = models.PositiveBigIntegerField(default=0)
    covered = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=400, blank=True)
    since = models.DateTimeField(null=True, blank=True)  # when it first failed
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["job", "source_key"], name="source_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.source_key}"


class Step(models.Model):
    """A source run's part at one collection."""

    run = models.ForeignKey(SourceRun, on_delete=models.CASCADE, related_name="steps")
    collection = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=80, blank=True)
    position = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=PartState.choices, default=PartState.PENDING)
    found = models.PositiveBigIntegerField(default=0)
    disclosed = models.PositiveBigIntegerField(default=0)
    withheld = models.PositiveBigIntegerField(default=0)
    covered = models.PositiveBigIntegerField(default=0)
    spool = models.CharField(max_length=255, blank=True)
    facts = models.JSONField(default=dict)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "collection"], name="step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.collection}"


class HandleState(models.TextChoices):
    SPOOLED = "spooled"
    DONE = "done"
    PROVED = "proved"
    FAILED = "failed"


class HandleAction(models.TextChoices):
    DELETE = "delete"
    MASK = "mask"
    KEEP = "keep"
    DETACH = "detach"


class Handle(models.Model):
    """The only way to some rows of one move once erasure has begun, kept only as long as needed. Their keys are its `keys`."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="handles")
    source_key = models.CharField(max_length=60)
    collection = models.CharField(max_length=200)
    part = models.PositiveIntegerField(default=0)  # the number of the plan's move that it serves
    rows = models.PositiveIntegerField(default=1)
    pk_digest = models.CharField(max_length=64)
    action = models.CharField(max_length=6, choices=HandleAction.choices)
    fields = models.JSONField(default=list)
    basis = models.CharField(max_length=80, blank=True)
    until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=HandleState.choices, default=HandleState.SPOOLED)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["job", "part", "pk_digest"], name="handle_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["until"], name="handle_until", condition=Q(until__isnull=False)),
            models.Index(fields=["job", "part", "state"], name="handle_work"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.collection}"


class SealedKeys(models.Model):
    """The keys of a handle, which open under the purpose `handles`: apart, since they are large and never change as its state does."""

    handle = models.OneToOneField(Handle, on_delete=models.CASCADE, primary_key=True, related_name="keys")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"keys of {self.handle_id}"


class Archive(models.Model):
    """The package that a person receives, sealed on disk under a key of its own."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="archive")
    path = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    further = models.JSONField(default=list)  # path, size and sha256 of part 2 and those after it; the first names their hashes
    key_sealed = models.BinaryField(default=crypto.new_key)
    files = models.PositiveIntegerField(default=0)
    records = models.PositiveBigIntegerField(default=0)
    sealed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    downloads = models.PositiveIntegerField(default=0)
    max_downloads = models.PositiveIntegerField(default=5)

    def __str__(self) -> str:
        return f"archive of {self.job_id}"

    @property
    def box(self) -> crypto.Box:
        """Opens the archive. Raises `Sealed` once its key was destroyed."""
        return crypto.box(self.key_sealed)
