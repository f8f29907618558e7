"""`regimes_page [--check]`: writes docs/regimes.md from the law packs, or says whether it is up to date."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from requests_app.rules.regimes_page import regimes_page


class Command(BaseCommand):
    help = "Writes docs/regimes.md from the files in requests_app/rules/regimes."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        path, page = Path(settings.BASE_DIR) / "docs" / "regimes.md", regimes_page()
        is_current = path.exists() and path.read_text(encoding="utf-8") == page
        if options["check"] and not is_current:
            raise CommandError("docs/regimes.md is out of date: run `./start manage regimes_page`. Nothing was changed.")
        if not is_current:
            path.write_text(page, encoding="utf-8")
        self.stdout.write("docs/regimes.md is up to date." if is_current else "docs/regimes.md was written anew.")
