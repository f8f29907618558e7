"""`staff ORG [EMAIL ROLE]`: who works at an organisation, and who comes and goes."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from portal.organisations.models import Membership, Organisation, Role
from portal.organisations.staffing import StaffRefused, appoint, dismiss, members_of


class Command(BaseCommand):
    help = "List who works at an organisation; with an address and a role, give somebody that role there; with --remove, take it away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("email", nargs="?", default="", metavar="EMAIL")
        parser.add_argument("role", nargs="?", default="", choices=["", *Role.values], metavar="|".join(Role.values))
        parser.add_argument("--name", default="", help="who they are, as colleagues and people read it; needed once for a new address")
        parser.add_argument("--remove", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["email"]) != (bool(options["role"]) != options["remove"]) or (options["remove"] and options["role"]):
            raise CommandError("Give an address and a role, or an address and --remove, or neither. Nothing was changed.", returncode=2)
        house = Organisation.objects.filter(key=options["organisation"]).first()
        if house is None:
            raise CommandError(f"There is no organisation “{options['organisation']}”. Nothing was changed.")
        try:
            self._change(house, options)
        except StaffRefused as refusal:
            raise CommandError(str(refusal)) from None
        rows = [_row(member) for member in members_of(house)]
        self.stdout.write(json.dumps({"organisation": house.key, "staff": rows}, ensure_ascii=False) if options["json"] else _told(rows))

    def _change(self, house: Organisation, options: dict[str, Any]) -> None:
        if options["remove"]:
            dismiss(house, options["email"])
        elif options["role"]:
            member = appoint(house, options["email"], options["role"], name=options["name"])
            if not member.user.has_usable_password():
                self.stderr.write(f"{member.user} chooses a password at {settings.BASE_URL}{reverse('account_reset_password')}")


def _row(member: Membership) -> dict[str, Any]:
    return {"email": member.user.email, "name": member.user.name, "role": member.role, "is_active": member.user.is_active}


def _told(rows: list[dict[str, Any]]) -> str:
    lines = [f"{row['email']:<32}{row['role']:<10}{row['name']}{'' if row['is_active'] else '  (switched off)'}" for row in rows]
    return "\n".join(lines) or "Nobody works there yet."
