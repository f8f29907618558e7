"""The acts of `manage case` with which a lead decides about part of a request."""

from datetime import date
from typing import Any

from requests_app.access import Actor
from requests_app.flows import appealing, erasing, holding, lifting, recipients, seconding, shortfalls
from requests_app.flows.holding import Terms
from requests_app.holds import GROUNDS
from requests_app.models import Case
from requests_app.models.case import Channel
from requests_app.undone import REASONS, Why

Options = dict[str, Any]
WHY: list[tuple[str, dict[str, Any]]] = [
    ("reason", {"choices": list(REASONS), "help": "the sentence that the person reads"}),
    ("text", {"metavar": "TEXT", "help": "what was not done; the person reads it too"}),
]


def close_source(case: Case, actor: Actor, options: Options) -> None:
    """Goes on without a source that refuses for good."""
    shortfalls.close_source(case, options["source"], Why(options["reason"], options["text"]), by=actor)


def answer_in_part(case: Case, actor: Actor, options: Options) -> None:
    """Answers a deletion that nothing can finish."""
    erasing.answer_in_part(case, Why(options["reason"], options["text"]), by=actor)


def appeal(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    """Opens an appeal; its reference is printed."""
    return {"appeal": appealing.appeal(case, options["text"], by=actor.key, channel=Channel.POST).reference}


def about(case: Case, actor: Actor, options: Options) -> None:
    """Links an appeal to the request that it is about."""
    appealing.link(case, options["other"], by=actor)


def decide_appeal(case: Case, actor: Actor, options: Options) -> None:
    """Decides an appeal."""
    appealing.decide(case, options["verdict"], options["text"], by=actor)


HOLD: list[tuple[str, dict[str, Any]]] = [
    ("ground", {"choices": list(GROUNDS), "help": "the sentence that the person reads"}),
    ("text", {"metavar": "TEXT", "help": "what shows it; for colleagues"}),
    ("--line", {"default": "", "help": "a line of the plan; without it everything is held"}),
    ("--until", {"type": date.fromisoformat, "metavar": "DATE", "help": "when somebody looks at it again"}),
]


def agree(case: Case, actor: Actor, options: Options) -> None:
    """The first of two people."""
    seconding.agree(case, options["digest"], by=actor)


def hold(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    """Holds a line or everything; its number is printed."""
    return {"hold": holding.hold(case, options["line"], Terms(options["ground"], options["text"], options["until"]), by=actor).pk}


def let_go(case: Case, actor: Actor, options: Options) -> None:
    """Ends a hold."""
    holding.let_go(case, options["number"], options["text"], by=actor)


def holds(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    """What is held now."""
    found = case.holds.filter(released_at__isnull=True)
    return {"holds": [{"number": one.pk, "line": one.line, "ground": one.ground, "until": str(one.until or "")} for one in found]}


TELL: list[tuple[str, dict[str, Any]]] = [
    ("recipient", {"metavar": "RECIPIENT", "help": "a key of the policy"}),
    ("--by-hand", {"action": "store_true", "help": "somebody has told them: note it, write nothing"}),
]


def tell(case: Case, actor: Actor, options: Options) -> None:
    """Writes to a recipient, or notes that they know."""
    (recipients.note if options["by_hand"] else recipients.write)(case, options["recipient"], by=actor)


def confirmed(case: Case, actor: Actor, options: Options) -> None:
    """A recipient said that it is done."""
    recipients.confirm(case, options["recipient"], options["text"], by=actor)


def listed(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    """Who must be told, and where it stands with each."""
    known = recipients.told(case)
    found = [(one, known.get(one.key)) for one in recipients.must_tell(case)]
    rows = [{"recipient": one.key, "standing": recipients.standing(case, line) if line else "untold"} for one, line in found]
    return {"recipients": rows}


LIFT: list[tuple[str, dict[str, Any]]] = [
    ("on", {"type": date.fromisoformat, "metavar": "DATE", "help": "from when the data is used again"}),
    ("text", {"metavar": "TEXT", "help": "why; the person reads it"}),
]


def announce_lift(case: Case, actor: Actor, options: Options) -> None:
    """The letter before a restriction is lifted."""
    lifting.announce(case, options["text"], on=options["on"], by=actor)
