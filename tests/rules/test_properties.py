"""What holds for every law, every right and every day."""

import re
from datetime import date, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from requests_app.rules.calendars import calendar_named
from requests_app.rules.counting import Calendar, Unit, add
from requests_app.rules.deadlines import Clock, ClockEvent, Deadline, Promise, clock, deadline
from requests_app.rules.events import EVENTS
from requests_app.rules.laws import Regime
from requests_app.rules.regimes import load_regimes
from requests_app.rules.rights import Right
from requests_app.rules.wording import MONTHS

DAYS = st.dates(date(2023, 1, 1), date(2032, 12, 31))
REGIMES = st.sampled_from(list(load_regimes().values()))
RIGHTS = st.sampled_from(list(Right))
DAY = r"(\d{1,2} [A-Z][a-z]+ \d{4})"
ADDED = re.compile(rf"^(\d+) (days?|working days?|months?) after {DAY}: that is \w+ {DAY}\.$")
PAUSED = re.compile(rf"^Adding (\d+) days? that did not count: \w+ {DAY}\.$")
MOVED = re.compile(rf"^{DAY} is .*so the last day moves to the next working day: \w+ {DAY}\.$")
UNITS = {"day": Unit.DAY, "days": Unit.DAY, "month": Unit.MONTH, "months": Unit.MONTH}

every = settings(deadline=None, max_examples=200)


@st.composite
def histories(draw: st.DrawFn) -> tuple[date, list[ClockEvent]]:
    received = draw(DAYS)
    happened = draw(st.lists(st.tuples(st.sampled_from(list(EVENTS)), st.integers(0, 60)), max_size=6))
    return received, [ClockEvent(kind, received + timedelta(days=days)) for kind, days in happened]


def read(text: str) -> date:
    day, month, year = text.split()
    return date(int(year), MONTHS.index(month) + 1, int(day))


def re_added(found: Deadline, calendar: Calendar) -> date:
    """The date that a reader gets who follows the sentences with a pencil."""
    reached = date.min
    for sentence in found.explanation:
        if match := ADDED.match(sentence):
            count, unit, start, said = match.groups()
            reached = add(read(start), int(count), UNITS.get(unit, Unit.WORKING_DAY), calendar)
            assert (read(start), read(said)) == (found.starts_on, reached)
        elif match := PAUSED.match(sentence):
            reached += timedelta(days=int(match[1]))
            assert read(match[2]) == reached
        elif match := MOVED.match(sentence):
            assert read(match[1]) == reached
            assert not calendar.is_working(reached)
            reached = read(match[2])
            assert calendar.is_working(reached)
    return reached


@every
@given(REGIMES, RIGHTS, histories())
def test_the_sentences_add_up_to_the_date(regime: Regime, right: Right, history: tuple[date, list[ClockEvent]]) -> None:
    received, events = history
    found = deadline(regime, right, received, events=events)
    assume(found.due)
    assert re_added(found, calendar_named(regime.calendar)) == found.due


@every
@given(REGIMES, RIGHTS, histories())
def test_no_date_lies_before_the_start_and_no_extension_before_the_date(
    regime: Regime, right: Right, history: tuple[date, list[ClockEvent]]
) -> None:
    received, events = history
    found = deadline(regime, right, received, events=events)
    assert found.starts_on is None or found.starts_on >= received
    assert found.ack_due is None or found.ack_due > received
    if found.due:
        assert found.starts_on
        assert found.due > found.starts_on
        assert found.unpaused_due
        assert found.due >= found.unpaused_due
        assert found.extended_due is None or found.extended_due > found.due
    else:
        assert found.undated
        assert found.extended_due is None


@every
@given(REGIMES, RIGHTS, DAYS, st.integers(1, 40))
def test_a_later_request_is_never_due_earlier(regime: Regime, right: Right, received: date, later: int) -> None:
    first, second = deadline(regime, right, received), deadline(regime, right, received + timedelta(days=later))
    for ours, theirs in ((first.due, second.due), (first.extended_due, second.extended_due), (first.ack_due, second.ack_due)):
        assert (ours is None) == (theirs is None)
        assert ours is None or (theirs is not None and ours <= theirs)


@every
@given(st.lists(REGIMES, max_size=5), RIGHTS, histories(), st.sampled_from(["received", "verified"]))
def test_the_earliest_rule_binds_and_the_clock_survives_json(
    regimes: list[Regime], right: Right, history: tuple[date, list[ClockEvent]], start: str
) -> None:
    received, events = history
    found = clock(regimes, right, received, events=events, promise=Promise(30, start))
    dates = [one.due for one in found.all if one.due]
    assert found.due == min(dates, default=None)
    assert found.binding == found.all[0]
    assert found.target_on is None or found.target_on >= received
    if found.due and not found.extended:
        assert found.target_on
        assert found.target_on <= max(found.due, received)
    assert found.in_force is None or found.due is None or found.in_force >= found.due
    assert Clock.from_json(found.to_json()) == found
