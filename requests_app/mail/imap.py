"""One visit to a mailbox: what waits there, the beginning of each message, and putting away what was taken in.

TLS always, with a certificate that is checked; every step has a time limit. Messages are named by UID.
"""

import imaplib
import re
import ssl
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from types import TracebackType
from typing import Any

from portal.mailboxes import Place

SECONDS = 20
READ = 256 * 1024  # of one message; headers and first text of an honest mail fit in it many times
KEYWORD = "HabeasTaken"
DATED = re.compile(rb'INTERNALDATE "([ \d]\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')
SIZED = re.compile(rb"RFC822\.SIZE (\d+)")
MONTHS = {month: number for number, month in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}


class MailboxUnread(Exception):
    """A mailbox cannot be read. `code` says why: unreachable, no_tls, refused, no_folder or broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """The beginning of a message as it lies in the mailbox."""

    place: str
    uid_validity: int
    uid: int
    received_at: datetime
    raw: bytes
    is_cut: bool


class Visit:
    """A signed-in connection with the folder open. Use it as a context manager."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.digest = sha256(f"{place.host}/{place.user}/{place.folder}".encode()).hexdigest()[:16]
        self.uid_validity = 0
        self._can_move = False

    def __enter__(self) -> "Visit":
        self._server = _connected(self.place)
        with ExitStack() as on_failure:
            on_failure.callback(self._leave)
            _sign_in(self._server, self.place)
            self._open()
            said = self._step(self._server.capability)[1]  # asked again: before the sign-in it names less
            self._can_move = b"MOVE" in b" ".join(said).upper().split()
            on_failure.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    def waiting(self) -> list[int]:
        """UIDs of everything that was not put away yet, oldest first."""
        found = self._said("SEARCH", "UNDELETED", "UNKEYWORD", KEYWORD)
        return sorted(int(uid) for line in found if line for uid in line.split())

    def fetch(self, uid: int) -> Arrived | None:
        """The message, or None if somebody has taken it away meanwhile. It stays unread for others."""
        parts = self._said("FETCH", str(uid), f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.{READ}>)")
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if raw is None:
            return None
        about = b" ".join(part[0] if isinstance(part, tuple) else part for part in parts if part)
        size = SIZED.search(about)
        is_cut = bool(size and int(size[1]) > len(raw))
        return Arrived(
            place=self.digest, uid_validity=self.uid_validity, uid=uid, received_at=_moment(about), raw=bytes(raw), is_cut=is_cut
        )

    def put_away(self, uid: int) -> None:
        """Moves the message out of the inbox; where the server cannot, marks it. Safe to do again."""
        if self._can_move:
            if self._move(uid):
                return
            self._step(lambda: self._server.create(_quoted(self.place.taken)))  # the first time there is no such folder
            if self._move(uid):
                return
        self._step(lambda: self._server.uid("STORE", str(uid), "+FLAGS.SILENT", f"(\\Seen {KEYWORD})"))

    def _move(self, uid: int) -> bool:
        return self._step(lambda: self._server.uid("MOVE", str(uid), _quoted(self.place.taken)))[0] == "OK"

    def _open(self) -> None:
        kind, _count = self._step(lambda: self._server.select(_quoted(self.place.folder)))
        if kind != "OK":
            raise MailboxUnread("no_folder")
        said = self._server.response("UIDVALIDITY")[1]
        self.uid_validity = int(said[0]) if said and said[0] else 0

    def _said(self, *words: str) -> list[Any]:
        kind, parts = self._step(lambda: self._server.uid(*words))
        if kind != "OK":
            raise MailboxUnread("broken")
        return list(parts)

    def _step(self, act: Callable[[], tuple[str, Any]]) -> tuple[str, Any]:
        try:
            return act()
        except imaplib.IMAP4.error:
            raise MailboxUnread("broken") from None
        except OSError:
            raise MailboxUnread("unreachable") from None

    def _leave(self) -> None:
        with suppress(imaplib.IMAP4.error, OSError):
            self._server.logout()


def _connected(place: Place) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    try:
        if place.scheme == "imaps":
            return imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=SECONDS)
        server = imaplib.IMAP4(place.host, place.port, timeout=SECONDS)
    except ssl.SSLError:
        raise MailboxUnread("no_tls") from None
    except (OSError, imaplib.IMAP4.error):
        raise MailboxUnread("unreachable") from None
    with ExitStack() as on_failure:
        on_failure.callback(_hang_up, server)
        try:
            server.starttls(ssl_context=context)
        except (imaplib.IMAP4.error, ssl.SSLError):
            raise MailboxUnread("no_tls") from None
        except OSError:
            raise MailboxUnread("unreachable") from None
        on_failure.pop_all()
    return server


def _hang_up(server: imaplib.IMAP4) -> None:
    with suppress(OSError):  # the other side may have gone already
        server.shutdown()


def _sign_in(server: imaplib.IMAP4, place: Place) -> None:
    """PLAIN takes any sign in a password; LOGIN is for servers that have nothing else."""
    secret = f"\0{place.user}\0{place.password}".encode()
    try:
        if "AUTH=PLAIN" in server.capabilities:
            server.authenticate("PLAIN", lambda _challenge: secret)
        else:
            server.login(_quoted(place.user), place.password)
    except (imaplib.IMAP4.error, UnicodeError):
        raise MailboxUnread("refused") from None
    except OSError:
        raise MailboxUnread("unreachable") from None


def _moment(about: bytes) -> datetime:
    """The server's own moment of receipt."""
    found = DATED.search(about)
    if found is None or found[2] not in MONTHS:
        raise MailboxUnread("broken")
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (1 if found[7] == b"+" else -1)
    try:
        return datetime(year, MONTHS[found[2]], day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
    except ValueError:
        raise MailboxUnread("broken") from None


def _quoted(name: str) -> str:
    """Names hold no quotes: the settings refuse them, and a user's are escaped."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
