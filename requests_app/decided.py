"""What stands on a case apart from its state: holds, and first steps that wait for a second person. Reads only."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kit import clock
from portal.kit.crypto import Sealed
from portal.organisations.models import User
from portal.organisations.promises import Recipient
from requests_app import holds
from requests_app.flows import recipients, seconding
from requests_app.models import Case, Hold, Telling


def standing_words(case: Case) -> dict[str, Any]:
    """What the page of a case shows above everything else."""
    return {"holds": [_held(case, one) for one in case.holds.filter(released_at__isnull=True)], "waited_for": waited_for(case)}


def _held(case: Case, held: Hold) -> dict[str, Any]:
    today = clock.today(case.organisation.timezone)
    try:
        note = case.unseal(held.note_sealed)
    except Sealed:
        note = ""
    return {"hold": held, "words": holds.sentence(held), "note": note, "is_due": held.until is not None and held.until <= today}


def waited_for(case: Case) -> list[str]:
    """Sentences that say which second person is waited for."""
    found = list(seconding.waited_for(case))
    names = dict(User.objects.filter(pk__in=[actor for _code, actor in found if actor.isdigit()]).values_list("pk", "name"))
    named = {str(pk): name for pk, name in names.items()} | {"shell": _("The command line")}
    said = {
        seconding.PROPOSED: _("%(who)s proposed to refuse this request. A lead who is somebody else decides."),
        seconding.AGREED: _("%(who)s agreed with the plan. A lead who is somebody else approves it."),
    }
    return [said[code] % {"who": named.get(actor, _("Somebody"))} for code, actor in found]


@dataclass(frozen=True)
class Told:
    """One recipient on the page of a case. `standing` is empty while nobody has told them."""

    recipient: Recipient
    contact: str
    telling: Telling | None
    standing: str
    words: str
    answer: str


STANDINGS: dict[str, Promise | str] = {
    "confirmed": lazy("Confirmed"),
    "returned": lazy("Our letter did not reach them"),
    "overdue": lazy("Not confirmed in time"),
    "queued": lazy("Our letter is on its way"),
    "sent": lazy("Not confirmed yet"),
    "by_hand": lazy("Not confirmed yet"),
}


def recipient_rows(case: Case) -> list[Told]:
    """Who must hear what we did, and where it stands with each."""
    known = recipients.told(case)
    return [_told(case, one, known.get(one.key)) for one in recipients.must_tell(case)]


def _told(case: Case, recipient: Recipient, telling: Telling | None) -> Told:
    standing = recipients.standing(case, telling) if telling else ""
    try:
        answer = case.unseal(telling.answer_sealed) if telling else ""
    except Sealed:
        answer = ""
    return Told(recipient, recipients.contact_of(recipient), telling, standing, str(STANDINGS.get(standing, "")), answer)
