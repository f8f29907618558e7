"""Whether an archive is whole and unaltered: read front to back, never unpacked, without Django, database or network.

python -m exports.archive.checking FILE [--keys KEYS.json] [--password-file FILE] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from exports.archive.paths import unsafe_members
from exports.archive.signatures import KeySet, SignatureRefused, signed_by
from exports.archive.unlocking import LockRefused, is_locked, opened, read_password

CHUNK = 1024 * 1024
SMALL = 64 * CHUNK  # lists and descriptors are read into memory: no more than this
MANIFEST, TAG_MANIFEST, SIGNATURE = "manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.jws"
PACKAGE = "data/datapackage.json"
NOT_OPENED = {"locked", "password"}
READ_WHOLE = {MANIFEST, TAG_MANIFEST, SIGNATURE, PACKAGE, "bag-info.txt", "bagit.txt"}


@dataclass(frozen=True)
class Problem:
    """What is wrong with which file. Kind: unreadable, unsafe, altered, missing, extra, unlisted, count, signature;
    locked and password where nothing was opened."""

    kind: str
    file: str
    sentence: str


@dataclass
class Report:
    """The outcome. `signature` is the key's id, `unsigned`, `not checked` or `refused`."""

    reference: str = ""
    files: int = 0
    size: int = 0
    records: int = 0
    signature: str = "not checked"
    locked: bool = False  # with a password
    part: int = 1  # of an archive in several files: which one this is,
    parts: int = 1  # of how many,
    group: str = ""  # of which archive,
    others: dict[int, str] = field(default_factory=dict)  # and the SHA-256 of the others, where it names them
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.problems

    def say(self, kind: str, file: str, sentence: str) -> None:
        self.problems.append(Problem(kind, file, sentence))


@dataclass
class Found:
    """What one reading of the zip has found: size and hash of each file, and the text of the few that are lists."""

    sizes: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)


def check_archive(path: Path, keys: KeySet | None = None, password: str | None = None) -> Report:
    """Check both manifests, the count of bytes, every resource of the descriptor and, with keys, the signature.

    A locked file is opened with the password, in memory and a piece at a time.
    """
    report = Report(locked=is_locked(path))
    found = _read(path, password, report)
    if found is None:
        return report
    if found.texts.get("bagit.txt", b"").splitlines()[:1] != [b"BagIt-Version: 1.0"]:
        report.say("missing", "bagit.txt", "It does not declare a BagIt 1.0 bag.")
    payload = {name for name in found.hashes if name.startswith("data/")}
    _check_list(MANIFEST, payload, found, report)
    tags = set(found.hashes) - payload - {TAG_MANIFEST, SIGNATURE}
    _check_list(TAG_MANIFEST, tags, found, report)
    _check_facts(payload, found, report)
    _check_package(payload, found, report)
    _check_signature(found, keys, report)
    return report


def _read(path: Path, password: str | None, report: Report) -> Found | None:
    """Every member once, in pieces. Names, overlaps and sizes are looked at before anything is unpacked."""
    found = Found()
    try:
        with opened(path, password) as file, zipfile.ZipFile(file) as package:
            for name, sentence in unsafe_members(package, file.seek(0, io.SEEK_END)):
                report.say("unsafe", name, sentence)
            if report.problems:
                return None
            for member in package.infolist():
                _take(package, member, found, report)
    except LockRefused as refusal:
        report.say(refusal.kind, path.name, str(refusal))
        return None
    except (zipfile.BadZipFile, RuntimeError, EOFError, UnicodeDecodeError) as problem:
        report.say("unreadable", path.name, f"This is not a whole zip file: {problem}.")
        return None
    return found


def _take(package: zipfile.ZipFile, member: zipfile.ZipInfo, found: Found, report: Report) -> None:
    name = member.filename.partition("/")[2]
    if member.is_dir():
        return
    digest, size, kept = hashlib.sha256(), 0, []
    try:
        for piece in _pieces(package, member):
            digest.update(piece)
            size += len(piece)
            if name in READ_WHOLE and size <= SMALL:
                kept.append(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError) as problem:
        report.say("altered", name, f"Its content is damaged: {problem}.")
        found.sizes[name], found.hashes[name] = -1, ""
        return
    found.sizes[name], found.hashes[name] = size, digest.hexdigest()
    if name in READ_WHOLE:
        found.texts[name] = b"".join(kept)


