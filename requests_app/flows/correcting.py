"""A correction after its rehearsal: a decision on each wish, and the answer once everything that was accepted was read again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from exports import api
from exports.api import CorrectionLine, EngineRefusal
from portal.kit import clock
from requests_app import hints, holds, letters
from requests_app.access import Actor, must_lead
from requests_app.corrected import Corrected, correction
from requests_app.flows import contacts, verification
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of, must_be_moving
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.wishes import Wanted, add_correction, decisions_of, keep_decisions, wish_of

ACCEPT, BY_HAND, REFUSE = "accept", "by_hand", "refuse"
REASONS: dict[str, Promise | str] = {
    "right": lazy("What we hold is right."),
    "unproved": lazy("We could not see that what you wrote is right."),
    "nothing": lazy("We hold nothing of this kind about you."),
    "others": lazy("It also belongs to other people, so we cannot change it for one of them."),
    "impossible": lazy("Our system cannot hold the new value."),
    "record": lazy("It records what was said or done at the time, so it stays as it is."),
}


@dataclass(frozen=True)
class Decision:
    """What becomes of one wish. `rows` are those of the rehearsal that are changed; `words` are for the person."""

    verdict: str
    rows: tuple[int, ...] = ()
    reason: str = ""
    words: str = ""


@transaction.atomic
def add(case: Case, wanted: Wanted, *, by: Actor) -> None:
    """One more correction, as the person said it in a mail or on the phone. What was looked up before is looked up anew."""
    case = locked(case)
    must_be_moving(case)
    if case.right != Right.CORRECTION.value:
        raise NotYet(_("This request is not for a correction. Nothing was changed."))
    if State(case.state) not in (State.ARRIVED, State.OPEN, State.WAITING):
        raise NotYet(_("What stands there was looked up already, so decide first. Nothing was changed."))
    possible = {one.key: f"{one.title} ({one.place})" for one in api.correctable(case.organisation, case.policy.read())}
    if not wanted.is_other and wanted.thing not in possible:
        raise NotYet(_("“%(thing)s” is not a field that can be corrected here. Nothing was changed.") % {"thing": wanted.thing})
    if not wanted.new.strip():
        raise NotYet(_("Write what it should say. Nothing was changed."))
    title = wanted.title or possible.get(wanted.thing, "")
    add_correction(case, Wanted(wanted.thing, title, wanted.new.strip(), wanted.old.strip(), wanted.evidence.strip()))
    case.save(update_fields=["details_sealed"])
    record(case, "correction.added", by=by.key)
    hints.on_commit(hints.SETTLE_CASE, case.pk)


def found_for(case: Case) -> dict[int, CorrectionLine]:
    """Number of the wish → what stands there now; nothing for a wish that names no field, or while it is being looked up."""
    if case.job_id is None or case.state == State.COLLECTING.value:
        return {}
    try:
        lines = api.correction(case.job_id).lines
    except EngineRefusal:
        return {}
    numbers = [number for number, one in enumerate(wish_of(case).corrections) if not one.is_other]
    return {numbers[line.number]: line for line in lines}


@transaction.atomic
def decide(case: Case, decisions: Mapping[int, Decision], *, digest: str, by: Actor) -> None:
    """A lead accepts or refuses each wish. What is accepted is written and read again before the person hears of it."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can decide on a correction."))
    _must_be_decidable(case)
    if (held := holds.barrier(case)) and any(one.verdict != REFUSE for one in decisions.values()):
        raise NotYet(held)
    wish, found = wish_of(case), found_for(case)
    for number, wanted in enumerate(wish.corrections):
        _check(wanted, found.get(number), decisions.get(number))
    keep_decisions(case, {number: asdict(one) for number, one in decisions.items()})
    case.save(update_fields=["details_sealed"])
    accepted = {found[number].number: one.rows for number, one in decisions.items() if one.verdict == ACCEPT and one.rows}
    counts = {name: sum(one.verdict == name for one in decisions.values()) for name in (ACCEPT, BY_HAND, REFUSE)}
    case.released_by = by.name
    if accepted and case.job_id:
        api.accept(case.job_id, digest, accepted, by=by.key)
        move(case, State.EXECUTING, by=by.key, **counts)
        hints.on_commit(hints.SETTLE_CASE, case.pk)
        return
    if case.state == State.OPEN.value:
        move(case, State.EXECUTING, by=by.key, **counts)
    _answer(case, by=by.key)


