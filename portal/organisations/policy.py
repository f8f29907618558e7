"""An organisation's promises as data: the words that everybody imports, and the reader of organisation.yaml."""

from collections.abc import Collection, Mapping
from pathlib import Path

from portal.organisations.marked_yaml import PolicyError, Problem, read_yaml
from portal.organisations.policy_checks import check
from portal.organisations.policy_shape import DOCUMENT
from portal.organisations.promises import (
    RIGHTS,
    UNSPECIFIED,
    Authority,
    Category,
    Contacts,
    Fate,
    IdentityKind,
    PolicyDocument,
    Recipient,
    Region,
    Reminders,
    ReportedClass,
    RightPromise,
)

__all__ = [
    "RIGHTS",
    "UNSPECIFIED",
    "Authority",
    "Category",
    "Contacts",
    "Fate",
    "IdentityKind",
    "PolicyDocument",
    "PolicyError",
    "Problem",
    "Recipient",
    "Region",
    "Reminders",
    "ReportedClass",
    "RightPromise",
    "read_policy",
    "read_with_lines",
]


def read_policy(path: str | Path, *, regimes: Collection[str] | None = None) -> PolicyDocument:
    """The policy of an organisation.yaml; a PolicyError names every problem with file, line, key and reason.

    `regimes` are the ids of the laws that are known; without them an id is checked for its form only.
    """
    return read_with_lines(Path(path), regimes=regimes)[0]


def read_with_lines(path: Path, *, regimes: Collection[str] | None = None) -> tuple[PolicyDocument, Mapping[str, int]]:
    """The policy, and the line of every key, for those who find something wrong later."""
    reading, node = read_yaml(path)
    document: PolicyDocument | None = DOCUMENT(reading, node, "")
    if document is None:
        raise PolicyError(reading.in_order())
    check(reading, document, regimes=regimes)
    reading.finish()
    return document, reading.lines
