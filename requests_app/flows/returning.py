"""Letters that did not arrive: given up after many tries, or come back. Each stays on the desk until somebody has dealt with it."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from requests_app import letters
from requests_app.access import Actor
from requests_app.flows import reminding
from requests_app.flows.moving import locked, record
from requests_app.flows.triage import keep_note
from requests_app.models import Letter
from requests_app.models.letter import LetterState
from requests_app.models.note import NoteKind
from requests_app.rules.errors import RuleError

FAILED, SETTLED, AGAIN = "letter.failed", "letter.settled", "letter.again"


class LetterArrived(RuleError):
    """Nothing is known to be wrong with this letter. Nothing was changed."""


def post(letter_id: int) -> bool:
    """Sends a due letter. One that was given up is noted once, and whoever looks after the request hears of it."""
    if letters.post(letter_id):
        return True
    _note_failure(letter_id)
    return False


@transaction.atomic
def _note_failure(letter_id: int) -> None:
    letter = Letter.objects.filter(pk=letter_id, state=LetterState.FAILED, is_lost=False).select_related("case").first()
    if letter is None:
        return
    case = locked(letter.case)
    if not Letter.objects.filter(pk=letter_id, state=LetterState.FAILED, is_lost=False).update(is_lost=True):
        return
    record(case, FAILED, by="system", letter=letter.pk)
    reminding.tell_of_loss(case, clock.today(case.organisation.timezone))


@transaction.atomic
def came_back(letter: Letter) -> None:
    """For the mailbox, in the transaction of the mail that says so."""
    Letter.objects.filter(pk=letter.pk).update(is_lost=True)
    record(letter.case, "letter.bounced", by="system", subject=letter.subject)
    reminding.tell_of_loss(letter.case, clock.today(letter.case.organisation.timezone))


@transaction.atomic
def again(letter: Letter, *, by: Actor) -> None:
    """Sends it once more to the same address: the mailbox was full, the server was down. A letter with an old code is not sent again."""
    case = locked(letter.case)
    letter = _lost(letter)
    if letter.kind in letters.SECRET_KINDS:
        raise LetterArrived(_("This letter held a code that no longer works. The person can ask for a new one. Nothing was sent."))
    letters.again(letter)
    record(case, AGAIN, by=by.key, letter=letter.pk)


@transaction.atomic
def settle(letter: Letter, text: str, *, by: Actor) -> None:
    """Somebody has reached the person another way, or says why that need not be; the note keeps it."""
    case = locked(letter.case)
    letter = _lost(letter)
    keep_note(case, text, by=by, kind=NoteKind.NOTE)
    Letter.objects.filter(pk=letter.pk).update(is_lost=False)
    record(case, SETTLED, by=by.key, letter=letter.pk)


def _lost(letter: Letter) -> Letter:
    found = Letter.objects.select_for_update().filter(pk=letter.pk, is_lost=True).first()
    if found is None:
        raise LetterArrived(_("Nothing is known to be wrong with this letter, or somebody has dealt with it. Nothing was changed."))
    return found
