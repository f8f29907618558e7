"""What a person asked in particular: which uses, in which words, what should be corrected. Kept sealed with the case."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from portal.kit.crypto import Sealed
from requests_app.models import Case

OTHER = "other"  # something that is in no list: an officer reads it


@dataclass(frozen=True)
class Wanted:
    """One correction: `thing` is a field as the engine names it, or `other`; all values are as they were typed."""

    thing: str
    title: str
    new: str
    old: str = ""
    evidence: str = ""

    @property
    def is_other(self) -> bool:
        """Named in words only: no field of a source stands for it."""
        return self.thing == OTHER


@dataclass(frozen=True)
class Wish:
    """Uses are keys of the policy's categories: the uses that should end, or, for a copy, the only kinds that are wanted.

    `outline`: no records are wanted, only what kinds there are, from where, for what, and who gets them.
    """

    uses: tuple[str, ...] = ()
    words: str = ""
    corrections: tuple[Wanted, ...] = ()
    outline: bool = False

    @property
    def for_engine(self) -> tuple[Wanted, ...]:
        """The corrections that name a field."""
        return tuple(one for one in self.corrections if not one.is_other)

    def to_json(self) -> dict[str, Any]:
        """JSON values that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Wish":
        """The wish that was stored."""
        corrections = tuple(Wanted(**one) for one in stored.get("corrections", ()))
        return cls(tuple(stored.get("uses", ())), str(stored.get("words", "")), corrections, bool(stored.get("outline", False)))


def sealed_details(case: Case, wish: Wish | None, flags: list[str]) -> bytes:
    """What is kept with a new case; nothing where there is nothing."""
    kept: dict[str, Any] = {"address_flags": flags} if flags else {}
    if wish and wish != Wish():
        kept["wish"] = wish.to_json()
    return case.seal(json.dumps(kept)) if kept else b""


def wish_of(case: Case) -> Wish:
    """What was asked in particular; empty where nothing was, and once the content of the case was destroyed."""
    return Wish.from_json(_details(case).get("wish", {}))


def add_correction(case: Case, wanted: Wanted) -> None:
    """One more correction on a locked case; the caller saves it."""
    wish = wish_of(case)
    kept = {**_details(case), "wish": replace(wish, corrections=(*wish.corrections, wanted)).to_json()}
    case.details_sealed = case.seal(json.dumps(kept))


def outline_of(case: Case) -> dict[str, Any]:
    """The description that was given instead of records; empty where none was."""
    found: dict[str, Any] = _details(case).get("given", {})
    return found


def keep_outline(case: Case, given: Mapping[str, Any]) -> None:
    """Seals the description into a locked case; the caller saves it."""
    case.details_sealed = case.seal(json.dumps({**_details(case), "given": dict(given)}))


def decisions_of(case: Case) -> dict[int, dict[str, Any]]:
    """What was decided about each correction, by its number."""
    return {int(number): {**one, "rows": tuple(one["rows"])} for number, one in _details(case).get("decisions", {}).items()}


def keep_decisions(case: Case, decisions: Mapping[int, Mapping[str, Any]]) -> None:
    """Seals what was decided into a locked case; the caller saves it."""
    kept = {**_details(case), "decisions": {str(number): dict(one) for number, one in decisions.items()}}
    case.details_sealed = case.seal(json.dumps(kept))


def _details(case: Case) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(case.unseal(bytes(case.details_sealed)) or "{}")
    except Sealed:
        return {}
    return found
