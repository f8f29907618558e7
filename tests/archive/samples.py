"""Archives made of invented records: one policy, one cover, and tables of every kind."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from exports.archive.cover import Column, Cover, Sealed, Table, Withheld
from exports.archive.seal import Signer, write_archive
from portal.organisations.policy import Authority, Category, Contacts, Fate, PolicyDocument, Recipient, RightPromise

POLICY = PolicyDocument(
    key="northwind",
    name="Northwind",
    legal_name="Northwind Traders Ltd",
    version="2.1",
    effective_on=date(2026, 1, 1),
    url="https://northwind.example/privacy",
    contacts=Contacts(privacy_email="privacy@northwind.example"),
    regimes=("EU_GDPR",),
    location="In Ireland",
    rights={
        "access": RightPromise(right="access", title="Send me a copy of my data"),
        "deletion": RightPromise(right="deletion", title="Delete my data"),
        "opt_out_sale": RightPromise(right="opt_out_sale", offered=False),
    },
    categories=(
        Category(
            key="account",
            title="Account details",
            topic="Your account",
            examples="Name and address",
            purposes=("To know who you are",),
            basis=("contract",),
            retention="While you have an account",
            portable=True,
            recipients=("post",),
            origin="You gave it",
        ),
        Category(
            key="visits",
            title="Visits",
            topic="Your visits",
            purposes=("To keep the shop safe",),
            basis=("legitimate_interest",),
            retention="90 days",
            sweep="P90D",
        ),
        Category(
            key="orders",
            title="Orders",
            topic="Your orders",
            basis=("legal_obligation",),
            retention="7 years",
            on_deletion=Fate("kept", "P7Y", "legal_obligation"),
        ),
        Category(key="live", title="Live prices", topic="Prices", held=False),
    ),
    recipients=(Recipient(key="post", name="Fast Post", purpose="To bring parcels", data="Name and address", place="France"),),
    authorities=(Authority(key="dpc", name="Data Protection Commission", web="https://dataprotection.ie"),),
    not_held=(("Card numbers", "We never have them."),),
    statements=("We do not sell your data.",),
)


def a_cover(**changes: Any) -> Cover:
    facts: dict[str, Any] = {
        "reference": "DR-3X9P-7W",
        "organisation_name": "Northwind",
        "policy": POLICY,
        "policy_version": "2.1",
        "requested_on": date(2026, 11, 12),
        "answered_on": date(2026, 12, 9),
        "greeting": "Daniel",
        "keys_url": "https://northwind.example/.well-known/habeas-keys.json",
    }
    return Cover(**facts | changes)


def a_table(records: Sequence[Mapping[str, Any]] = (), **changes: Any) -> Table:
    names = dict.fromkeys(name for row in records for name in row)
    facts: dict[str, Any] = {
        "source": "shop",
        "source_title": "Shop database",
        "collection": "orders",
        "title": "Your orders",
        "columns": tuple(Column(name) for name in names),
        "rows": lambda: records,
        "found": len(records),
        "disclosed": len(records),
        "topic": "Orders",
        "categories": ("orders",),
    }
    return Table(**facts | changes)


def accounts() -> Table:
    """Every type that a database may hand over, NULL and empty text included."""
    row = {
        "id": 7,
        "name": "Daniel Okafor",
        "note": "",
        "phone": None,
        "balance": Decimal("12.50"),
        "points": 123456789012345678901234567890,
        "ratio": 0.1,
        "active": True,
        "born": date(1990, 2, 28),
        "created_at": datetime(2024, 3, 1, 10, 30, tzinfo=UTC),
        "opens": time(9, 30),
        "spent": timedelta(hours=1, milliseconds=500),
        "key": UUID("6f1c1d2e-0000-4000-8000-000000000001"),
        "photo": b"\x89PNG\x00",
    }
    types = "integer string string string number integer number boolean date datetime time duration string binary"
    columns = tuple(Column(name, kind, name.title(), category="user.name") for name, kind in zip(row, types.split(), strict=True))
    return a_table([row], collection="accounts", title="Your account", topic="Your account", columns=columns, categories=("account",))


def visits(count: int = 3, **changes: Any) -> Table:
    """Nested records: no CSV for these."""
    rows = [
        {"id": number, "at": datetime(2026, 9 + number % 3, 1, tzinfo=UTC), "device": {"kind": "phone", "tags": ["a", "b"]}}
        for number in range(count)
    ]
    return a_table(rows, collection="visits", title="Your visits", topic="Your visits", categories=("visits",), **changes)


def orders() -> Table:
    """Cells that a spreadsheet would take for formulas, and parts that are held back."""
    rows = [
        {"id": 1, "placed_on": date(2025, 4, 1), "note": '=HYPERLINK("http://x")'},
        {"id": 2, "placed_on": date(2026, 11, 30), "note": '+49 30 1234, or\r\n"later"'},
    ]
    withheld = (Withheld("Password hash", "Whoever has it could sign in as you.", 2),)
    covered = (Withheld("A courier's name", "It is about somebody else.", 1),)
    return a_table(rows, found=3, withheld=withheld, covered=covered)


def sealed(cover: Cover, tables: Iterable[Table], signer: Signer | None = None) -> tuple[bytes, Sealed]:
    paper = io.BytesIO()
    facts = write_archive(paper, cover, list(tables), signer)
    return paper.getvalue(), facts


def opened(archive: bytes, folder: Path) -> Path:
    """Unpack for the outside judges; gives the folder of the bag."""
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        package.extractall(folder)
    return next(folder.iterdir())
