"""Taking longer: once, announced inside the first period, for a coded reason that the laws accept."""

from dataclasses import dataclass
from datetime import date

from requests_app.rules.combining import Clock, extended_date, is_open_ended
from requests_app.rules.errors import RuleError
from requests_app.rules.reasons import EXTENSION_REASONS
from requests_app.rules.wording import day, listing

LONGEST = 366  # days: what is further away was mistyped


class ExtensionRefused(RuleError):
    """The date cannot be put off. Nothing was changed."""


@dataclass(frozen=True)
class Reason:
    """A reason for taking longer, the laws on this request that accept it, and the latest date it gives."""

    code: str
    sentence: str
    accepted_by: tuple[str, ...]
    until: date | None


def extension_reasons(clock: Clock) -> tuple[Reason, ...]:
    """The reasons that would move the date of this case, those that reach furthest first."""
    found = [_reason(clock, code) for code in EXTENSION_REASONS]
    useful = [reason for reason in found if reason.accepted_by and (reason.until or is_open_ended(clock.all, reason.code))]
    return tuple(sorted(useful, key=lambda reason: reason.until or date.max, reverse=True))


def may_extend(clock: Clock, today: date, already: bool) -> None:
    """Refuse an extension that comes twice, too late, or that no law on this case knows."""
    if already or clock.extended:
        raise ExtensionRefused("This request was extended once. No law lets us do it twice. The date stays the same.")
    if clock.due is None:
        raise ExtensionRefused("This request has no date now, so there is nothing to put off.")
    if today > clock.due:
        raise ExtensionRefused(f"An extension had to be announced by {day(clock.due)}. That day has passed, so the date stays the same.")
    if not extension_reasons(clock):
        who = listing([one.short or one.title for one in clock.all if one.due == clock.due])
        raise ExtensionRefused(f"The date {day(clock.due)} comes from {who}, where no extension is possible. The date stays the same.")


def check_extension(clock: Clock, *, today: date, already: bool, reason: str) -> date | None:
    """The latest date that this reason gives, once it may be used; None where no law sets a longest date."""
    if reason not in EXTENSION_REASONS:
        raise ExtensionRefused(f"“{reason}” is not a reason we know. Choose one of: {', '.join(EXTENSION_REASONS)}.")
    may_extend(clock, today, already)
    possible = {one.code: one for one in extension_reasons(clock)}
    if reason not in possible:
        raise ExtensionRefused(f"This reason is not accepted by {_refusing(clock, reason)}. Possible here: {', '.join(possible)}.")
    return possible[reason].until


def check_new_date(new: date | None, *, clock: Clock, latest: date | None) -> None:
    """Refuse a new date that is no later than the old one, or later than the laws allow. Where no law sets a latest, it must be named."""
    if new is None:
        if latest is None:
            raise ExtensionRefused("No law on this request sets a longest date, so name the new one. The date stays the same.")
        return
    if clock.due and new <= clock.due:
        raise ExtensionRefused(f"The new date must be later than {day(clock.due)}. The date stays the same.")
    if latest and new > latest:
        raise ExtensionRefused(f"The laws allow {day(latest)} at the latest. The date stays the same.")
    if clock.due and (new - clock.due).days > LONGEST:
        raise ExtensionRefused(f"{day(new)} is more than a year later. Look at the year; the date stays the same.")


def _reason(clock: Clock, code: str) -> Reason:
    accepting = tuple(one.short or one.title for one in clock.all if code in one.extension_reasons)
    return Reason(code, EXTENSION_REASONS[code], accepting, until=extended_date(clock.all, clock.due, code))


def _refusing(clock: Clock, code: str) -> str:
    """The laws that set the date and do not accept this reason."""
    return listing([one.short or one.title for one in clock.all if one.due == clock.due and code not in one.extension_reasons])
