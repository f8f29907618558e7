"""What stands above the list of requests: mail that is no request yet, letters that did not arrive, what is late elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import IntegerField, QuerySet, Subquery

from portal.organisations.models import Organisation
from requests_app import access, followups, letters
from requests_app.models import Case
from requests_app.models.mail import Outcome

MOST = 100  # counted on the list; their own pages count them all


@dataclass(frozen=True)
class Pointers:
    mails: int = 0
    lost: int = 0
    is_left: bool = False


class Number(Subquery):
    """How many rows a question finds, within another question."""

    template = "(SELECT count(*) FROM (%(subquery)s) numbered)"
    output_field = IntegerField()


def pointers(houses: Sequence[Organisation], cases: QuerySet[Case], today: date) -> Pointers:
    """All of them in one question."""
    asked = Organisation.objects.filter(pk__in=[house.pk for house in houses[:1]]).values_list(
        Number(access.mails_at(houses, Outcome.LISTED).order_by().values("pk")[:MOST]),
        Number(letters.lost(cases).order_by().values("pk")[:MOST]),
        followups.somebody_is_late(houses, today),
        followups.some_day_has_come(houses, today),
    )
    for mails, lost, is_late, has_come in asked:
        return Pointers(mails, lost, is_late or has_come)
    return Pointers()
