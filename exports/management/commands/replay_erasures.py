"""`replay_erasures ORG [--leave-out SOURCE] [--json]`: after a restore, erase again by the ledger what the backup brought back."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exports import api
from exports.connectors.base import SourceError
from exports.flows import replay
from exports.management import asking


class Command(BaseCommand):
    help = (
        "After a backup of a source or of Habeas itself was restored: run the erasures of the ledger again, by key, and print the receipt."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument(
            "--leave-out",
            action="append",
            default=[],
            metavar="SOURCE",
            help="a source that is gone for good; the receipt says so; repeatable",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = asking.organisation_named(options["organisation"])
        known = {source.key for source in api.sources(organisation)}
        for key in options["leave_out"]:
            if key not in known:
                raise CommandError(f"There is no source '{key}' (known: {', '.join(sorted(known)) or 'none'}). Nothing was erased.")
        job_id = replay.start(organisation, leave_out=options["leave_out"])
        try:
            progress = asking.run_to_rest(job_id)
        except SourceError as problem:
            with suppress(api.EngineRefusal):
                api.cancel(job_id)
            raise CommandError(f"{problem} Not everything was erased again. Run it again, or with --leave-out.") from problem
        signed = api.receipt(job_id)
        if signed is None:
            raise CommandError(f"{progress.error or 'The replay did not finish.'} Run it again.")
        self.stdout.write(json.dumps(signed, indent=2) if options["json"] else _in_words(signed["receipt"]))
        for sentence in signed["receipt"]["gaps"]:
            self.stderr.write(sentence)
        if signed["receipt"]["outcome"] != "complete":
            raise CommandError(progress.error)


def _in_words(receipt: dict[str, Any]) -> str:
    totals = receipt["totals"]
    return (
        f"Outcome: {receipt['outcome']}. Erasures: {len({line['erasure'] for line in receipt['lines']})}. Rows: {totals['rows']}, "
        f"found again: {totals['found_again']}, as erased now: {totals['as_erased']}, other people's by now: {totals['others']}, "
        f"left: {totals['left']}."
    )
