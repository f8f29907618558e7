"""Organisations, their promises and their staff."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.clock import today
from portal.organisations.policy import PolicyDocument


class StaffManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, is_staff=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff. Requesters have no account."""

    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[StaffManager] = StaffManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name


class Organisation(models.Model):
    """Who answers requests: a controller."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=60, default="UTC")
    processor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="controllers")
    brand = models.CharField(max_length=7, blank=True)
    brand_deep = models.CharField(max_length=7, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def current_policy(self) -> "Policy":
        """The version in effect today. Every organisation has one: it is loaded together with it."""
        return self.policies_in_effect_first()[0]

    def policies_in_effect_first(self) -> models.QuerySet["Policy"]:
        """All versions: those in effect, newest first; then those that are still to come."""
        is_coming = models.Q(effective_on__gt=today(self.timezone))
        return self.policies.alias(is_coming=models.ExpressionWrapper(is_coming, models.BooleanField())).order_by(
            "is_coming", "-effective_on", "-pk"
        )


class Policy(models.Model):
    """One version of an organisation's promises. A case remembers the version that it was decided under."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="policies")
    version = models.CharField(max_length=40)
    effective_on = models.DateField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "policies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "version"], name="policy_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.key} {self.version}"

    def read(self) -> PolicyDocument:
        """The promises as values."""
        return PolicyDocument.from_json(self.document)


class Role(models.TextChoices):
    OFFICER = "officer", _("Officer")
    LEAD = "lead", _("Lead")
    AUDITOR = "auditor", _("Auditor")
    ADMIN = "admin", _("Admin")


class Membership(models.Model):
    """A member of staff's role at one organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "organisation"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=[r.value for r in Role]), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.organisation}"
