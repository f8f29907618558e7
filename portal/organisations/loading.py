"""Writes an organisation and its policy to the database; the same content again changes nothing."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.organisations.marked_yaml import PolicyError, Problem
from portal.organisations.models import Organisation, Policy
from portal.organisations.policy import PolicyDocument

# What may be put right without a new version: it describes the organisation, it promises nothing.
FACTS = frozenset(["name", "legal_name", "processor", "url", "contacts", "brand", "brand_deep", "officer_notes", "countries", "regions"])
FACTS |= {"case_days", "reminders"}  # how the desk works
CREATED, UPDATED, UNCHANGED, REMOVED = "created", "updated", "unchanged", "removed"


@dataclass(frozen=True)
class Saved:
    """What became of an organisation and of its policy: created, updated or unchanged."""

    organisation: Organisation
    policy: Policy
    organisation_change: str
    policy_change: str


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256 over a policy document, whatever the order of its keys."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def save_organisation(document: PolicyDocument, *, lines: Mapping[str, int] | None = None) -> Saved:
    """Create or update the organisation and add the policy version. Call it inside a transaction.

    A version that is loaded keeps its promises: other promises need another version, or PolicyError says which differ.
    `lines` are those of the file, for what is refused.
    """
    try:
        return _save(document)
    except _Refused as refusal:
        line = (lines or {}).get(refusal.key, 1)
        raise PolicyError([Problem("organisation.yaml", line, refusal.key, refusal.reason)]) from None


class _Refused(Exception):
    """One thing that speaks against what is in the database."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key, self.reason = key, reason


def _save(document: PolicyDocument) -> Saved:
    processor = _processor(document)
    found = Organisation.objects.select_for_update().filter(key=document.key).first()
    organisation = found or Organisation(key=document.key)
    policy, policy_change = _save_policy(organisation, document) if found else (None, CREATED)
    is_newest = found is None or policy == organisation.current_policy
    facts = {"name": document.name, "legal_name": document.legal_name, "timezone": document.timezone, "processor": processor}
    facts |= {"brand": document.brand or "", "brand_deep": document.brand_deep or ""}
    differs = [name for name, value in facts.items() if getattr(organisation, name) != value] if is_newest else []
    if found is None or differs:
        for name in differs:
            setattr(organisation, name, facts[name])
        organisation.save()
    if policy is None:
        policy, policy_change = _save_policy(organisation, document)
    return Saved(organisation, policy, CREATED if found is None else UPDATED if differs else UNCHANGED, policy_change)


def _processor(document: PolicyDocument) -> Organisation | None:
    if document.processor is None:
        return None
    processor = Organisation.objects.filter(key=document.processor).first()
    if processor is None or document.processor == document.key:
        raise _Refused("processor", f"no other organisation '{document.processor}' is loaded; load it first")
    return processor


def _save_policy(organisation: Organisation, document: PolicyDocument) -> tuple[Policy, str]:
    plain = document.to_json()
    digest = digest_of(plain)
    policy = Policy.objects.filter(organisation=organisation, version=document.version).first()
    if policy is None:
        fields = {"effective_on": document.effective_on, "document": plain, "digest": digest}
        return Policy.objects.create(organisation=organisation, version=document.version, **fields), CREATED
    if policy.digest == digest:
        return policy, UNCHANGED
    changed = changed_promises(policy.document, plain)
    if changed:
        reason = f"version {document.version} is loaded already and its promises differ here: {', '.join(changed)}; write a new version"
        raise _Refused("version", reason)
    policy.document, policy.digest = plain, digest
    policy.save(update_fields=["document", "digest"])
    return policy, UPDATED


def changed_promises(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The parts of two policy documents whose promises differ; facts and officers' notes are left out."""
    return [key for key in sorted(set(old) | set(new)) if key not in FACTS and _promised(key, old.get(key)) != _promised(key, new.get(key))]


def _promised(key: str, value: Any) -> Any:
    if key == "categories" and value:
        return [{name: inner for name, inner in category.items() if name != "note"} for category in value]
    return value
