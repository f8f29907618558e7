"""What is particular to one right at the desk: the wish itself, which uses can end, what was decided. Reads only."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from exports import api
from portal.kit import clock
from requests_app import answers, asking
from requests_app.flows import answering, closing, timing, triage
from requests_app.models import Case
from requests_app.models.note import NoteKind
from requests_app.rules.refusals import refusal_grounds
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.rules.verification import needs_no_proof
from requests_app.rules.wording import listing
from requests_app.wishes import decisions_of, wish_of


def is_revoked(case: Case) -> bool:
    """What gave access is gone; the rest of the withdrawal is still to be answered."""
    access = answering.access_of(case)
    return access is not None and access.revoked > 0


def has_failed(case: Case) -> bool:
    """Something that was accepted was not done; it must be looked up anew before anybody decides again."""
    return case.state == State.REVIEW and bool(case.job_id and api.receipt(case.job_id))


def decided(case: Case) -> dict[int, dict[str, Any]]:
    """What was decided about each correction; empty once the content of the case was destroyed."""
    return decisions_of(case)


AGAINST: dict[str, Promise | str] = {
    "partly": lazy("It was done in part."),
    "not_verifiable": lazy("We could not tell who was asking."),
    "unanswered": lazy("A question of ours was never answered."),
}


def first_decision(case: Case) -> dict[str, Any]:
    """What an appeal is about: how the first request ended, and what colleagues wrote down to show it."""
    grounds = {one.code: one.title for one in refusal_grounds(closing.laws_of(case), Right(case.right))}
    notes = case.notes.filter(kind=NoteKind.EVIDENCE)
    ended = AGAINST.get(case.outcome, "")
    refused = _("Refused: %(ground)s.") % {"ground": grounds.get(case.refusal_ground, case.refusal_ground)}
    return {
        "reference": case.reference,
        "words": refused if case.refusal_ground else ended,
        "shown": [case.unseal(note.body_sealed) for note in notes],
    }


def wish_words(case: Case) -> dict[str, Any]:
    """What was asked in particular: uses by their titles, the person's own words, and the corrections."""
    wish = wish_of(case)
    titles = asking.titles_of(case.policy.read(), wish.uses)
    return {"uses": titles, "words": wish.words, "corrections": wish.corrections, "outline": wish.outline}


def uses_of(case: Case) -> list[tuple[str, str]]:
    """The uses that the decision can end."""
    return [(one.key, one.title) for one in asking.choices_of(case.policy.read(), Right(case.right))]


def first_words(case: Case) -> dict[str, Any]:
    """What stands in the form of an answer at first: the uses that were named, and what the policy says anyway."""
    promise = case.policy.read().rights.get(case.right)
    is_unproved = needs_no_proof(Right(case.right))
    said = (promise.self_service or "") if promise and is_unproved else ""
    return {"stops": list(wish_of(case).uses), "text": said, "outcome": "nothing_to_do" if said else ""}


def question_hint(case: Case, about: str) -> str:
    """What a question about this does to the date, law by law."""
    last = answers.spoken(timing.last_day(case))
    waits = _("The request waits, until %(day)s at most, and the person is reminded.") % {"day": last}
    laws = [law for law in closing.laws_of(case) if law.clock_for(Right(case.right))]
    pausing = [law.short for law in laws if law.lets_wait(Right(case.right), triage.QUESTIONS[about][0])]
    if not pausing:
        return f"{waits} {_('The date runs on.')}"
    if len(pausing) == len(laws):
        return f"{waits} {_('The date waits too.')}"
    return f"{waits} {_('The date waits by %(laws)s only; the others run on.') % {'laws': listing(pausing)}}"


def twin_words(case: Case) -> str:
    """The other request in one line."""
    when = answers.spoken(clock.local_date(case.received_at, case.organisation.timezone))
    return _("%(reference)s, asked on %(day)s") % {"reference": case.reference, "day": when}
