"""`load_organisation FOLDER`: takes in an organisation's promises, datasets and sources, or says all that is wrong with them."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from exports.flows.registering import LoadReport, load_organisation
from portal.organisations.marked_yaml import PolicyError
from requests_app.rules.regimes import load_regimes


class Command(BaseCommand):
    help = "Reads organisation.yaml, sources.yaml and the datasets of a folder. Loading the same folder again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the organisation's folder")
        parser.add_argument("--stores", type=Path, help="what {folder} in an address means; default: samples/NAME in the data folder")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"].resolve()
        if not folder.is_dir():
            raise CommandError(f"{options['folder']} is not a folder. Nothing was changed.", returncode=2)
        stores = (options["stores"] or settings.DATA / "samples" / folder.name).resolve()
        try:
            report = load_organisation(folder, stores=stores, regimes=load_regimes().keys())
        except PolicyError as refusal:
            self._refuse(refusal, as_json=options["json"])
        else:
            self.stdout.write(json.dumps(report.to_json(), ensure_ascii=False) if options["json"] else _told(report))
            for note in report.notes:
                self.stderr.write(f"Note: {note}")

    def _refuse(self, refusal: PolicyError, *, as_json: bool) -> None:
        for problem in refusal.problems:
            self.stderr.write(str(problem))
        if as_json:
            problems = [vars(problem) for problem in refusal.problems]
            self.stdout.write(json.dumps({"changed": False, "problems": problems}, ensure_ascii=False))
        raise CommandError("Nothing was changed.")


def _told(report: LoadReport) -> str:
    if not report.changed:
        return f"{report.organisation}: everything is loaded already, policy {report.version}. Nothing was changed."
    parts = [f"organisation {report.organisation_change}", f"policy {report.version} {report.policy_change}"]
    parts += [f"source {key} {change}" for key, change in report.sources]
    return f"{report.organisation}: {', '.join(parts)}."
