"""`check_sources ORG [--json]`: what the datasets say against what is really there, and what nobody has said anything about."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exports.datasets import DatasetError
from exports.flows.checking import check_sources
from exports.management import asking


class Command(BaseCommand):
    help = "Connect to every source of an organisation and compare its datasets with the live schema."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = asking.organisation_named(options["organisation"])
        try:
            report = check_sources(organisation)
        except DatasetError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(json.dumps(report, indent=2) if options["json"] else _in_words(report))
        if not report["ok"]:
            broken = [source for source in report["sources"] if source["mismatches"]]
            first = broken[0]["mismatches"][0] if broken else "no source is set up"
            raise CommandError(f"{broken[0]['key'] if broken else organisation.key}: {first} Nothing was changed.")


def _in_words(report: dict[str, Any]) -> str:
    lines = []
    for source in report["sources"]:
        lines.append(f"{source['key']} ({source['title']}): {source['state']}")
        lines += [f"  differs: {sentence}" for sentence in source["mismatches"]]
        lines += [f"  not reached: {one['collection']}. {one['reason']}" for one in source["unreachable"]]
        for what, fields in source["without"].items():
            lines += [f"  without {what}: {', '.join(fields)}"] if fields else []
        lines += [f"  not in the dataset: {', '.join(source['undeclared'])}"] if source["undeclared"] else []
        lines += [f"  left out: {', '.join(source['left_out'])}"] if source["left_out"] else []
    lines += ["left to decide, what weighs most first:"] if report["to_decide"] else []
    lines += [f"  {one['collection']}: {one['sentence']}" for one in report["to_decide"]]
    return "\n".join([*lines, *(f"not swept: {sentence}" for sentence in report["unswept"])])
