"""request.jsonld: the request and its answer in the terms of the W3C Data Privacy Vocabulary. The context is inside: no network needed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from exports.archive.absent import Absent, absent
from exports.archive.cover import Cover
from exports.archive.manifest import DPV_BASES, urn
from exports.archive.parts import Part
from exports.archive.uses import authorities, present, recipients

CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dcterms": "http://purl.org/dc/terms/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "habeas": "urn:habeas:terms:",
}
# Rights of the GDPR by their DPV names; other laws' rights are described in our own terms.
GDPR_RIGHTS = {
    "access": "A15",
    "correction": "A16",
    "deletion": "A17",
    "restriction": "A18",
    "portability": "A20",
    "objection": "A21",
    "withdrawal": "A7-3",
    "complaint": "A77",
}


def request_record(cover: Cover, parts: Sequence[Part]) -> bytes:
    """What was asked, what was answered, what was left out, and how the data is used."""
    missing = absent(cover, parts)
    record = {
        "@context": CONTEXT,
        "@id": urn(cover),
        "@type": ["dpv:RightExerciseRecord", *(["eu-gdpr:SARNotice"] if _under_gdpr(cover) and cover.right == "access" else [])],
        "dcterms:identifier": cover.reference,
        "dcterms:created": _day(cover.answered_on.isoformat()),
        "dcterms:dateSubmitted": _day(cover.requested_on.isoformat()),
        "dpv:hasRight": _right(cover, cover.right),
        "dpv:hasRequestStatus": {"@id": "dpv:RequestActionDelayed" if cover.gaps else "dpv:RequestFulfilled"},
        "dpv:hasDataController": _controller(cover),
        "dpv:hasAuthority": [{"@type": "dpv:DataProtectionAuthority", "rdfs:label": authority.name} for authority in authorities(cover)],
        "dpv:hasProcess": [_process(cover, category) for category in present(cover, parts)],
        "dpv:hasRecipient": [_recipient(who) for who in recipients(cover, parts)],
        "habeas:rights": [_right(cover, right) for right, promise in cover.policy.rights.items() if promise.offered],
        "habeas:regimes": list(cover.regimes or cover.policy.regimes),
        "habeas:policyVersion": cover.policy_version,
        "habeas:statements": list(cover.policy.statements),
        "habeas:dueOn": cover.due_on and _day(cover.due_on.isoformat()),
        "habeas:collections": [_collection(part) for part in parts],
        "habeas:notHere": [_missing(line) for line in missing],
    }
    filled = {key: value for key, value in record.items() if value not in (None, "", [])}
    return (json.dumps(filled, ensure_ascii=False, indent=1) + "\n").encode()


def _controller(cover: Cover) -> dict[str, str]:
    return {"@type": "dpv:DataController", "rdfs:label": cover.organisation_name, "habeas:legalName": cover.policy.legal_name}


def _under_gdpr(cover: Cover) -> bool:
    return any("gdpr" in regime.lower() for regime in cover.regimes or cover.policy.regimes)


def _right(cover: Cover, right: str) -> dict[str, str]:
    term = GDPR_RIGHTS.get(right)
    return {"@id": f"eu-gdpr:{term}"} if term and _under_gdpr(cover) else {"@id": f"habeas:right-{right}", "@type": "dpv:DataSubjectRight"}


def _process(cover: Cover, category: Any) -> dict[str, Any]:
    names = [who.name for key in category.recipients if (who := cover.policy.recipient(key))]
    return {
        "@type": "dpv:Process",
        "dpv:hasPersonalData": {"@type": "dpv:PersonalData", "rdfs:label": category.title, "habeas:category": category.key},
        "dpv:hasPurpose": [{"@type": "dpv:Purpose", "rdfs:label": purpose} for purpose in category.purposes],
        "dpv:hasLegalBasis": [{"@id": DPV_BASES[code]} for code in category.basis if code in DPV_BASES],
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "rdfs:label": category.retention},
        "dpv:hasDataSource": {"@type": "dpv:DataSource", "rdfs:label": category.origin},
        "dpv:hasRecipient": [{"@type": "dpv:Recipient", "rdfs:label": name} for name in names],
    }


def _recipient(who: Any) -> dict[str, Any]:
    return {
        "@type": "dpv:Recipient",
        "rdfs:label": who.name,
        "habeas:purpose": who.purpose,
        "habeas:data": who.data,
        "habeas:place": who.place,
        "habeas:outsideControl": who.outside_control,
    }


def _collection(part: Part) -> dict[str, Any]:
    table = part.table
    return {
        "rdfs:label": table.title,
        "habeas:source": table.source_title,
        "habeas:found": table.found,
        "habeas:disclosed": table.disclosed,
        "habeas:withheld": _counts(table.withheld),
        "habeas:covered": _counts(table.covered),
    }


def _counts(items: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"habeas:what": str(item.what), "habeas:why": str(item.why), "habeas:count": item.count} for item in items]


def _missing(line: Absent) -> dict[str, Any]:
    return {"@type": f"habeas:{line.kind}", "habeas:what": line.what, "habeas:why": list(line.why), "habeas:count": line.count}


def _day(text: str) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": text}
