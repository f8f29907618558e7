"""The acts of `manage case` that belong to some rights only: corrections, what stops, and requests that were sent twice."""

from datetime import date
from typing import Any

from django.core.management.base import CommandError

from exports import api
from portal.kit import clock
from requests_app.access import Actor
from requests_app.flows import answering, charging, correcting, duplicates, triage
from requests_app.flows.authority import record_seen
from requests_app.flows.charging import Fee
from requests_app.flows.correcting import ACCEPT, BY_HAND, REASONS, REFUSE, Decision
from requests_app.flows.searching import NotYet
from requests_app.models import Case
from requests_app.rules.fees import Circumstance
from requests_app.wishes import OTHER, Wanted, wish_of

Options = dict[str, Any]
FORM = "A decision has the form NUMBER=accept[:ROW,ROW], NUMBER=by_hand:WORDS or NUMBER=refuse:REASON[:WORDS]. Nothing was changed."


def corrections(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    """Every wish with what stands there now. These are personal details, so that somebody looked is recorded."""
    triage.reveal(case, by=actor)
    found = correcting.found_for(case)
    listed = [_listed(number, wanted, found.get(number)) for number, wanted in enumerate(wish_of(case).corrections)]
    digest = api.correction(case.job_id).digest if case.job_id and found else ""
    return {"corrections": listed, "digest": digest, "reasons": list(REASONS)}


def _listed(number: int, wanted: Wanted, line: api.CorrectionLine | None) -> dict[str, Any]:
    rows = [{"row": n, "says": s.shown, "right_already": s.is_done, "problem": s.problem} for n, s in enumerate(line.spots)] if line else []
    said = {
        "number": number,
        "title": wanted.title,
        "thing": wanted.thing,
        "old": wanted.old,
        "new": wanted.new,
        "evidence": wanted.evidence,
    }
    return {**said, "problem": line.problem if line else "", "likely": list(line.chosen) if line else [], "rows": rows}


def authority(case: Case, actor: Actor, options: Options) -> None:
    """What an officer has seen."""
    try:
        seen_on = date.fromisoformat(options["on"]) if options["on"] else clock.today(case.organisation.timezone)
    except ValueError:
        raise CommandError("A day is written like 2026-11-20. Nothing was changed.", returncode=2) from None
    record_seen(case, options["text"], seen_on=seen_on, by=actor, to_agent=options["to_agent"])


def add(case: Case, actor: Actor, options: Options) -> None:
    """One more correction, as the person said it."""
    title = options["title"] if options["thing"] == OTHER else ""
    correcting.add(case, Wanted(options["thing"], title, options["new"], options["old"], options["evidence"]), by=actor)


def correct(case: Case, actor: Actor, options: Options) -> None:
    """A decision on each wish; exactly what was shown under this digest."""
    found = correcting.found_for(case)
    decisions = dict(_decision(word, found) for word in options["decision"])
    correcting.decide(case, decisions, digest=options["digest"], by=actor)


def _decision(word: str, found: dict[int, api.CorrectionLine]) -> tuple[int, Decision]:
    number, equals, rest = word.partition("=")
    verdict, _colon, more = rest.partition(":")
    if not equals or not number.isdigit() or verdict not in (ACCEPT, BY_HAND, REFUSE):
        raise CommandError(FORM, returncode=2)
    line = found.get(int(number))
    if verdict == ACCEPT:
        named = [row for row in more.split(",") if row]
        if not all(row.isdigit() for row in named):
            raise CommandError(FORM, returncode=2)
        rows = tuple(int(row) for row in named) or (line.chosen if line else ())
        return int(number), Decision(ACCEPT, rows)
    if verdict == BY_HAND:
        return int(number), Decision(BY_HAND, words=more)
    reason, _colon, words = more.partition(":")
    return int(number), Decision(REFUSE, reason=reason, words=words)


FEE: list[tuple[str, dict[str, Any]]] = [
    ("amount", {"metavar": "AMOUNT", "help": "like “CAD 10.00”"}),
    ("text", {"metavar": "TEXT", "help": "what it is for; the person reads it"}),
    ("how", {"metavar": "HOW", "help": "how it can be paid; the person reads it"}),
    ("--excessive", {"action": "store_true", "help": "the request is clearly unfounded or excessive"}),
    ("--further-copy", {"action": "store_true", "help": "it asks again for a copy already given"}),
]


def announce_fee(case: Case, actor: Actor, options: Options) -> None:
    """Announces a fee, where the policy and every law allow one."""
    found = Circumstance(is_excessive=options["excessive"], is_further_copy=options["further_copy"])
    charging.announce(case, Fee(options["amount"], options["text"], options["how"]), by=actor, found=found)


def settle_fee(case: Case, actor: Actor, options: Options) -> None:
    """The fee was paid, or is not asked for any more."""
    charging.settle(case, waived=options["outcome"] == "waived", by=actor)


def answer(case: Case, actor: Actor, options: Options) -> None:
    """Decides a right that is not gathered, with the uses that stop."""
    answering.answer(case, options["text"], outcome=options["outcome"], stops=options["stop"], by=actor)


def join(case: Case, actor: Actor, options: Options) -> None:
    """Ends a request that was sent twice."""
    if options["other"] == case.reference:
        raise NotYet("A request cannot be its own duplicate. Nothing was changed.")
    duplicates.join(case, options["other"], by=actor)
