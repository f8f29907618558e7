"""Reads every setting from the environment, once. Unknown HABEAS_ names and bad values are refused."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class EnvironmentRefused(Exception):
    """A setting cannot be used; the sentence names it, the reason and what to do."""


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS = (
    Setting("HABEAS_MODE", "demo", "`demo`, `production` or `test`. Production refuses every default secret."),
    Setting("HABEAS_DATA", "", "The one folder that everything is written to. Default: `var` beside manage.py."),
    Setting("HABEAS_LEDGER", "", "The folder that remembers erasures for after a restore. On another disk than the database."),
    Setting("HABEAS_BASE_URL", "", "The public address, like https://data.example.org. Links in letters use it and nothing else."),
    Setting("HABEAS_ALLOWED_HOSTS", "", "Further host names to answer to, separated by commas."),
    Setting("HABEAS_TRUSTED_PROXIES", "", "Addresses or networks of your own proxies, by commas: they tell who asks. Empty: nobody does."),
    Setting("HABEAS_SECRET_KEY", "", "Signs sessions and forms. Made under the data folder unless in production.", secret=True),
    Setting("HABEAS_MASTER_KEY", "", "64 hex digits. Wraps every other key; without it nothing can be read again.", secret=True),
    Setting("DATABASE_URL", "", "postgres://… for PostgreSQL. Empty: SQLite in the data folder.", secret=True),
    Setting("REDIS_URL", "", "redis://… for broker and limits. Empty: a folder is the broker.", secret=True),
    Setting("HABEAS_SMTP_URL", "", "smtp://user:password@host:port or smtps://… Empty: mail goes to the outbox folder.", secret=True),
    Setting("HABEAS_MAIL_FROM", "privacy@localhost", "Sender of letters where the organisation names none."),
    Setting("HABEAS_MAILBOXES", "", "org=imaps://user:password@host/INBOX, separated by blanks. Mail there opens requests.", secret=True),
    Setting("HABEAS_CASE_DAYS", "730", "How many days the content of a closed request is kept, where the organisation says nothing."),
    Setting("HABEAS_ARCHIVE_MB", "2000", "A copy with more unpacked megabytes than this comes as several ZIP files. From 10 to 1000000."),
    Setting("HABEAS_WORKERS", "2", "Worker processes of the supervised demo."),
)
KNOWN = {setting.name for setting in SETTINGS}


def environment(source: Mapping[str, str] | None = None) -> dict[str, str]:
    """The value of every setting; a secret may also stand in the file that NAME_FILE points to."""
    given = os.environ if source is None else source
    unknown = sorted(n for n in given if n.startswith("HABEAS_") and n.removesuffix("_FILE") not in KNOWN and n not in OUTSIDE)
    if unknown:
        raise EnvironmentRefused(f"Unknown setting {unknown[0]}. Nothing was started. docs/running.md lists every setting.")
    return {setting.name: _value(setting, given) for setting in SETTINGS}


# Read by the tests and the start script, never by the product.
OUTSIDE = {"HABEAS_PEER_DATA", "HABEAS_TEST_STACK", "HABEAS_TEST_TIMES"}


def _value(setting: Setting, given: Mapping[str, str]) -> str:
    if setting.secret and (path := given.get(f"{setting.name}_FILE")):
        try:
            return Path(path).read_text().strip()
        except OSError as problem:
            raise EnvironmentRefused(f"{setting.name}_FILE: {path} cannot be read ({problem.strerror}). Nothing was started.") from problem
    return given.get(setting.name, "").strip() or setting.default


def kept_secret(folder: Path, name: str, length: int = 32) -> str:
    """A secret of this installation, made on first use, readable by its owner only."""
    path = folder / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder / f".{name}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(secrets.token_hex(length))
    try:
        os.link(fresh, path)  # the first of several starting processes wins
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()
