"""The acts of `manage case` with which a lead decides about part of a request."""

from typing import Any

from requests_app.access import Actor
from requests_app.flows import appealing, erasing, shortfalls
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
