"""Copies that are too large for one file: cut, packed, handed out, checked, closed and destroyed together."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.core.management.base import CommandError

from exports import api
from exports.archive.together import check_together
from exports.flows import gathering
from exports.models import Archive
from tests.engine.shop import Shop
from tests.engine.test_commands import access, run
from tests.engine.test_packing import packed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everything_is_large(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block holds one record, and a file hardly more."""
    settings.ARCHIVE_MOST = 200
    monkeypatch.setattr(gathering, "BATCH", 1)


def parts_of(job_id: UUID) -> list[bytes]:
    facts = api.archive(job_id)
    assert facts is not None
    return [b"".join(api.open_archive(job_id, part=part.number)) for part in facts.parts]


def test_the_parts_hold_every_record_once_and_are_sound_together(shop: Shop, tmp_path: Path) -> None:
    job_id = packed(shop)
    contents = parts_of(job_id)
    orders = []
    for number, content in enumerate(contents, 1):
        (tmp_path / f"{number}.zip").write_bytes(content)
        with zipfile.ZipFile(io.BytesIO(content)) as bag:
            orders += [json.loads(bag.read(name)) for name in bag.namelist() if "records/shop-orders." in name]
    assert [order["id"] for order in orders] == [1, 2]
    assert not [problem for report in check_together(sorted(tmp_path.glob("*.zip"))) for problem in report.problems]


def test_what_is_told_about_the_parts_is_true(shop: Shop) -> None:
    job_id = packed(shop)
    facts, contents = api.archive(job_id), parts_of(job_id)
    assert facts is not None
    assert [part.size for part in facts.parts] == [len(content) for content in contents]
    assert len(contents) > 2
    assert (facts.records, facts.size, facts.sha256) == (5, sum(map(len, contents)), facts.parts[0].sha256)
    assert facts.max_downloads == 5 * len(contents)


def test_a_range_of_any_part_may_be_asked_for_and_no_part_that_is_not_there(shop: Shop) -> None:
    job_id = packed(shop)
    assert b"".join(api.open_archive(job_id, part=2, start=100, length=50)) == parts_of(job_id)[1][100:150]
    for number in (0, 99):
        with pytest.raises(api.ArchiveUnavailable, match="no such part"):
            api.open_archive(job_id, part=number)


@pytest.mark.parametrize("end", [api.revoke, api.destroy])
def test_all_parts_end_together(shop: Shop, end: Callable[[UUID], None], settings: LazySettings) -> None:
    job_id = packed(shop)
    assert len(Archive.objects.get(job_id=job_id).further) > 1
    end(job_id)
    assert not list(Path(settings.ARCHIVE_FOLDER).glob(f"{job_id}*"))
    with pytest.raises(api.ArchiveUnavailable):
        api.open_archive(job_id, part=2)


def test_the_commands_write_and_check_all_parts(shop: Shop, tmp_path: Path) -> None:
    told, _err = access(tmp_path / "rita.zip")
    of = len(told["parts"])
    assert told["parts"] == [str(tmp_path / f"rita-part-{number}-of-{of}.zip") for number in range(1, of + 1)]
    out, _err = run("verify_archive", *told["parts"])
    assert f"part {of} of {of}" in out
    with pytest.raises(CommandError, match=f"missing: part 2 of {of}"):
        run("verify_archive", told["parts"][0], *told["parts"][2:])


def test_no_part_is_written_where_one_of_them_exists(shop: Shop, tmp_path: Path) -> None:
    told, _err = access(tmp_path / "rita.zip")
    for path in told["parts"][:-1]:
        Path(path).unlink()
    with pytest.raises(CommandError, match=r"exists already\. Nothing was written"):
        access(tmp_path / "rita.zip")
    assert len(list(tmp_path.glob("rita*"))) == 1
