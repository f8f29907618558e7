"""`subject_erasure` from the shell: the plan, exactly that plan, and one line when it says no."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from django.core.management import call_command
from django.core.management.base import CommandError

from exports.connectors.base import SourceBusy
from exports.models import Handle, Job
from portal.kit import crypto
from tests.engine.erasing import Store
from tests.engine.test_erasure_rows import child, shop
from tests.people import RITA

pytestmark = pytest.mark.django_db

ORDERS = "CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER); INSERT INTO orders VALUES (1, 0), (2, 1);"


def told(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("subject_erasure", "shop", "--identity", f"email={RITA}", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def plan(*words: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(told("--plan", "--json", *words)[0])
    return read


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return shop(tmp_path, ORDERS, child("orders", category="grace"))


def test_a_plan_changes_nothing_and_forgets_the_person(store: Store) -> None:
    found = plan()
    assert found["totals"] == {"delete": 2, "mask": 0, "keep": 0, "detach": 0}
    assert len(found["digest"]) == 64
    assert found["job_id"] == str(Job.objects.get().pk)
    assert store.sql("SELECT count(*) FROM people") == [(3,)]
    assert Job.objects.get().key_sealed == b""


def test_exactly_the_plan_is_carried_out_and_its_receipt_is_signed(store: Store) -> None:
    digest = plan()["digest"]
    assert plan()["digest"] == digest
    signed = json.loads(told("--execute", digest, "--json")[0])
    assert signed["receipt"]["outcome"] == "complete"
    assert signed["receipt"]["plan"] == digest
    assert crypto.verify(rfc8785.dumps(signed["receipt"]), signed["jws"], crypto.public_keys())
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    assert store.sql("SELECT id FROM orders") == [(2,)]


def test_a_line_may_be_settled(store: Store) -> None:
    choice = ("--choose", "shop:grace=later")
    found = plan(*choice)
    assert [line["chosen"] for line in found["lines"] if line["choices"]] == ["later"]
    assert json.loads(told("--execute", found["digest"], "--json", *choice)[0])["receipt"]["outcome"] == "complete"
    assert store.sql("SELECT id FROM orders") == [(1,), (2,)]
    assert Handle.objects.get().rows == 1


def test_a_stale_digest_is_refused_in_one_line_and_nothing_changes(store: Store) -> None:
    digest = plan()["digest"]
    store.sql("ALTER TABLE orders ADD COLUMN note TEXT")
    with pytest.raises(CommandError, match="The plan has changed") as refusal:
        told("--execute", digest)
    assert refusal.value.returncode == 1
    assert "\n" not in str(refusal.value)
    assert store.sql("SELECT count(*) FROM people") == [(3,)]


def test_a_blocked_plan_is_refused(tmp_path: Path) -> None:
    script = "CREATE TABLE x (id INTEGER PRIMARY KEY, who INTEGER REFERENCES people (id) ON DELETE CASCADE); INSERT INTO x VALUES (1, 0);"
    store = shop(tmp_path, script)
    found = plan()
    assert "ON DELETE CASCADE" in found["blocked"][0]
    with pytest.raises(CommandError, match="The plan is blocked"):
        told("--execute", found["digest"])
    assert store.sql("SELECT count(*) FROM people") == [(3,)]


@pytest.mark.parametrize(
    ("words", "returncode", "reason"),
    [
        (("--plan", "--choose", "shop:grace=tomorrow"), 2, "LINE=now or LINE=later"),
        (("--plan", "--choose", "shop:nothing=later"), 1, "does not offer that choice"),
        (("--execute", "0" * 64), 1, "The plan has changed"),
    ],
)
def test_wrong_words_are_refused_with_a_reason(store: Store, words: tuple[str, ...], returncode: int, reason: str) -> None:
    with pytest.raises(CommandError, match=reason) as refusal:
        told(*words)
    assert refusal.value.returncode == returncode
    assert store.sql("SELECT count(*) FROM people") == [(3,)]


@pytest.mark.parametrize("value", ["jane", "@example.org", "jane@", "jane doe@example.org", "jane@exam\tple.org"])
@pytest.mark.parametrize("command", [("subject_erasure", "--plan"), ("subject_access", "--output", "never.zip")])
def test_a_value_that_cannot_be_an_address_is_refused_before_anything_is_searched(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="The value given for 'email' cannot be one") as refusal:
        call_command(command[0], "shop", "--identity", f"email={value}", *command[1:])
    assert refusal.value.returncode == 2
    assert value not in str(refusal.value)
    assert not Job.objects.exists()
    assert not (tmp_path / "never.zip").exists()


def test_an_outcome_that_is_only_partial_ends_with_1_and_the_receipt_is_printed(tmp_path: Path) -> None:
    island = "- {name: island, fields: [{name: id}, {name: who, data_categories: [user.name]}]}"
    shop(tmp_path, "CREATE TABLE island (id INTEGER PRIMARY KEY, who TEXT);", island)
    digest, out = plan()["digest"], StringIO()
    with pytest.raises(CommandError, match="The outcome is partial") as refusal:
        call_command("subject_erasure", "shop", "--identity", f"email={RITA}", "--execute", digest, "--json", stdout=out, stderr=StringIO())
    assert refusal.value.returncode == 1
    assert json.loads(out.getvalue())["receipt"]["outcome"] == "partial"


def test_a_source_that_refuses_is_said_in_one_line(store: Store) -> None:
    store.sql("CREATE TRIGGER never BEFORE DELETE ON people BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(CommandError, match="Stopped before anything was erased"):
        told("--execute", plan()["digest"])
    assert store.sql("SELECT count(*) FROM orders") == [(2,)]


def test_the_words_for_people_name_every_line(store: Store) -> None:
    out, _err = told("--plan")
    assert "Shop: Grace: 1 delete now." in out
    assert "shop:grace=now or shop:grace=later" in out
    assert "Digest: " in out
    out, _err = told("--execute", plan()["digest"])
    assert out.startswith("Outcome: complete. Rows: delete 2")


def test_a_plan_that_has_grown_since_it_was_shown_goes_back_to_a_person(store: Store) -> None:
    digest = plan()["digest"]
    store.sql("INSERT INTO orders VALUES " + ", ".join(f"({number}, 0)" for number in range(100, 122)))
    for _try in range(2):  # asking again is not reading again
        with pytest.raises(CommandError, match=r"“shop\.orders” has grown to 23 rows since the plan was shown") as refusal:
            told("--execute", digest)
        assert "\n" not in str(refusal.value)
    assert store.sql("SELECT count(*) FROM people, orders WHERE people.id = 0") == [(24,)]
    assert plan()["digest"] == digest
    assert json.loads(told("--execute", digest, "--json")[0])["receipt"]["totals"]["delete"] == 24


def test_a_source_that_is_busy_while_the_plan_is_made_is_told_in_one_line(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_words: Any) -> None:
        raise SourceBusy("It is busy: a lock was not granted in time.")

    monkeypatch.setattr("exports.flows.rehearse.spare_shared", busy)
    with pytest.raises(CommandError, match=r"nothing was erased\. It is busy") as refusal:
        told("--plan")
    assert refusal.value.returncode == 1
    assert Job.objects.get().key_sealed == b""
