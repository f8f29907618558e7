"""Writing an archive: a zip that is streamed, hashed on the way, and made of the same bytes every time."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, Protocol

from django.utils import translation
from isal import isal_zlib
from stream_zip import ZIP_64, ZIP_AUTO, MemberFile, Method, stream_zip

from exports.archive import bag
from exports.archive.cover import Cover, Sealed, Table, Volume
from exports.archive.manifest import datapackage
from exports.archive.parts import PAGE_ROWS, Member, Part, file_path, named, root_name, shared_out
from exports.archive.readable import Pages
from exports.archive.record import request_record
from exports.archive.tables import Reading, csv_lines, ended, json_array
from portal.kit.ahead import ahead

LEVEL = 2  # of isal's deflate: as small as zlib's 6, in a twelfth of its time
PIECE = 1024 * 1024
WHOLE = 1024 * 1024  # smaller files are written in one piece and need no ZIP64 fields
MODE = stat.S_IFREG | 0o644
WHOLE_ARCHIVE = Volume()
Signer = Callable[[bytes], str]


class Sink(Protocol):
    """Where the bytes go: a file, a socket, a sealed file. It is only ever written to."""

    def write(self, piece: bytes, /) -> object: ...


Opening = Callable[[int], AbstractContextManager[Sink]]


def write_archive(out: Sink, cover: Cover, tables: Sequence[Table], signer: Signer | None) -> Sealed:
    """Write the archive to `out`, front to back, in constant memory. Data files come first, then what describes and lists them.

    Raises ArchiveRefused when a table does not yield what it says; what was written by then must be thrown away.
    """
    return _write(out, Bundle(cover, list(named(tables))), signer)


def write_volumes(open_one: Opening, cover: Cover, tables: Sequence[Table], signer: Signer | None, *, most: int) -> list[Sealed]:
    """Write the archive as one file, or as several where its records and files weigh more than `most` bytes: each opens by itself.

    `open_one` gives the sink of a file by its number. The first holds the overview and names the others, so it is written last.
    """
    heaps = shared_out(list(named(tables)), most)
    rest = [part for heap in heaps[1:] for part in heap]
    written: list[tuple[int, Sealed]] = []
    for number in range(len(heaps), 0, -1):
        volume = Volume(number, len(heaps), tuple(written[::-1]) if number == 1 else ())
        with open_one(number) as out:
            bundle = Bundle(cover, heaps[number - 1], volume=volume, elsewhere=rest if number == 1 else ())
            written.append((number, _write(out, bundle, signer)))
    return [sealed for _number, sealed in reversed(written)]


def _write(out: Sink, bundle: Bundle, signer: Signer | None) -> Sealed:
    sink = _Counted(out)
    with translation.override(bundle.cover.language):
        for piece in stream_zip(
            bundle.members(signer),
            chunk_size=PIECE,
            get_compressobj=_deflating,
            extended_timestamps=False,  # they would carry the time zone of this machine
        ):
            sink.write(piece)
    counts: dict[str, int] = {}
    for part in bundle.parts:
        name = f"{part.table.source}.{part.table.collection}"
        counts[name] = counts.get(name, 0) + part.table.disclosed
    return Sealed(len(bundle.written), sum(counts.values()), sink.size, sink.digest.hexdigest(), counts)


class Bundle:
    """The members of one ZIP file in the order in which they are written. `elsewhere` are the collections in the other files."""

    def __init__(self, cover: Cover, parts: Sequence[Part], *, volume: Volume = WHOLE_ARCHIVE, elsewhere: Sequence[Part] = ()) -> None:
        self.cover, self.parts, self.volume = cover, parts, volume
        self.written: list[Member] = []
        self._told = [*parts, *elsewhere]
        self._root = root_name(cover.reference, volume)
        self._time = _noon(cover.answered_on)

    def members(self, signer: Signer | None) -> Iterator[MemberFile]:
        """Everything, data first, tag files last."""
        pages = Pages(self.cover, is_signed=signer is not None, volume=self.volume)
        for part in self.parts:
            yield from self._collection(part, pages)
        for name, content in pages.styles():
            yield self._file(f"data/{name}", [content])
        yield self._file("data/request.jsonld", [request_record(self.cover, self._told)])
        yield self._file("data/index.html", [pages.index(self._told, self._payload())])
        package = datapackage(self.cover, self.parts, self._payload(), volume=self.volume, told=self._told)
        yield self._file("data/datapackage.json", [package])
        yield from self._tags(pages.pointer(), signer)

    def _collection(self, part: Part, pages: Pages) -> Iterator[MemberFile]:
        if not part.table.disclosed:
            return
        ready, reading = part.table.ready, Reading(part.table)
        lines = ready.json_lines(part.table) if ready else reading.json_lines()
        json_file = ended(lines) if part.table.slice else json_array(lines)
        yield self._file(f"data/{part.json_path}", json_file, is_ready=ready is not None)
        part.json, part.learned = self.written[-1], ready.learned if ready else reading.learned
        if part.learned is not None and part.learned.is_flat:
            lines = ready.csv_lines(part.table) if ready else csv_lines(part.table, part.learned)
            yield self._file(f"data/tables/{part.name}.csv", lines, is_ready=ready is not None)
            part.csv = self.written[-1]
        for attached in part.table.files:
            yield self._file(f"data/{file_path(part.table.source, attached.name)}", attached.chunks())
            part.files.append(self.written[-1])
        rows = iter(part.table.rows())
        for number in range(1, part.page_count + 1):
            page = pages.records(part, number, list(islice(rows, PAGE_ROWS)))
            yield self._file(f"data/{part.page_path(number)}", [page])
            part.pages.append(self.written[-1])

    def _tags(self, pointer: bytes, signer: Signer | None) -> Iterator[MemberFile]:
        payload = self._payload()
        yield self._file("start-here.html", [pointer])
        yield self._file("bagit.txt", [bag.BAGIT])
        yield self._file("bag-info.txt", [bag.bag_facts(self.cover, payload, self.volume)])
        yield self._file(bag.MANIFEST, [bag.manifest(payload)])
        listing = bag.manifest(member for member in self.written if not member.path.startswith(bag.PAYLOAD))
        yield self._file(bag.TAG_MANIFEST, [listing])
        if signer is not None:
            yield self._file(bag.SIGNATURE, [signer(listing).encode()])

    def _payload(self) -> list[Member]:
        return [member for member in self.written if member.path.startswith(bag.PAYLOAD)]

    def _file(self, path: str, chunks: Iterable[bytes], *, is_ready: bool = False) -> MemberFile:
        """The next member. What is ready is read and hashed in a thread while what came before is deflated, unless it is small."""
        source = iter(chunks)
        first = _first(source)
        rest = next(source, None)
        size = sum(map(len, first))
        method = Small(size) if rest is None else ZIP_64
        everything = first if rest is None else chain(first, [rest], source)
        hashed = self._hashed(path, everything)
        return (f"{self._root}/{path}", self._time, MODE, method, hashed if rest is None or not is_ready else ahead(hashed))

    def _hashed(self, path: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        size, digest = 0, hashlib.sha256()
        for chunk in chunks:
            size += len(chunk)
            digest.update(chunk)
            yield chunk
        self.written.append(Member(path, size, digest.hexdigest()))


class Small(Method):
    """For a member whose size is known: no ZIP64 fields where they are not needed. The library's own one comes with zlib."""

    def __init__(self, size: int) -> None:
        self._usual = ZIP_AUTO(size)

    def _get(self, offset: int, default_get_compressobj: Callable[[], Any]) -> Any:
        kind, upgrade, _, size, crc = self._usual._get(offset, default_get_compressobj)
        return kind, upgrade, default_get_compressobj, size, crc


def _deflating() -> Any:
    return isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)


class _Counted:
    """Passes bytes on and keeps their count and hash."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self._out.write(piece)
        self.size += len(piece)
        self.digest.update(piece)


def _first(chunks: Iterator[bytes]) -> list[bytes]:
    """The first pieces, up to about a megabyte."""
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size >= WHOLE:
            break
    return pieces


def _noon(day: date) -> datetime:
    return datetime(max(day.year, 1980), day.month, day.day, 12, 0, 0)