def _pieces(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with package.open(member) as stream:
        while piece := stream.read(CHUNK):
            yield piece


def _check_list(listing: str, expected: set[str], found: Found, report: Report) -> None:
    """A manifest names each of its files once, with the right hash, and no other file is there."""
    if listing not in found.texts:
        report.say("missing", listing, "The list of fingerprints is missing.")
        return
    listed: dict[str, str] = {}
    for line in found.texts[listing].decode(errors="replace").splitlines():
        digest, _, name = line.partition(" ")
        listed[name.strip().removeprefix("*")] = digest.lower()
    for name in sorted(listed.keys() - found.hashes.keys()):
        report.say("missing", name, f"{listing} names it, but it is not in the archive.")
    for name in sorted(expected - listed.keys()):
        report.say("extra", name, f"It is in the archive, but {listing} does not name it.")
    for name in sorted(listed.keys() & found.hashes.keys()):
        if found.hashes[name] and found.hashes[name] != listed[name]:
            report.say("altered", name, f"Its content is not what {listing} says.")


def _check_facts(payload: set[str], found: Found, report: Report) -> None:
    lines = found.texts.get("bag-info.txt", b"").decode(errors="replace").splitlines()
    facts = {label.strip(): value.strip() for label, _, value in (line.partition(":") for line in lines)}
    report.reference = facts.get("External-Identifier", "")
    report.files, report.size = len(payload), sum(max(0, found.sizes[name]) for name in payload)
    part, _, parts = facts.get("Bag-Count", "1 of 1").partition(" of ")
    if part.isdecimal() and parts.isdecimal():
        report.part, report.parts, report.group = int(part), int(parts), facts.get("Bag-Group-Identifier", "")
    counted = f"{report.size}.{report.files}"
    if facts.get("Payload-Oxum") != counted:
        report.say("count", "bag-info.txt", f"Payload-Oxum says {facts.get('Payload-Oxum', 'nothing')}, counted were {counted}.")


def _check_package(payload: set[str], found: Found, report: Report) -> None:
    """Every payload file but the descriptor is a resource, with its size and hash."""
    try:
        package = json.loads(found.texts.get(PACKAGE, b""))
        resources = {f"data/{resource['path']}": resource for resource in package["resources"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        report.say("missing", PACKAGE, "The descriptor is missing or cannot be read.")
        return
    report.records = package.get("habeas:records", 0)
    report.others = {one["part"]: str(one["hash"]).removeprefix("sha256:") for one in package.get("habeas:otherParts", ())}
    for name in sorted(payload - resources.keys() - {PACKAGE}):
        report.say("unlisted", name, "The descriptor datapackage.json does not list it.")
    for name in sorted(resources):
        _check_resource(name, resources[name], found, report)


def _check_resource(name: str, resource: Mapping[str, Any], found: Found, report: Report) -> None:
    if name not in found.hashes:
        report.say("missing", name, "The descriptor datapackage.json lists it, but it is not in the archive.")
    elif found.hashes[name] and resource.get("hash") != f"sha256:{found.hashes[name]}":
        report.say("altered", name, "Its content is not what datapackage.json says.")
    elif found.hashes[name] and resource.get("bytes") != found.sizes[name]:
        report.say("count", name, f"datapackage.json says {resource.get('bytes')} bytes, there are {found.sizes[name]}.")


def _check_signature(found: Found, keys: KeySet | None, report: Report) -> None:
    if SIGNATURE not in found.texts:
        report.signature = "unsigned"
        if keys is not None:
            report.say("signature", SIGNATURE, "The archive is not signed.")
    elif keys is not None:
        try:
            report.signature = signed_by(found.texts.get(TAG_MANIFEST, b""), found.texts[SIGNATURE].decode(errors="replace"), keys)
        except SignatureRefused as refusal:
            report.signature = "refused"
            report.say("signature", SIGNATURE, str(refusal))


def as_json(*reports: Report) -> str:
    """The report for machines; of several archives a list, in the order in which they were named."""
    told = [{"sound": report.is_sound, **asdict(report)} for report in reports]
    return json.dumps(told[0] if len(told) == 1 else told, ensure_ascii=False, indent=1)


def as_text(report: Report) -> str:
    """The report for people."""
    lines = [f"{problem.kind}: {problem.file}: {problem.sentence}" for problem in report.problems]
    if any(problem.kind in NOT_OPENED for problem in report.problems):
        return "\n".join([*lines, "Put the password into a file by itself and name that file with --password-file."])
    if lines:
        return "\n".join([*lines, "This archive is not as it was made. Do not rely on it."])
    signed = {
        "unsigned": "It carries no signature.",
        "not checked": "It carries a signature, which was not checked: give the public keys with --keys.",
    }.get(report.signature, f"Signed with the key {report.signature}.")
    which = f", part {report.part} of {report.parts}" if report.parts > 1 else ""
    counted = f"{report.files} files, {report.size} bytes, {report.records} records"
    locked = " The password opens it." if report.locked else ""
    return f"{report.reference}{which}: {counted}. Every file is as it was made. {signed}{locked}"


def read_keys(path: str | None) -> KeySet | None:
    """The key set of a file; ValueError or OSError when it is none."""
    if path is None:
        return None
    keys = json.loads(Path(path).read_text())
    if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
        raise ValueError("it holds no key set")
    return keys


def main(words: Sequence[str] | None = None) -> int:
    """0 sound, 1 not as it was made, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="checking", description="Check an archive without unpacking it.")
    parser.add_argument("file", help="one ZIP file; parts of one archive are checked together by verify_archive")
    parser.add_argument("--keys", help="file with the public keys (JWK set)")
    parser.add_argument("--password-file", help="file with the password of a locked archive; - reads standard input")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(words)
    if not Path(asked.file).is_file():
        parser.error(f"{asked.file} is no file")
    try:
        keys = read_keys(asked.keys)
    except (OSError, ValueError) as problem:
        parser.error(f"{asked.keys} cannot be used as public keys: {problem}")
    try:
        password = read_password(asked.password_file) if asked.password_file else None
    except (OSError, ValueError) as problem:
        parser.error(f"{asked.password_file} cannot be used as a password: {problem}")
    report = check_archive(Path(asked.file), keys, password)
    print(as_json(report) if asked.json else as_text(report))
    return 0 if report.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
