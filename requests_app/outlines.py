"""A description instead of a copy: which kinds of data there are about somebody, from where, for what, and who gets them. No record.

California names this the answer by categories (Cal. Civ. Code 1798.110(a), 1798.130(a)(3)(B)); anybody may ask for it.
"""

from typing import Any

from exports.api import Progress
from portal.kit import clock
from portal.organisations.promises import UNSPECIFIED, Category, PolicyDocument
from requests_app.models import Case


def outline(case: Case, progress: Progress) -> dict[str, Any]:
    """The answer in values that JSON knows. `found` says whether anything was found, never how much; None where that is
    not known: a place was not reached, or the kind is kept together with others.
    """
    document = case.policy.read()
    held = [one for one in document.categories if one.held and not one.processor]
    return {
        "reference": case.reference,
        "organisation": document.legal_name,
        "policy_version": case.policy.version,
        "answered_on": clock.today(case.organisation.timezone).isoformat(),
        "categories": [_kind(one, document, _found(one, progress)) for one in held],
        "classes": [_class(document, one.key) for one in document.reported_classes],
        "recipients": [{"name": one.name, "purpose": one.purpose, "data": one.data, "place": one.place} for one in document.recipients],
        "not_reached": [{"place": place, "why": why} for place, why in progress.gaps],
        "statements": list(document.statements),
    }


def _found(category: Category, progress: Progress) -> bool | None:
    steps = [step for source in progress.sources for step in source.collections if step.category == category.key]
    if any(step.found for step in steps):
        return True
    return None if progress.gaps or not steps else False


def _kind(category: Category, document: PolicyDocument, found: bool | None) -> dict[str, Any]:
    names = {one.key: one.name for one in document.recipients}
    return {
        "category": category.title,
        "examples": category.examples,
        "found": found,
        "origin": category.origin,
        "purposes": list(category.purposes) or [UNSPECIFIED],
        "retention": category.retention,
        "recipients": [names.get(key, key) for key in category.recipients],
    }


def _class(document: PolicyDocument, key: str) -> dict[str, Any]:
    """A class of the law's own words; `collected` in the last twelve months, from anybody."""
    one = next(one for one in document.reported_classes if one.key == key)
    kinds = [category.title for category in document.categories if key in category.reported_as]
    return {"class": one.title, "examples": one.examples, "collected": one.collected, "purpose": one.purpose, "categories": kinds}
