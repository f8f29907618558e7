"""What is still to be done about requests that are answered: recipients, and what was held until a day that has come."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, Q, QuerySet

from portal.kit import clock
from portal.organisations.models import Organisation, Policy
from requests_app.models import Case, Hold, Telling
from requests_app.rules.reminding import Dates
from requests_app.rules.states import State

DONE = frozenset({"erased", "done", "partly"})
MOST = 100


@dataclass(frozen=True)
class FollowUps:
    """The first of each kind, oldest first."""

    untold: Sequence[Case]
    late: Sequence[Telling]
    held: Sequence[Hold]

    @property
    def count(self) -> int:
        return len(self.untold) + len(self.late) + len(self.held)


def somebody_is_late(houses: Sequence[Organisation], today: date) -> Exists:
    """Whether a recipient has not confirmed in time, to be asked in another question."""
    return Exists(Telling.objects.filter(case__organisation__in=houses, answered_at__isnull=True, answer_by__lt=today))


def some_day_has_come(houses: Sequence[Organisation], today: date) -> Exists:
    """Whether a hold is to be looked at again, to be asked in another question."""
    return Exists(Hold.objects.filter(case__organisation__in=houses, released_at__isnull=True, until__lte=today))


def followups(houses: Sequence[Organisation], today: date) -> FollowUps:
    """Everything that somebody must still do, of these organisations."""
    late = Telling.objects.filter(case__organisation__in=houses, answered_at__isnull=True, answer_by__lt=today)
    held = Hold.objects.filter(case__organisation__in=houses, released_at__isnull=True, until__lte=today)
    return FollowUps(
        untold=list(_untold(houses)[:MOST]),
        late=list(late.select_related("case__organisation", "case__policy").order_by("answer_by", "pk")[:MOST]),
        held=list(held.select_related("case__organisation").order_by("until", "pk")[:MOST]),
    )


def dates_apart(organisation: Organisation, reference: str = "") -> dict[int, Dates]:
    """Case → the days that staff are reminded of apart from its clock: holds, and recipients who have not confirmed."""
    of_case = {"case__organisation": organisation, "case__is_test": False, **({"case__reference": reference} if reference else {})}
    until, since, late = defaultdict[int, set[date]](set), defaultdict[int, set[date]](set), defaultdict[int, set[date]](set)
    for case, day, set_at in Hold.objects.filter(released_at=None, **of_case).values_list("case_id", "until", "set_at"):
        if day:
            until[case].add(day)
        else:
            since[case].add(clock.local_date(set_at, organisation.timezone))
    for case, day in Telling.objects.filter(answered_at=None, **of_case).values_list("case_id", "answer_by"):
        if day:
            late[case].add(day)
    return {
        case: Dates(holds_until=tuple(sorted(until[case])), holds_since=tuple(sorted(since[case])), recipients_by=tuple(sorted(late[case])))
        for case in {*until, *since, *late}
    }


def _untold(houses: Iterable[Organisation]) -> QuerySet[Case]:
    """Answered requests of which some recipient has not heard: they stay open until all were told."""
    answered = Case.objects.filter(organisation__in=houses, state=State.ANSWERED, outcome__in=DONE)
    needed = Q(pk__in=[])
    for policy in Policy.objects.filter(organisation__in=houses):
        rights = Counter(right for one in policy.read().recipients for right in one.told_on)
        for right, number in rights.items():
            needed |= Q(policy=policy, right=right, told__lt=number)
    return (
        answered.annotate(told=Count("tellings"))
        .filter(needed)
        .select_related("organisation")
        .prefetch_related("policy", "tellings")
        .order_by("answered_at", "pk")
    )


def names_untold(case: Case) -> str:
    """Whom nobody has told of this answered request, by name."""
    told = {one.recipient for one in case.tellings.all()}
    return ", ".join(one.name for one in case.policy.read().recipients if case.right in one.told_on and one.key not in told)
