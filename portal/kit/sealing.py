"""Files sealed in chunks, so that a 10 GB archive is written, checked and served in ranges with constant memory.

Layout: magic (8 bytes), salt (16 bytes), then chunks of 64 KiB plaintext, each with its own 16-byte tag. The nonce of a chunk is
its number and whether it is the last (the STREAM construction): chunks cannot be swapped, dropped or cut off unnoticed. The key of a
file is derived from the box's key and the salt.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.kit.crypto import Box, Sealed

MAGIC = b"HABEAS\x01\n"
SALT = 16
HEAD = len(MAGIC) + SALT
CHUNK = 64 * 1024
TAG = 16


def _file_aead(box: Box, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=salt, info=b"habeas/1/file").derive(box.key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class SealedWriter(io.RawIOBase):
    """A write-only file that seals what it is given. It exists under its name only once closed without an error.

    Whoever begins the same file later goes on with it alone: a worker that lost its lease without noticing cannot spoil it any more.
    """

    def __init__(self, path: Path, box: Box) -> None:
        super().__init__()
        self.path = path
        self._part = path.with_name(f".{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._part.unlink(missing_ok=True)  # what another writer left there or still writes to
        self._out: IO[bytes] = open(self._part, "xb")  # noqa: SIM115  (closed in close and abandon)
        salt = os.urandom(SALT)
        self._aead = _file_aead(box, salt)
        self._out.write(MAGIC + salt)
        self._held = bytearray()
        self._number = 0
        self.size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        """Plain bytes written so far."""
        return self.size

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than Buffer
        self._held += data
        self.size += len(data)
        start = 0
        while len(self._held) - start > CHUNK:  # the last chunk is held back until we know that it is the last
            self._emit(bytes(self._held[start : start + CHUNK]), last=False)
            start += CHUNK
        del self._held[:start]
        return len(data)

    def _emit(self, plain: bytes, *, last: bool) -> None:
        self._out.write(self._aead.encrypt(_nonce(self._number, last=last), plain, None))
        self._number += 1

    def close(self) -> None:
        """Seals the last chunk, syncs and gives the file its name in one step. Raises FileExistsError if somebody else began it anew."""
        if self.closed:
            return
        self._emit(bytes(self._held), last=True)
        self._out.flush()
        os.fsync(self._out.fileno())
        if not self._is_mine():
            self.abandon()
            raise FileExistsError(f"{self.path.name} was begun anew by somebody else; what was written here is dropped.")
        self._out.close()
        self._part.replace(self.path)
        super().close()

    def abandon(self) -> None:
        """Leaves nothing behind."""
        if not self.closed:
            if self._is_mine():
                self._part.unlink(missing_ok=True)
            self._out.close()
            super().close()

    def _is_mine(self) -> bool:
        """Whether the unfinished file is still the one that was begun here."""
        try:
            return os.path.samestat(os.fstat(self._out.fileno()), self._part.stat())
        except FileNotFoundError:
            return False

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        self.abandon()  # a writer that nobody closed was not finished


class SealedReader:
    """Reads a sealed file whole, in pieces or in ranges. Raises `Sealed` at the first chunk that is not as written."""

    def __init__(self, path: Path, box: Box) -> None:
        self.path = path
        with path.open("rb") as source:
            head = source.read(HEAD)
        if not head.startswith(MAGIC) or len(head) < HEAD:
            raise Sealed("This is not a sealed file.")
        self._aead = _file_aead(box, head[len(MAGIC) :])
        body = path.stat().st_size - HEAD
        self._chunks = max(1, -(-body // (CHUNK + TAG)))
        self.size = body - self._chunks * TAG

    def chunk(self, number: int, source: IO[bytes]) -> bytes:
        """The plain bytes of one chunk."""
        source.seek(HEAD + number * (CHUNK + TAG))
        try:
            return self._aead.decrypt(_nonce(number, last=number == self._chunks - 1), source.read(CHUNK + TAG), None)
        except (InvalidTag, ValueError) as problem:
            raise Sealed("A sealed file was changed or cut short.") from problem

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as source:
            for number in range(self._chunks):
                yield self.chunk(number, source)

    def lines(self) -> Iterator[bytes]:
        """The file's lines without their line ends, whatever its size."""
        rest = b""
        for piece in self:
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """The plain bytes from `start`, `length` of them, in pieces."""
        end = min(self.size, start + length)
        with self.path.open("rb") as source:
            for number in range(start // CHUNK, -(-end // CHUNK)):
                piece = self.chunk(number, source)
                offset = number * CHUNK
                yield piece[max(0, start - offset) : max(0, end - offset)]


class SealedFile(io.RawIOBase):
    """A sealed file as a seekable binary file, for readers like zipfile that jump about."""

    def __init__(self, reader: SealedReader) -> None:
        super().__init__()
        self._reader = reader
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._reader.size}[whence]
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than Buffer
        piece = b"".join(self._reader.read(self._at, len(buffer)))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
