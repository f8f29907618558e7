import argparse
from typing import Any

from django.core.management.base import BaseCommand

from portal.demo.running import run
from portal.demo.supervisor import leave_when_interrupted


def a_port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; a port is a number from 1 to 65535")
    return int(text)


class Command(BaseCommand):
    help = "Runs the whole product on this machine, with sample organisations, cases and staff."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=a_port, default=8000, help="where to answer; the next free one is used if it is taken")
        parser.add_argument("--no-browser", action="store_true", help="do not open a browser")

    def handle(self, *args: Any, **options: Any) -> None:
        leave_when_interrupted("\nStopped before it was ready. Start again to go on from here.")
        run(options["port"], opens_browser=not options["no_browser"] and self.stdout.isatty(), say=self.stdout.write)
