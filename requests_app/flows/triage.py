"""Who looks after a case, and what is said about it: owner, notes, messages, questions."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.organisations.models import User
from requests_app import askers, letters
from requests_app.access import Actor, staff_of
from requests_app.flows import timing
from requests_app.flows.moving import locked, move, record
from requests_app.models import Case, Event, Message, Note
from requests_app.models.letter import Author, Via
from requests_app.models.note import NoteKind
from requests_app.rules.errors import RuleError
from requests_app.rules.states import MAY_WAIT, State, is_over

LONGEST_TEXT = 5000
# Why the person must answer. The laws know these two; each may move the date, as its own rule says.
QUESTIONS = {
    "clarification": ("clarification_requested", "clarification_received"),
    "identity": ("identity_requested", "identity_received"),
}


DECIDING = ("case.refused", "refusal.proposed", "case.executing", "case.answered", "archive.released", "source.closed", "gaps.accepted")


class TriageRefused(RuleError):
    """Something about owner or words of a case that cannot be done. Nothing was changed."""


@transaction.atomic
def assign(case: Case, owner: User | None, *, by: Actor) -> None:
    """Gives the case to a member of staff, or to nobody."""
    case = locked(case)
    if owner is not None and not staff_of(case.organisation).filter(pk=owner.pk).exists():
        raise TriageRefused(_("Only an officer or a lead of this organisation can own its requests. Nothing was changed."))
    if case.owner_id == (owner.pk if owner else None):
        return
    if owner is not None and case.appeal_of and str(owner.pk) in deciders_of(case.appeal_of):
        raise TriageRefused(_("%(name)s had a part in the decision that is appealed against. Nothing was changed.") % {"name": owner.name})
    case.owner = owner
    case.save(update_fields=["owner"])
    record(case, "owner.changed", by=by.key, owner=str(owner.pk) if owner else "")


def deciders_of(case: Case) -> set[str]:
    """Who had a part in how a request ended: whoever refused, proposed, approved, released, answered or closed a source."""
    lines = Event.objects.filter(case_reference=case.reference, code__in=DECIDING).exclude(actor__in=["system", "person"])
    return set(lines.values_list("actor", flat=True))


@transaction.atomic
def note(case: Case, text: str, *, by: Actor, kind: NoteKind = NoteKind.NOTE) -> Note:
    """Writes down something for colleagues; the person never sees it."""
    case = locked(case)
    written = keep_note(case, text, by=by, kind=kind)
    record(case, "note.added", by=by.key, kind=kind.value)
    return written


def keep_note(case: Case, text: str, *, by: Actor, kind: NoteKind) -> Note:
    """The row of a note, inside the transaction of the change that it explains."""
    return Note.objects.create(case=case, kind=kind, author=by.user, body_sealed=case.seal(_clean(text)), at=clock.now())


@transaction.atomic
def write(case: Case, text: str, *, by: Actor) -> Message:
    """Sends the person a message: it stands on the page of the request, a letter says that it is there."""
    case = locked(case)
    if case.state == State.CLOSED.value:
        raise TriageRefused(_("This request is closed. Open it again to write to the person. Nothing was sent."))
    message = _say(case, text, by=by)
    record(case, "message.sent", by=by.key)
    letters.queue(case, "message", to=address_of(case))
    return message


@transaction.atomic
def ask(case: Case, text: str, *, by: Actor, about: str = "clarification") -> Message:
    """Asks the person something that must be known before work can go on. The case waits; the laws say whether the date does."""
    case = locked(case)
    if about not in QUESTIONS:
        raise TriageRefused(_("Choose what the question is about: what is meant, or who is asking. Nothing was sent."))
    address = address_of(case)
    message = _say(case, text, by=by)
    timing.note(case, QUESTIONS[about][0], by=by.key)
    timing.set_clock(case)
    last_on = timing.last_day(case)
    move(case, State.WAITING, by=by.key, about=about, last_on=last_on.isoformat())
    letters.queue(case, "question", to=address, facts={"last_on": last_on})
    return message


@transaction.atomic
def resume(case: Case, *, by: str) -> bool:
    """The answer is here: the case goes back to where it waited from. Does nothing for a case that does not wait."""
    case = locked(case)
    if case.state != State.WAITING.value:
        return False
    back = State(case.state_before) if case.state_before in {state.value for state in MAY_WAIT} else State.OPEN
    move(case, back, by=by)
    for asked, answered in QUESTIONS.values():
        happened = [event.type for event in timing.clock_events(case)]
        if happened.count(asked) > happened.count(answered):
            timing.note(case, answered, by=by)
    timing.set_clock(case)
    case.save()
    return True


def resume_answered(case: Case) -> bool:
    """For the sweep: a waiting case whose person has written since. The name on a mail does not prove that it was them."""
    last = case.messages.order_by("-pk").values_list("author", "via").first()
    return last == (Author.PERSON, Via.PAGE) and resume(case, by="system")


@transaction.atomic
def reveal(case: Case, *, by: Actor) -> None:
    """Somebody looks at the personal details of a case: allowed, and written down."""
    record(locked(case), "details.shown", by=by.key)


def address_of(case: Case) -> str:
    """Where we write: the proved address of whoever may read the answer; while none is proved, the one that was typed."""
    address = askers.reader_address(case)
    if not address:
        raise TriageRefused(_("This request has no email address: write by post and keep a note of it. Nothing was sent."))
    return address


def must_be_moving(case: Case) -> None:
    """Refuses acts on a case that has had its last word."""
    if is_over(State(case.state)):
        raise TriageRefused(_("This request is over: its answer stands. Nothing was changed."))


def _say(case: Case, text: str, *, by: Actor) -> Message:
    words = case.seal(_clean(text))
    return Message.objects.create(case=case, author=Author.OFFICER, author_name=by.name, body_sealed=words, at=clock.now())


def _clean(text: str) -> str:
    words = text.strip()
    if not words:
        raise TriageRefused(_("There is no text yet. Nothing was sent or kept."))
    if len(words) > LONGEST_TEXT:
        raise TriageRefused(_("This is longer than 5,000 letters. Shorten it; nothing was sent or kept."))
    return words
