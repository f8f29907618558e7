"""Law packs: one reviewed file per law, read once."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType

from portal.kit.yaml_nodes import loaded
from requests_app.rules.calendars import calendar_named
from requests_app.rules.counting import Calendar
from requests_app.rules.errors import RuleError
from requests_app.rules.laws import Regime, Regimes
from requests_app.rules.reading import read_regime


class UnknownRegime(RuleError):
    """An id that names no law pack."""


@cache
def load_regimes() -> Regimes:
    """Every law pack by id, in alphabetical order."""
    files = sorted((f for f in resources.files(__package__).iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    regimes = [read_regime(loaded(file.read_text(encoding="utf-8")), file.name) for file in files]
    return MappingProxyType({regime.id: regime for regime in regimes})


def regime_named(word: str) -> Regime:
    """The law pack with this id."""
    regimes = load_regimes()
    try:
        return regimes[word.strip().upper()]
    except KeyError:
        raise UnknownRegime(f"“{word}” is not a regime we know. Choose one of: {', '.join(regimes)}.") from None


def fallback_regime() -> Regime:
    """The house rule for requests to which no law applies."""
    return next(regime for regime in load_regimes().values() if regime.fallback)


def binding_regimes(
    establishment_ids: Sequence[str],
    country: str | None,
    *,
    residence: Mapping[str, str] | None = None,
    enabled: Sequence[str] | None = None,
) -> list[Regime]:
    """The laws of the controller's establishment, then those of the person's residence that are switched on.

    A law that the organisation names itself always binds: `regimes` everybody, `residence` (place → id) those who live there, whether
    or not the law is on by default. Where nothing binds, the house rule does.
    """
    binding = {word: regime_named(word) for word in establishment_ids}
    place = normal_place(country)
    for regime in load_regimes().values():
        is_on = regime.enabled if enabled is None else regime.id in enabled
        if is_on and place and regime.binds_residents_of(place):
            binding[regime.id] = regime
    for there, word in (residence or {}).items():
        if place and (_is_in(place, normal_place(there)) or regime_named(word).binds_residents_of(place)):
            binding[word] = regime_named(word)
    return list({regime.id: regime for regime in binding.values()}.values()) or [fallback_regime()]


def _is_in(place: str, region: str) -> bool:
    return place == region or place.startswith(f"{region}-")


def calendars_for(regimes: Sequence[Regime], zone: str) -> dict[str, Calendar]:
    """Each law's calendar by its id, for a controller in this time zone."""
    return {regime.id: calendar_named(regime.calendar_in(zone)) for regime in regimes}


def normal_place(country: str | None) -> str:
    """“us_ca” and “UK” as the codes that regime files use: US-CA, GB."""
    place = (country or "").strip().upper().replace("_", "-")
    return f"GB{place[2:]}" if place == "UK" or place.startswith("UK-") else place
