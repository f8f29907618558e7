"""Legal holds in words: why something stays, and which lines of a plan that is."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from requests_app.answers import spoken
from requests_app.models import Case, Hold

GROUNDS: dict[str, Promise | str] = {
    "claims": lazy("We need it for a legal claim."),
    "authority": lazy("A court or an authority has told us to keep it."),
    "investigation": lazy("It is part of an investigation that goes on."),
    "dispute": lazy("A dispute about it goes on."),
}
WHOLE = ""  # the line of a hold on everything


def sentence(held: Hold) -> str:
    """Why it stays, and when somebody looks again."""
    why = str(GROUNDS[held.ground])
    return f"{why} {_('We look at it again by %(day)s.') % {'day': spoken(held.until)}}" if held.until else why


def held_lines(case: Case) -> dict[str, str]:
    """Line of the plan → the sentence that plan, certificate and receipt give as the reason."""
    return {held.line: sentence(held) for held in case.holds.filter(released_at__isnull=True).exclude(line=WHOLE)}


def held_keys(case: Case) -> dict[str, str]:
    """The same for the engine, where everything is held by the line `WHOLE`."""
    return {held.line: sentence(held) for held in case.holds.filter(released_at__isnull=True)}


def barrier(case: Case) -> str:
    """Why nothing may be deleted or changed in this case now; empty where no hold is on the whole of it."""
    held = case.holds.filter(line=WHOLE, released_at__isnull=True).first()
    if held is None:
        return ""
    return _("The whole request is on hold. %(why)s Nothing is deleted or changed before a lead lets it go.") % {
        "why": GROUNDS[held.ground]
    }
