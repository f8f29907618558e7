"""datapackage.json: Data Package 2.0, every file a resource, every column with its type and title; extras carry a prefix."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from exports.archive.absent import absent
from exports.archive.cover import Column, Cover, Volume, Withheld
from exports.archive.parts import Member, Part, slug
from exports.archive.uses import present

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIA_TYPES = {"html": "text/html", "css": "text/css", "jsonld": "application/ld+json", "json": "application/json", "csv": "text/csv"}
MEDIA_TYPES["jsonl"] = "application/jsonl"
FORMATS = {"jsonl": "json"}  # readers that take it for a table need a package more, and then do not count its bytes
TEXTS = frozenset({*MEDIA_TYPES, "txt", "eml"})
MEDIA_TYPES |= {"txt": "text/plain", "eml": "message/rfc822", "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}
MEDIA_TYPES |= {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BYTES = frozenset({bytes, bytearray, memoryview})
DPV_BASES = {
    "consent": "dpv:Consent",
    "contract": "dpv:Contract",
    "legal_obligation": "dpv:LegalObligation",
    "legitimate_interest": "dpv:LegitimateInterest",
    "vital_interests": "dpv:VitalInterest",
    "public_task": "dpv:PublicInterest",
}


def urn(cover: Cover) -> str:
    """The same archive has the same id."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'habeas:{cover.policy.key}:{cover.reference}')}"


def datapackage(cover: Cover, parts: Sequence[Part], payload: Sequence[Member], *, volume: Volume, told: Sequence[Part]) -> bytes:
    """The descriptor of every payload file but itself. `told` are all parts that this file gives an account of."""
    package: dict[str, Any] = {
        "$schema": PROFILE,
        "name": slug(cover.reference) or "archive",
        "id": urn(cover),
        "title": f"{cover.organisation_name}: {cover.reference}",
        "created": f"{cover.answered_on.isoformat()}T12:00:00Z",
        "contributors": [{"title": cover.organisation_name, "roles": ["publisher"], "email": cover.policy.contacts.privacy_email}],
        "sources": [{"title": title} for title in dict.fromkeys(part.table.source_title for part in told)],
        "resources": list(_resources(cover, parts, payload)),
        "habeas:right": cover.right,
        "habeas:requestedOn": cover.requested_on.isoformat(),
        "habeas:answeredOn": cover.answered_on.isoformat(),
        "habeas:policyVersion": cover.policy_version,
        "habeas:records": sum(part.table.disclosed for part in parts),
        "habeas:notHere": [_absent_fact(line) for line in absent(cover, told)],
    }
    if not volume.is_alone:
        package |= {"habeas:part": volume.number, "habeas:parts": volume.of}
    if volume.others:
        told_of = [{"part": number, "bytes": sealed.size, "hash": f"sha256:{sealed.sha256}"} for number, sealed in volume.others]
        package["habeas:otherParts"] = told_of
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()


def _absent_fact(line: Any) -> dict[str, Any]:
    return {"kind": line.kind, "what": line.what, "why": list(line.why), "count": line.count}


def _resources(cover: Cover, parts: Sequence[Part], payload: Sequence[Member]) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield from _collection(cover, part)
    of_parts = {member.path for part in parts for member in (part.json, part.csv, *part.pages, *part.files) if member}
    for member in payload:
        if member.path not in of_parts:
            yield _file(member, _file_name(member))


def _collection(cover: Cover, part: Part) -> Iterator[dict[str, Any]]:
    """Type `table` only on the CSV: readers that stream JSON tables do not count its bytes."""
    meaning = _meaning(cover, part)
    if part.json and part.learned:
        fields = list(_fields(part, part.learned.columns))
        yield {**_file(part.json, part.name), **meaning, "schema": {"fields": fields, "missingValues": []}}
        if part.csv:
            marks = [part.learned.null_mark]
            yield {"type": "table", **_file(part.csv, f"{part.name}-csv"), **meaning, "schema": {"fields": fields, "missingValues": marks}}
    for number, page in enumerate(part.pages, 1):
        yield {**_file(page, f"{part.name}-page-{number}"), "title": part.table.title}
    for number, member in enumerate(part.files, 1):
        yield {**_file(member, f"{part.name}-file-{number}"), **meaning}


def _meaning(cover: Cover, part: Part) -> dict[str, Any]:
    table = part.table
    categories = [category for category in present(cover, [part]) if category.key in table.categories]
    portable = bool(categories) and all(category.portable for category in categories)
    facts = {
        "title": table.title,
        "description": table.description,
        "sources": [{"title": table.source_title}],
        "dpv:hasPersonalData": [category.title for category in categories],
        "dpv:hasPurpose": _unique(purpose for category in categories for purpose in category.purposes),
        "dpv:hasLegalBasis": _unique(DPV_BASES[code] for category in categories for code in category.basis if code in DPV_BASES),
        "fides:data_categories": sorted({column.category for column in table.columns if column.category}),
        "retention": _unique(category.retention for category in categories),
        "recipients": _unique(who for category in categories for who in category.recipients),
        "portability": "art20" if portable else "art15",
        "habeas:found": table.found,
        "habeas:disclosed": table.disclosed,
        "habeas:withheld": _counted(table.withheld),
        "habeas:covered": _counted(table.covered),
    }
    return {key: value for key, value in facts.items() if value not in ("", [])}


def _counted(items: Iterable[Withheld]) -> list[dict[str, Any]]:
    return [{"what": str(item.what), "why": str(item.why), "count": item.count} for item in items]


def _fields(part: Part, columns: Iterable[Column]) -> Iterator[dict[str, Any]]:
    for column in columns:
        types = part.learned.kinds.types_of(column.name) if part.learned else frozenset()
        is_bytes = column.type == "binary"
        is_text_number = Decimal in types or (column.type in ("number", "integer") and str in types)
        field: Mapping[str, Any] = {
            "name": column.name,
            "type": "string" if is_bytes else column.type,
            "format": "binary"
            if is_bytes
            else part.learned.kinds.format_of(column.name)
            if part.learned and column.type == "datetime"
            else "",
            "title": column.title,
            "description": column.description,
            "fides:data_category": column.category,
            "habeas:written": "base64" if is_bytes or types & BYTES else "text, to keep every digit" if is_text_number else "",
        }
        yield {key: value for key, value in field.items() if value}


def _moment_format(part: Part, column: Column) -> str:
    return part.learned.kinds.format_of(column.name) if part.learned and column.type == "datetime" else ""


def _file(member: Member, name: str) -> dict[str, Any]:
    path = member.path.removeprefix("data/")
    ending = path.rpartition(".")[2]
    return {
        "name": name,
        "path": path,
        "format": FORMATS.get(ending, ending),
        "mediatype": MEDIA_TYPES[ending],
        **({"encoding": "utf-8"} if ending in TEXTS else {}),
        "bytes": member.size,
        "hash": f"sha256:{member.sha256}",
    }


def _file_name(member: Member) -> str:
    """Never equal to a collection's: those have no dot."""
    return slug(member.path.removeprefix("data/").replace(".", "-dot-")).replace("-dot-", ".")


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
