"""An engine that says what a test tells it to: the same door as `exports.api`, no sources behind it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from exports.api import (
    ArchiveFacts,
    Choice,
    Cover,
    EngineRefusal,
    PlanLine,
    PlanView,
    Progress,
    Search,
    SourceProgress,
    StalePlan,
    StepProgress,
)
from portal.kit import clock

SHOP = SourceProgress(
    key="shop",
    title="Shop database",
    state="done",
    found=12,
    disclosed=10,
    withheld=2,
    covered=1,
    collections=(StepProgress("orders", "Orders", "orders", "done", found=12, disclosed=10, withheld=2, covered=1),),
)
BILLING = SourceProgress(key="billing", title="Billing", state="nothing")
DOWN = SourceProgress(key="crm", title="Old CRM", state="failed", error="It did not answer.", since=None)
LINES = (
    PlanLine("shop/account", "shop", "Shop database", "account", "Your account", 1, "delete", ("users",), because="Ends with the account"),
    PlanLine(
        "shop/orders",
        "shop",
        "Shop database",
        "orders",
        "Your orders",
        11,
        "delete",
        ("orders",),
        because="The policy says two things: at once, or 30 days after",
        choices=(Choice("now"), Choice("later", date(2027, 1, 7))),
        chosen="now",
    ),
    PlanLine(
        "billing/invoices",
        "billing",
        "Billing",
        "invoices",
        "Your invoices",
        3,
        "keep",
        ("invoices",),
        when=date(2033, 12, 8),
        because="Tax law asks for invoices for seven years.",
        basis="legal_obligation",
    ),
    PlanLine("shop/team", "shop", "Shop database", "account", "Your team", 1, "detach", ("teams",), because="Others use it"),
)

ONE = "one transaction"
MOMENT = "2026-12-08T22:05:00+00:00"
RECEIPT: dict[str, Any] = {
    "kind": "erasure",
    "approved_at": MOMENT,
    "finished_at": MOMENT,
    "totals": {"delete": 12, "mask": 1, "keep": 3, "detach": 1},
    "not_done": 0,
    "gaps": [],
    "sources": [
        {"source": "shop", "how": ONE, "not_done": 0, "totals": {"delete": 11, "mask": 1, "keep": 0, "detach": 1}},
        {"source": "billing", "how": ONE, "not_done": 0, "totals": {"delete": 0, "mask": 0, "keep": 3, "detach": 0}},
    ],
    "lines": [{"rows": 1, "not_done": 0}, {"rows": 11, "not_done": 0}, {"rows": 3, "not_done": 0}, {"rows": 1, "not_done": 0}],
    "moves": [
        {"source": "shop", "collection": "orders", "action": "delete", "rows": 11, "on": None},
        {"source": "shop", "collection": "users", "action": "mask", "rows": 1, "on": None},
        {"source": "shop", "collection": "users", "action": "delete", "rows": 1, "on": "2033-12-08"},
        {"source": "shop", "collection": "teams", "action": "detach", "rows": 1, "on": None},
        {"source": "billing", "collection": "invoices", "action": "keep", "rows": 3, "on": "2033-12-08"},
    ],
    "kept": [{"source": "billing", "category": "invoices", "rows": 3, "until": "2033-12-08", "basis": "legal_obligation"}],
    "verification": {"by_key_at": MOMENT, "searched_again_at": MOMENT},
    "backups_until": None,
}


class Terms:
    """What is decided apart from the plan: sources that are left out, lines that are held."""

    def __init__(self) -> None:
        self.left: tuple[tuple[str, str], ...] = ()
        self.silent: tuple[tuple[str, str], ...] = ()
        self.left_out: list[str] = []
        self.held: dict[str, str] = {}

    def sources_left(self, job_id: UUID) -> tuple[tuple[str, str], ...]:
        return self.left

    def sources_silent(self, job_id: UUID) -> tuple[tuple[str, str], ...]:
        return self.silent

    def leave_out(self, job_id: UUID, source_key: str, *, by: str) -> None:
        self.left_out.append(source_key)
        self.left = tuple(one for one in self.left if one[0] != source_key)
        self.silent = tuple(one for one in self.silent if one[0] != source_key)

    def hold(self, job_id: UUID, held: Mapping[str, str], *, by: str) -> None:
        self.held = dict(held)


class FakeEngine(Terms):
    """Everything is remembered; nothing happens by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.searches: list[tuple[str, Search]] = []
        self.covers: list[Cover] = []
        self.destroyed: list[UUID] = []
        self.retried: list[str] = []
        self.approved: list[tuple[str, str]] = []
        self.archives: dict[UUID, ArchiveFacts] = {}
        self.revoked = 0
        self.kept: tuple[object, ...] = ()
        self.digest = "9c41d07e" * 8
        self.state, self.finished, self.failed = "collected", True, False
        self.sources: tuple[SourceProgress, ...] = (SHOP, BILLING)
        self.lines: tuple[PlanLine, ...] = LINES
        self.blocked: tuple[str, ...] = ()
        self.receipts: dict[UUID, dict[str, Any]] = {}
        self.refuses_to_pack: EngineRefusal | None = None

    def start_access(self, search: Search) -> UUID:
        self.searches.append(("access", search))
        return uuid4()

    def start_erasure(self, search: Search) -> UUID:
        self.searches.append(("erasure", search))
        return uuid4()

    def progress(self, job_id: UUID) -> Progress:
        counts = {name: sum(getattr(one, name) for one in self.sources) for name in ("found", "disclosed", "withheld", "covered")}
        broken = tuple((one.title, one.error) for one in self.sources if one.state == "failed")
        return Progress(job_id, "access", self.state, self.finished, self.failed, "", self.sources, gaps=broken, **counts)

    def retry(self, job_id: UUID, source_key: str) -> None:
        self.retried.append(source_key)

    def pack(self, job_id: UUID, cover: Cover) -> None:
        if self.refuses_to_pack:
            raise self.refuses_to_pack
        self.covers.append(cover)
        moment = clock.now()
        facts = {"files": 7, "records": 10, "size": 4_200_000, "sha256": "ab" * 32, "sealed_at": moment, "revoked_at": None}
        self.archives[job_id] = ArchiveFacts(
            job_id, **facts, expires_at=moment + timedelta(days=14), downloads=0, max_downloads=5, available=True
        )

    def archive(self, job_id: UUID) -> ArchiveFacts | None:
        return self.archives.get(job_id)

    def plan(self, job_id: UUID) -> PlanView:
        totals = {name: sum(line.rows for line in self.lines if line.action == name) for name in ("delete", "mask", "keep", "detach")}
        open_ones = sum(bool(line.choices) for line in self.lines)
        return PlanView(
            job_id, self.digest, clock.now(), self.lines, totals, unsettled=open_ones, blocked=self.blocked, gaps=(), backups_days=60
        )

    def settle(self, job_id: UUID, choices: Mapping[str, str], *, by: str) -> None:
        self.lines = tuple(replace(line, chosen=choices.get(line.key, line.chosen)) for line in self.lines)
        self.digest = "17aa03be" * 8

    def approve(self, job_id: UUID, digest: str, *, by: str) -> None:
        if digest != self.digest:
            raise StalePlan("The plan has changed since it was shown. Read it again; nothing was erased.")
        self.approved.append((digest, by))
        self.finished = False

    def ends(self, job_id: UUID | None, outcome: str) -> None:
        """The erasure is over, and this is what its receipt says."""
        assert job_id
        self.finished, self.state = True, "finished"
        self.receipts[job_id] = {"receipt": {**RECEIPT, "outcome": outcome}, "jws": "a..b"}

    def receipt(self, job_id: UUID) -> dict[str, Any] | None:
        return self.receipts.get(job_id)

    def revoke_all(self, organisation: object, identities: Mapping[str, str], *, keep: tuple[object, ...] = ()) -> int:
        self.revoked += 1
        self.kept = keep
        return 1

    def destroy(self, job_id: UUID) -> None:
        self.destroyed.append(job_id)

    def cancel(self, job_id: UUID) -> None:
        self.destroyed.append(job_id)
