"""One thing that is done to some rows of one collection on one day, as a plain value that is stored with the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from exports import tagged
from exports.masking import Mask
from exports.retention import LEGAL_HOLD

DELETE, MASK, KEEP, DETACH = "delete", "mask", "keep", "detach"
ALONE, HELD, SHARED = "alone", "held", "shared"


@dataclass(frozen=True)
class Move:
    """`group` says which rows: those nothing else holds, those held until `until`, or those that others use (`edge` numbers them).

    `on` is None for now. A keep with a day is a deletion on that day; without one, the rows stay. `categories` are those it serves.
    """

    number: int
    source: str
    address: str
    table: str
    action: str
    group: str = ALONE
    until: date | None = None
    edge: int = 0
    on: date | None = None
    rows: int = 0
    masks: Mapping[str, Mask] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    basis: str = ""
    because: str = ""

    @property
    def removes(self) -> bool:
        """The rows go, on its day."""
        return self.action == DELETE or (self.action == KEEP and self.on is not None)

    @property
    def goes_later(self) -> bool:
        """The rows may go after the erasure: on the day that is named, or once nobody holds them any more."""
        return self.on is not None or (self.action == KEEP and self.basis == LEGAL_HOLD)

    @property
    def is_now(self) -> bool:
        """It is done in the erasure itself."""
        return self.on is None and (self.action in (DELETE, MASK) or (self.action == DETACH and bool(self.masks)))

    @property
    def constants(self) -> dict[str, Any]:
        """New values that are the same for all rows."""
        return {name: mask.value for name, mask in self.masks.items() if not mask.is_own}

    @property
    def own(self) -> dict[str, Mask]:
        """Masks that give each row a value of its own."""
        return {name: mask for name, mask in self.masks.items() if mask.is_own}

    def with_rows(self, rows: int) -> Move:
        """The same move with another count."""
        return replace(self, rows=rows)

    def to_json(self) -> dict[str, Any]:
        """JSON values that `from_json` reads."""
        return {
            **asdict(self),
            "until": self.until.isoformat() if self.until else None,
            "on": self.on.isoformat() if self.on else None,
            "masks": {name: tagged.dumps(asdict(mask)) for name, mask in self.masks.items()},
            "categories": list(self.categories),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Move:
        """The move that was stored."""
        days = {name: date.fromisoformat(stored[name]) if stored[name] else None for name in ("until", "on")}
        masks = {name: Mask(**tagged.loads(text)) for name, text in stored["masks"].items()}
        return cls(**{**stored, **days, "masks": masks, "categories": tuple(stored["categories"])})
