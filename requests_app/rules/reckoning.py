"""One law's dates for one request: start, pauses, count, roll, extension."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from requests_app.rules import explaining
from requests_app.rules.calendars import calendar_named
from requests_app.rules.counting import Calendar, add, days_between, next_working_day
from requests_app.rules.errors import RuleError
from requests_app.rules.events import EXTENSION_NOTIFIED, ClockEvent, dates_of, exchanges
from requests_app.rules.laws import ClockRule, Extension, Period, Regime, Wait
from requests_app.rules.rights import Right
from requests_app.rules.wording import length

EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
RECEIVED = "received"


@dataclass(frozen=True)
class Deadline:
    """What one law (or the policy's own promise) says about one request, with its reasons.

    `undated` says why there is no due date: not_started, paused, no_number, no_right. `extension` is
    none, fixed, open (no longest date in the law), late (announced too late) or follows (a promise that gives way to a law's).
    """

    regime: str
    title: str
    ack_due: date | None = None
    due: date | None = None
    extended_due: date | None = None
    starts_on: date | None = None
    counts: str = ""
    explanation: tuple[str, ...] = ()
    citation: str = ""
    short: str = ""
    plain: str = ""
    length: str = ""
    start_event: str = RECEIVED
    unpaused_due: date | None = None
    target_by: date | None = None
    undated: str = ""
    extension: str = "none"
    extension_reasons: tuple[str, ...] = ()
    extended: bool = False


@dataclass
class Reckoning:
    """A clock being worked out: what is fixed, what is known so far, and the sentences that say so."""

    rule: ClockRule
    calendar: Calendar
    received_on: date
    events: Sequence[ClockEvent]
    start: date
    start_event: str = RECEIVED
    paused: set[date] = field(default_factory=set)
    undated: str = ""
    sentences: list[str] = field(default_factory=list)

    def end(self, period: Period, *, more: int = 0) -> tuple[date, date]:
        """The last day as counted with its pauses, and as rolled to a working day where the law says so."""
        counted = add(self.start, period.count + more, period.unit, self.calendar) + timedelta(days=len(self.paused))
        return counted, next_working_day(counted, self.calendar) if period.rolls else counted

    def say(self, *sentences: str) -> None:
        self.sentences += [sentence for sentence in sentences if sentence]


def deadline(
    regime: Regime, right: Right, received_on: date, *, events: Sequence[ClockEvent] = (), calendar: Calendar | None = None
) -> Deadline:
    """The dates that one law sets for one request, each with its arithmetic in words.

    Dates are local calendar dates of the controller; a due date runs to the end of its day. None is a
    legitimate answer: not started, paused, no number in the law, or no such right.
    """
    for when in (received_on, *(event.on for event in events)):
        if not EARLIEST <= when <= LATEST:
            raise RuleError(f"{when.isoformat()} cannot be a date of a request: it must lie between 1990 and 2200.")
    rule = regime.clock_for(right)
    blank = Deadline(regime.id, regime.title, short=regime.short, plain=regime.plain, citation=regime.citation)
    if rule is None:
        return replace(blank, undated="no_right", explanation=(explaining.no_right(regime, right),))
    work = Reckoning(rule, calendar or calendar_named(regime.calendar), received_on, tuple(events), received_on, sentences=[rule.rule])
    acknowledged_by = _acknowledge(work)
    _find_start(work)
    answer = _answer(work, blank)
    work.say(explaining.acknowledge(rule.acknowledge, acknowledged_by) if rule.acknowledge and acknowledged_by else "", rule.note)
    return replace(answer, ack_due=acknowledged_by, explanation=tuple(work.sentences))


def _acknowledge(work: Reckoning) -> date | None:
    """Runs from receipt, whatever happens later."""
    return work.end(work.rule.acknowledge)[1] if work.rule.acknowledge else None


def _find_start(work: Reckoning) -> None:
    """The latest of receipt and every answer we had to wait for; not yet while one is outstanding."""
    start, event = work.received_on, RECEIVED
    for wait in work.rule.waits:
        for asked, answered in exchanges(work.events, wait.asked, wait.answered):
            begins = _begins(wait, asked, answered)
            if _too_late(work, asked):
                work.say(explaining.asked_too_late(wait.asked, asked))
            elif begins is None:
                work.undated = "not_started"
                work.say(wait.because, explaining.not_started(wait.asked, asked))
            elif begins > start:
                start, event = begins, wait.answered
                work.say(wait.because)
    work.start, work.start_event = start, event
    if not work.undated:
        work.say(explaining.start(work.received_on, start, event))


def _too_late(work: Reckoning, asked: date) -> bool:
    """A question put after the last day cannot bring the day back."""
    return work.rule.answer is not None and asked > work.end(work.rule.answer)[1]


def _begins(wait: Wait, asked: date, answered: date | None) -> date | None:
    if answered is None or wait.starts_days_after_asking is None:
        return answered
    return asked + timedelta(days=wait.starts_days_after_asking)


def _find_pauses(work: Reckoning) -> None:
    """Days that do not count, each once even where two questions overlap."""
    found = [
        (asked, answered, pause) for pause in work.rule.pauses for asked, answered in exchanges(work.events, pause.asked, pause.answered)
    ]
    for asked, answered, pause in sorted(found, key=lambda one: one[0]):
        if _too_late(work, asked):
            work.say(explaining.asked_too_late(pause.asked, asked))
        elif answered is None:
            work.undated = "paused"
            work.say(pause.because, explaining.standing_still(pause.asked, asked))
        else:
            first = asked if pause.inclusive else asked + timedelta(days=1)
            new = {when for when in days_between(first, answered) if when >= work.start} - work.paused
            work.paused |= new
            work.say(pause.because, explaining.pause(asked, answered, inclusive=pause.inclusive, days=len(new)))


def _answer(work: Reckoning, blank: Deadline) -> Deadline:
    """The due date and what hangs on it."""
    period, rule = work.rule.answer, work.rule
    target_by = work.received_on + timedelta(days=rule.target_days) if rule.target_days is not None else None
    if rule.target_days is not None and target_by:
        work.say(explaining.own_target(rule.target_days, target_by))
    if period is None:
        return replace(blank, starts_on=work.start, counts=explaining.NO_NUMBER, undated="no_number", target_by=target_by)
    known = replace(blank, citation=period.citation, target_by=target_by, length=length(period.count, period.unit), counts="not started")
    if work.undated:
        return replace(known, undated=work.undated)
    unpaused = work.end(period)[1]
    _find_pauses(work)
    known = replace(known, starts_on=work.start, start_event=work.start_event, unpaused_due=unpaused)
    if work.undated:
        return replace(known, undated=work.undated, counts=f"{known.length}; clock stands still")
    return _extended(work, _counted(work, period, known), period)


def _counted(work: Reckoning, period: Period, known: Deadline) -> Deadline:
    plain = add(work.start, period.count, period.unit, work.calendar)
    counted, rolled = work.end(period)
    work.say(*explaining.count(period, work.start, plain, work.calendar))
    if work.paused:
        work.say(explaining.paused_days(len(work.paused), counted))
    work.say(*explaining.roll(period, counted, rolled, work.calendar))
    if work.paused and known.unpaused_due:
        work.say(explaining.without_pause(known.unpaused_due))
    return replace(known, due=rolled, counts=explaining.short(period, counted=counted, rolled=rolled, paused=len(work.paused)))


def _extended(work: Reckoning, known: Deadline, period: Period) -> Deadline:
    """The longest lawful extension, counted from the start date; none if it was announced too late."""
    more, due = work.rule.extension, known.due
    if more is None or due is None:
        return known
    notices = dates_of(work.events, EXTENSION_NOTIFIED)
    if notices and notices[0] > due:
        work.say(explaining.late_notice(notices[0], due))
        return replace(known, extension="late")
    last = work.end(period, more=more.more)[1] if more.more else None
    _say_extension(work, period, more, (due, last))
    if notices:
        work.say(explaining.timely_notice(notices[0], last))
    kind = "open" if last is None else "fixed"
    return replace(known, extended_due=last, extension=kind, extension_reasons=more.reasons, extended=bool(notices))


def _say_extension(work: Reckoning, period: Period, more: Extension, dates: tuple[date, date | None]) -> None:
    due, last = dates
    counted = work.end(period)[0]
    if last is None:
        work.say(explaining.open_extension(more, due))
    else:
        total = length(period.count + (more.more or 0), period.unit)
        work.say(explaining.extension(more, total=total, begins=work.start, due=due, last=last))
    if counted < due:
        work.say(explaining.safer_notice(counted))
