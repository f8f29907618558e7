"""`deadline REGIME RIGHT RECEIVED_AT` works out one law's dates; `deadline --vectors FILE` compares a file of worked cases."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from portal.kit.clock import today
from requests_app.rules.calendars import CALENDARS, calendar_named
from requests_app.rules.deadlines import ClockEvent, Deadline, deadline
from requests_app.rules.errors import RuleError
from requests_app.rules.laws import Regime
from requests_app.rules.regimes import regime_named
from requests_app.rules.rights import right_named
from requests_app.rules.wording import long_day
from requests_app.rules.worked import Comparison, compare, dates_of_answer, local_date, totals, zone_named

WRONG_USAGE = 2
LABELS = {"ack_due": "Confirm receipt by", "due": "Reply by", "extended_due": "If extended, reply by"}


class Command(BaseCommand):
    help = "Works out the legal dates of one request under one law, and explains them."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("regime", nargs="?", help="a law, like EU_GDPR or CA_PIPEDA")
        parser.add_argument("right", nargs="?", help="a right, like access or deletion")
        parser.add_argument("received_at", nargs="?", help="when the request arrived, like 2026-11-20T09:30:00+01:00")
        parser.add_argument("--timezone", help="IANA zone whose calendar date counts (default: the law's own)")
        parser.add_argument("--event", action="append", default=[], metavar="TYPE@AT", help="something that happened, any number of times")
        parser.add_argument("--holidays", metavar="CAL", help="a calendar of holidays (default: the law's own)")
        parser.add_argument("--vectors", metavar="FILE", help="compare a whole file of worked cases instead")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        _check_usage(options)
        try:
            if options["vectors"]:
                self._compare(Path(options["vectors"]), as_json=options["json"])
            else:
                self._work_out(options)
        except RuleError as refused:
            raise CommandError(str(refused)) from None

    def _work_out(self, options: dict[str, Any]) -> None:
        regime, right = regime_named(options["regime"]), right_named(options["right"])
        zone = zone_named(options["timezone"] or regime.timezone)
        calendar = calendar_named(_calendar_name(options["holidays"] or regime.calendar_in(options["timezone"] or "")))
        events = [_read_event(text, zone) for text in options["event"]]
        found = deadline(regime, right, local_date(options["received_at"], zone), events=events, calendar=calendar)
        self._warn(regime)
        if options["json"]:
            self.stdout.write(json.dumps({**dates_of_answer(found), "explanation": list(found.explanation)}, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_in_words(found)))

    def _warn(self, regime: Regime) -> None:
        if regime.is_stale(today("UTC")):
            self.stderr.write(f"{regime.id} was last checked on {regime.last_checked.isoformat()}, more than a year ago.")

    def _compare(self, path: Path, *, as_json: bool) -> None:
        found = compare(_read_json(path))
        counted = totals(found)
        if as_json:
            self.stdout.write(json.dumps({"cases": [_listed(one) for one in found], "totals": counted}, ensure_ascii=False))
        else:
            self.stdout.write("\n".join([*(_difference(one) for one in found if not one.agrees), _summary(counted)]))
        if counted["agree"] != counted["cases"]:
            raise CommandError(
                f"{counted['cases'] - counted['agree']} of {counted['cases']} worked cases do not agree. Nothing was changed."
            )


def _check_usage(options: dict[str, Any]) -> None:
    alone = [options[key] for key in ("regime", "right", "received_at")]
    if options["vectors"] and (any(alone) or options["timezone"] or options["event"] or options["holidays"]):
        raise CommandError("--vectors takes a file and nothing else but --json: the file brings its own cases.", returncode=WRONG_USAGE)
    if not options["vectors"] and not all(alone):
        raise CommandError("Say REGIME RIGHT RECEIVED_AT, or --vectors FILE. Nothing was worked out.", returncode=WRONG_USAGE)


def _calendar_name(name: str) -> str:
    if name not in CALENDARS:
        raise RuleError(f"“{name}” is not a calendar we know. Choose one of: {', '.join(CALENDARS)}.")
    return name


def _read_event(text: str, zone: ZoneInfo) -> ClockEvent:
    kind, at, when = text.partition("@")
    if not at:
        raise RuleError(f"“{text}” is not an event: write TYPE@AT, like identity_requested@2026-11-21T10:00:00+01:00.")
    return ClockEvent(kind, local_date(when, zone))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise RuleError(f"{path} cannot be read: {wrong.strerror}. Nothing was compared.") from None
    except ValueError as wrong:
        raise RuleError(f"{path} is not JSON: {wrong}. Nothing was compared.") from None


def _in_words(found: Deadline) -> list[str]:
    dates = {"ack_due": found.ack_due, "due": found.due, "extended_due": found.extended_due}
    lines = [f"{LABELS[key]}: {long_day(when)}" for key, when in dates.items() if when]
    return [found.title, *(lines or ["No date follows from this law."]), "", *found.explanation]


def _listed(one: Comparison) -> dict[str, Any]:
    listed: dict[str, Any] = {"id": one.id, "expected": one.expected, "got": one.got, "agrees": one.agrees}
    return {**listed, "error": one.error} if one.error else listed


def _difference(one: Comparison) -> str:
    if one.error:
        return f"{one.id}: {one.error}"
    wrong = [
        f"{key} is {one.got[key] or 'none'}, expected {one.expected[key] or 'none'}" for key in LABELS if one.got[key] != one.expected[key]
    ]
    return f"{one.id}: {'; '.join(wrong)}"


def _summary(counted: dict[str, int]) -> str:
    return f"{counted['agree']} of {counted['cases']} worked cases agree."
