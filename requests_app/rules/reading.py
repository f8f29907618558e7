"""Reads one regime file. Anything missing, misspelt or of the wrong kind is refused with its place."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from requests_app.rules.calendars import CALENDARS
from requests_app.rules.counting import Unit
from requests_app.rules.errors import RuleError
from requests_app.rules.events import EVENTS
from requests_app.rules.laws import Authority, Check, ClockRule, Extension, Fee, Ground, Pause, Period, Regime, Source, Wait
from requests_app.rules.reasons import EXTENSION_REASONS
from requests_app.rules.rights import Right

STATUSES = ("in_force", "not_yet_in_force", "house_rule")
FEE_GROUNDS = ("cost", "excessive", "further_copy", "repeat")
MISSING = object()
Built = TypeVar("Built")


class RegimeFileError(RuleError):
    """A regime file that cannot be used: file, place, reason."""


class Part:
    """One mapping of a regime file, which remembers its place and which keys were read."""

    def __init__(self, content: Any, place: str) -> None:
        if not isinstance(content, Mapping):
            raise RegimeFileError(f"{place}: expected a mapping, found {content!r}")
        self.content, self.place, self.left = content, place, set(content)

    def take(self, key: str, kind: type, default: Any = MISSING) -> Any:
        self.left.discard(key)
        value = self.content.get(key, default)
        if value is MISSING:
            raise RegimeFileError(f"{self.place}: “{key}” is missing")
        if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise RegimeFileError(f"{self.place}.{key}: expected {kind.__name__}, found {value!r}")
        return value

    def choose(self, key: str, choices: tuple[str, ...]) -> str:
        value = str(self.take(key, str))
        if value not in choices:
            raise RegimeFileError(f"{self.place}.{key}: “{value}” is not one of {', '.join(choices)}")
        return value

    def words(self, key: str, choices: tuple[str, ...] = (), *, default: Any = MISSING) -> tuple[str, ...]:
        values = tuple(self.take(key, list, default))
        for value in values:
            if not isinstance(value, str) or (choices and value not in choices):
                raise RegimeFileError(f"{self.place}.{key}: “{value}” is not one of {', '.join(choices) or 'words'}")
        return values

    def check(self) -> Check:
        return Check(self.choose("check", tuple(Check)))

    def rights(self) -> frozenset[Right]:
        return frozenset(Right(word) for word in self.words("rights", tuple(Right)))

    def optional(self, key: str, build: Callable[["Part"], Built]) -> Built | None:
        return None if self.take(key, dict, None) is None else self.one(key, build)

    def one(self, key: str, build: Callable[["Part"], Built]) -> Built:
        return closed(Part(self.take(key, dict), f"{self.place}.{key}"), build)

    def many(self, key: str, build: Callable[["Part"], Built]) -> tuple[Built, ...]:
        return tuple(closed(Part(item, f"{self.place}.{key}.{n}"), build) for n, item in enumerate(self.take(key, list, []), 1))


def closed(part: Part, build: Callable[[Part], Built]) -> Built:
    """Build something of a part, then refuse keys that nobody asked for."""
    built = build(part)
    if part.left:
        raise RegimeFileError(f"{part.place}: unknown key “{min(part.left)}”")
    return built


def read_regime(content: Any, file_name: str) -> Regime:
    """The law that a parsed file describes."""
    regime = closed(Part(content, file_name), _regime)
    if file_name != f"{regime.id}.yaml":
        raise RegimeFileError(f"{file_name}: the id {regime.id} belongs in a file of the same name")
    named = [right for clock in regime.clocks for right in clock.rights]
    if twice := {right for right in named if named.count(right) > 1}:
        raise RegimeFileError(f"{file_name}: more than one clock for {', '.join(sorted(twice))}")
    return regime


def _regime(part: Part) -> Regime:
    return Regime(
        id=part.take("id", str),
        title=part.take("title", str),
        short=part.take("short", str),
        plain=part.take("plain", str),
        places=part.words("places"),
        timezone=part.take("timezone", str),
        calendar=part.choose("calendar", CALENDARS),
        enabled=part.take("enabled", bool),
        fallback=part.take("fallback", bool, False),
        status=part.choose("status", STATUSES),
        last_checked=part.take("last_checked", date),
        citation=part.take("citation", str),
        clocks=part.many("clocks", _clock),
        fee=part.one("fee", _fee),
        refusal_grounds=part.many("refusal_grounds", _ground),
        refusal_says=part.take("refusal_says", str),
        authority=part.one("authority", _authority),
        records=part.take("records", str),
        sources=part.many("sources", _source),
        notes=part.words("notes", default=()),
        appeal=part.take("appeal", str, ""),
        calendars_by_zone=_zones(part),
    )


def _zones(part: Part) -> dict[str, str]:
    zones: dict[str, str] = part.take("calendars_by_zone", dict, {})
    for zone, calendar in zones.items():
        if calendar not in CALENDARS:
            raise RegimeFileError(f"{part.place}.calendars_by_zone.{zone}: “{calendar}” is not one of {', '.join(CALENDARS)}")
    return zones


def _clock(part: Part) -> ClockRule:
    rule = ClockRule(
        rights=part.rights(),
        rule=part.take("rule", str),
        answer=part.optional("answer", _period),
        acknowledge=part.optional("acknowledge", _period),
        extension=part.optional("extension", _extension),
        waits=part.many("waits", _wait),
        pauses=part.many("pauses", _pause),
        target_days=part.take("target_days", int, None),
        note=part.take("note", str, ""),
    )
    if rule.pauses and rule.answer and rule.answer.unit is Unit.WORKING_DAY:
        raise RegimeFileError(f"{part.place}.pauses: a pause cannot be added to a period of working days")
    return rule


def _period(part: Part) -> Period:
    return Period(
        count=part.take("count", int),
        unit=Unit(part.choose("unit", tuple(Unit))),
        citation=part.take("citation", str),
        check=part.check(),
        rolls=part.take("rolls", bool, False),
    )


def _extension(part: Part) -> Extension:
    return Extension(
        more=part.take("more", int, None),
        reasons=part.words("reasons", tuple(EXTENSION_REASONS)),
        notice=part.take("notice", str),
        citation=part.take("citation", str),
        check=part.check(),
    )


def _wait(part: Part) -> Wait:
    return Wait(
        asked=part.choose("asked", tuple(EVENTS)),
        answered=part.choose("answered", tuple(EVENTS)),
        because=part.take("because", str),
        starts_days_after_asking=part.take("starts_days_after_asking", int, None),
    )


def _pause(part: Part) -> Pause:
    counts = part.choose("counts", ("inclusive", "elapsed"))
    return Pause(
        asked=part.choose("asked", tuple(EVENTS)),
        answered=part.choose("answered", tuple(EVENTS)),
        inclusive=counts == "inclusive",
        because=part.take("because", str),
    )


def _fee(part: Part) -> Fee:
    return Fee(
        grounds=frozenset(part.words("grounds", FEE_GROUNDS)),
        free_in_a_year=part.take("free_in_a_year", int, None),
        sentence=part.take("sentence", str),
        citation=part.take("citation", str),
        check=part.check(),
    )


def _ground(part: Part) -> Ground:
    return Ground(
        code=part.take("code", str),
        title=part.take("title", str),
        rights=part.rights(),
        needs_evidence=part.take("needs_evidence", bool),
        needs_second_person=part.take("needs_second_person", bool),
        sentence=part.take("sentence", str),
        citation=part.take("citation", str),
        check=part.check(),
    )


def _authority(part: Part) -> Authority:
    return Authority(part.take("name", str), part.take("url", str), complain=part.take("complain", str), check=part.check())


def _source(part: Part) -> Source:
    return Source(part.take("title", str), part.take("url", str), check=part.check())
