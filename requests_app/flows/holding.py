"""A legal hold: what must stay although its deletion was asked for. A lead sets it and lets it go; no day does."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from portal.kit import clock
from requests_app import hints, letters
from requests_app.access import Actor, must_lead
from requests_app.flows import closing
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of
from requests_app.holds import GROUNDS, held_lines
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
    title = _title(case, line) if line else ""
    if case.holds.filter(line=line, released_at__isnull=True).exists():
        raise NotYet(_("This is held already. Nothing was changed."))
    kept = {"ground": terms.ground, "until": terms.until, "note_sealed": case.seal(terms.note.strip())}
    held = Hold.objects.create(case=case, line=line, title=title, set_by=by.name, set_at=clock.now(), **kept)
    until = terms.until.isoformat() if terms.until else ""
    record(case, "hold.set", by=by.key, ground=terms.ground, until=until, line=line)
    if line:
        _rehearse(case, by=by)
    return held


def _check(case: Case, terms: Terms) -> None:
    if terms.ground not in GROUNDS:
        raise NotYet(_("Choose why it must stay. Nothing was changed."))
    if not terms.note.strip():
        raise NotYet(_("Write down what shows it, for colleagues and for whoever checks us. Nothing was changed."))
    if terms.until and terms.until <= clock.today(case.organisation.timezone):
        raise NotYet(_("The day on which somebody looks again must lie ahead. Nothing was changed."))
    if is_over(State(case.state)) or case.state == State.EXECUTING.value:
        raise NotYet(_("This request is over or being carried out, so nothing can be held back in it. Nothing was changed."))


def _title(case: Case, line: str) -> str:
    """The title of the line; refuses what is no line of the plan, or one that cannot be held by itself."""
    if case.right != Right.DELETION.value or case.state != State.REVIEW.value or case.job_id is None:
        raise NotYet(_("There is no plan with lines to hold. Hold the whole request instead; nothing was changed."))
    if api.sources_left(case.job_id):
        raise NotYet(_("The deletion has begun, so nothing can be held back in it. Nothing was changed."))
    found = next((one for one in api.plan(case.job_id).lines if one.key == line), None)
    if found is None or not found.category or found.action == "detach":
        raise NotYet(_("This line cannot be held by itself. Hold the whole request instead; nothing was changed."))
    return found.title


def lines_to_hold(case: Case) -> list[tuple[str, str]]:
    """Key and words of each line of the plan that can be held by itself."""
    if case.right != Right.DELETION.value or case.state != State.REVIEW.value or case.job_id is None:
        return []
    held = held_lines(case)
    lines = [one for one in api.plan(case.job_id).lines if one.category and one.action != "detach" and one.key not in held]
    return [(one.key, f"{one.source_title}: {one.title}") for one in lines]


def may_hold(case: Case) -> bool:
    """Whether something can be held back in this request now."""
    is_changing = case.right in (Right.DELETION.value, Right.CORRECTION.value, Right.WITHDRAWAL.value)
    return is_changing and not is_over(State(case.state)) and case.state != State.EXECUTING.value


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
    """Ends a hold. A plan is rehearsed again; a deletion that was answered meanwhile is taken up again for what was held."""
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
    if held.line and is_over(State(case.state)):
        closing.take_up_again(case, reason, by=by)
        letters.queue(case, "reopened", to=address_of(case))
    elif held.line:
        _rehearse(case, by=by)
