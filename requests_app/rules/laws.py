"""What a regime file says, once read: a law as data. The engine knows no law by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from requests_app.rules.counting import Unit
from requests_app.rules.rights import Right


class Check(StrEnum):
    """How far a statement was checked: the text itself was read, seen in a secondary source, or from general knowledge."""

    TEXT = "S"
    SECONDARY = "T"
    RECALLED = "R"


@dataclass(frozen=True)
class Source:
    title: str
    url: str
    check: Check


@dataclass(frozen=True)
class Period:
    """A number with its unit and where it stands."""

    count: int
    unit: Unit
    citation: str
    check: Check
    rolls: bool = False


@dataclass(frozen=True)
class Extension:
    """How much longer an answer may take. `more` is None where the law sets no maximum."""

    more: int | None
    reasons: tuple[str, ...]
    notice: str
    citation: str
    check: Check


@dataclass(frozen=True)
class Wait:
    """The clock starts only once the answer to what we asked is here (or a fixed number of days after asking)."""

    asked: str
    answered: str
    because: str
    starts_days_after_asking: int | None = None


@dataclass(frozen=True)
class Pause:
    """Days between asking and answer that do not count."""

    asked: str
    answered: str
    inclusive: bool
    because: str


@dataclass(frozen=True)
class ClockRule:
    """One clock of a law: for which rights, how long, from when, with which pauses."""

    rights: frozenset[Right]
    rule: str
    answer: Period | None
    acknowledge: Period | None
    extension: Extension | None
    waits: tuple[Wait, ...]
    pauses: tuple[Pause, ...]
    target_days: int | None
    note: str


@dataclass(frozen=True)
class Fee:
    """When a law lets the organisation ask for money."""

    grounds: frozenset[str]
    free_in_a_year: int | None
    sentence: str
    citation: str
    check: Check


@dataclass(frozen=True)
class Ground:
    """A reason for which a law allows a refusal."""

    code: str
    title: str
    rights: frozenset[Right]
    needs_evidence: bool
    needs_second_person: bool
    sentence: str
    citation: str
    check: Check


@dataclass(frozen=True)
class Authority:
    name: str
    url: str
    complain: str
    check: Check


@dataclass(frozen=True)
class Regime:
    """One law, as reviewed on `last_checked`."""

    id: str
    title: str
    short: str
    plain: str
    places: tuple[str, ...]
    timezone: str
    calendar: str
    enabled: bool
    fallback: bool
    status: str
    last_checked: date
    citation: str
    clocks: tuple[ClockRule, ...]
    fee: Fee
    refusal_grounds: tuple[Ground, ...]
    refusal_says: str
    authority: Authority
    records: str
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    appeal: str = ""
    calendars_by_zone: Mapping[str, str] = field(default_factory=dict)

    @property
    def rights(self) -> frozenset[Right]:
        """Every right that this law gives, with or without a number of days."""
        return frozenset(right for clock in self.clocks for right in clock.rights)

    def clock_for(self, right: Right) -> ClockRule | None:
        return next((clock for clock in self.clocks if right in clock.rights), None)

    def lets_wait(self, right: Right, asked: str) -> bool:
        """Whether the date of this right waits, or begins anew, once this was asked of the person."""
        rule = self.clock_for(right)
        return rule is not None and asked in {*(one.asked for one in rule.pauses), *(one.asked for one in rule.waits)}

    def calendar_in(self, zone: str) -> str:
        """The name of the calendar for a controller in this time zone, where the law leaves holidays to the country."""
        return self.calendars_by_zone.get(zone, self.calendar)

    def is_stale(self, today: date) -> bool:
        """Not checked for a year: warns, never refuses."""
        return (today - self.last_checked).days > 365

    def binds_residents_of(self, country: str) -> bool:
        """Whether a person's place ("DE", "CA-BC", "US-CA") or the country around it is named here."""
        return any(country == place or country.startswith(f"{place}-") for place in self.places)


Regimes = Mapping[str, Regime]
