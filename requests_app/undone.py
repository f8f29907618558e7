"""What was not done, in the words of our answers: where, why, and what the person can do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from requests_app.models import Case

REASONS: dict[str, Promise | str] = {
    "gone": lazy("This system does not run any more, and nobody can open it."),
    "refused": lazy("This system, or whoever runs it for us, refuses what we must do."),
    "unreachable": lazy("This system cannot be reached, and we cannot say when it will be."),
    "unsearchable": lazy("What you proved does not lead to the data in this system."),
}


@dataclass(frozen=True)
class Why:
    """Why something is not done: a coded reason, and words that the person reads below it."""

    reason: str
    words: str


@dataclass(frozen=True)
class Undone:
    """One place at which we did not do what was asked; no title for all that the table names."""

    title: str
    because: str


def undone(case: Case) -> list[Undone]:
    """Everything that a lead closed for this case, in the order of the decisions."""
    return [Undone(one.title, f"{REASONS[one.reason]} {case.unseal(one.words_sealed)}".strip()) for one in case.shortfalls.all()]


def with_reasons(case: Case, gaps: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Gaps by title and sentence; where somebody has said why, the reason follows."""
    known = {one.title: one.because for one in undone(case) if one.title}
    return [(title, f"{sentence} {known[title]}" if title in known else sentence) for title, sentence in gaps]


def facts(case: Case, gaps: Iterable[str] = ()) -> dict[str, Any]:
    """The part of an answer that says what was not done; all empty where everything was."""
    found = undone(case)
    return {"undone": found, "missing": missing(case, gaps) if found else [], "remedies": remedies(case) if found else []}


def missing(case: Case, gaps: Iterable[str]) -> list[str]:
    """The gaps of a receipt that no closed source explains."""
    closed = [one.title for one in case.shortfalls.all() if one.title]
    return [gap for gap in gaps if not any(gap.startswith(f"{title}:") for title in closed)]


def remedies(case: Case) -> list[str]:
    """What the person can do about it, besides complaining to an authority."""
    contact = case.policy.read().contacts.privacy_email
    return [
        _("You can ask us again at any time, and it costs you nothing: we then try these places anew."),
        _("You can write to %(contact)s with your reference if you know where your data is, or do not agree.") % {"contact": contact},
        _("You can also go to a court."),
    ]
