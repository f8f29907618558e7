"""Locking an archive with a password: the ordinary ZIP file as the only member of another one, encrypted as WinZip's AE-2 lays down.

The inner file is stored as it is: nothing is deflated twice, its digests and its signature stay what they are, and the names of its files,
which tell sources and kinds of data, cannot be read without the password. Only the names below, the size and the day can.
https://www.winzip.com/en/support/aes-encryption/
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from isal import isal_zlib
from stream_zip import NO_COMPRESSION_32, NO_COMPRESSION_64, stream_zip

SHORTEST = 12
LONGEST = 99  # what 7-Zip takes
LARGE = 4_000_000_000  # from here on with ZIP64 fields
PIECE = 256 * 1024
MODE = stat.S_IFREG | 0o644
FIRST_DAY = date(1980, 1, 1)  # of a ZIP file's calendar


@dataclass(frozen=True)
class Inner:
    """The ordinary ZIP file that is to be locked: the name it gets inside, its bytes, the day it was made."""

    name: str
    size: int
    day: date = FIRST_DAY

    @property
    def locked_size(self) -> int:
        """How many bytes the locked file will have: what stands around the inner one is always as long."""
        return self.size + _around(self.name, is_large=self.size >= LARGE)


def inner_name(number: int, of: int) -> str:
    """What lies inside is called the same for everybody: it can be read without the password."""
    return "your-copy.zip" if of == 1 else f"your-copy-part-{number}-of-{of}.zip"


@sensitive_variables("password")
def locked(inner: Inner, read: Callable[[], Iterable[bytes]], password: str) -> Iterator[bytes]:
    """The bytes of the locked file, in pieces. `read` is called twice: the format wants a checksum before the first byte."""
    crc = 0
    for piece in read():
        crc = isal_zlib.crc32(piece, crc)
    yield from _zipped(inner, read(), crc, password)


@sensitive_variables("password")
def _zipped(inner: Inner, pieces: Iterable[bytes], crc: int, password: str, *, is_large: bool | None = None) -> Iterable[bytes]:
    method = NO_COMPRESSION_64 if (inner.size >= LARGE if is_large is None else is_large) else NO_COMPRESSION_32
    made = datetime(max(inner.day.year, FIRST_DAY.year), inner.day.month, inner.day.day, 12)
    member = (inner.name, made, MODE, method(inner.size, crc), pieces)
    return stream_zip([member], chunk_size=PIECE, extended_timestamps=False, password=password)


@cache
def _around(name: str, *, is_large: bool) -> int:
    """What the format adds, measured by locking nothing."""
    return sum(map(len, _zipped(Inner(name, 0), [], 0, "nothing to hide", is_large=is_large)))


@sensitive_variables("password")
def password_fault(password: str) -> str:
    """Why nothing is locked with this password, as a sentence that does not repeat it; empty where it will do."""
    if len(password) < SHORTEST:
        return _("Use a password of %(least)d signs or more.") % {"least": SHORTEST}
    if len(password) > LONGEST:
        return _("Use a password of %(most)d signs or fewer: some programs take no more.") % {"most": LONGEST}
    if not (password.isascii() and password.isprintable()):
        return _("Use a password of plain letters, digits and signs, as on an English keyboard: programs read all others differently.")
    if password != password.strip():
        return _("The password begins or ends with a space. Remove that: nobody sees it when they type it later.")
    if len(set(password)) <= 2 or _is_common(password):
        return _("Many people would try this password first. Use another.")
    return ""


@sensitive_variables("password")
def _is_common(password: str) -> bool:
    try:
        CommonPasswordValidator().validate(password)
    except ValidationError:
        return True
    return False
