"""`retention_sweep ORG [--plan | --execute] [--today DATE] [--json]`: removes what is older than the policy keeps it."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exports import api
from exports.connectors.base import SourceError
from exports.datasets import DatasetError
from exports.management import asking
from portal.kit import clock
from portal.organisations.models import Organisation


class Command(BaseCommand):
    help = "Say which rows are older than the policy keeps them (--plan, the default), or delete them or make them anonymous (--execute)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--plan", action="store_true", help="count only; nothing is changed")
        what.add_argument("--execute", action="store_true", help="sweep, count again, and print the signed receipt")
        parser.add_argument(
            "--today", type=_day, metavar="DATE", help="count ages from the beginning of this day (UTC) instead of from now"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = asking.organisation_named(options["organisation"])
        moment = _moment(options["today"])
        if moment > clock.now():
            self.stderr.write(f"Ages are counted from {moment:%Y-%m-%d}, which is still to come.")
        try:
            told = _executed(organisation, moment) if options["execute"] else api.plan_sweep(organisation, moment)
        except (api.EngineRefusal, DatasetError) as refusal:
            raise CommandError(f"{refusal} Nothing was swept.") from refusal
        receipt = told.get("receipt", told)
        for sentence in receipt["gaps"]:
            self.stderr.write(sentence)
        self.stdout.write(json.dumps(told, indent=2) if options["json"] else _in_words(receipt))
        if receipt.get("outcome") == "failed":
            raise CommandError("Rows that are too old are still there. The receipt says where.")


def _executed(organisation: Organisation, moment: datetime) -> dict[str, Any]:
    job_id = api.start_sweep(organisation, moment)
    while True:
        with suppress(SourceError):  # it is tried again after a pause, and given up after some tries
            progress = asking.run_to_rest(job_id)
            break
    signed = api.receipt(job_id)
    if signed is None:
        raise CommandError(f"{progress.error or 'The sweep did not finish.'} What was removed until then stays removed.")
    return signed


def _moment(day: date | None) -> datetime:
    return clock.now().replace(microsecond=0) if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is not a day like 2026-12-08") from None


def _in_words(told: dict[str, Any]) -> str:
    lines = []
    for line in told["lines"]:
        rows = line.get("removed", line.get("rows", 0))
        held = f", {line['held']} held" if line["held"] else ""
        lines.append(
            f"{line['source']}: {line['collection']}: {line['action']} {rows}, older than {line['period']} ({line['cutoff']}){held}"
        )
    totals = ", ".join(f"{name} {count}" for name, count in told["totals"].items())
    return "\n".join([*lines, f"Outcome: {told['outcome']}. Rows: {totals}." if "outcome" in told else f"Rows: {totals}."])
