"""`draft_dataset URL [--schema NAME] [--output FILE]`: a first dataset file from a live schema, for a human to finish."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exports.connectors.base import SourceError
from exports.datasets import DatasetError
from exports.drafting import Draft, NothingThere, draft
from exports.management.asking import USAGE

WORDS = {
    "person": "about people",
    "named": "found by an address",
    "owned": "that belong to people",
    "used": "used by people, perhaps shared",
    "apart": "that nothing leads to yet",
    "lookup": "look-ups, left out",
}


class Command(BaseCommand):
    help = "Write a first dataset file from a live database: reads only, guesses with reasons, never a value of a row."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", metavar="URL", nargs="?", default="", help="address of the database, such as postgresql://…")
        parser.add_argument(
            "--env", default="", metavar="NAME", help="environment variable that holds the address, so that no password is typed"
        )
        parser.add_argument("--schema", action="append", default=[], metavar="NAME", help="repeatable; else the one that the address means")
        parser.add_argument("--key", default="", metavar="KEY", help="fides_key of the dataset; else by the database's name")
        parser.add_argument("--output", type=Path, metavar="FILE.yml", help="else it is printed")
        parser.add_argument("--json", action="store_true", help="print what stands in the draft, as JSON; needs --output")

    def handle(self, *args: Any, **options: Any) -> None:
        url, output = _address(options["url"], options["env"]), options["output"]
        if options["json"] and output is None:
            raise CommandError("--json needs --output, where the draft goes. Nothing was written.", returncode=USAGE)
        if output is not None:
            _check_free(output)
        try:
            made = draft(url, schemas=options["schema"], key=options["key"])
        except (SourceError, NothingThere) as problem:
            raise CommandError(str(problem)) from None
        except DatasetError as problem:
            raise CommandError(f"The draft could not be written: {problem} Nothing was written.") from None
        if output is None:
            self.stdout.write(made.text, ending="")
        else:
            _write(output, made.text)
        told = {"file": str(output or ""), "collections": dict(made.roles), "guesses": made.guesses, "unreached": list(made.unreached)}
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2))
        else:
            self.stderr.write(_in_words(made))


def _address(url: str, name: str) -> str:
    if bool(url) == bool(name):
        raise CommandError("Give the address of the database, or --env with the name of a variable that holds it.", returncode=USAGE)
    if name and not os.environ.get(name):
        raise CommandError(f"The environment variable {name} is not set. Nothing was written.")
    return url or os.environ[name]


def _check_free(output: Path) -> None:
    if output.exists():
        raise CommandError(f"{output} exists already. Nothing was written.")
    if not output.absolute().parent.is_dir():
        raise CommandError(f"The folder {output.absolute().parent} does not exist. Nothing was written.")


def _write(output: Path, text: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise CommandError(f"{output} cannot be written: {problem.strerror}.") from None


def _in_words(made: Draft) -> str:
    counted = [f"{count} {WORDS[role]}" for role, count in made.roles.items() if count]
    lines = [
        f"{sum(made.roles.values())} tables: {', '.join(counted)}. {made.guesses} guesses to look at, each with its reason in the file."
    ]
    lines += [f"Not reached: {', '.join(made.unreached)}."] if made.unreached else []
    return "\n".join(lines)
