"""Rights that are decided, not gathered: what was done is said in a letter, what stops is recorded, what gives access is revoked first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from exports.api import EngineRefusal
from portal.kit import clock
from requests_app import answers, asking, letters
from requests_app.access import Actor, must_lead
from requests_app.flows import verification
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import ALWAYS, NotYet
from requests_app.flows.triage import address_of
from requests_app.models import Case
from requests_app.models.letter import Author
from requests_app.rules.rights import Right
from requests_app.rules.states import State

STOPPED = "uses.stopped"


@dataclass(frozen=True)
class Access:
    """What gives access and where it stands: rows that the plan names, rows that the receipt proves, and whether all is done."""

    rows: int
    revoked: int = 0
    is_done: bool = False
    is_running: bool = False


@transaction.atomic
def answer(case: Case, text: str, *, by: Actor, outcome: str = "done", stops: Sequence[str] = ()) -> None:
    """Says what was decided and done, in a letter; the text stays with the case. `stops` are uses that end by it."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can decide this."))
    words = text.strip()
    _must_be_answerable(case, words, outcome=outcome)
    ended = _ended(case, stops)
    access = access_of(case)
    if access and outcome == "done" and not access.is_done:
        raise NotYet(
            _("Something still gives access: check what ends and approve it first, or say that only a part was done. Nothing was sent.")
        )
    if case.state == State.OPEN.value:
        move(case, State.EXECUTING, by=by.key)
    case.answered_at, case.outcome = clock.now(), outcome
    if ended:
        record(case, STOPPED, by=by.key, uses=[key for key, _title in ended], count=len(ended))
    move(case, State.ANSWERED, by=by.key, outcome=outcome)
    case.messages.create(author=Author.OFFICER, author_name=by.name, body_sealed=case.seal(words), at=clock.now())
    facts: Mapping[str, Any] = {"stops": [title for _key, title in ended], "revoked": access.revoked if access else 0}
    told = answers.done(case, words, by.name, outcome=outcome)
    letters.queue(case, "answer_done", to=address_of(case), facts={**told, **facts}, formal=True)


def _must_be_answerable(case: Case, words: str, *, outcome: str) -> None:
    if case.right in ALWAYS:
        raise NotYet(_("This request is answered by its archive or by its receipt, not by a letter of our own. Nothing was changed."))
    if case.right == Right.APPEAL.value:
        raise NotYet(_("An appeal is decided: the decision stands, or it is overturned. Nothing was changed."))
    if case.right == Right.CORRECTION.value and case.job_id:
        raise NotYet(_("Decide on each correction: the answer says what became of each. Nothing was changed."))
    if not verification.is_proved(case):
        raise NotYet(_("The person has not yet proved who is asking. Nothing was changed."))
    if outcome not in answers.DECISIONS:
        raise NotYet(_("Choose what was decided. Nothing was changed."))
    if not words:
        raise NotYet(_("Write what was done: the person reads it in our letter. Nothing was sent."))


def _ended(case: Case, stops: Sequence[str]) -> list[tuple[str, str]]:
    """The uses that end, with their titles."""
    if not stops:
        return []
    possible = {one.key: one.title for one in asking.choices_of(case.policy.read(), Right(case.right))}
    unknown = [key for key in stops if key not in possible]
    if unknown:
        listed = ", ".join(possible) or _("none")
        raise NotYet(_("“%(key)s” is not a use that this right can end. Possible: %(listed)s.") % {"key": unknown[0], "listed": listed})
    return [(key, possible[key]) for key in dict.fromkeys(stops)]


def access_of(case: Case) -> Access | None:
    """What gives access by tokens and keys; None where there is no such thing for this case."""
    if case.right != Right.WITHDRAWAL.value or case.job_id is None or case.state == State.COLLECTING.value:
        return None
    try:
        view, signed = api.plan(case.job_id), api.receipt(case.job_id)
    except EngineRefusal:
        return Access(0)  # it could not be worked out: nobody knows what still gives access
    rows = view.totals.get("delete", 0) + view.totals.get("mask", 0)
    if signed is None:
        return Access(rows, is_done=not rows and not view.gaps, is_running=case.state == State.EXECUTING.value)
    receipt = signed["receipt"]
    counted = receipt["totals"]
    done = receipt["outcome"] == "complete"
    return Access(rows, counted.get("delete", 0) + counted.get("mask", 0) if done else 0, is_done=done)
