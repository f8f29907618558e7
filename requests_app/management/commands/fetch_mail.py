"""`fetch_mail [ORG]`: reads the mailboxes now, and says what became of each message."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.organisations.models import Organisation
from requests_app import tasks
from requests_app.flows import fetching
from requests_app.mail.imap import MailboxUnread
from requests_app.mail.words import UNREAD


class Command(BaseCommand):
    help = "Reads the mailbox of an organisation, or of all, and opens the requests that arrived there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG", nargs="?")
        parser.add_argument("--json", action="store_true", help="print what became of the messages as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        told: dict[str, dict[str, Any]] = {}
        unread: list[str] = []
        for organisation in _chosen(options["organisation"]):
            try:
                told[organisation.key] = tasks.read_mailbox(organisation, at_once=True) or {"busy": True}
            except MailboxUnread as problem:
                unread.append(f"{organisation.key}: {UNREAD[problem.code]}")
        self.stdout.write(json.dumps(told) if options["json"] else "\n".join(_words(key, counts) for key, counts in told.items()))
        if unread:
            raise CommandError(f"{' '.join(unread)} Its mail stays where it is.")


def _chosen(key: str | None) -> list[Organisation]:
    chosen = [one for one in fetching.configured() if key in (None, one.key)]
    if not chosen:
        named = f"{key} has no mailbox" if key else "No organisation has a mailbox"
        known = ", ".join(settings.MAILBOXES) or "none"
        raise CommandError(f"{named}. HABEAS_MAILBOXES names: {known}. Nothing was read.")
    return chosen


def _words(key: str, counts: dict[str, Any]) -> str:
    if counts.get("busy"):
        return f"{key}: somebody else is reading it now."
    parts = [f"{count} {outcome}" for outcome, count in sorted(counts.items()) if count]
    return f"{key}: {', '.join(parts) if parts else 'nothing new'}."
