"""What the person writes into the thread of their request."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from requests_app.flows import moving, triage
from requests_app.models import Case, Message
from requests_app.models.letter import Author, Via
from requests_app.rules.errors import RuleError
from requests_app.rules.states import State

LONGEST_MESSAGE = 5000


class ThreadClosed(RuleError):
    """Nobody reads this thread any more."""


@transaction.atomic
def say(case: Case, text: str, *, via: Via = Via.PAGE, at: datetime | None = None, is_proved: bool = True) -> Message:
    """Keeps the message, sealed; a case that waited for it goes on, if it is proved that the person wrote it."""
    case = moving.locked(case)
    if State(case.state) is State.CLOSED:
        raise ThreadClosed(_("This request is closed. Nothing was sent. Ask again, or write to us."))
    message = Message.objects.create(case=case, author=Author.PERSON, via=via, body_sealed=case.seal(text), at=at or clock.now())
    moving.record(case, "message.received", by="person", **({"via": via.value} if via is not Via.PAGE else {}))
    if is_proved and triage.resume(case, by="person"):
        _open_if_proved(moving.locked(case))
    return message


def _open_if_proved(case: Case) -> None:
    """Somebody may confirm an address while a question about the request is still open."""
    if State(case.state) is State.ARRIVED and case.confirmed_at:
        moving.move(case, State.OPEN, by="person")
