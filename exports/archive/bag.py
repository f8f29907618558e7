"""The BagIt 1.0 wrapper (RFC 8493): the files that list, count and sign all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exports.archive.cover import Cover, Volume
from exports.archive.manifest import urn
from exports.archive.parts import Member

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SIGNATURE = f"{TAG_MANIFEST}.jws"
PAYLOAD = "data/"


def bag_facts(cover: Cover, payload: Sequence[Member], volume: Volume) -> bytes:
    """bag-info.txt: whose request, by whom, when, and how much there is."""
    lines = {
        "Source-Organization": cover.organisation_name,
        "Contact-Email": cover.policy.contacts.privacy_email,
        "External-Identifier": cover.reference,
        "Bagging-Date": cover.answered_on.isoformat(),
        "Payload-Oxum": f"{sum(member.size for member in payload)}.{len(payload)}",
        "Bag-Software-Agent": "Habeas",
    }
    if not volume.is_alone:
        lines |= {"Bag-Group-Identifier": urn(cover), "Bag-Count": f"{volume.number} of {volume.of}"}
    return "".join(f"{label}: {_one_line(value)}\n" for label, value in lines.items()).encode()


def manifest(members: Iterable[Member]) -> bytes:
    """Hash, two spaces, path: BagIt allows any white space, `sha256sum -c` insists on two."""
    return "".join(f"{member.sha256}  {member.path}\n" for member in sorted(members, key=lambda member: member.path)).encode()


def _one_line(value: str) -> str:
    return " ".join(value.split())
