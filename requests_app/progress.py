"""What the person sees of a case: four steps, what they can do now, and why this date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock
from requests_app import askers
from requests_app.models import Case
from requests_app.rules.deadlines import POLICY, Clock, Deadline
from requests_app.rules.rights import Right
from requests_app.rules.states import State, is_over
from requests_app.rules.verification import needs_no_proof
from requests_app.templatetags.habeas import day_short

S = State
WORK: Mapping[Right, Promise | str] = {
    Right.ACCESS: gettext_lazy("We gather and check"),
    Right.PORTABILITY: gettext_lazy("We gather and check"),
    Right.DELETION: gettext_lazy("We work out what goes, and delete it"),
    Right.CORRECTION: gettext_lazy("We check it, and correct it"),
}
TITLES: Mapping[Right, Promise | str] = {
    Right.ACCESS: gettext_lazy("A copy of your data"),
    Right.PORTABILITY: gettext_lazy("Your data to take elsewhere"),
    Right.CORRECTION: gettext_lazy("A correction of your data"),
    Right.DELETION: gettext_lazy("Deletion of your data"),
    Right.RESTRICTION: gettext_lazy("A pause in the use of your data"),
    Right.OBJECTION: gettext_lazy("Your objection"),
    Right.WITHDRAWAL: gettext_lazy("Your consent, taken back"),
    Right.OPT_OUT_SALE: gettext_lazy("No sale or sharing of your data"),
    Right.LIMIT_SENSITIVE: gettext_lazy("A limit on the use of your data"),
    Right.COMPLAINT: gettext_lazy("Your complaint"),
    Right.GRIEVANCE: gettext_lazy("Your complaint"),
    Right.APPEAL: gettext_lazy("Your appeal"),
}
ENDINGS: Mapping[State, Promise | str] = {
    S.REFUSED: gettext_lazy("We could not do what you asked. Our letter says why, and how to complain."),
    S.WITHDRAWN: gettext_lazy("You took this request back. We have stopped."),
    S.EXPIRED: gettext_lazy("Nobody confirmed this request, so it has ended. You can ask again."),
    S.DUPLICATE: gettext_lazy("You sent the same request twice. We answer the other one."),
    S.ANSWERED: gettext_lazy("We have answered. Our letter is below."),
    S.CLOSED: gettext_lazy("This request is closed."),
}
UNDATED: Mapping[str, Promise | str] = {
    "not_started": gettext_lazy("Not started yet"),
    "paused": gettext_lazy("Stands still until you answer"),
    "no_number": gettext_lazy("It names no number of days"),
}
# Taken back, or answered elsewhere: no date is left to explain.
DATELESS = frozenset({S.WITHDRAWN.value, S.DUPLICATE.value})
NOT_LET_IN = gettext_lazy("That is not a code that works here. Check it, or ask for a new one.")


@dataclass(frozen=True)
class Stage:
    """One of the four steps: its look is done, now or empty."""

    words: str
    note: str = ""
    look: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule that sets a date, in a person's words."""

    title: str
    counts: str
    due: date | None
    is_earliest: bool
    note: str = ""
    is_numberless: bool = False


def title_of(case: Case) -> str:
    return str(TITLES[Right(case.right)])


def ending_of(case: Case) -> str:
    """How the case ended; empty while it goes on."""
    if case.state == S.EXPIRED.value and case.confirmed_at:
        return _("We asked you something and heard nothing by the day we named, so this request has ended. You can ask again.")
    return str(ENDINGS.get(State(case.state), ""))


def stages(case: Case, *, from_places: tuple[int, int] | None = None) -> list[Stage]:
    """You asked, we know it is you, we work, you get our answer. `from_places`: how many of how many data sources answered."""
    at = _stage(case)
    gathered = (
        _("%(done)d of %(all)d places have answered.") % dict(zip(("done", "all"), from_places, strict=True))
        if from_places and at == 2
        else ""
    )
    proved_at = case.authorised_at if askers.is_for_another(case) else case.confirmed_at
    notes = [_short(case, case.received_at), _short(case, proved_at), gathered, _answer_note(case)]
    known = _("We ask for no proof") if needs_no_proof(Right(case.right)) else _known(case)
    words = [_("You asked"), known, str(WORK.get(Right(case.right), _("We look into it"))), _("You get our answer")]
    looks = ["done" if place < at else "now" if place == at and not is_over(State(case.state)) else "" for place in range(4)]
    return [Stage(word, note, look) for word, note, look in zip(words, notes, looks, strict=True)]


def _stage(case: Case) -> int:
    """Which of the four steps the case has reached; 4 once it was answered."""
    if case.answered_at:
        return 4
    return 2 if case.confirmed_at and not askers.lacks_authority(case) else 1


def _known(case: Case) -> str:
    return _("We know that you may ask for them") if askers.is_for_another(case) else _("We know it is you")


def _short(case: Case, moment: datetime | None) -> str:
    return day_short(clock.local_date(moment, case.organisation.timezone)) if moment else ""


def _answer_note(case: Case) -> str:
    if case.answered_at:
        return _short(case, case.answered_at)
    if is_over(State(case.state)) or not case.due_on:
        return ""
    return _("By %(day)s") % {"day": day_short(case.due_on)}


def clock_of(case: Case) -> Clock | None:
    """The stored clock; None for a case from before there was one."""
    return Clock.from_json(case.clock) if case.clock else None


def rules_of(reckoned: Clock) -> list[Rule]:
    """Every rule that speaks of this right, the earliest first; a law that does not give the right says nothing here."""
    speaking = [one for one in reckoned.all if one.undated != "no_right"]
    return [_rule(one, is_earliest=bool(reckoned.due) and one.due == reckoned.due) for one in speaking]


def _rule(one: Deadline, *, is_earliest: bool) -> Rule:
    title = _("Our own promise") if one.regime == POLICY else _capital(one.plain or one.title)
    note = "" if one.due else str(UNDATED.get(one.undated, _("No date yet")))
    due = one.extended_due if one.extended else one.due
    return Rule(title, one.counts, due, is_earliest, note, is_numberless=one.undated == "no_number")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def citations(reckoned: Clock) -> Sequence[str]:
    """Where each rule stands, once each."""
    return list(dict.fromkeys(one.citation for one in reckoned.all if one.citation))
