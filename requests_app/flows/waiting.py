"""A question that waits for the person: reminders on their days, and the recorded end after the last day that the letter named.

Only a person's silence ends a request here, never an officer's: whoever has written anything since, by whatever way, is read first.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from portal.kit import clock
from requests_app import letters
from requests_app.access import Actor
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of
from requests_app.models import Case, Event
from requests_app.models.letter import Author, LetterState
from requests_app.rules.states import State

ASKED, CHASED = "case.waiting", "question.chased"
# What a request counts as that ends because its question was never answered.
OUTCOMES = {"identity": "not_verifiable"}
UNANSWERED = "unanswered"
ONCE_IN = timedelta(days=1)


@dataclass(frozen=True)
class Question:
    """The question that a case waits for: what it is about, when it was asked, how often we reminded, and the last day."""

    about: str
    asked_on: date
    last_on: date
    position: int
    chased: int


def question_of(case: Case) -> Question | None:
    """The open question; None for a case that does not wait, or whose question named no last day."""
    if case.state != State.WAITING.value:
        return None
    lines = Event.objects.filter(case_reference=case.reference).order_by("-position")
    asked = lines.filter(code=ASKED).first()
    if asked is None or "last_on" not in asked.facts:
        return None
    return Question(
        about=str(asked.facts.get("about", "")),
        asked_on=clock.local_date(asked.at, case.organisation.timezone),
        last_on=date.fromisoformat(asked.facts["last_on"]),
        position=asked.position,
        chased=lines.filter(code=CHASED, position__gt=asked.position).count(),
    )


@transaction.atomic
def chase(case: Case, *, by: Actor) -> None:
    """Reminds the person now; the last day stays as it was said."""
    case = locked(case)
    question = question_of(case)
    if question is None:
        raise NotYet(_("This request does not wait for an answer, so there is nobody to remind. Nothing was sent."))
    last = case.letters.filter(kind__in=["question", "question_again"]).order_by("-pk").first()
    if last is not None and last.created_at > clock.now() - ONCE_IN:
        raise NotYet(_("We wrote to the person about it within the last day. Nothing was sent."))
    _remind(case, question, by=by.key)


@transaction.atomic
def chase_if_due(case: Case) -> bool:
    """For the sweep: the reminders that the policy plans, each once, none after the last day."""
    case = locked(case)
    question = question_of(case)
    today = clock.today(case.organisation.timezone)
    if question is None or today > question.last_on or _has_written(case, question):
        return False
    days = (today - question.asked_on).days
    if sum(day <= days for day in case.policy.read().chaser_days) <= question.chased:
        return False
    _remind(case, question, by="system")
    return True


def _remind(case: Case, question: Question, *, by: str) -> None:
    record(case, CHASED, by=by, number=question.chased + 1)
    letters.queue(case, "question_again", to=address_of(case), facts={"last_on": question.last_on, "first_on": question.asked_on})


@transaction.atomic
def end_if_silent(case: Case) -> bool:
    """For the sweep: ends a request whose last day has passed without a word, with a letter. What was gathered for it is destroyed."""
    case = locked(case)
    question = question_of(case)
    if question is None or clock.today(case.organisation.timezone) <= question.last_on or not _was_heard(case, question):
        return False
    if case.job_id and api.sources_left(case.job_id):
        return False  # something has begun: a person must look
    case.outcome, case.answered_at = OUTCOMES.get(question.about, UNANSWERED), clock.now()
    move(case, State.EXPIRED, by="system", about=question.about)
    if case.job_id:
        api.destroy(case.job_id)
    facts = {"last_on": question.last_on, "first_on": question.asked_on}
    letters.queue(case, "unanswered", to=address_of(case), facts=facts)
    return True


def _was_heard(case: Case, question: Question) -> bool:
    """The question reached the mailbox, as far as we know, and nothing came back from there, neither a word nor the letter itself."""
    asked = case.letters.filter(kind="question").order_by("-pk").first()
    if asked is None or asked.state != LetterState.SENT.value:
        return False
    bounced = case.letters.filter(kind__in=["question", "question_again"], pk__gte=asked.pk, bounced_at__isnull=False)
    return not bounced.exists() and not _has_written(case, question)


def _has_written(case: Case, question: Question) -> bool:
    """Whether the person, or somebody in their name, has written since. An officer reads it first."""
    asked = Event.objects.get(position=question.position)
    return case.messages.filter(author=Author.PERSON, at__gte=asked.at).exists()


def may_chase(case: Case) -> bool:
    """Whether somebody can be reminded now."""
    return question_of(case) is not None
