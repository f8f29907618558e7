"""verify_archive FILE …: whether an archive is whole and unaltered. Reads it where it lies and writes nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exports.archive.checking import as_json, as_text, read_keys
from exports.archive.together import check_together
from exports.management.asking import password_in
from portal.kit.crypto import public_keys


class Command(BaseCommand):
    help = "Check an archive offline: manifests, counts, descriptor and signature. Exit 0 sound, 1 not as it was made, 2 wrong usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="+", help="an archive, or all parts of one")
        parser.add_argument("--keys", help="file with public keys (JWK set); this installation's own where it is not given")
        parser.add_argument("--password-file", metavar="FILE", help="what opens a locked archive; - reads standard input")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = [Path(name) for name in options["file"]]
        for path in paths:
            if not path.is_file():
                raise CommandError(f"{path} is no file.", returncode=2)
        try:
            keys = read_keys(options["keys"]) or public_keys()
        except (OSError, ValueError) as problem:
            raise CommandError(f"{options['keys']} cannot be used as public keys: {problem}.", returncode=2) from problem
        reports = check_together(paths, keys, password_in(options["password_file"]))
        if options["json"]:
            self.stdout.write(as_json(*reports))
        for report in reports:
            if report.is_sound and not options["json"]:
                self.stdout.write(as_text(report))
        if wrong := [report for report in reports if not report.is_sound]:
            raise CommandError("\n".join(map(as_text, wrong)), returncode=1)
