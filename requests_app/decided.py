"""What stands on a case apart from its state: holds, and first steps that wait for a second person. Reads only."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kit import clock
from portal.kit.crypto import Sealed
from portal.organisations.models import User
from portal.organisations.promises import Recipient
from requests_app import holds
from requests_app.flows import closing, recipients, seconding
from requests_app.models import Case, Hold, Telling
from requests_app.rules.refusals import refusal_grounds
from requests_app.rules.rights import Right


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


@dataclass(frozen=True)
class Waited:
    """Which second person is waited for, and where they do their part."""

    words: str
    address: str
    link: str


def waited_for(case: Case) -> list[Waited]:
    """What the first of two people did, with the way to the second step."""
    found = list(seconding.waited_for(case))
    names = dict(User.objects.filter(pk__in=[one.actor for one in found if one.actor.isdigit()]).values_list("pk", "name"))
    named = {str(pk): name for pk, name in names.items()} | {"shell": _("The command line")}
    return [_waited(case, one, named.get(one.actor, _("Somebody"))) for one in found]


def _waited(case: Case, one: seconding.FirstStep, who: str) -> Waited:
    if one.code == seconding.AGREED:
        words = _("%(who)s agreed with the plan. A lead who is somebody else approves it.") % {"who": who}
        return Waited(words, reverse("desk:plan", args=[case.reference]), _("Read the plan"))
    grounds = {ground.code: ground.title for ground in refusal_grounds(closing.laws_of(case), Right(case.right))}
    said = {"who": who, "ground": grounds.get(one.ground, one.ground)}
    words = _("%(who)s proposed to refuse this request: %(ground)s. A lead who is somebody else decides.") % said
    return Waited(words, reverse("desk:refuse", args=[case.reference]), _("Decide about the refusal"))


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
