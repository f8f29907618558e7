"""The same wish of the same proved address, twice: both are kept until an officer joins them. One then points to the other."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from requests_app import letters
from requests_app.access import Actor
from requests_app.flows.moving import locked, move
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of, must_be_moving
from requests_app.models import Case, Event
from requests_app.models.case import OUR_MOVE
from requests_app.rules.states import State

ALIKE = [*OUR_MOVE, State.WAITING.value]


def twins_of(case: Case) -> list[Case]:
    """Other requests under way for the same right from the same proved address, oldest first; none before this one is confirmed."""
    if case.confirmed_at is None:
        return []
    tokens = list(case.identifiers.filter(kind="email", verified_at__isnull=False).values_list("token", flat=True))
    same = Case.objects.filter(organisation=case.organisation_id, right=case.right, state__in=ALIKE, confirmed_at__isnull=False)
    proved = same.filter(identifiers__kind="email", identifiers__token__in=tokens, identifiers__verified_at__isnull=False)
    return list(proved.exclude(pk=case.pk).distinct().order_by("received_at", "pk"))


@transaction.atomic
def join(case: Case, other_reference: str, *, by: Actor) -> None:
    """Ends this request as a duplicate of the other, which goes on; the person is told which one is answered."""
    case = locked(case)
    must_be_moving(case)
    other = _named(twins_of(case), other_reference)
    if other is None:
        raise NotYet(
            _("There is no other open request for the same right from the same confirmed address with this reference. Nothing was changed.")
        )
    if case.released_at or case.state not in ALIKE or State(case.state) is State.EXECUTING:
        raise NotYet(_("This request is already being carried out, so it must be answered itself. Nothing was changed."))
    if case.copy_first_id or case.deleted_after.filter(is_moving=True).exists():
        raise NotYet(
            _("This request and another one were sent together. Mark the other copy as the duplicate instead. Nothing was changed.")
        )
    move(case, State.DUPLICATE, by=by.key, other=other.reference)
    if case.job_id:
        api.cancel(case.job_id)
    letters.queue(case, "duplicate", to=address_of(case), facts={"other": other.reference, "other_due": other.due_on})


def _named(cases: Iterable[Case], reference: str) -> Case | None:
    return next((one for one in cases if one.reference == reference), None)


def joined_to(case: Case) -> str:
    """The reference of the request that stands for a duplicate; empty for any other."""
    line = Event.objects.filter(case_reference=case.reference, code="case.duplicate").order_by("-position").first()
    return str(line.facts.get("other", "")) if line and case.state == State.DUPLICATE.value else ""
