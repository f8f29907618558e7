"""`case REFERENCE ACTION …`: every act of an officer from the shell, through the same flows as the desk."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exports.api import EngineRefusal
from portal.kit import clock
from portal.kit.codes import normalise_reference
from portal.kit.crypto import Sealed
from portal.organisations.models import User
from requests_app.access import SHELL, Actor, actor_for
from requests_app.management import case_acts
from requests_app.management.case_acts import Act
from requests_app.models import Case
from requests_app.rules.errors import RuleError

WRONG_USAGE = 2


class Command(BaseCommand):
    help = "Look at a request, or act on it. Acts are recorded as those of the command line, or of a member of staff with --by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", metavar="REFERENCE")
        shared = _shared()
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACTION", parser_class=ArgumentParser)
        for name, act in case_acts.ACTS.items():
            one = acts.add_parser(name, help=act.words, parents=[shared])
            for words, settings in act.takes:
                one.add_argument(words, **settings)

    def handle(self, *args: Any, **options: Any) -> None:
        reference = normalise_reference(options["reference"])
        whole = Case.objects.select_related("organisation", "policy", "submission", "owner", "copy_first")
        case = whole.filter(reference=reference).first()
        if case is None:
            raise CommandError("There is no request with this reference. Nothing was changed.")
        facts = _acted(case_acts.ACTS[options["act"]], case, _actor(options["by"], case), options)
        self.stdout.write(json.dumps(facts, indent=2) if options["json"] else case_acts.in_words(facts))


def _shared() -> ArgumentParser:
    shared = ArgumentParser(add_help=False)
    shared.add_argument("--by", default="", metavar="EMAIL", help="act as this member of staff, with their role")
    shared.add_argument("--json", action="store_true")
    return shared


def _actor(address: str, case: Case) -> Actor:
    """Whoever has the shell may do what a lead may; a named member of staff what their role allows."""
    if not address:
        return SHELL
    user = User.objects.filter(email__iexact=address, memberships__organisation=case.organisation, is_active=True).first()
    if user is None:
        raise CommandError("Nobody with this address works on this request. Nothing was changed.")
    return actor_for(user, case, signed_in_at=clock.now())


def _acted(act: Act, case: Case, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
    if act.changes and not actor.handles:
        raise CommandError(f"{actor.name} may look at this request, not change it. Nothing was changed.")
    do: Callable[[Case, Actor, dict[str, Any]], dict[str, Any] | None] = act.do
    try:
        said = do(case, actor, options)
    except (RuleError, EngineRefusal, Sealed) as refusal:
        raise CommandError(str(refusal)) from None
    case.refresh_from_db()
    return case_acts.facts_of(case) | (said or {})
