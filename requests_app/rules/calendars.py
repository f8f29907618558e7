"""Default holiday calendars by name, from the `holidays` package. Loaded on first use, a year at a time."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache, partial

import holidays

from requests_app.rules.counting import EVERY_DAY, SUNDAY, WEEKENDS, Calendar, days_between

Days = Mapping[date, str]
SUNDAYS_ONLY = frozenset({SUNDAY})

# Interpretation Act (Canada) s 35 [recalled]: substitute days and provincial days are not on the list.
CANADA_INTERPRETATION_ACT = frozenset({
    "New Year's Day",
    "Good Friday",
    "Victoria Day",
    "Canada Day",
    "Labor Day",
    "National Day for Truth and Reconciliation",
    "Remembrance Day",
    "Christmas Day",
})  # fmt: skip


class YearByYear(Mapping[date, str]):
    """Holidays of any year, worked out when that year is first asked for."""

    def __init__(self, of_year: Callable[[int], Days]) -> None:
        self._of_year = lru_cache(maxsize=None)(of_year)

    def __getitem__(self, when: date) -> str:
        return self._of_year(when.year)[when]

    def __iter__(self) -> Iterator[date]:
        raise TypeError("These holidays have no end: ask for one day at a time.")

    def __len__(self) -> int:
        raise TypeError("These holidays have no end: ask for one day at a time.")


def _country(code: str, part: str | None = None) -> Callable[[int], Days]:
    """Nationwide public holidays, or those of one nation or province."""
    return lambda year: dict(holidays.country_holidays(code, subdiv=part, years=year, language="en_US"))


def _with_easter_monday(days: Days) -> dict[date, str]:
    mondays = {when + timedelta(days=3): "Easter Monday" for when, name in days.items() if name == "Good Friday"}
    return {**days, **mondays}


def _canada(year: int) -> Days:
    listed = holidays.country_holidays("CA", years=year, categories=("government", "public"), language="en_US")
    return _with_easter_monday({when: name for when, name in listed.items() if name in CANADA_INTERPRETATION_ACT})


def _british_columbia(year: int) -> Days:
    """Adds Easter Monday and 26 December, without a substitute day, to the province's statutory days."""
    return {date(year, 12, 26): "Boxing Day", **_with_easter_monday(_country("CA", "BC")(year))}


def _new_zealand(year: int) -> Days:
    """From 25 December to 15 January no day is a working day; regional anniversary days are."""
    summer = days_between(date(year, 1, 1), date(year, 1, 15)) | days_between(date(year, 12, 25), date(year, 12, 31))
    return {**dict.fromkeys(summer, "summer break, 25 December to 15 January"), **_country("NZ")(year)}


def _weekends_and(title: str, of_year: Callable[[int], Days]) -> Calendar:
    return Calendar(WEEKENDS.non_working_weekdays, YearByYear(of_year), title)


def _nation(code: str) -> Calendar:
    return _weekends_and(code, _country(code))


NATIONAL = (
    *("AT", "BE", "BG", "BR", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IN", "IS", "IT"),
    *("JP", "KR", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SG", "SI", "SK", "TH", "TR"),
)
BUILDERS: dict[str, Callable[[], Calendar]] = {
    "none": lambda: EVERY_DAY,
    "weekends": lambda: WEEKENDS,
    "GB-ENG": lambda: _weekends_and("GB-ENG", _country("GB", "ENG")),
    "GB-SCT": lambda: _weekends_and("GB-SCT", _country("GB", "SCT")),
    "GB-NIR": lambda: _weekends_and("GB-NIR", _country("GB", "NIR")),
    "US-federal": lambda: _weekends_and("US-federal", _country("US")),
    "AU-federal": lambda: _weekends_and("AU-federal", _country("AU")),
    "NZ-privacy-act": lambda: _weekends_and("NZ-privacy-act", _new_zealand),
    "CA-BC-interp": lambda: _weekends_and("CA-BC-interp", _british_columbia),
    "CA-federal-interp": lambda: Calendar(SUNDAYS_ONLY, YearByYear(_canada), "CA-federal-interp"),
    "ZA-interp": lambda: Calendar(SUNDAYS_ONLY, YearByYear(_country("ZA")), "ZA-interp"),
}
BUILDERS |= {code: partial(_nation, code) for code in NATIONAL}
CALENDARS = tuple(BUILDERS)


@cache
def calendar_named(name: str) -> Calendar:
    """A default calendar; raises KeyError for a name that is not in CALENDARS."""
    return BUILDERS[name]()
