"""Sealing: the same bytes every time, constant memory, nothing half true."""

import gc
import hashlib
import io
import os
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exports.archive import readable
from exports.archive.cover import ArchiveRefused, Column, Sealed, Table
from exports.archive.seal import write_archive
from tests.archive.samples import a_cover, a_table, accounts, orders, sealed, visits


class Discarded:
    """Counts and forgets; cannot be read, told or rewound, as a sealed file cannot."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, piece: bytes) -> int:
        self.size += len(piece)
        return len(piece)


def long_table(count: int) -> Table:
    start = datetime(2024, 1, 1, tzinfo=UTC)

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(count):
            note = None if number % 3 else "x" * 80
            yield {"id": number, "at": start + timedelta(seconds=number), "path": f"/api/{number}", "note": note}

    columns = (Column("id", "integer"), Column("at", "datetime"), Column("path", "string"), Column("note", "string"))
    return Table("shop", "Shop", "log", "Log", columns, rows, count, count)


def test_the_same_records_give_the_same_bytes_in_any_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    first = sealed(a_cover(), [accounts(), orders(), visits()])
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    second = sealed(a_cover(), [accounts(), orders(), visits()])
    assert first == second
    assert "TZ" in os.environ


def test_what_is_told_about_the_archive_is_true() -> None:
    archive, facts = sealed(a_cover(), [accounts(), orders(), visits(), a_table(collection="none")])
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        names = package.namelist()
    assert facts == Sealed(
        files=len(names),
        records=6,
        size=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
        collections={"shop.accounts": 1, "shop.orders": 2, "shop.visits": 3, "shop.none": 0},
    )


@pytest.mark.story
def test_memory_does_not_grow_with_the_number_of_records() -> None:
    def peak(count: int) -> int:
        gc.collect()
        tracemalloc.start()
        write_archive(Discarded(), a_cover(), [long_table(count)], None)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(1_000)
    few, many = peak(6_000), peak(200_000)
    assert many < 32 * 1024 * 1024
    assert many < few + 6 * 1024 * 1024


def test_a_long_collection_is_complete_and_uses_large_file_fields() -> None:
    archive, _ = sealed(a_cover(), [long_table(30_000)])
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        member = package.getinfo("DR-3X9P-7W/data/records/shop-log.json")
        assert package.read(member).count(b"\n") == 30_000 + 2
        assert member.extract_version == 45
        assert package.getinfo("DR-3X9P-7W/bagit.txt").extract_version == 20


@pytest.mark.parametrize("disclosed", [1, 3])
def test_a_count_that_does_not_hold_stops_everything(disclosed: int) -> None:
    with pytest.raises(ArchiveRefused, match=rf"shop\.orders: {disclosed} records were to be disclosed, 2 were read"):
        sealed(a_cover(), [a_table([{"id": 1}, {"id": 2}], disclosed=disclosed)])


def test_records_that_change_between_two_readings_stop_everything() -> None:
    readings = iter([[{"id": 1}, {"id": 2}], [{"id": 1}]])
    with pytest.raises(ArchiveRefused, match="1 were read"):
        sealed(a_cover(), [a_table(rows=lambda: next(readings), found=2, disclosed=2, columns=(Column("id"),))])


def test_a_failing_source_is_not_taken_for_its_end() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"id": 1}
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        sealed(a_cover(), [a_table(rows=rows, found=1, disclosed=1, columns=(Column("id"),))])


def test_without_a_signer_there_is_no_signature_file() -> None:
    with zipfile.ZipFile(io.BytesIO(sealed(a_cover(), [orders()])[0])) as package:
        assert not [name for name in package.namelist() if name.endswith(".jws")]


def test_the_signer_is_handed_the_list_of_lists_as_it_is_written() -> None:
    signed: list[bytes] = []

    def sign(content: bytes) -> str:
        signed.append(content)
        return "head..tail"

    with zipfile.ZipFile(io.BytesIO(sealed(a_cover(), [orders()], sign)[0])) as package:
        assert signed == [package.read("DR-3X9P-7W/tagmanifest-sha256.txt")]
        assert package.read("DR-3X9P-7W/tagmanifest-sha256.txt.jws") == b"head..tail"


def test_files_carry_the_day_of_the_answer_and_plain_rights() -> None:
    with zipfile.ZipFile(io.BytesIO(sealed(a_cover(), [orders()])[0])) as package:
        assert {member.date_time for member in package.infolist()} == {(2026, 12, 9, 12, 0, 0)}
        assert {member.external_attr >> 16 for member in package.infolist()} == {0o100644}


def test_a_missing_style_sheet_stops_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "_style_folders", lambda: iter(()))
    with pytest.raises(ArchiveRefused, match="style sheet"):
        sealed(a_cover(), [])
