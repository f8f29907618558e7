"""`register ORG --year Y`: the figures of a year, or the register's rows, from the shell."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app import extracts, figures
from requests_app.figures import Line, Year


class Command(BaseCommand):
    help = "The figures of a calendar year, or the rows of the register. Test requests are left out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("--year", type=int, metavar="Y", help="a calendar year (default: this one)")
        parser.add_argument("--residence", default="", metavar="PLACE", help="only people who said that they live there, like US-CA")
        parser.add_argument("--rows", choices=sorted(extracts.FORMS), help="the rows instead: 7101 has the six columns of 11 CCR 7101(b)")
        parser.add_argument("--json", action="store_true", help="print JSON; rows are printed as CSV without it")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = Organisation.objects.filter(key=options["organisation"]).first()
        if organisation is None:
            known = ", ".join(Organisation.objects.values_list("key", flat=True)) or "none is loaded"
            raise CommandError(f"There is no organisation “{options['organisation']}”. Known: {known}. Nothing was counted.")
        year = options["year"] if options["year"] is not None else clock.today(organisation.timezone).year
        if not 1 <= year <= 9999:
            raise CommandError(f"{year} is not a year like 2026. Nothing was counted.", returncode=2)
        counted = figures.year_of(organisation, year, residence=options["residence"].strip().upper())
        if options["rows"]:
            rows = extracts.rows(counted.entries, options["rows"])
            text = json.dumps(rows, ensure_ascii=False) if options["json"] else extracts.as_csv(counted.entries, options["rows"])
            self.stdout.write(text.rstrip("\r\n"))
        else:
            self.stdout.write(json.dumps(counted.to_json(), ensure_ascii=False) if options["json"] else "\n".join(_words(counted)))


def _words(counted: Year) -> list[str]:
    who = f"people in {counted.residence}" if counted.residence else "everybody"
    head = f"{counted.organisation.name}, {counted.year}, {who}. {figures.RULE}"
    lines = [_line(right, line) for right, line in counted.rights.items()]
    return [head, *lines, _line("together", counted.together)]


def _line(name: str, line: Line) -> str:
    days = f"days: median {line.median_days:g}, mean {line.mean_days:g} of {line.days_of}" if line.days_of else "no answers yet"
    return f"{name}: received {line.received}, in whole {line.whole}, in part {line.part}, denied {line.denied}, open {line.open}; {days}"
