"""Reading a locked archive where it lies: nothing is unpacked, and nothing is written down in the clear. Runs without Django.

AE-2 with AES-256: salt (16 bytes), two bytes that tell a wrong password, the encrypted ZIP file, ten bytes of HMAC-SHA1 over it.
It is read with other libraries than it is written with, so that a mistake in one of them cannot hide.
https://www.winzip.com/en/support/aes-encryption/
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import io
import struct
import sys
import zipfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CHUNK = 1024 * 1024
PIECE = 64 * 1024  # what is decrypted at a time
AES_MEMBER, ENCRYPTED = 99, 0x1
AES_FIELD = struct.Struct("<HHH2sBH")  # id, size, version, vendor, strength, method: of the member's extra field
WHAT_WE_WRITE = (0x9901, 7, 2, b"AE", 3, zipfile.ZIP_STORED)
SALT, TELLS, SEAL, BLOCK = 16, 2, 10, 16
AROUND = SALT + TELLS + SEAL
LOCAL_HEADER = struct.Struct("<4s22xHH")
MOST_WORDS = 4096
ONE_LINE = "it must hold the password in one line and nothing else"


class LockRefused(Exception):
    """Why a locked file was not opened. Kind: locked (no password was given), password (a wrong one), altered, unsafe."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@contextmanager
def opened(path: Path, password: str | None = None) -> Iterator[BinaryIO]:
    """The ordinary ZIP file at this path, or inside the locked one there, to be read in any order. Raises LockRefused, OSError."""
    with path.open("rb") as file:
        member = locked_member(file)
        file.seek(0)
        yield file if member is None else _unlocked(file, member, password)


def is_locked(path: Path) -> bool:
    """Whether it takes a password to open this file."""
    with path.open("rb") as file:
        return locked_member(file) is not None


def locked_member(file: BinaryIO) -> zipfile.ZipInfo | None:
    """The one member of a locked file; None for every other file."""
    try:
        members = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError, struct.error):
        return None
    is_one = len(members) == 1 and members[0].compress_type == AES_MEMBER and members[0].flag_bits & ENCRYPTED
    return members[0] if is_one else None


def read_password(name: str) -> str:
    """The password in a file, or on standard input for `-`: one line, whose end does not count. Raises ValueError, OSError."""
    with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as source:
        content = source.read(MOST_WORDS + 1)
    try:
        lines = content.decode().splitlines() if len(content) <= MOST_WORDS else []
    except UnicodeDecodeError:
        lines = []
    if len(lines) != 1 or not lines[0]:
        raise ValueError(ONE_LINE)
    return lines[0]


def _unlocked(file: BinaryIO, member: zipfile.ZipInfo, password: str | None) -> BinaryIO:
    if AES_FIELD.size > len(member.extra) or AES_FIELD.unpack(member.extra[-AES_FIELD.size :]) != WHAT_WE_WRITE:
        raise LockRefused("unsafe", "It is locked in a way that this product does not use.")
    if password is None:
        raise LockRefused("locked", "It is locked with a password and none was given. Nothing was checked.")
    start = _begin(file, member)
    file.seek(start)
    salt, tells = file.read(SALT), file.read(TELLS)
    keys = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 1000, 2 * 32 + TELLS)
    if not hmac.compare_digest(keys[64:], tells):
        raise LockRefused("password", "The password does not open it. Nothing was checked.")
    inner = Unlocked(file, keys[:32], start + SALT + TELLS, member.compress_size - AROUND)
    if not hmac.compare_digest(inner.seal(keys[32:64]), file.read(SEAL)):
        raise LockRefused("altered", "The locked file is damaged: what it holds is not what was locked.")
    return cast(BinaryIO, io.BufferedReader(inner, PIECE))


def _begin(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where the member's own bytes begin. What the directory claims is held against the file first."""
    file.seek(member.header_offset)
    head = file.read(30)
    signature, name, extra = LOCAL_HEADER.unpack(head) if len(head) == LOCAL_HEADER.size else (b"", 0, 0)
    start: int = member.header_offset + LOCAL_HEADER.size + name + extra
    is_inside = start + member.compress_size <= file.seek(0, io.SEEK_END)
    if signature != b"PK\x03\x04" or not is_inside or member.compress_size != member.file_size + AROUND:
        raise LockRefused("altered", "The locked file is damaged: it is not as long as it says.")
    return start


class Unlocked(io.RawIOBase):
    """The inner file as a seekable one. Blocks are counted from 1, least significant byte first, so that any of them can be read alone."""

    def __init__(self, file: BinaryIO, key: bytes, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size = file, start, size
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  (of counters, each once: this is counter mode)
        self._at = 0

    def seal(self, key: bytes) -> bytes:
        """HMAC-SHA1 over the encrypted bytes, as far as the format keeps it. The file then stands behind them."""
        digest = hmac.new(key, digestmod="sha1")
        self._file.seek(self._start)
        left = self._size
        while left and (piece := self._file.read(min(CHUNK, left))):
            digest.update(piece)
            left -= len(piece)
        return digest.digest()[:SEAL]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise OSError(errno.EINVAL, "before the beginning")  # as any file does: zipfile counts on it
        self._at = at
        return at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than Buffer
        length = max(0, min(len(buffer), PIECE, self._size - self._at))
        first, skipped = divmod(self._at, BLOCK)
        self._file.seek(self._start + self._at - skipped)
        hidden = self._file.read(length + skipped)
        plain = int.from_bytes(hidden, "little") ^ int.from_bytes(self._stream(first, len(hidden)), "little")
        piece = plain.to_bytes(len(hidden), "little")[skipped:]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _stream(self, first: int, length: int) -> bytes:
        """The key stream from a block on."""
        count = -(-length // BLOCK)
        counters = array("Q", bytes(count * BLOCK))
        counters[::2] = array("Q", range(first + 1, first + 1 + count))
        if sys.byteorder == "big":
            counters.byteswap()
        maker = self._cipher.encryptor()
        return (maker.update(counters.tobytes()) + maker.finalize())[:length]
