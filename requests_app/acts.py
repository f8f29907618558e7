"""What an officer can do with a case now: one thing first, the rest as links. What cannot be done is left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from exports import api
from portal.kit import clock
from requests_app import askers
from requests_app.access import Actor
from requests_app.flows import answering, appealing, duplicates, holding, lifting, searching, shortfalls, verification, waiting
from requests_app.models import Case
from requests_app.rules.deadlines import Clock
from requests_app.rules.errors import RuleError
from requests_app.rules.extensions import may_extend
from requests_app.rules.rights import GATHERED, Right
from requests_app.rules.states import State, is_over, next_states
from requests_app.steps import OPEN
from requests_app.wishes import wish_of

AGAIN: dict[Right, Promise | str] = {
    Right.DELETION: lazy("Rehearse again"),
    Right.WITHDRAWAL: lazy("Rehearse again"),
    Right.CORRECTION: lazy("Look again"),
}

ENDED_SO: dict[State, Promise | str] = {
    State.WITHDRAWN: lazy("It was taken back. Nothing is left to do."),
    State.DUPLICATE: lazy("The other request is answered. Nothing is left to do here."),
    State.EXPIRED: lazy("It ended by itself, and we wrote so to the person. Nothing is left to do."),
}


@dataclass(frozen=True)
class Act:
    """A button that changes something (`posts`), or a link to the page where it is done. No address: only the sentence."""

    words: str = ""
    address: str = ""
    posts: bool = False
    hint: str = ""


def primary_of(case: Case, actor: Actor) -> Act:
    """The one thing to do next, or why there is nothing to do."""
    state = State(case.state)
    if not actor.handles:
        return Act(hint=_("You may look at this request, not change it."))
    if state is State.OPEN:
        return _begin(case)
    if state is State.REVIEW:
        return _decide(case, actor)
    return _rest(case, state)


def _begin(case: Case) -> Act:
    right = Right(case.right)
    if askers.lacks_authority(case):
        return Act(_("Check who may ask"), _to("authority", case), hint=_("Nothing is looked for before it is settled that they may."))
    if not verification.is_proved(case):
        return Act(hint=_("The person has not given every proof that is needed. We go on by ourselves once it is there."))
    if searching.engine_works(case):
        return Act(
            str(OPEN[right][0]), _to("start", case), posts=True, hint=_("It begins by itself within seconds. Press only if it does not.")
        )
    if right is Right.CORRECTION:
        return _correct(case)
    return Act(str(OPEN[right][0]), _to(OPEN[right][1], case))


def _correct(case: Case) -> Act:
    """A correction: write down what was said, or decide on what was."""
    if not wish_of(case).corrections:
        return Act(_("Write down the correction"), _to("correct_add", case), hint=_("The person has said it in a message or a mail."))
    return Act(str(OPEN[Right.CORRECTION][0]), _to("correct", case), hint=_("Nothing is changed before a lead accepts it."))


def _withdraw(case: Case) -> Act:
    """What gives access goes first, by its plan; then somebody says what else stops."""
    access = answering.access_of(case)
    if access and not access.is_done:
        return Act(_("Check what ends"), _to("plan", case), hint=_("Keys and tokens are revoked only after a lead approves the plan."))
    return Act(str(OPEN[Right.WITHDRAWAL][0]), _to("answer", case))


def _decide(case: Case, actor: Actor) -> Act:
    right = Right(case.right)
    if case.job_id and api.sources_left(case.job_id):
        return Act(hint=_("The deletion has begun and is not finished. This page names what is left, and what you can do there."))
    if shortfalls.may_accept_gaps(case):
        return Act(_("Answer in part"), _to("answer_in_part", case), hint=_("It ended in part, and nothing is left to try."))
    if right is Right.DELETION:
        return Act(_("Check the plan"), _to("plan", case), hint=_("Nothing is deleted before a lead approves the plan."))
    if right is Right.CORRECTION:
        return _correct(case)
    if right is Right.WITHDRAWAL:
        return _withdraw(case)
    if right not in GATHERED:
        return Act(str(OPEN[right][0]), _to(OPEN[right][1], case))
    if case.released_at:
        return Act(hint=_("Released. We are packing the archive; the letter goes out once it was read back."))
    if shortfalls.open_sources(case):
        return Act(hint=_("A source did not answer. Try it again or close it with a reason; then a lead can release."))
    if wish_of(case).outline:
        return Act(
            _("Send the description"), _to("release", case), posts=True, hint=_("No record goes out; what was read for it is destroyed.")
        )
    days = case.policy.read().archive_days
    sentence = _("Posts the letter and opens the download for %(days)d days.") % {"days": days}
    return Act(
        _("Release the archive"), _to("release", case), posts=True, hint=sentence if actor.decides else _("Only a lead can release it.")
    )


def _rest(case: Case, state: State) -> Act:
    if state is State.ARRIVED:
        return Act(hint=_("Nobody has confirmed the address yet. The date runs all the same. After 14 days the request ends by itself."))
    if state is State.WAITING:
        return _wait(case)
    if state is State.COLLECTING:
        return Act(hint=_("The sources are being asked. Nothing to do meanwhile."))
    if state is State.EXECUTING:
        return Act(hint=_("It is being carried out, then read again. Nothing to do meanwhile."))
    if state is State.ANSWERED and case.backups_until:
        return _attest(case)
    if state is State.CLOSED:
        return Act(_("Open it again"), _to("reopen", case), hint=_("Only a lead can, with a reason."))
    return Act(hint=str(ENDED_SO.get(state, _("The person has our answer."))))


def _wait(case: Case) -> Act:
    """The person was asked: when we remind them, and when the request ends by itself."""
    question = waiting.question_of(case)
    hint = _("The person has been asked. It goes on by itself when they answer.")
    if question:
        last = _("If they say nothing by %(day)s, it ends with a letter.") % {"day": date_format(question.last_on, "j F Y")}
        hint = f"{hint} {last}"
    return Act(_("Go on without an answer"), _to("resume", case), posts=True, hint=hint)


def _attest(case: Case) -> Act:
    if case.backups_until and case.backups_until > clock.today(case.organisation.timezone):
        return Act(hint=_("Answered. Backups may still hold the data; it stays on the desk until somebody attests that they are gone."))
    return Act(_("Attest the backups"), _to("attest", case), hint=_("The last backup with this data should have rolled over."))


def acts_of(case: Case, actor: Actor) -> list[Act]:
    """Everything else that can be done, as links."""
    if not actor.handles:
        return []
    return [act for may, act in (*_words_and_work(case), *_endings(case), *_papers(case)) if may]


def _words_and_work(case: Case) -> Iterator[tuple[bool, Act]]:
    """What is said, looked up or put off."""
    state, right = State(case.state), Right(case.right)
    yield True, Act(_("Messages"), _to("message", case))
    yield True, Act(_("Add a note"), _to("note", case))
    is_idle = state is State.REVIEW and case.job_id is not None and not case.released_at and not api.sources_left(case.job_id)
    yield is_idle, Act(str(AGAIN.get(right, _("Gather again"))), _to("gather", case))
    is_early = right is Right.CORRECTION and state in (State.ARRIVED, State.OPEN, State.WAITING)
    yield is_early, Act(_("Write down a correction"), _to("correct_add", case))
    is_half = right is Right.WITHDRAWAL and state is State.REVIEW and _withdraw(case).address != _to("answer", case)
    yield is_half, Act(_("Answer"), _to("answer", case))
    is_unsettled = askers.lacks_authority(case) and state in (State.ARRIVED, State.WAITING, State.REVIEW)
    yield is_unsettled, Act(_("Check who may ask"), _to("authority", case))
    yield waiting.may_chase(case), Act(_("Remind the person"), _to("chase", case), posts=True)
    yield holding.may_hold(case), Act(_("Legal hold"), _to("hold", case))
    yield _can_extend(case), Act(_("Extend"), _to("extend", case))


def _endings(case: Case) -> Iterator[tuple[bool, Act]]:
    """What ends it."""
    possible = next_states(State(case.state), Right(case.right))
    yield State.REFUSED in possible, Act(_("Refuse"), _to("refuse", case))
    is_double = State.DUPLICATE in possible and not case.released_at and bool(duplicates.twins_of(case))
    yield is_double, Act(_("Mark as a duplicate"), _to("join", case))
    may_withdraw = State.WITHDRAWN in possible and not case.released_at
    yield may_withdraw, Act(_("The person takes it back"), _to("withdraw", case))
    yield lifting.stands(case), Act(_("Lift the restriction"), _to("lift", case))
    yield appealing.may_appeal(case), Act(_("Open an appeal"), _to("appeal", case))


def _papers(case: Case) -> Iterator[tuple[bool, Act]]:
    """What proves it."""
    is_erased = case.right == Right.DELETION and case.outcome in ("erased", "partly")
    yield is_erased, Act(_("Receipt"), _to("receipt", case))
    is_corrected = case.right == Right.CORRECTION and case.outcome in ("done", "partly") and case.job_id is not None
    yield is_corrected, Act(_("Receipt"), _to("receipt_json", case))


def _can_extend(case: Case) -> bool:
    if is_over(State(case.state)) or not case.clock:
        return False
    try:
        may_extend(Clock.from_json(case.clock), clock.today(case.organisation.timezone), case.extended_at is not None)
    except RuleError:
        return False
    return True


def _to(name: str, case: Case) -> str:
    return reverse(f"desk:{name}", args=[case.reference])
