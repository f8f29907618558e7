"""The sentences of an explanation. Each is whole, carries its dates, and can be added up again by hand."""

from collections.abc import Sequence
from datetime import date

from requests_app.rules.counting import Calendar, Unit, holidays_between
from requests_app.rules.events import EVENTS
from requests_app.rules.laws import Extension, Period, Regime
from requests_app.rules.rights import Right
from requests_app.rules.wording import day, length, listing, long_day, weekday

NO_NUMBER = "no number of days in the law"
RIGHT_WORDS = {
    Right.ACCESS: "access",
    Right.PORTABILITY: "portability",
    Right.CORRECTION: "correction",
    Right.DELETION: "deletion",
    Right.RESTRICTION: "restriction",
    Right.OBJECTION: "objection",
    Right.WITHDRAWAL: "withdrawal of consent",
    Right.OPT_OUT_SALE: "opting out of sale",
    Right.LIMIT_SENSITIVE: "limiting the use of sensitive data",
    Right.COMPLAINT: "a complaint to the organisation",
    Right.GRIEVANCE: "a grievance",
    Right.APPEAL: "an appeal to the organisation",
}


def no_right(regime: Regime, right: Right) -> str:
    return f"{regime.title} sets no clock of its own for {RIGHT_WORDS[right]}, so it gives no date."


def start(received: date, starts: date, event: str) -> str:
    if starts == received:
        return f"The request arrived on {day(received)}, and the clock starts on that day."
    return f"The request arrived on {day(received)}. The clock starts later, on {day(starts)}: {EVENTS[event]}."


def not_started(asked: str, when: date) -> str:
    return f"On {day(when)} {EVENTS[asked]} and the answer is still missing, so the clock has not started and there is no date yet."


def asked_too_late(asked: str, when: date) -> str:
    return f"On {day(when)} {EVENTS[asked]}, but the last day had passed by then, so this changes nothing."


def standing_still(asked: str, when: date) -> str:
    return f"On {day(when)} {EVENTS[asked]} and the answer is still missing, so the clock stands still and there is no date yet."


def pause(asked: date, answered: date, *, inclusive: bool, days: int) -> str:
    if days == 0:
        return f"We asked on {day(asked)} and the answer came on {day(answered)}: this adds no day to the count."
    ends = "both days included" if inclusive else "without the day of asking"
    return f"We asked on {day(asked)} and the answer came on {day(answered)}: {ends}, {length(days, 'day')} more do not count."


def count(period: Period, begins: date, ends: date, calendar: Calendar) -> list[str]:
    """The addition itself, with what was left out of it."""
    said = [f"{length(period.count, period.unit)} after {day(begins)}: that is {long_day(ends)}."]
    if period.unit is Unit.MONTH and ends.day != begins.day:
        said.append(f"That month has no day {begins.day}, so its last day counts.")
    if period.unit is Unit.WORKING_DAY:
        said.append(_left_out(begins, ends, calendar))
    return said


def _left_out(begins: date, ends: date, calendar: Calendar) -> str:
    weekdays = f"{listing([WEEKDAY_PLURALS[n] for n in sorted(calendar.non_working_weekdays)])} do not count"
    named = [f"{day(when)} ({name})" for when, name in holidays_between(begins, ends, calendar)]
    if not named:
        return f"{weekdays}, and no holiday falls in between."
    return f"{weekdays}, and neither do these holidays: {listing(named)}."


WEEKDAY_PLURALS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def paused_days(days: int, ends: date) -> str:
    return f"Adding {length(days, 'day')} that did not count: {long_day(ends)}."


def roll(period: Period, counted: date, rolled: date, calendar: Calendar) -> list[str]:
    """Why the last day moved, or why it stays on a weekend."""
    if counted != rolled:
        name = calendar.dates.get(counted)
        because = f"a holiday ({name})" if name else f"a {weekday(counted)}"
        return [f"{day(counted)} is {because}, so the last day moves to the next working day: {long_day(rolled)}."]
    if counted.weekday() < 5 or period.unit is Unit.WORKING_DAY:
        return []
    if period.rolls:
        return [f"{weekday(counted)} is not a day that moves this date, so it stays on {day(counted)}."]
    return [f"This rule does not move a last day that falls on a {weekday(counted)}, so it stays on {day(counted)}."]


def extension(more: Extension, *, total: str, begins: date, due: date, last: date) -> str:
    return f"{more.notice} Announced by {day(due)}, it ends at the latest {total} after {day(begins)}, counted alike: {long_day(last)}."


def open_extension(more: Extension, due: date) -> str:
    return f"{more.notice} It must be announced by {day(due)}; the law sets no longest date."


def safer_notice(counted: date) -> str:
    return f"To be safe, announce it by {day(counted)}: the day before it was moved."


def late_notice(when: date, due: date) -> str:
    return f"The extension was announced on {day(when)}, after the last day {day(due)}. It came too late and changes nothing."


def timely_notice(when: date, last: date | None) -> str:
    if last is None:
        return f"The extension was announced in time, on {day(when)}. The date that we named in it holds."
    return f"The extension was announced in time, on {day(when)}, so the last day is now {day(last)}."


def acknowledge(period: Period, last: date) -> str:
    return f"We must confirm that the request arrived within {length(period.count, period.unit)}, by {long_day(last)}."


def own_target(days: int, when: date) -> str:
    return f"The law gives no number of days for this. Our own target is {length(days, 'day')}: {day(when)}."


def without_pause(when: date) -> str:
    return f"Without the pause the last day would be {day(when)}. We aim for that day."


def short(period: Period, *, counted: date, rolled: date, paused: int) -> str:
    """The count in a few words for a table: “30 days; Saturday stays”."""
    words = [length(period.count, period.unit)]
    if paused:
        words.append(f"{length(paused, 'day')} paused")
    if counted != rolled:
        words.append(f"moved from {long_day(counted)}")
    elif period.rolls and counted.weekday() >= 5:
        words.append(f"{weekday(counted)} stays")
    return "; ".join(words)


def binding(titles: Sequence[str], due: date) -> str:
    """Which of several rules sets the date."""
    return f"The earliest date counts: {day(due)}. It comes from: {'; '.join(titles)}."
