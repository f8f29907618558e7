"""Which law counts for whom, and by when it makes us answer: the same page for everybody, so that nobody has to say where they live."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from portal.organisations.promises import PolicyDocument
from requests_app.rules.laws import Regime
from requests_app.rules.regimes import binding_regimes
from requests_app.rules.rights import Right


@dataclass(frozen=True)
class Place:
    """Where somebody may live: the laws that come on top there, and the dates of a request that arrives today."""

    title: str
    laws: tuple[Regime, ...]
    dates: tuple[date | None, ...]


@dataclass(frozen=True)
class Reach:
    """The laws of everybody, and every place that the form names."""

    everybody: tuple[Regime, ...]
    places: tuple[Place, ...]

    @property
    def named(self) -> list[Regime]:
        """Every law on the page, once."""
        known = {law.id: law for law in (*self.everybody, *(law for place in self.places for law in place.laws))}
        return list(known.values())


def reach_of(promises: PolicyDocument, rights: list[Right], due: Callable[[Right, str], date | None]) -> Reach:
    """What the policy and the law packs say; `due` gives the date of a right for somebody who lives there and asks today."""
    everybody = binding_regimes(promises.regimes, None)
    shared = {law.id for law in everybody}
    places = []
    for place, title in (*promises.countries, ("", _("Somewhere else, or not said"))):
        laws = binding_regimes(promises.regimes, place or None, residence=promises.residence_regimes)
        more = tuple(law for law in laws if law.id not in shared)
        places.append(Place(title, more, tuple(due(right, place) for right in rights)))
    return Reach(tuple(everybody), tuple(places))
