"""The facts of the letter that answers a correction: of each wish what became of it, without repeating any value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from requests_app.models import Case


@dataclass(frozen=True)
class Corrected:
    """One wish in the letter. `because` says why not, or what was done by hand."""

    title: str
    is_changed: bool
    rows: int = 0
    is_right_already: bool = False
    because: str = ""


def correction(case: Case, rows: Sequence[Corrected]) -> dict[str, Any]:
    """What was changed, what was not and why, and who else hears of it."""
    is_any = any(row.is_changed for row in rows)
    told = [one for one in case.policy.read().recipients if case.right in one.told_on] if is_any else []
    return {
        "name": case.name,
        "rows": list(rows),
        "changed": sum(row.is_changed for row in rows),
        "refused": sum(not row.is_changed for row in rows),
        "recipients": told,
        "signed_by": case.released_by,
    }
