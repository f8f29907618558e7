"""A case: one person, one right, from arrival to closing."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit import clock, codes, crypto
from portal.organisations.models import Organisation, Policy
from requests_app.models import register
from requests_app.rules.deadlines import POLICY
from requests_app.rules.rights import Right
from requests_app.rules.states import ENDED, State


class Channel(models.TextChoices):
    FORM = "form", _("Form")
    MAIL = "mail", _("Email")
    PHONE = "phone", _("Phone")
    POST = "post", _("Post")
    IN_PERSON = "in_person", _("In person")
    API = "api", _("Interface")


class AskedBy(models.TextChoices):
    """Who asks. A case is about one person all the same: their name and identifiers are those of the case."""

    SELF = "self", _("The person")
    CHILD = "child", _("The person, who says that they are under age")
    GUARDIAN = "guardian", _("A parent or guardian")
    AGENT = "agent", _("Somebody whom the person asked")


class Standing(models.TextChoices):
    """Whose move it is: what the desk sorts by."""

    US = "us", _("Our move")
    THEM = "them", _("Waiting for the person")
    AFTER = "after", _("Answered, backups still hold data")
    OVER = "over", _("Over")


OUR_MOVE = [State.OPEN.value, State.COLLECTING.value, State.REVIEW.value, State.EXECUTING.value]
THEIR_MOVE = [State.ARRIVED.value, State.WAITING.value]
IN_REGISTER = (
    "right",
    "is_test",
    "state",
    "outcome",
    "received_at",
    "confirmed_at",
    "due_on",
    "extended_at",
    "extension_reason",
    "answered_at",
    "closed_at",
)


class Submission(models.Model):
    """Cases that one person sent together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="submissions")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="submissions")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.FORM)
    received_at = models.DateTimeField()
    language = models.CharField(max_length=10, default="en")
    country = models.CharField(max_length=10, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class Case(models.Model):
    """One data-subject request. What time can change (overdue, days left) is computed, never stored."""

    reference = models.CharField(max_length=12, unique=True, default=codes.new_reference)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="cases")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="cases")
    right = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Right])
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in State], default=State.ARRIVED.value)
    state_before = models.CharField(max_length=10, blank=True)  # whence a waiting case came

    received_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    country = models.CharField(max_length=10, blank=True)
    key_sealed = models.BinaryField(default=crypto.new_key)
    name_sealed = models.BinaryField(default=bytes)
    details_sealed = models.BinaryField(default=bytes)

    asked_by = models.CharField(max_length=8, choices=AskedBy.choices, default=AskedBy.SELF)
    asker_sealed = models.BinaryField(default=bytes)  # name and capacity of whoever asks for the person
    authorised_at = models.DateTimeField(null=True, blank=True)  # when it was settled that they may
    authorised_how = models.CharField(max_length=10, blank=True)  # by the person, or by evidence that an officer saw
    answers_asker = models.BooleanField(default=False)  # an agent gets the answer only where the person said so

    clock = models.JSONField(default=dict)  # every rule that binds, with its dates and sentences
    due_on = models.DateField(null=True, blank=True)
    target_on = models.DateField(null=True, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True)
    extension_reason = models.CharField(max_length=40, blank=True)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="cases")
    job_id = models.UUIDField(null=True, blank=True)
    copy_first = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="deleted_after")
    appeal_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="appeals")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=120, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    refusal_ground = models.CharField(max_length=60, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    backups_until = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_test = models.BooleanField(default=False)
    has_opined = models.BooleanField(default=False)  # that they said how it went; what they said is nowhere in the case
    # A function of the state, kept by the database: the desk finds its first rows by an index, whatever the number of cases.
    standing = models.GeneratedField(
        expression=models.Case(
            models.When(state__in=OUR_MOVE, then=models.Value("us")),
            models.When(state__in=THEIR_MOVE, then=models.Value("them")),
            models.When(state=State.ANSWERED.value, backups_until__isnull=False, then=models.Value("after")),
            default=models.Value("over"),
        ),
        output_field=models.CharField(max_length=5),
        db_persist=True,
    )
    is_moving = models.GeneratedField(
        expression=models.Case(models.When(state__in=OUR_MOVE + THEIR_MOVE, then=models.Value(True)), default=models.Value(False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(right__in=[r.value for r in Right]), name="case_right_known"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="case_state_known"),
            models.CheckConstraint(condition=Q(asked_by__in=[a.value for a in AskedBy]), name="case_asked_by_known"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "state", "due_on"], name="case_queue"),
            models.Index(fields=["organisation", "owner", "state", "due_on"], name="case_mine"),
            models.Index(fields=["state"], name="case_state"),
            # The desk's: first the order of a list, then what its filters ask. Choosing and counting then read no row.
            models.Index(fields=["organisation", "standing", "due_on", "id", "owner", "right", "is_moving"], name="case_desk"),
            models.Index(fields=["organisation", "is_moving", "due_on", "id", "owner", "right", "standing"], name="case_urgency"),
            models.Index(fields=["organisation", "owner", "is_moving", "due_on", "id"], name="case_urgency_owner"),
            models.Index(fields=["organisation", "answered_at"], name="case_answered"),
        ]

    def __str__(self) -> str:
        return self.reference

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A case and its line in the register change together."""
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            register.enter(self.reference, self._line(), first=lambda: {"channel": self.submission.channel})

    def _line(self) -> dict[str, Any]:
        """What the register says of this case, as far as the case itself knows it."""
        zone = self.organisation.timezone
        received_on = clock.local_date(self.received_at, zone)
        answered_on = clock.local_date(self.answered_at, zone) if self.answered_at else None
        line = {name: getattr(self, name) for name in IN_REGISTER}
        is_over = State(self.state) in ENDED
        if self.state != State.CLOSED.value:
            line["ending"] = self.state if is_over else ""
        if self.backups_until or not is_over:  # attested backups leave the case; the register keeps their date
            line["backups_until"] = self.backups_until
        return {
            **line,
            "organisation_id": self.organisation_id,
            "policy_version": self.policy.version,
            "appeal_of": self.appeal_of.reference if self.appeal_of else "",
            "residence": self.country,
            "is_agent": self.asked_by == AskedBy.AGENT,
            "is_guardian": self.asked_by == AskedBy.GUARDIAN,
            "regimes": sorted({rule["regime"] for rule in self.clock.get("all", ())} - {POLICY}),
            "ack_due_on": self.clock.get("ack_due"),
            "received_on": received_on,
            "answered_on": answered_on,
            "days_taken": (answered_on - received_on).days if answered_on else None,
        }

    @property
    def box(self) -> crypto.Box:
        """Opens the content of the case. Raises `Sealed` once its key was destroyed."""
        return crypto.box(self.key_sealed)

    def seal(self, text: str | bytes) -> bytes:
        """Seals a text under the key of this case; it opens nowhere else."""
        return self.box.seal(text)

    def unseal(self, sealed: bytes | memoryview) -> str:
        """The text again; empty when nothing was stored. Raises `Sealed` once the content of the case was destroyed."""
        if not self.key_sealed:
            raise crypto.Sealed("The content of this request was destroyed.")
        return self.box.unseal(sealed) if sealed else ""

    @property
    def name(self) -> str:
        """The name as the person gave it."""
        return self.unseal(self.name_sealed)

    @property
    def subject(self) -> str:
        """The opaque key that every collected record of this case is stamped with."""
        return crypto.keyed_digest("subject", self.reference)[:32]


class Identifier(models.Model):
    """A typed value to search by, and how it was verified. Only a verified one seeds a search."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=40)
    value_sealed = models.BinaryField()
    token = models.CharField(max_length=32, db_index=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_how = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "kind", "token"], name="identifier_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of case {self.case_id}"

    @property
    def value(self) -> str:
        """The exact value as it was typed."""
        return self.case.unseal(self.value_sealed)
