"""verify_receipt FILE: whether a receipt is what was signed, and what it proves. Offline; writes nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exports.archive.checking import read_keys
from exports.archive.receipts import as_json, as_text, check_receipt
from portal.kit.crypto import public_keys


class Command(BaseCommand):
    help = "Check a receipt offline: its signature and what it states. Exit 0 proved, 1 not proved, 2 wrong usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--keys", help="file with public keys (JWK set); this installation's own where it is not given")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = Path(options["file"]).read_bytes()
            keys = read_keys(options["keys"]) or public_keys()
        except (OSError, ValueError) as problem:
            raise CommandError(f"Nothing was checked: {problem}.", returncode=2) from problem
        report = check_receipt(content, keys)
        if options["json"]:
            self.stdout.write(as_json(report))
        elif report.is_proved:
            self.stdout.write(as_text(report))
        if not report.is_proved:
            raise CommandError(as_text(report), returncode=1)
