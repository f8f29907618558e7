"""The engine from the shell."""

import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from exports.models import DataSource, Job
from tests.engine.shop import RITA, Shop

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def access(output: Path, *words: str) -> tuple[dict[str, Any], str]:
    out, err = run("subject_access", "northwind", "--output", str(output), "--json", *(words or ("--identity", f"email={RITA}")))
    told: dict[str, Any] = json.loads(out)
    return told, err


def test_subject_access_writes_the_archive_and_tells_the_counts(shop: Shop, tmp_path: Path) -> None:
    told, err = access(tmp_path / "rita.zip")
    by_name = {one["collection"]: (one["found"], one["disclosed"], one["withheld"]) for one in told["collections"]}
    assert by_name == {"customer": (1, 1, 0), "orders": (2, 2, 0), "token": (1, 0, 1), "ticket": (2, 2, 0), "loyalty": (0, 0, 0)}
    assert (told["found"], told["disclosed"], told["withheld"], told["complete"]) == (6, 5, 1, False)
    assert "Loyalty card could not be searched" in err
    with zipfile.ZipFile(tmp_path / "rita.zip") as bag:
        assert bag.testzip() is None
    assert (tmp_path / "rita.zip").stat().st_size == told["size"]


def test_subject_access_leaves_nothing_of_the_person_behind(shop: Shop, tmp_path: Path) -> None:
    access(tmp_path / "rita.zip")
    assert Job.objects.get().key_sealed == b""
    for folder in (settings.SPOOL_FOLDER, settings.ARCHIVE_FOLDER):
        assert not [path for path in Path(folder).rglob("*") if str(Job.objects.get().pk) in str(path)]


def test_the_archive_can_be_read_by_nobody_else_on_the_machine(shop: Shop, tmp_path: Path) -> None:
    access(tmp_path / "rita.zip")
    assert (tmp_path / "rita.zip").stat().st_mode & 0o077 == 0


def test_subject_access_locks_the_archive_with_the_password_in_a_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("4821-9937-0156-2748\n")
    told, _ = access(tmp_path / "rita.zip", "--identity", f"email={RITA}", "--password-file", str(tmp_path / "password"))
    content = (tmp_path / "rita.zip").read_bytes()
    assert (told["locked"], told["size"], told["sha256"]) == (True, len(content), sha256(content).hexdigest())
    with zipfile.ZipFile(tmp_path / "rita.zip") as outer:
        assert outer.namelist() == ["your-copy.zip"]
    assert "The password opens it." in run("verify_archive", told["archive"], "--password-file", str(tmp_path / "password"))[0]
    with pytest.raises(CommandError, match="locked with a password and none was given"):
        run("verify_archive", told["archive"])


@pytest.mark.parametrize(
    ("content", "reason"), [("too short\n", "12 signs or more"), ("these words\nand others\n", "one line"), (None, "No such file")]
)
def test_a_password_that_would_not_do_stops_the_command_before_anything_is_searched(
    shop: Shop, tmp_path: Path, content: str | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "password").write_text(content)
    with pytest.raises(CommandError, match=reason) as told:
        access(tmp_path / "rita.zip", "--identity", f"email={RITA}", "--password-file", str(tmp_path / "password"))
    assert (told.value.returncode, content is not None and content.splitlines()[0] in str(told.value)) == (2, False)
    assert not Job.objects.exists()
    assert not list(tmp_path.glob("*.zip"))


def test_subject_access_may_be_limited_to_categories(shop: Shop, tmp_path: Path) -> None:
    told, _ = access(tmp_path / "rita.zip", "--identity", f"email={RITA}", "--category", "orders")
    assert [one["collection"] for one in told["collections"]] == ["orders"]


@pytest.mark.parametrize(
    ("words", "returncode", "reason"),
    [
        (["--identity", "email"], 2, "kind=value"),
        (["--identity", "email="], 2, "kind=value"),
        (["--identity", "email=a@b.c", "--identity", "email=d@b.c"], 2, "given twice"),
        (["--identity", "shoe=42"], 1, "No dataset can be searched by 'shoe' (known: email)"),
        (["--identity", "email=a@b.c", "--category", "shoes"], 2, "'shoes' is not a category"),
    ],
)
def test_subject_access_refuses_in_one_line_and_writes_nothing(
    shop: Shop, tmp_path: Path, words: list[str], returncode: int, reason: str
) -> None:
    with pytest.raises(CommandError) as told:
        access(tmp_path / "rita.zip", *words)
    assert (told.value.returncode, "\n" in str(told.value)) == (returncode, False)
    assert reason in str(told.value)
    assert list(tmp_path.glob("*.zip")) == []
    assert not Job.objects.exists()


def test_subject_access_never_writes_over_a_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "rita.zip").write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        access(tmp_path / "rita.zip")
    assert (tmp_path / "rita.zip").read_text() == "mine"
    with pytest.raises(CommandError, match="does not exist"):
        access(tmp_path / "nowhere" / "rita.zip")


def test_an_unknown_organisation_is_refused(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no organisation 'eastwind' here \(known: northwind\)"):
        run("check_sources", "eastwind")


def checked() -> dict[str, Any]:
    report: dict[str, Any] = json.loads(run("check_sources", "northwind", "--json")[0])
    return report


def test_check_sources_draws_the_map(shop: Shop) -> None:
    report = checked()
    one = report["sources"][0]
    assert report["ok"] is True
    assert one["state"] == "reached"
    assert [missed["collection"] for missed in one["unreachable"]] == ["shop.loyalty"]
    assert "orders.placed" in one["undeclared"]
    assert "shop.orders.packed_by" in one["without"]["erase rule"]
    orders = next(part for part in one["collections"] if part["collection"] == "shop.orders")
    assert (orders["categories"], orders["third_party"]) == (["orders"], {"packed_by": "staff"})


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("DROP TABLE orders", "The table 'orders' does not exist there."),
        ("ALTER TABLE orders DROP COLUMN total", "The table 'orders' has no column 'total'."),
    ],
)
def test_check_sources_names_what_differs_and_fails(shop: Shop, sql: str, sentence: str) -> None:
    shop.run_sql("shop", sql)
    out = StringIO()
    with pytest.raises(CommandError, match="shop: The table 'orders'"):
        call_command("check_sources", "northwind", "--json", stdout=out)
    assert sentence in json.loads(out.getvalue())["sources"][0]["mismatches"]


def test_check_sources_fails_when_a_source_cannot_be_reached(shop: Shop) -> None:
    shop.paths["desk"].unlink()
    with pytest.raises(CommandError, match="desk: It cannot be reached"):
        run("check_sources", "northwind")


def test_check_sources_fails_without_sources(shop: Shop) -> None:
    DataSource.objects.all().delete()
    with pytest.raises(CommandError, match="no source is set up"):
        run("check_sources", "northwind")


def test_a_place_that_cannot_be_written_to_is_told_in_one_line_and_keeps_no_piece(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: Any, **_more: Any) -> Iterator[bytes]:
        yield b"PK"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exports.api.open_archive", full)
    with pytest.raises(CommandError, match=r"rita\.zip cannot be written: No space left on device\. Nothing was left there\.") as told:
        access(tmp_path / "rita.zip")
    assert told.value.returncode == 1
    assert list(tmp_path.glob("*.zip")) == []
