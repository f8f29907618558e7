"""Mail that came to an organisation's mailbox: one row per message, so that each is handled exactly once."""

import json
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit import crypto
from portal.kit.leases import Leased
from portal.organisations.models import Organisation
from requests_app.models.case import Case


class Mailbox(Leased):
    """How the reading of a mailbox goes. Where it is and how to sign in stands in the settings, never here."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="mailbox")
    read_at = models.DateTimeField(null=True, blank=True)  # when it was last read to its end
    error = models.CharField(max_length=20, blank=True)  # a code: why it could not be read
    error_since = models.DateTimeField(null=True, blank=True)
    stuck = models.PositiveIntegerField(default=0)  # messages that could not be taken in; they stay where they are

    class Meta:
        verbose_name_plural = "mailboxes"

    def __str__(self) -> str:
        return f"mailbox of {self.organisation_id}"


class Outcome(models.TextChoices):
    """What became of a message."""

    OPENED = "opened", _("It opened a request")
    JOINED = "joined", _("It was added to a request of the same sender")
    REPLIED = "replied", _("It was added to the messages of a request")
    LISTED = "listed", _("It waits on the desk")
    SET_ASIDE = "set_aside", _("Somebody decided that it is not a request")
    BOUNCED = "bounced", _("It says that a letter of ours came back")
    AUTOMATIC = "automatic", _("A machine answered one of our letters")
    OURS = "ours", _("It is one of our own letters")
    CAPPED = "capped", _("The sender had sent too many")


class InboundMail(models.Model):
    """One message. What it says lies under the key of its case, or, while it has none, under a key of its own."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="mails")
    token = models.CharField(max_length=64)  # keyed digest of what makes the message itself: the same in every folder
    place = models.CharField(max_length=16, blank=True)
    uid_validity = models.PositiveBigIntegerField(default=0)
    uid = models.PositiveBigIntegerField(default=0)
    sender_token = models.CharField(max_length=32, blank=True)
    received_at = models.DateTimeField()  # the server's own moment of receipt
    taken_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.LISTED)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, blank=True, related_name="mails")
    about = models.CharField(max_length=12, blank=True)  # the reference that it names without a right to it
    key_sealed = models.BinaryField(default=bytes)
    content_sealed = models.BinaryField(default=bytes)
    flags = models.JSONField(default=list)
    authentication = models.JSONField(default=dict)  # what the receiving server said about the sender; a fact, no proof
    attachments = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=20, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["received_at", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "token"], name="mail_once"),
            models.CheckConstraint(condition=Q(outcome__in=[o.value for o in Outcome]), name="mail_outcome_known"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["place", "uid_validity", "uid"], name="mail_place"),
            models.Index(fields=["organisation", "outcome", "received_at"], name="mail_desk"),
            models.Index(fields=["organisation", "sender_token", "taken_at"], name="mail_sender"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"

    @property
    def box(self) -> crypto.Box:
        """Opens the content. Raises `Sealed` once it was destroyed."""
        return self.case.box if self.case else crypto.box(self.key_sealed)

    def keep(self, content: dict[str, str]) -> None:
        """Seals the content; the caller saves."""
        if not self.case:
            self.key_sealed = self.key_sealed or crypto.new_key()
        self.content_sealed = self.box.seal(json.dumps(content))

    def destroy(self) -> None:
        """Nothing of it can be read again; the caller saves."""
        self.key_sealed, self.content_sealed, self.sender_token = b"", b"", ""

    @property
    def content(self) -> dict[str, Any]:
        """`sender`, `subject`, `text` and `message_id`, as far as they are kept."""
        return dict(json.loads(self.box.unseal(self.content_sealed))) if self.content_sealed else {}
