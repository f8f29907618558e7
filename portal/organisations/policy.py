"""An organisation's promises as data: the words that everybody imports, and the reader of organisation.yaml."""

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
    "ReportedClass",
    "RightPromise",
    "read_policy",
]


def read_policy(path: str | Path) -> PolicyDocument:
    """The policy of an organisation.yaml; a PolicyError names every problem with file, line, key and reason."""
    reading, node = read_yaml(Path(path))
    document: PolicyDocument | None = DOCUMENT(reading, node, "")
    if document is not None:
        check(reading, document)
        reading.finish()
        return document
    raise PolicyError(reading.problems)
