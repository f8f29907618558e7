"""Before a management command of ours: are there tables? An installation that is no production one gets them now, without a word."""

import fcntl
from collections.abc import Sequence

import django
from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

OURS = ("portal", "portal.organisations", "requests_app", "exports")
ALONE = ("deadline", "draft_dataset", "regimes_page", "verify_archive", "verify_receipt")  # they need no store


class StoreMissing(Exception):
    """In one line, why the command cannot begin and what was not done."""


def make_ready(words: Sequence[str]) -> None:
    """Make the tables of a new installation, once, or raise `StoreMissing`. Commands of others and pleas for help go by."""
    if not words or words[0] in ALONE or {"-h", "--help"} & set(words):
        return
    django.setup()
    if get_commands().get(words[0]) not in OURS:
        return
    try:
        _make_tables()
    except OperationalError as problem:
        raise StoreMissing("The store of this installation (DATABASE_URL) does not answer. Nothing was done.") from problem


def _make_tables() -> None:
    recorder = MigrationRecorder(connection)
    if recorder.has_table():
        return
    if settings.MODE == "production":
        raise StoreMissing("The store of this installation has no tables. Nothing was done. Make them with: ./start manage migrate")
    with (settings.DATA / "store.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # of two commands that begin at once, one makes them
        if not recorder.has_table():
            call_command("migrate", verbosity=0, interactive=False)
