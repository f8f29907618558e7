"""What people said of how we dealt with their request: numbers, and sentences that belong to nobody."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.organisations.models import Organisation

REMARK = "remark"  # what a sentence is sealed as


class Opinion(models.TextChoices):
    YES = "yes", _("Yes")
    PARTLY = "partly", _("Partly")
    NO = "no", _("No")


class OpinionCount(models.Model):
    """How many said this of requests that were received in a year. There is no row per person, so nothing leads back to one."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="opinions")
    year = models.PositiveSmallIntegerField()
    opinion = models.CharField(max_length=6, choices=Opinion.choices)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "year", "opinion"], name="opinion_counted_once"),
            models.CheckConstraint(condition=Q(opinion__in=[one.value for one in Opinion]), name="opinion_known"),
        ]

    def __str__(self) -> str:
        return f"{self.count} said {self.opinion} in {self.year}"


class Remark(models.Model):
    """A sentence that somebody added, sealed, with the month and nothing else; destroyed after a year."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="remarks")
    month = models.DateField()  # its first day
    opinion = models.CharField(max_length=6, choices=Opinion.choices)
    words_sealed = models.BinaryField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-month", "opinion"]

    def __str__(self) -> str:
        return f"remark of {self.month:%Y-%m}"
