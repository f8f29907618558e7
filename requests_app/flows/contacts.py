"""A contact address that was corrected: who holds the old one is told, and for some days requests of that person are looked at twice.

Otherwise a correction could be the first step of a theft: change where answers go, then ask for a copy.
"""

from datetime import datetime, timedelta

from portal.kit import clock, crypto
from requests_app import letters
from requests_app.flows import moving
from requests_app.flows.triage import address_of
from requests_app.models import Case, Event, Identifier

CHANGED = "contact.changed"
DAYS = 14
NEW = "new_email"  # the kind of an identifier that nobody has proved: it never seeds a search, it is only recognised


def note_change(case: Case, new: str) -> None:
    """Writes to the old address, in the transaction of the answer, and remembers the new one by its blind index."""
    token = crypto.blind_index("email", new)
    known = {"value_sealed": case.seal(new)}
    Identifier.objects.get_or_create(case=case, kind=NEW, token=token, defaults=known)
    moving.record(case, CHANGED, by="system", days=DAYS)
    letters.queue(case, "contact_changed", to=address_of(case), facts={"days": DAYS})


def changed_at(case: Case) -> datetime | None:
    """When a contact address of this person was last corrected, if that is only days ago."""
    tokens = [one.token for one in case.identifiers.all() if one.kind in ("email", NEW)]
    lines = Event.objects.filter(organisation_id=case.organisation_id, code=CHANGED, at__gt=clock.now() - timedelta(days=DAYS))
    fresh = dict(lines.exclude(case_reference=case.reference).order_by("position").values_list("case_reference", "at"))
    if not fresh or not tokens:
        return None
    theirs = Case.objects.filter(reference__in=fresh, identifiers__token__in=tokens).values_list("reference", flat=True)
    return max((fresh[reference] for reference in theirs), default=None)
