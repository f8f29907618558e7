"""What the engine tells the floors above: plain frozen values, nothing lazy, nothing of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from portal.organisations.models import Organisation, Policy


@dataclass(frozen=True)
class Search:
    """Whom to look for. `subject` is an opaque key, `reference` an opaque label; neither is personal data."""

    organisation: Organisation
    policy: Policy
    identities: Mapping[str, str]
    subject: str
    reference: str = ""
    categories: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepProgress:
    """One collection: state is pending, done, nothing, skipped (no identity leads there) or failed; `note` says why.

    found, disclosed and withheld count records and add up; `covered` counts cells about other people. `secrets` are the values that
    were left out of disclosed records: the title of each field, and how many.
    """

    collection: str
    title: str
    category: str
    state: str
    found: int = 0
    disclosed: int = 0
    withheld: int = 0
    covered: int = 0
    note: str = ""
    secrets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class SourceProgress:
    """One data source: state is pending, running, done, nothing or failed; `since` is when the failure began.

    `waits`: a person was asked there and has not answered yet.
    """

    key: str
    title: str
    state: str
    found: int = 0
    disclosed: int = 0
    withheld: int = 0
    covered: int = 0
    error: str = ""
    since: datetime | None = None
    collections: tuple[StepProgress, ...] = ()
    waits: bool = False

    @property
    def secrets(self) -> int:
        """Values left out of the records that are disclosed."""
        return sum(count for step in self.collections for _title, count in step.secrets)


@dataclass(frozen=True)
class Progress:
    """How far a job is. `finished`: nothing more will happen by itself. `failed`: the job as a whole went wrong.

    `gaps` are all places that were not or not wholly searched: (title of the source, a sentence). Never silent.
    """

    job_id: UUID
    kind: str
    state: str
    finished: bool
    failed: bool
    error: str
    sources: tuple[SourceProgress, ...]
    found: int = 0
    disclosed: int = 0
    withheld: int = 0
    covered: int = 0
    gaps: tuple[tuple[str, str], ...] = ()

    @property
    def secrets(self) -> int:
        """Values left out of the records that are disclosed."""
        return sum(source.secrets for source in self.sources)


@dataclass(frozen=True)
class SourceState:
    """What was last seen of a source. `state` is that of its newest run, empty while nobody asked; `waiting` are references of jobs."""

    key: str
    title: str
    collections: int
    note: str = ""
    state: str = ""
    seen_at: datetime | None = None
    since: datetime | None = None
    error: str = ""
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True)
class RetentionState:
    """What is known of an organisation's sweeps: when the last one ended, what it did, what it could not do, and when the next is due.

    `sweeps` is False where the policy names no period. `outcome` is complete, partial or failed; empty before the first.
    """

    sweeps: bool
    next_on: date
    last_at: datetime | None = None
    outcome: str = ""
    deleted: int = 0
    anonymised: int = 0
    held: int = 0
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceTimes:
    """How one source answered the copies that were gathered in some days: how many, how fast, and how often it did not.

    Seconds are of all questions of one copy together, of copies that it answered whole; None where there are none.
    """

    key: str
    title: str
    asked: int
    failed_once: int
    unanswered: int
    median_seconds: float | None = None
    slowest_seconds: float | None = None


@dataclass(frozen=True)
class Choice:
    """One of the two fates a policy allows for a line: key is 'now' or 'later'; `on` is the day of the later one."""

    key: str
    on: date | None = None


@dataclass(frozen=True)
class PlanLine:
    """What would happen to one category at one source. Action is delete, mask, keep or detach. `moves` number what does it."""

    key: str
    source_key: str
    source_title: str
    category: str
    title: str
    rows: int
    action: str
    collections: tuple[str, ...]
    when: date | None = None
    because: str = ""
    basis: str = ""
    choices: tuple[Choice, ...] = ()
    chosen: str = ""
    note: str = ""
    moves: tuple[int, ...] = ()


@dataclass(frozen=True)
class PlanView:
    """The rehearsal of an erasure. `blocked`, `gaps` and `by_hand` are sentences; a blocked plan cannot be approved."""

    job_id: UUID
    digest: str
    counted_at: datetime
    lines: tuple[PlanLine, ...]
    totals: Mapping[str, int] = field(default_factory=dict)
    unsettled: int = 0
    blocked: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    backups_days: int | None = None
    by_hand: tuple[str, ...] = ()
    fields: tuple[Mapping[str, Any], ...] = ()  # by collection: what is done to its rows, and what is written into which of their fields

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values, for Job.plan and for `--plan --json`."""
        plan: dict[str, Any] = _plain(asdict(self))
        return plan

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> PlanView:
        """The plan as it was stored by the rehearsal."""
        return cls(
            **{
                **stored,
                "job_id": UUID(stored["job_id"]),
                "counted_at": datetime.fromisoformat(stored["counted_at"]),
                "lines": tuple(_line(line) for line in stored["lines"]),
                "blocked": tuple(stored.get("blocked", ())),
                "gaps": tuple(stored.get("gaps", ())),
                "by_hand": tuple(stored.get("by_hand", ())),
                "fields": tuple(stored.get("fields", ())),
            }
        )


@dataclass(frozen=True)
class PutOff:
    """Rows of an erasure that is over which go on a later day. `key` is the line of the plan (`source:category`)."""

    key: str
    source_title: str
    title: str
    on: date
    rows: int


@dataclass(frozen=True)
class ArchivePart:
    """One ZIP file of an archive: its number from 1, its bytes, its SHA-256 (hex); the bytes it has once it is locked with a password."""

    number: int
    size: int
    sha256: str
    locked_size: int = 0


@dataclass(frozen=True)
class ArchiveFacts:
    """What is known about a packed archive without opening it. `size` is that of all its parts; `sha256` is the first one's, and the
    first names the hashes of the others."""

    job_id: UUID
    files: int
    records: int
    size: int
    sha256: str
    sealed_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    downloads: int
    max_downloads: int
    available: bool
    parts: tuple[ArchivePart, ...] = ()


def _line(stored: Mapping[str, Any]) -> PlanLine:
    choices = tuple(Choice(key=choice["key"], on=_day(choice.get("on"))) for choice in stored.get("choices", ()))
    return PlanLine(
        **{
            **stored,
            "collections": tuple(stored["collections"]),
            "when": _day(stored.get("when")),
            "choices": choices,
            "moves": tuple(stored.get("moves", ())),
        }
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
