"""`subject_erasure ORG --identity email=… --plan | --execute DIGEST [--choose LINE=later …] [--json]`: an erasure from the shell."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError

from exports import api
from exports.connectors.base import SourceError
from exports.flows.shown import refuse_growth, was_not_read
from exports.flows.unfinished import left_before
from exports.management import asking
from portal.organisations.models import Organisation


class Command(BaseCommand):
    help = "Say what erasing one person would do (--plan), or do exactly that (--execute DIGEST)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("--identity", action="append", required=True, metavar="KIND=VALUE", help="repeatable")
        parser.add_argument("--choose", action="append", default=[], metavar="LINE=now|later", help="settle a line; repeatable")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--plan", action="store_true", help="rehearse only; nothing is changed")
        what.add_argument("--execute", metavar="DIGEST", help="carry out the plan with this digest")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = asking.organisation_named(options["organisation"])
        identities = asking.identities_of(organisation, options["identity"])
        choices = dict(_choice(word) for word in options["choose"])
        job_id = _rehearsed(organisation, identities, choices)
        if options["execute"] == api.plan(job_id).digest and _went_on(job_id):
            job_id = _rehearsed(organisation, identities, choices)
        plan = api.plan(job_id)
        for sentence in (*plan.blocked, *plan.gaps):
            self.stderr.write(sentence)
        if options["plan"]:
            api.cancel(job_id)  # its identities are destroyed; executing rehearses anew and compares digest and numbers
            self.stdout.write(json.dumps(plan.to_json(), indent=2) if options["json"] else in_words(plan))
            return
        signed = _executed(job_id, options["execute"])
        self.stdout.write(json.dumps(signed, indent=2) if options["json"] else _receipt_in_words(signed["receipt"]))
        outcome = signed["receipt"]["outcome"]
        if outcome != "complete":
            why = api.progress(job_id).error or f"The outcome is {outcome}."
            raise CommandError(f"{why} The receipt names what was not erased or not searched.")


def _choice(word: str) -> tuple[str, str]:
    line, equals, choice = word.rpartition("=")
    if not equals or choice not in ("now", "later"):
        raise CommandError(f"'{word}' is not of the form LINE=now or LINE=later.", returncode=asking.USAGE)
    return line, choice


def _rehearsed(organisation: Organisation, identities: dict[str, str], choices: dict[str, str]) -> UUID:
    search = api.Search(
        organisation=organisation, policy=organisation.current_policy, identities=identities, subject=uuid4().hex, reference="shell"
    )
    job_id = api.start_erasure(search)
    try:
        progress = asking.run_to_rest(job_id)
        if progress.state == "planned" and choices:
            api.settle(job_id, choices, by=_who())
            progress = asking.run_to_rest(job_id)
    except (api.EngineRefusal, SourceError) as refusal:
        api.cancel(job_id)
        raise CommandError(_in_one_line(refusal)) from refusal
    if progress.state != "planned":
        raise CommandError(f"{progress.error or 'The rehearsal did not finish.'} Nothing was erased.")
    return job_id


def _went_on(job_id: UUID) -> bool:
    """Finish by their own notes what earlier deletions of this person have left undone here; a search could not find all of it again."""
    left = left_before(job_id)
    for other in left:
        for source, _title in api.sources_left(other):
            api.retry(other, source)
        _at_rest(other)
    if left:
        was_not_read(job_id)
        api.cancel(job_id)
    return bool(left)


def _at_rest(job_id: UUID) -> api.Progress:
    while True:
        with suppress(SourceError):  # it is tried again after a pause, and given up after some tries
            return asking.run_to_rest(job_id)


def _in_one_line(refusal: Exception) -> str:
    said = isinstance(refusal, SourceError)
    return f"The plan could not be worked out, and nothing was erased. {refusal}" if said else str(refusal)


def _executed(job_id: UUID, digest: str) -> dict[str, Any]:
    try:
        refuse_growth(job_id, digest)
        api.approve(job_id, digest, by=_who())
    except api.EngineRefusal as refusal:
        api.cancel(job_id)
        raise CommandError(str(refusal)) from refusal
    progress = _at_rest(job_id)
    signed = api.receipt(job_id)
    if signed is None:
        if progress.state == "planned":
            api.cancel(job_id)
        raise CommandError(progress.error or "The erasure did not finish. Ask for a plan again to see what is left.")
    return signed


def _who() -> str:
    return f"shell: {getpass.getuser()}"


def in_words(plan: api.PlanView) -> str:
    """The plan as lines of text."""
    lines = [f"{line.source_title}: {line.title}: {line.rows} {line.action} {_when(line)}. {line.because}".strip() for line in plan.lines]
    choices = [f"Policy says two things: {line.key}=now or {line.key}=later" for line in plan.lines if line.choices]
    blocked = [f"BLOCKED: {sentence}" for sentence in plan.blocked]
    gaps = [f"NOT SEARCHED: {sentence}" for sentence in plan.gaps]
    totals = ", ".join(f"{name} {count}" for name, count in plan.totals.items())
    return "\n".join([*lines, *choices, *blocked, *gaps, f"Rows: {totals}.", f"Digest: {plan.digest}"])


def _when(line: api.PlanLine) -> str:
    if line.when is None:
        return "" if line.action == "keep" else "now"
    return f"until {line.when}" if line.action == "keep" else f"on {line.when}"


def _receipt_in_words(receipt: dict[str, Any]) -> str:
    totals = ", ".join(f"{name} {count}" for name, count in receipt["totals"].items())
    checked = receipt["verification"]
    return (
        f"Outcome: {receipt['outcome']}. Rows: {totals}. Not done: {receipt['not_done']}. Read back by key: {checked['rows_read_back']}, "
        f"not as planned: {checked['not_as_planned']}, found again: {checked['found_again']}."
    )