def _must_be_decidable(case: Case) -> None:
    if case.right != Right.CORRECTION.value:
        raise NotYet(_("This request is not for a correction. Nothing was changed."))
    wish = wish_of(case)
    if not wish.corrections:
        raise NotYet(_("Nobody has written down yet what should be corrected. Add it first; nothing was changed."))
    is_ready = case.state == State.REVIEW.value or (case.state == State.OPEN.value and not wish.for_engine)
    if not is_ready:
        raise NotYet(_("There is nothing to decide now: it is not looked up and in review. Nothing was changed."))
    if not verification.is_proved(case):
        raise NotYet(_("The person has not yet proved who is asking. Nothing was changed."))


def _check(wanted: Wanted, line: CorrectionLine | None, decision: Decision | None) -> None:
    """One decision that cannot stand stops all of them."""
    named = {"title": wanted.title}
    if decision is None or decision.verdict not in (ACCEPT, BY_HAND, REFUSE):
        raise NotYet(_("Decide on “%(title)s” too. Nothing was changed.") % named)
    if decision.verdict == REFUSE and decision.reason not in REASONS:
        raise NotYet(_("Choose why “%(title)s” is refused: the person reads it. Nothing was changed.") % named)
    if decision.verdict == BY_HAND and not decision.words.strip():
        raise NotYet(_("Say what was done by hand about “%(title)s”: the person reads it. Nothing was changed.") % named)
    if decision.verdict == ACCEPT and (line is None or (not decision.rows and not line.is_done)):
        raise NotYet(_("Choose in which record “%(title)s” is corrected, or refuse it. Nothing was changed.") % named)


@transaction.atomic
def conclude(case: Case) -> bool:
    """For the sweep: answers once the receipt says complete. Anything less goes back to an officer, never to the person as done."""
    case = locked(case)
    if case.state != State.EXECUTING.value or case.job_id is None or case.right != Right.CORRECTION.value:
        return False
    progress = api.progress(case.job_id)
    if not progress.finished:
        return False
    signed = api.receipt(case.job_id)
    outcome = str(signed["receipt"]["outcome"]) if signed else "failed"
    if outcome != "complete" or progress.failed:
        move(case, State.REVIEW, by="system", outcome=outcome)
        return True
    _answer(case, by="system")
    return True


def _answer(case: Case, *, by: str) -> None:
    """The letter says of each wish what became of it."""
    wish, found, decisions = wish_of(case), found_for(case), decisions_of(case)
    rows = [_told(one, found.get(number), Decision(**decisions[number])) for number, one in enumerate(wish.corrections)]
    changed = [row for row in rows if row.is_changed]
    case.outcome = "done" if len(changed) == len(rows) else "partly" if changed else "refused"
    case.answered_at = clock.now()
    grounds = sorted({decision["reason"] for decision in decisions.values() if decision["verdict"] == REFUSE})
    move(case, State.ANSWERED, by=by, outcome=case.outcome, changed=len(changed), refused=len(rows) - len(changed), grounds=grounds)
    letters.queue(case, "answer_correction", to=address_of(case), facts=correction(case, rows), formal=True)
    for number, decision in decisions.items():
        line = found.get(number)
        if line and line.is_contact and decision["verdict"] == ACCEPT and decision["rows"]:
            contacts.note_change(case, str(line.new))
    if case.job_id:
        api.destroy(case.job_id)  # what stood there, and in which rows, is needed no more; the receipt stays


def _told(wanted: Wanted, line: CorrectionLine | None, decision: Decision) -> Corrected:
    reason = str(REASONS.get(decision.reason, "")) if decision.verdict == REFUSE else ""
    is_right = decision.verdict == ACCEPT and not decision.rows and line is not None and line.is_done
    return Corrected(
        title=wanted.title,
        is_changed=decision.verdict in (ACCEPT, BY_HAND),
        rows=len(decision.rows),
        is_right_already=is_right,
        because=" ".join(part for part in (reason, decision.words.strip()) if part),
    )
