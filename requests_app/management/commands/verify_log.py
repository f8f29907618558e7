"""`verify_log [--json]`: checks that no line of the history was changed, removed or moved."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests_app.flows.history import check_history


class Command(BaseCommand):
    help = "Checks that no line of the history was changed, removed or moved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the finding as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        finding = check_history()
        if options["json"]:
            said = {"ok": finding.broken_at is None, "lines": finding.lines, "last": finding.last, "broken_at": finding.broken_at}
            self.stdout.write(json.dumps({**said, "reason": finding.reason}))
        elif finding.broken_at is None:
            self.stdout.write(f"{finding.lines} lines hold. The last one is {finding.last or 'not there yet'}.")
        if finding.broken_at is not None:
            raise CommandError(f"Line {finding.broken_at} of the history does not hold: {finding.reason}. Nothing was changed.")
