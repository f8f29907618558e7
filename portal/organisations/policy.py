"""An organisation's promises as data: the words that everybody imports."""

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
    "Recipient",
    "ReportedClass",
    "RightPromise",
]
