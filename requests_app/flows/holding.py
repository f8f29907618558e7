"""A legal hold: what must stay although its deletion was asked for. A lead sets it and lets it go; no day does.

After the answer too: what a deletion has put off to a later day is not deleted on that day while it is held.
"""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from exports.api import PutOff
from portal.kit import clock
from requests_app import askers, hints, letters
from requests_app.access import Actor, must_lead
from requests_app.answers import spoken
from requests_app.flows import closing
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import PLANNED, NotYet
from requests_app.flows.triage import address_of
from requests_app.holds import GROUNDS, held_keys, held_lines
from requests_app.models import Case, Hold
from requests_app.rules.rights import Right
from requests_app.rules.states import State, is_over


@dataclass(frozen=True)
class Terms:
    """Why something stays, when somebody looks at it again, and a note for colleagues."""

    ground: str
    note: str
    until: date | None = None


@transaction.atomic
def hold(case: Case, line: str, terms: Terms, *, by: Actor) -> Hold:
    """Holds the whole case, or one line of its plan by the line's key. The plan is rehearsed again and keeps it."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can hold data back from a deletion."))
    _check(case, terms)
    line, title = _named(case, line) if line else ("", "")
    if case.holds.filter(line=line, released_at__isnull=True).exists():
        raise NotYet(_("This is held already. Nothing was changed."))
    kept = {"ground": terms.ground, "until": terms.until, "note_sealed": case.seal(terms.note.strip())}
    held = Hold.objects.create(case=case, line=line, title=title, set_by=by.name, set_at=clock.now(), **kept)
    until = terms.until.isoformat() if terms.until else ""
    record(case, "hold.set", by=by.key, ground=terms.ground, until=until, line=line)
    api.keep_back(case.organisation, case.reference, held_keys(case), by=by.key)
    if is_over(State(case.state)):
        _tell(case, held)
    elif line:
        _rehearse(case, by=by)
    return held


def _tell(case: Case, held: Hold) -> None:
    """We wrote on which day it goes; now it stays, and the person hears it. Without an address somebody tells them by post."""
    if to := askers.reader_address(case):
        facts = {"title": held.title, "why": GROUNDS[held.ground], "until": held.until}
        letters.queue(case, "kept_longer", to=to, facts=facts)


def _check(case: Case, terms: Terms) -> None:
    if terms.ground not in GROUNDS:
        raise NotYet(_("Choose why it must stay. Nothing was changed."))
    if not terms.note.strip():
        raise NotYet(_("Write down what shows it, for colleagues and for whoever checks us. Nothing was changed."))
    if terms.until and terms.until <= clock.today(case.organisation.timezone):
        raise NotYet(_("The day on which somebody looks again must lie ahead. Nothing was changed."))
    is_done = is_over(State(case.state)) and not put_off(case)
    if is_done or not case.key_sealed or case.state == State.EXECUTING.value:
        raise NotYet(_("This request is over or being carried out, so nothing can be held back in it. Nothing was changed."))


def put_off(case: Case) -> tuple[PutOff, ...]:
    """What the deletion has put off to a later day and not done yet."""
    return api.put_off(case.organisation, case.reference) if case.right in PLANNED and case.answered_at else ()


def _named(case: Case, line: str) -> tuple[str, str]:
    """Key and title of the line; refuses what is no line of the plan, or one that cannot be held by itself."""
    if is_over(State(case.state)):
        late = next((one for one in put_off(case) if one.key == line), None)
        if late is None:
            raise NotYet(_("Nothing of this line is still to be deleted. Nothing was changed."))
        return line, late.title
    if case.right != Right.DELETION.value or case.state != State.REVIEW.value or case.job_id is None:
        raise NotYet(_("There is no plan with lines to hold. Hold the whole request instead; nothing was changed."))
    if api.sources_left(case.job_id):
        raise NotYet(_("The deletion has begun, so nothing can be held back in it. Nothing was changed."))
    found = next((one for one in api.plan(case.job_id).lines if one.key == line), None)
    if found is None or not found.category or found.action == "detach":
        raise NotYet(_("This line cannot be held by itself. Hold the whole request instead; nothing was changed."))
    return f"{found.source_key}:{found.category}", found.title


def lines_to_hold(case: Case) -> list[tuple[str, str]]:
    """Key and words of each line that can be held by itself: of the plan, or, once it was carried out, of what is still to go."""
    if is_over(State(case.state)):
        return [(one.key, _put_off_words(one)) for one in put_off(case) if one.key not in held_lines(case)]
    if case.right != Right.DELETION.value or case.state != State.REVIEW.value or case.job_id is None:
        return []
    held = held_lines(case)
    lines = [one for one in api.plan(case.job_id).lines if one.category and one.action != "detach" and one.key not in held]
    return [(one.key, f"{one.source_title}: {one.title}") for one in lines]


def _put_off_words(one: PutOff) -> str:
    words = {"source": one.source_title, "title": one.title, "day": spoken(one.on)}
    return _("%(source)s: %(title)s, to be deleted on %(day)s") % words


def may_hold(case: Case) -> bool:
    """Whether something can be held back in this request now."""
    if is_over(State(case.state)):
        return bool(case.key_sealed) and bool(put_off(case))
    is_changing = case.right in (Right.DELETION.value, Right.CORRECTION.value, Right.WITHDRAWAL.value)
    return is_changing and case.state != State.EXECUTING.value


def _rehearse(case: Case, *, by: Actor) -> None:
    """The plan anew, with what is held now."""
    if case.job_id is None:
        return
    api.hold(case.job_id, held_lines(case), by=by.key)
    if case.state == State.REVIEW.value:
        move(case, State.COLLECTING, by=by.key)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


@transaction.atomic
def let_go(case: Case, pk: int, reason: str, *, by: Actor) -> None:
    """Ends a hold. A plan is rehearsed again; what was put off is deleted on its day, or now if that is over.

    A deletion that was answered without what was held is taken up again.
    """
    case = locked(case)
    must_lead(by, case, _("Only a lead can let data go that is held."))
    held = case.holds.filter(pk=pk, released_at__isnull=True).first()
    if held is None:
        raise NotYet(_("There is no such hold. Nothing was changed."))
    if not reason.strip():
        raise NotYet(_("Say why it need not stay any longer. Nothing was changed."))
    if case.state == State.EXECUTING.value or (case.job_id and held.line and api.sources_left(case.job_id)):
        raise NotYet(_("The deletion is being carried out. Let it go once that is over; nothing was changed."))
    held.released_by, held.released_at = by.name, clock.now()
    held.save()
    record(case, "hold.released", by=by.key, ground=held.ground, line=held.line)
    going = api.keep_back(case.organisation, case.reference, held_keys(case), by=by.key)
    was_in_plan = bool(held.line) and case.answered_at is not None and held.set_at < case.answered_at and held.line not in going
    if was_in_plan and is_over(State(case.state)):
        closing.take_up_again(case, reason, by=by)
        letters.queue(case, "reopened", to=address_of(case))
    elif held.line and not is_over(State(case.state)):
        _rehearse(case, by=by)
