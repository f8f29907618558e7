"""A receipt proves exactly what was signed, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from django.core.management import call_command
from django.core.management.base import CommandError

from exports.archive.receipts import check_receipt, main
from portal.kit.crypto import public_keys, sign
from tests.archive.alone import assert_wrong_usage, said_alone

ROOT = Path(__file__).resolve().parents[2]
Receipt = dict[str, Any]


def a_receipt() -> Receipt:
    return {"reference": "DR-4F7K-9Q", "outcome": "complete", "totals": {"delete": 412, "mask": 9, "keep": 3, "ünïcode": 1}, "share": 0.5}


def signed(receipt: Receipt) -> bytes:
    return json.dumps({"receipt": receipt, "jws": sign(rfc8785.dumps(receipt), "receipt")}, indent=2).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "receipt.json"
    target.write_bytes(signed(a_receipt()))
    return target


def test_a_genuine_receipt_is_proved_with_its_counts() -> None:
    report = check_receipt(signed(a_receipt()), public_keys())
    assert report.problems == []
    assert (report.outcome, report.reference) == ("complete", "DR-4F7K-9Q")
    assert report.counts == {"delete": 412, "mask": 9, "keep": 3, "ünïcode": 1}
    assert report.signature.startswith("receipt-")


def test_order_and_white_space_do_not_matter() -> None:
    whole = json.loads(signed(a_receipt()))
    whole["receipt"] = dict(reversed(whole["receipt"].items()))
    assert check_receipt(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode(), public_keys()).is_proved


def test_what_the_case_command_prints_is_checked_by_the_receipt_in_it() -> None:
    printed = {"reference": "DR-0000-00", "outcome": "erased", "receipt": json.loads(signed(a_receipt()))}
    report = check_receipt(json.dumps(printed).encode(), public_keys())
    assert (report.is_proved, report.reference, report.counts["delete"]) == (True, "DR-4F7K-9Q", 412)
    printed["receipt"]["receipt"]["totals"]["delete"] = 413
    assert not check_receipt(json.dumps(printed).encode(), public_keys()).is_proved


@pytest.mark.parametrize(
    "alter",
    [
        lambda receipt: receipt.update(outcome="partial"),
        lambda receipt: receipt["totals"].update(delete=413),
        lambda receipt: receipt["totals"].pop("keep"),
        lambda receipt: receipt.update(extra=None),
    ],
)
def test_any_change_is_refused_and_the_signature_named(alter: Callable[[Receipt], object]) -> None:
    whole = json.loads(signed(a_receipt()))
    alter(whole["receipt"])
    report = check_receipt(json.dumps(whole).encode(), public_keys())
    assert report.problems == ["jws: The signature does not belong to this content: one of the two was altered."]


def test_another_installations_key_proves_nothing_here() -> None:
    keys = {"keys": [{**key, "kid": f"other-{key['kid']}"} for key in public_keys()["keys"]]}
    [problem] = check_receipt(signed(a_receipt()), keys).problems
    assert "is not among the public keys" in problem


def test_a_key_under_a_stolen_name_proves_nothing() -> None:
    stolen = [{**key, "x": public_keys()["keys"][0]["x"]} for key in public_keys()["keys"] if key["kid"].startswith("receipt")]
    assert not check_receipt(signed(a_receipt()), {"keys": stolen}).is_proved


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "file"),
        (b"[]", "receipt"),
        (b'{"receipt": 1, "jws": "a..b"}', "receipt"),
        (b'{"receipt": {"outcome": "complete"}}', "jws"),
        (b'{"receipt": {"outcome": "complete", "outcome": "failed"}, "jws": "a..b"}', "file"),
        (b'{"receipt": {"outcome": "complete"}, "jws": 5}', "jws"),
        (b'{"receipt": {"outcome": "complete", "n": 1e999}, "jws": "e30..b"}', "receipt"),
        (b"\xff\xfe", "file"),
        (b"[" * 100_000, "file"),
    ],
)
def test_what_is_no_receipt_is_refused_with_the_part_that_fails(content: bytes, named: str) -> None:
    report = check_receipt(content, public_keys())
    assert any(problem.startswith(f"{named}:") for problem in report.problems), report.problems


def test_an_outcome_that_does_not_exist_is_named_though_it_was_signed() -> None:
    [problem] = check_receipt(signed({**a_receipt(), "outcome": "splendid"}), public_keys()).problems
    assert problem.startswith("outcome: splendid is not one of complete, partial, failed")


def test_a_failed_erasure_is_proved_to_have_failed() -> None:
    assert check_receipt(signed({**a_receipt(), "outcome": "failed"}), public_keys()).outcome == "failed"


def test_the_command_says_what_was_proved(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_receipt", str(path))
    assert "DR-4F7K-9Q: outcome complete. Counts: delete 412, mask 9, keep 3" in capsys.readouterr().out
    call_command("verify_receipt", str(path), json=True)
    assert json.loads(capsys.readouterr().out)["proved"] is True


def test_the_command_refuses_an_altered_receipt(path: Path) -> None:
    path.write_text(path.read_text().replace("412", "4120"))
    with pytest.raises(CommandError, match="This receipt proves nothing") as refusal:
        call_command("verify_receipt", str(path))
    assert refusal.value.returncode == 1


@pytest.mark.parametrize(
    "words", [["no-such-file", "--keys", __file__], [__file__, "--keys", "no-such-file"], [__file__, "--keys", __file__]]
)
def test_wrong_usage_is_told_apart(words: list[str]) -> None:
    assert_wrong_usage("verify_receipt", main, words)


def test_the_check_runs_alone_without_django(path: Path, tmp_path: Path) -> None:
    assert "outcome complete" in said_alone("receipts", path, tmp_path)
