"""An organisation's promises as plain values: what `policy.py` reads and everybody else asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.organisations import plain

UNSPECIFIED = "unspecified"
RIGHTS = (
    "access",
    "portability",
    "correction",
    "deletion",
    "restriction",
    "objection",
    "withdrawal",
    "opt_out_sale",
    "limit_sensitive",
    "complaint",
    "grievance",
    "appeal",
)


@dataclass(frozen=True)
class Fate:
    """What deletion does to a category: goes now, goes after a period, or is kept because of a basis."""

    when: str
    period: str | None = None
    basis: str | None = None
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Category:
    """One kind of data. `held` false means declared but never stored; `processor` means held for a customer who decides about it.

    `basis` holds codes for rules (consent, contract, legitimate_interest…), `basis_words` the same for people.
    """

    key: str
    title: str
    topic: str
    examples: str = ""
    purposes: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    basis_words: str = ""
    retention: str = UNSPECIFIED
    sweep: str | None = None
    on_deletion: Fate = field(default_factory=lambda: Fate("now"))
    alternative: Fate | None = None
    portable: bool = False
    recipients: tuple[str, ...] = ()
    origin: str = UNSPECIFIED
    goes_line: str = ""
    secret: bool = False
    held: bool = True
    processor: bool = False
    reported_as: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    key: str
    name: str
    purpose: str = UNSPECIFIED
    data: str = UNSPECIFIED
    place: str = UNSPECIFIED
    told_on: tuple[str, ...] = ()
    outside_control: bool = False
    contact: str | None = None


@dataclass(frozen=True, kw_only=True)
class RightPromise:
    """`days` None means that the policy names no number: only the regimes count."""

    right: str
    offered: bool = True
    title: str = ""
    days: int | None = None
    start: str = "received"
    verification: tuple[str, ...] = ("email_code",)
    free_months: int | None = None
    automatic_release: bool = False
    self_service: str | None = None
    mail_subject: str | None = None


@dataclass(frozen=True, kw_only=True)
class Authority:
    key: str
    name: str
    address: str = ""
    phone: str = ""
    web: str = ""
    regimes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IdentityKind:
    """A value that a person may type to be found by; only one that the portal can verify `seeds` a search."""

    kind: str
    title: str
    hint: str = ""
    required: bool = False
    seeds: bool = False


@dataclass(frozen=True, kw_only=True)
class Contacts:
    privacy_email: str
    officer_title: str = UNSPECIFIED
    postal: str = UNSPECIFIED
    security_email: str = UNSPECIFIED


@dataclass(frozen=True, kw_only=True)
class ReportedClass:
    """A class of data in a law's own words, for the answer by classes; `collected` says whether there was any in 12 months."""

    key: str
    title: str
    examples: str = ""
    purpose: str = ""
    collected: bool = True


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """How many days before a date staff are reminded of a request; `breach` counts the days after it, until leads hear again.

    `hold`: before the day on which somebody looks at a legal hold again; `hold_open`: after one was set for which no such day is named.
    """

    acknowledge: int = 2
    target: int = 2
    at_risk: int = 7
    due_soon: int = 2
    breach: int = 7
    hold: int = 7
    hold_open: int = 30


@dataclass(frozen=True, kw_only=True)
class Region:
    """A region with an installation of its own; `address` None where people learn it from their company."""

    title: str
    address: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PolicyDocument:
    """One version of an organisation's privacy policy as data. `processor` is the key of another organisation that works for it."""

    key: str
    name: str
    legal_name: str
    role: str = "controller"
    processor: str | None = None
    establishment: str = UNSPECIFIED
    timezone: str = "UTC"
    version: str
    effective_on: date
    url: str = ""
    contacts: Contacts
    regimes: tuple[str, ...] = ()
    residence_regimes: Mapping[str, str] = field(default_factory=dict)
    honour_everywhere: bool = False
    rights: Mapping[str, RightPromise] = field(default_factory=dict)
    identities: tuple[IdentityKind, ...] = ()
    categories: tuple[Category, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    authorities: tuple[Authority, ...] = ()
    not_held: tuple[tuple[str, str], ...] = ()
    statements: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ()
    reported_classes: tuple[ReportedClass, ...] = ()
    processor_note: str = ""
    backups_days: int | None = None
    expiry_within: str | None = None
    location: str = UNSPECIFIED
    officer_notes: tuple[str, ...] = ()
    minimum_age: int | None = None
    archive_days: int = 14
    question_days: int = 30  # how long a question waits for its answer
    chaser_days: tuple[int, ...] = (7, 21)  # after the question: when the person is reminded
    second_person_rows: int | None = None  # a deletion of more rows needs a second person
    recipient_days: int = 30  # by when a recipient should have confirmed
    max_downloads: int = 5
    brand: str | None = None
    brand_deep: str | None = None
    countries: tuple[tuple[str, str], ...] = ()
    regions: tuple[Region, ...] = ()
    case_days: int | None = None
    reminders: Reminders = field(default_factory=Reminders)

    def category(self, key: str) -> Category | None:
        """The category of that key, if the policy has one."""
        return next((category for category in self.categories if category.key == key), None)

    def recipient(self, key: str) -> Recipient | None:
        """The recipient of that key, if the policy names one."""
        return next((recipient for recipient in self.recipients if recipient.key == key), None)

    def offers(self, right: str) -> bool:
        """Whether the policy promises this right in its own words; a regime may still give it."""
        promise = self.rights.get(right)
        return promise is not None and promise.offered

    def to_json(self) -> dict[str, Any]:
        """The whole document in values that JSON knows."""
        document: dict[str, Any] = plain.to_plain(self)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "PolicyDocument":
        """The document that `to_json` wrote; keys that this version does not know raise a TypeError."""
        read: PolicyDocument = plain.from_plain(cls, document)
        return read
