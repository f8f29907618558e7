"""Coded grounds for a refusal: what each law accepts, what must be written down first, and the letter's sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from requests_app.rules.errors import RuleError
from requests_app.rules.laws import Ground, Regime
from requests_app.rules.rights import Right
from requests_app.rules.wording import listing

EVIDENCE_LETTERS = 20


class RefusalRefused(RuleError):
    """A refusal that cannot stand as it is. Nothing was changed."""


@dataclass(frozen=True)
class RefusalGround:
    """One ground as the laws on a case see it together.

    A ground that one binding law knows and another does not always takes evidence and a second person.
    """

    code: str
    title: str
    sentence: str
    citation: str
    needs_evidence: bool
    needs_second_person: bool
    accepted_by: tuple[str, ...]
    not_accepted_by: tuple[str, ...]


def refusal_grounds(regimes: Sequence[Regime], right: Right) -> tuple[RefusalGround, ...]:
    """The grounds for which this right can be refused, those that every binding law knows first."""
    giving = [regime for regime in regimes if right in regime.rights] or list(regimes)
    named = {regime.short: _grounds(regime, right) for regime in giving}
    codes = dict.fromkeys(code for grounds in named.values() for code in grounds)
    merged = [_merge(code, named) for code in codes]
    return tuple(sorted(merged, key=lambda ground: len(ground.not_accepted_by)))


def ground_named(regimes: Sequence[Regime], right: Right, code: str) -> RefusalGround:
    """The ground with this code; refuses a code that no binding law knows for this right."""
    possible = {ground.code: ground for ground in refusal_grounds(regimes, right)}
    if code not in possible:
        raise RefusalRefused(f"“{code}” is not a ground on which this can be refused. Choose one of: {', '.join(possible)}.")
    return possible[code]


def check_refusal(ground: RefusalGround, *, evidence: str, decided_by: str, agreed_by: str = "") -> None:
    """Refuse a refusal without its evidence or without its second person."""
    if ground.needs_evidence and len(evidence.strip()) < EVIDENCE_LETTERS:
        raise RefusalRefused(
            f"Write down what shows this ground, in at least {EVIDENCE_LETTERS} letters: the burden of proof is ours. Nothing was changed."
        )
    if ground.needs_second_person and not agreed_by:
        raise RefusalRefused(f"{_why_two(ground)} A second person must agree first. Nothing was changed.")
    if ground.needs_second_person and agreed_by == decided_by:
        raise RefusalRefused("The person who agrees must be somebody else than the person who decides. Nothing was changed.")


def refusal_letter(regimes: Sequence[Regime], ground: RefusalGround) -> tuple[str, ...]:
    """The sentences that a letter of refusal must hold: the ground, where it stands, the appeal, and every way to complain."""
    appeals = [regime.appeal for regime in regimes if regime.appeal]
    return (ground.sentence, f"This rests on: {ground.citation}.", *appeals, *dict.fromkeys(r.authority.complain for r in regimes))


def _grounds(regime: Regime, right: Right) -> dict[str, Ground]:
    is_given = right in regime.rights
    return {ground.code: ground for ground in regime.refusal_grounds if right in ground.rights or not is_given}


def _merge(code: str, named: dict[str, dict[str, Ground]]) -> RefusalGround:
    knowing = {short: grounds[code] for short, grounds in named.items() if code in grounds}
    silent = tuple(short for short in named if short not in knowing)
    first = next(iter(knowing.values()))
    return RefusalGround(
        code=code,
        title=first.title,
        sentence=first.sentence,
        citation="; ".join(dict.fromkeys(ground.citation for ground in knowing.values())),
        needs_evidence=bool(silent) or any(ground.needs_evidence for ground in knowing.values()),
        needs_second_person=bool(silent) or any(ground.needs_second_person for ground in knowing.values()),
        accepted_by=tuple(knowing),
        not_accepted_by=silent,
    )


def _why_two(ground: RefusalGround) -> str:
    if ground.not_accepted_by:
        return f"This ground is not named by {listing(ground.not_accepted_by)}."
    return "This ground is weighty."
