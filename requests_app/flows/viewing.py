"""Who looked at what. Looking changes nothing but this line of history, which the promise “what they open is recorded” asks for.

Once for each member of staff and thing in ten minutes, so that reading a page twice does not bury what happened.
"""

from collections import Counter
from datetime import timedelta

from django.db import transaction

from portal.kit import clock
from requests_app.access import Actor
from requests_app.flows import moving
from requests_app.models import Case, Event, InboundMail, Letter
from requests_app.models.event import LOOKING, LOOKING_KEPT

LOOKED = "case.viewed"
MAIL_LOOKED = "mail.viewed"
TAKEN_AWAY = "register.taken"
FORGOTTEN = "looking.forgotten"
MOST_AT_ONCE = 500
ONCE_IN = timedelta(minutes=10)
THREAD, LETTER, RECEIPT = "thread", "letter", "receipt"


def looked_at(case: Case, what: str, *, by: Actor, letter: Letter | None = None) -> None:
    """Somebody opened the thread, a letter or the receipt of a case."""
    facts: dict[str, object] = {"what": what} | ({"letter": letter.pk, "kind": letter.kind} if letter else {})
    _once(LOOKED, case.organisation_id, case.reference, by=by, facts=facts)


def looked_at_mail(mail: InboundMail, *, by: Actor) -> None:
    """Somebody opened a mail that is not a request."""
    _once(MAIL_LOOKED, mail.organisation_id, "", by=by, facts={"mail": mail.pk})


def took_register(organisation_id: int, *, year: int, form: str, rows: int, by: Actor) -> None:
    """Somebody downloaded the rows of a year of the register."""
    _once(TAKEN_AWAY, organisation_id, "", by=by, facts={"year": year, "form": form, "rows": rows})


@transaction.atomic
def forget_who_looked() -> int:
    """Two years on, who looked at what is forgotten; a line of each organisation's history says of how many lines, and until when."""
    until = clock.now() - LOOKING_KEPT
    old = Event.objects.filter(code__in=LOOKING, at__lt=until).exclude(salt="").order_by("at")[:MOST_AT_ONCE]
    rows = list(old.values_list("pk", "organisation_id"))
    forgotten = Event.objects.filter(pk__in=[pk for pk, _house in rows]).forget_who_looked(until)
    for house, lines in sorted(Counter(house for _pk, house in rows).items()):
        moving.append(
            FORGOTTEN, organisation_id=house, reference="", by="system", facts={"lines": lines, "until": until.date().isoformat()}
        )
    return forgotten


@transaction.atomic
def _once(code: str, organisation_id: int, reference: str, *, by: Actor, facts: dict[str, object]) -> None:
    lately = Event.objects.filter(case_reference=reference, code=code, actor=by.key, at__gt=clock.now() - ONCE_IN)
    if facts not in lately.values_list("facts", flat=True):
        moving.append(code, organisation_id=organisation_id, reference=reference, by=by.key, facts=facts)
