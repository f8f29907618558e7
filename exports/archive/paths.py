"""What makes a zip unsafe to read, seen from its directory alone. Runs without Django."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator

MOST_MEMBERS = 100_000
MOST_BYTES = 1 << 40  # 1 TiB unpacked
DEFLATE_AT_MOST = 1040  # no deflate stream grows more than about 1,032 times
SAFE_NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)+/?")
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED = 0x1
END, END_REST = b"PK\5\6", 18  # the end of the directory, without a comment


def unsafe_members(package: zipfile.ZipFile, file_size: int) -> Iterator[tuple[str, str]]:
    """Each reason not to read this zip: name of the member and a sentence."""
    members = package.infolist()
    if len(members) > MOST_MEMBERS:
        yield "", f"There are more than {MOST_MEMBERS} files in it."
        return
    if sum(member.file_size for member in members) > MOST_BYTES:
        yield "", "Unpacked it would be larger than anything this product writes."
    if len({member.filename.partition("/")[0] for member in members}) > 1:
        yield "", "It holds more than one folder."
    yield from _overlaps(members, file_size)
    if _has_more(package, members, file_size):
        yield "", "It holds bytes before its first file or after its last."
    names: set[str] = set()
    for member in members:
        yield from ((member.filename, sentence) for sentence in _faults(member, names))
        names.add(member.filename.casefold())


def _faults(member: zipfile.ZipInfo, names: set[str]) -> Iterator[str]:
    name = member.filename
    if name != member.orig_filename or not SAFE_NAME.fullmatch(name) or {".", ".."} & set(name.split("/")):
        yield "Its name could lead out of the folder."
    if name.casefold() in names:
        yield "There are two files of this name."
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        yield "It is a link or a device, not a file."
    if member.compress_type not in METHODS or member.flag_bits & ENCRYPTED:
        yield "It is packed in a way that this product does not use."
    if member.file_size > max(4096, member.compress_size * DEFLATE_AT_MOST):
        yield "It claims to unpack to more than is possible."


def _has_more(package: zipfile.ZipFile, members: list[zipfile.ZipInfo], file_size: int) -> bool:
    """A zip reader skips what stands around the zip, so something else could be hidden in the same file."""
    file = package.fp
    if file is None or not members:
        return False
    file.seek(max(0, file_size - len(END) - END_REST))
    last = file.read()
    return min(member.header_offset for member in members) > 0 or bool(package.comment) or not last.startswith(END)


def _overlaps(members: list[zipfile.ZipInfo], file_size: int) -> Iterator[tuple[str, str]]:
    """Members that share packed bytes are the trick of small files that unpack without end."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            yield member.filename, "It shares its bytes with another file."
        end = member.header_offset + member.compress_size
    if end > file_size:
        yield "", "It is cut short."
