"""What stands on a case apart from its state: holds, and first steps that wait for a second person. Reads only."""

from typing import Any

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.crypto import Sealed
from portal.organisations.models import User
from requests_app import holds
from requests_app.flows import seconding
from requests_app.models import Case, Hold


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
