"""`open_case ORG RIGHT --email … --name …`: a request that came by mail, phone or post is taken in at the shell."""

import json
import re
from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from portal.kit import clock
from portal.organisations.models import Organisation
from portal.organisations.policy_shape import PLACE
from requests_app import addresses
from requests_app.access import SHELL
from requests_app.askers import CAPACITIES, Asker
from requests_app.flows import entering
from requests_app.flows.intake import Application
from requests_app.models import Case
from requests_app.models.case import Channel
from requests_app.rules.errors import RuleError
from requests_app.rules.rights import right_named

WRONG_USAGE = 2
UNOPENED = "Nothing was opened."


class Command(BaseCommand):
    help = "Open a request that came another way than by the form. The person gets a link to confirm it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("right", metavar="RIGHT", help="access, deletion, correction…")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--country", default="", help="where the person lives, like DE or US-CA")
        parser.add_argument("--channel", default=Channel.MAIL.value, choices=[one.value for one in entering.BY_HAND])
        parser.add_argument(
            "--received-at", help="when it arrived, like 2026-11-20T09:30; local time unless an offset is given (default: now)"
        )
        parser.add_argument("--copy-first", action="store_true", help="with a deletion: also a copy, answered before anything is deleted")
        parser.add_argument("--asker-name", default="", help="who asks for the person, where they do not ask themself")
        parser.add_argument("--asker-email", default="", help="the mailbox that whoever asks proves")
        parser.add_argument("--capacity", choices=list(CAPACITIES), help="what whoever asks is to the person")
        parser.add_argument("--test", action="store_true", help="a test request: left out of all reports")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = Organisation.objects.filter(key=options["organisation"], is_active=True).first()
        if organisation is None:
            known = ", ".join(Organisation.objects.filter(is_active=True).values_list("key", flat=True)) or "none is loaded"
            raise CommandError(f"There is no organisation “{options['organisation']}”. Known: {known}. Nothing was opened.")
        if not addresses.is_address(options["email"]):
            raise CommandError("That is not an email address, like name@example.com. Nothing was opened.", returncode=WRONG_USAGE)
        if not options["name"].strip():
            raise CommandError("Nobody is named: the person's name is empty. Nothing was opened.", returncode=WRONG_USAGE)
        try:
            submission = entering.enter(_application(organisation, options), by=SHELL)
        except RuleError as refusal:
            raise CommandError(f"{str(refusal).removesuffix(UNOPENED).strip()} {UNOPENED}") from None
        cases = list(submission.cases.order_by("pk"))
        self.stdout.write(json.dumps([_facts(case) for case in cases]) if options["json"] else "\n".join(map(_words, cases)))


def _application(organisation: Organisation, options: dict[str, Any]) -> Application:
    return Application(
        organisation=organisation,
        policy=organisation.current_policy,
        right=right_named(options["right"]),
        name=options["name"],
        identities={"email": options["email"]},
        country=_country(options["country"]),
        asker=_asker(options),
        copy_first=options["copy_first"],
        channel=options["channel"],
        received_at=_received_at(options["received_at"], organisation.timezone),
        is_test=options["test"],
    )


def _country(text: str) -> str:
    place = text.strip().upper()
    if place and not re.fullmatch(PLACE, place):
        raise CommandError(f"“{text}” is not a place like DE or US-CA. Nothing was opened.", returncode=WRONG_USAGE)
    return place


def _asker(options: dict[str, Any]) -> Asker | None:
    """Who asks for the person; what showed that they may is noted with `case REFERENCE authority`."""
    said = [options["asker_name"].strip(), options["asker_email"].strip(), options["capacity"]]
    if not any(said):
        return None
    if not all(said) or not addresses.is_address(said[1]):
        raise CommandError(
            "Whoever asks for somebody else needs --asker-name, --asker-email and --capacity. Nothing was opened.", returncode=WRONG_USAGE
        )
    return Asker(*said)


def _received_at(text: str | None, zone: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is not a moment like 2026-11-20T09:30. Nothing was opened.", returncode=WRONG_USAGE) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    if moment > clock.now():
        raise CommandError("A request cannot have arrived in the future. Nothing was opened.")
    return moment


def _facts(case: Case) -> dict[str, Any]:
    due = case.due_on.isoformat() if case.due_on else None
    return {
        "reference": case.reference,
        "right": case.right,
        "state": case.state,
        "received_at": case.received_at.isoformat(),
        "due_on": due,
    }


def _words(case: Case) -> str:
    return f"{case.reference}  {case.right}  reply by {case.due_on or 'no date'}  the person gets a link to confirm it"
