"""Staff hear of a request before it is too late, and again when it is: the owner first, then the leads.

Each reminder is a row that can exist once for its request, kind and date, so that running this twice says nothing twice. What came due
while nothing ran is made up in one mail, the most urgent; the milder ones are noted as passed over.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import Reminders
from requests_app import hints
from requests_app.access import DECIDES, staff_of
from requests_app.flows.moving import locked, record
from requests_app.followups import dates_apart
from requests_app.models import Case, Notice, RegisterEntry, Reminder
from requests_app.models.case import Standing
from requests_app.queries import MOVING
from requests_app.rules import reminding
from requests_app.rules.reminding import APART, ESCALATES, FOR_LEADS, Dates, Due, Kind
from requests_app.rules.states import State

MADE = "reminder.due"
Made = set[tuple[str, date]]


def waiting(organisation: Organisation, today: date) -> list[Case]:
    """The requests of which something is due to be said. Test requests remind nobody."""
    days = days_of(organisation)
    apart, unheard = dates_apart(organisation), _unheard(organisation)
    cases, made = list(_clocked(organisation, apart)), _made(organisation, apart)
    dated = ((case, dates_of(case, acknowledge_by=unheard.get(case.reference), apart=apart.get(case.pk))) for case in cases)
    return [case for case, dates in dated if reminding.due(dates, days, today=today, made=made[case.pk])]


def days_of(organisation: Organisation) -> Reminders:
    """How early staff want to hear, by the organisation's file as it is now."""
    return organisation.current_policy.read().reminders


def dates_of(case: Case, *, acknowledge_by: date | None, apart: Dates | None = None) -> Dates:
    """The dates of a request that must still be kept. A fault in its job changes none of them."""
    known = apart or Dates()
    if case.standing == Standing.AFTER:
        return replace(known, backups_until=case.backups_until)
    if case.standing == Standing.OVER:
        return known
    return replace(known, acknowledge_by=acknowledge_by, target_on=case.target_on, due_on=case.due_on)


def every_date_of(case: Case) -> Dates:
    """The same, with all that is known of this one request."""
    apart = dates_apart(case.organisation, case.reference).get(case.pk)
    return dates_of(case, acknowledge_by=acknowledge_by(case), apart=apart)


def acknowledge_by(case: Case) -> date | None:
    """The day by which receipt must be confirmed, while no letter has done so."""
    return RegisterEntry.objects.filter(reference=case.reference, acknowledged_at=None).values_list("ack_due_on", flat=True).first()


@transaction.atomic
def remind(case: Case, today: date) -> bool:
    """Makes what is due for one request: a row for each, a mail for the most urgent, a line in the history. True if there was any.

    What is a matter of its own (a hold, a recipient) is said beside it.
    """
    case = locked(case)
    if case.is_test:
        return False
    made = set(case.reminders.values_list("kind", "about_on"))
    due = reminding.due(every_date_of(case), days_of(case.organisation), today=today, made=made)
    of_clock = [one for one in due if one.kind not in APART]
    for one in of_clock[:-1]:
        _row(case, one, is_passed_over=True)
    for one in (*of_clock[-1:], *(one for one in due if one.kind in APART)):
        _say(case, one)
    return bool(due)


@transaction.atomic
def tell_of_loss(case: Case, day: date) -> bool:
    """A letter did not arrive: whoever looks after the request hears of it, once a day."""
    case = locked(case)
    if case.is_test or case.reminders.filter(kind=Kind.LOST, about_on=day).exists():
        return False
    _say(case, Due(day, Kind.LOST, day))
    return True


def _row(case: Case, one: Due, *, is_passed_over: bool = False) -> Reminder:
    facts = {"kind": one.kind.value, "about_on": one.about, "due_on": one.on, "is_passed_over": is_passed_over}
    return Reminder.objects.create(case=case, made_at=clock.now(), **facts)


def _say(case: Case, one: Due) -> None:
    row = _row(case, one)
    for member in hearing(case, one.kind):
        notice = Notice.objects.create(reminder=row, to=member, due_at=clock.now())
        hints.on_commit(hints.POST_NOTICE, notice.pk)
    record(case, MADE, by="system", kind=one.kind.value, about=one.about.isoformat(), told=row.notices.count())


def hearing(case: Case, kind: Kind) -> Sequence[User]:
    """Who hears it: the owner; the leads too once it is late, or where nobody owns it; everybody who handles where there is no lead."""
    owner = staff_of(case.organisation).filter(pk=case.owner_id).first() if case.owner_id else None
    leads = list(staff_of(case.organisation, roles=DECIDES))
    told = [] if owner is None or kind in FOR_LEADS else [owner]
    if kind in ESCALATES | FOR_LEADS or not told:
        told += [lead for lead in leads if lead not in told]
    return told or list(staff_of(case.organisation))


def _clocked(organisation: Organisation, apart: Collection[int]) -> QuerySet[Case]:
    rows = Case.objects.filter(MOVING | Q(standing=Standing.AFTER) | Q(pk__in=apart), organisation=organisation, is_test=False)
    return rows.only("reference", "state", "standing", "is_moving", "due_on", "target_on", "backups_until", "is_test")


def _made(organisation: Organisation, apart: Collection[int]) -> dict[int, Made]:
    """Case → what was made, of requests that are not over, or of which something is still to be said."""
    rows = Reminder.objects.filter(~Q(case__state=State.CLOSED) | Q(case__in=apart), case__organisation=organisation)
    made: dict[int, Made] = defaultdict(set)
    for pk, kind, about in rows.values_list("case_id", "kind", "about_on"):
        made[pk].add((kind, about))
    return made


def _unheard(organisation: Organisation) -> dict[str, date | None]:
    """Reference → the day by which receipt must be confirmed, where no letter has done so."""
    rows = RegisterEntry.objects.filter(organisation=organisation, acknowledged_at=None, ack_due_on__isnull=False, ending="")
    return dict(rows.values_list("reference", "ack_due_on"))
