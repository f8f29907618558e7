"""What an archive is made of: the tables of records, and the words and facts of its first page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from portal.organisations.policy import Authority, PolicyDocument

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One field of a collection. `type` is a Data Package type: string integer number boolean date datetime time
    duration object array any; or `binary` (bytes, written as base64)."""

    name: str
    type: str = "any"
    title: str = ""
    description: str = ""
    category: str = ""  # Fideslang key, such as user.contact.email


@dataclass(frozen=True)
class Withheld:
    """Something that is not disclosed: `what` in the person's words, `why` as a sentence, `count` records or cells."""

    what: str
    why: str
    count: int = 0


class Ready(Protocol):
    """The files of a collection that have been written already, and what is known about its records (`tables.Learned`).

    Large ones are read in a thread of their own."""

    @property
    def learned(self) -> Any:
        """What was learned when they were written."""

    def json_lines(self, table: Table) -> Iterator[bytes]:
        """Its JSON lines in pieces; raises ArchiveRefused when the count of its records is not what was disclosed."""

    def csv_lines(self, table: Table) -> Iterator[bytes]:
        """The CSV file in pieces; raises ArchiveRefused as well."""


@dataclass(frozen=True)
class Attached:
    """A file in its native form. `name` is safe in every file system and ends like its kind; `chunks` gives its bytes each time."""

    name: str
    chunks: Callable[[], Iterable[bytes]]
    size: int = 0


@dataclass(frozen=True)
class Slice:
    """Part `number` of `of` of a collection that holds `records` records in all."""

    number: int
    of: int
    records: int


@dataclass(frozen=True)
class Table:
    """One collection of one source, already redacted. `rows` may be called several times and gives the same rows each time.

    Values may be str, int, float, Decimal, bool, None, date, datetime, time, timedelta, UUID, bytes, dict and list."""

    source: str
    source_title: str
    collection: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterable[Row]]
    found: int
    disclosed: int
    topic: str = ""
    description: str = ""
    withheld: Sequence[Withheld] = ()  # held back from the person
    covered: Sequence[Withheld] = ()  # parts about other people, made unreadable
    categories: tuple[str, ...] = ()  # keys of the policy's categories
    ready: Ready | None = None  # its files, where they have been written already
    files: Sequence[Attached] = ()  # they lie under files/<source>/, as the records say
    size: int = 0  # bytes of its records as JSON, where that is known beforehand
    slice: Slice | None = None  # where it is a part of a collection that is too large for one file

    @property
    def weight(self) -> int:
        """About how many bytes its files take: a CSV is hardly ever larger than the JSON."""
        return 2 * self.size + sum(attached.size for attached in self.files)


@dataclass(frozen=True)
class Cover:
    """The words and facts of the first page. `gaps` are places that did not answer: (title of the source, a sentence)."""

    reference: str
    organisation_name: str
    policy: PolicyDocument
    policy_version: str
    requested_on: date
    answered_on: date
    greeting: str = ""  # the name to greet, or nothing
    due_on: date | None = None
    collected_on: date | None = None  # the day the records were read; answered_on where not given
    right: str = "access"  # or "portability"
    gaps: tuple[tuple[str, str], ...] = ()
    nothing: tuple[str, ...] = ()  # titles of the sources that were searched and hold nothing
    notes: tuple[str, ...] = ()  # further sentences, such as a limit to some categories
    authorities: tuple[Authority, ...] = ()  # where to complain; the policy's own where empty
    regimes: tuple[str, ...] = ()  # ids of the laws that bind: gdpr, pipeda…
    keys_url: str = ""  # where the public keys for the signature are published
    language: str = "en"


@dataclass(frozen=True)
class Sealed:
    """What was written: payload and tag files, records, bytes of the zip and their SHA-256 (hex)."""

    files: int
    records: int
    size: int
    sha256: str = ""
    collections: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Volume:
    """One ZIP file of an archive: which of how many. The first is written last and names the `others` with their sizes and hashes."""

    number: int = 1
    of: int = 1
    others: tuple[tuple[int, Sealed], ...] = ()

    @property
    def is_alone(self) -> bool:
        """Whether the archive is this one file."""
        return self.of == 1


class ArchiveRefused(Exception):
    """The archive would not be true; the sentence says which collection and why. What was written must be thrown away."""
