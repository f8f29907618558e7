"""Archives in several files: each opens by itself, and none can be missing, exchanged or doubled without being noticed."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bagit
import pytest
from frictionless import validate

from exports.archive.cover import Sealed, Slice, Table
from exports.archive.seal import write_volumes
from exports.archive.together import check_together
from tests.archive.samples import a_cover, a_table, accounts, orders, sealed, visits


def cut(table: Table, count: int) -> list[Table]:
    """The table as a collection that is too large for one file."""
    rows = list(table.rows())
    size = -(-len(rows) // count)
    parts = [rows[place : place + size] for place in range(0, len(rows), size)]
    return [
        replace(
            table, rows=lambda part=part: part, found=len(part), disclosed=len(part), size=600, slice=Slice(number, len(parts), len(rows))
        )
        for number, part in enumerate(parts, 1)
    ]


def written(folder: Path, tables: list[Table], *, most: int = 1200, **words: str) -> tuple[list[Path], list[Sealed]]:
    @contextmanager
    def open_one(number: int) -> Iterator[io.BufferedWriter]:
        with (folder / f"{number}.zip").open("wb") as out:
            yield out

    volumes = write_volumes(open_one, a_cover(**words), tables, lambda content: "a..b", most=most)
    return [folder / f"{number}.zip" for number in range(1, len(volumes) + 1)], volumes


def long() -> list[Table]:
    rows = [{"id": number, "at": f"2026-01-01T00:00:{number:02}Z", "note": "x" * 9} for number in range(30)]
    return cut(a_table(rows, collection="log", title="Log"), 3)


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    return written(tmp_path, [replace(accounts(), size=400), *long(), orders()])[0]


def page(path: Path, name: str = "data/index.html") -> str:
    with zipfile.ZipFile(path) as bag:
        return bag.read(f"DR-3X9P-7W-part-{path.stem}/{name}").decode()


def problems(paths: list[Path]) -> list[tuple[str, str]]:
    return [(problem.kind, problem.file) for report in check_together(paths) for problem in report.problems]


def test_what_is_small_stays_one_file_as_it_was(tmp_path: Path) -> None:
    paths, _ = written(tmp_path, [accounts(), orders(), visits()], most=10_000)
    assert [path.read_bytes() for path in paths] == [sealed(a_cover(), [accounts(), orders(), visits()], lambda content: "a..b")[0]]


def test_every_part_is_a_bag_and_a_data_package_of_its_own(parts: list[Path], tmp_path: Path) -> None:
    assert len(parts) == 4
    for path in parts:
        with zipfile.ZipFile(path) as bag:
            bag.extractall(tmp_path / "all")
    folders = sorted((tmp_path / "all").iterdir())
    assert [folder.name for folder in folders] == [f"DR-3X9P-7W-part-{number}" for number in range(1, 5)]
    for number, folder in enumerate(folders, 1):
        bag = bagit.Bag(str(folder))
        assert bag.validate()
        assert bag.info["Bag-Count"] == f"{number} of 4"
        judged = validate(str(folder / "data" / "datapackage.json"))
        assert judged.valid, judged.flatten(["type", "message"])


def test_all_records_are_there_once_as_json_lines_and_as_csv(parts: list[Path]) -> None:
    lines, cells = [], []
    for path in parts:
        with zipfile.ZipFile(path) as bag:
            for name in bag.namelist():
                if name.endswith(".jsonl"):
                    lines += [json.loads(line)["id"] for line in bag.read(name).splitlines()]
                if "tables/shop-log" in name:
                    cells += [line.split(b",")[0] for line in bag.read(name).splitlines()[1:]]
    assert lines == list(range(30))
    assert cells == [b"%d" % number for number in range(30)]


def test_the_first_part_lists_everything_and_the_others_what_is_in_them(parts: list[Path]) -> None:
    first, *others = map(page, parts)
    assert "comes as 4 ZIP files" in first
    assert "In part 2" in first
    assert "Log, 3 of 3" in first
    assert "Your orders" in first
    assert "This is part 2 of 4" in others[0]
    assert "Your orders" not in others[0]
    assert "There are 30 records, in 3 files" in page(parts[1], "data/read/shop-log.1.html")


def test_all_parts_together_are_sound(parts: list[Path]) -> None:
    assert problems(parts) == []
    assert problems(parts[::-1]) == []


def test_a_missing_part_is_noticed(parts: list[Path]) -> None:
    assert problems([parts[0], *parts[2:]]) == [("missing", "part 2 of 4")]
    assert problems([parts[2]]) == [("missing", f"part {number} of 4") for number in (1, 2, 4)]


def test_a_part_of_an_archive_that_was_made_at_another_time_is_noticed(parts: list[Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    others, _ = written(tmp_path / "other", [replace(accounts(), size=400), *long(), orders()], greeting="Rita")
    assert problems([*parts[:2], others[2], parts[3]]) == [("altered", "3.zip")]


def test_a_part_that_is_given_twice_is_noticed(parts: list[Path]) -> None:
    assert problems([*parts, parts[1]]) == [("extra", "2.zip")]
