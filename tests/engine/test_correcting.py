"""Corrections: what stands there, what the source says to the new value, and that exactly the accepted cells are changed."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exports import api
from exports.api import Amendment, EngineRefusal, StalePlan
from exports.archive.receipts import check_receipt
from exports.connectors.sql_writing import SqlWriter
from exports.flows import amending
from exports.models import Job, JobState, SourceRun
from portal.kit import crypto, leases
from portal.organisations.models import Organisation
from tests.engine.erasing import Store, a_store
from tests.people import RITA

pytestmark = pytest.mark.django_db
TABLES = """
CREATE TABLE street (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name VARCHAR(12) NOT NULL, born DATE, height INTEGER CHECK (height < 300),
  street_id INTEGER REFERENCES street (id), loud TEXT GENERATED ALWAYS AS (upper(name)) VIRTUAL);
CREATE TABLE note (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person (id), words TEXT);
INSERT INTO street VALUES (1, 'Hill Road');
INSERT INTO person (id, email, name, born, height, street_id) VALUES (0, 'rita@example.org', 'Rita', '1990-05-01', 170, 1),
  (2, 'oskar@example.org', 'Oskar', '1980-01-01', 180, 1);
INSERT INTO note VALUES (1, 0, 'Tea'), (2, 0, 'Cofee'), (3, 2, 'Cofee');
"""
DATASET = """
- name: street
  habeas_meta: {category: account, title: Street}
  fields:
    - {name: id, fides_meta: {primary_key: true, references: [{dataset: shop, field: person.street_id, direction: from}]}}
    - {name: name, data_categories: [user.contact], habeas_meta: {title: Street}}
- name: person
  habeas_meta: {category: account, title: Account}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}, habeas_meta: {title: Email address}}
    - {name: name, data_categories: [user.name], habeas_meta: {title: Name}}
    - {name: born, data_categories: [user.demographic], habeas_meta: {title: Born on}}
    - {name: height, data_categories: [user.demographic], habeas_meta: {title: Height}}
    - {name: loud, data_categories: [user.name], habeas_meta: {title: Name in capitals}}
    - {name: street_id, data_categories: [user.contact]}
- name: note
  habeas_meta: {category: account, title: Notes}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
    - {name: words, data_categories: [user.content], habeas_meta: {title: Words}}
    - {name: secret, habeas_meta: {title: Secret, never_disclose: true}}
    - {name: made, data_categories: [system.operations], habeas_meta: {title: Made on}}
"""


@pytest.fixture
def shop(db: None, tmp_path: Path) -> Store:
    return a_store(tmp_path).add("shop", TABLES, DATASET)


def looked_up(shop: Store, *wanted: Amendment, email: str = RITA) -> UUID:
    search = api.Search(shop.organisation, shop.organisation.current_policy, {"email": email}, "s" * 32, "DR-TEST-01")
    job_id = api.start_correction(search, wanted)
    api.run(job_id)
    assert Job.objects.get(pk=job_id).state == JobState.PLANNED, Job.objects.get(pk=job_id).error
    return job_id


def accepted(job_id: UUID, rows: Mapping[int, tuple[int, ...]]) -> dict[str, Any]:
    """Accept these rows, let it run, and return what the receipt says."""
    api.accept(job_id, api.correction(job_id).digest, rows, by="Ada")
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    assert check_receipt(json.dumps(signed).encode(), crypto.public_keys()).is_proved
    receipt: dict[str, Any] = signed["receipt"]
    return receipt


def checksum(shop: Store, where: str) -> str:
    """Everything but the rows of the table that somebody is corrected in, and of that table the rows that are meant."""
    rest = [shop.sql(f"SELECT * FROM {table} ORDER BY 1") for table in ("street", "note")]
    return hashlib.sha256(repr([*rest, shop.sql(f"SELECT * FROM person WHERE {where}")]).encode()).hexdigest()


def test_only_fields_that_somebody_can_have_mistyped_are_offered_and_no_source_is_asked(shop: Store) -> None:
    shop.files["shop"].unlink()
    offered = [one.key for one in api.correctable(shop.organisation, shop.organisation.current_policy.read())]
    assert offered == [
        "shop.note.words",
        "shop.person.born",
        "shop.person.email",
        "shop.person.height",
        "shop.person.loud",
        "shop.person.name",
        "shop.street.name",
    ]
    contact = [one.key for one in api.correctable(shop.organisation, shop.organisation.current_policy.read()) if one.is_contact]
    assert contact == ["shop.person.email"]


def test_an_accepted_value_is_written_read_again_and_nobody_else_is_touched(shop: Store) -> None:
    before = checksum(shop, "id = 2")
    job_id = looked_up(shop, Amendment("shop.person.name", "Rita-Li", "rita"), Amendment("shop.person.born", "1991-06-02"))
    lines = api.correction(job_id).lines
    assert [line.spots[0].shown for line in lines] == ["Rita", "1990-05-01"]
    assert lines[0].spots[0].is_named
    receipt = accepted(job_id, {0: (0,), 1: (0,)})
    assert receipt["outcome"] == "complete"
    assert receipt["totals"] == {"changed": 2, "failed": 0}
    assert shop.sql("SELECT name, born FROM person WHERE id = 0") == [("Rita-Li", "1991-06-02")]
    assert checksum(shop, "id = 2") == before
    assert "Rita" not in str(receipt)
    assert RITA not in str(receipt)


def test_looking_it_up_changes_nothing(shop: Store) -> None:
    before = shop.files["shop"].read_bytes()
    looked_up(shop, Amendment("shop.person.name", "Rita-Li"), Amendment("shop.person.height", "999"))
    assert shop.sql("SELECT name, height FROM person") == [("Rita", 170), ("Oskar", 180)]
    assert shop.files["shop"].read_bytes() == before


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Amendment("shop.person.name", "A name that is too long"), "too long"),
        (Amendment("shop.person.born", "in spring"), "another kind of value"),
        (Amendment("shop.person.loud", "RITA LI"), "works this field out by itself"),
        (Amendment("shop.person.street_id", "1"), "points at another record"),
        (Amendment("shop.person.id", "7"), "Other records hang on this field"),
        (Amendment("shop.nowhere.name", "x"), "leads there"),
        (Amendment("shop.person.nothing", "x"), "does not exist"),
    ],
)
def test_what_the_field_cannot_hold_is_said_before_anybody_decides(shop: Store, wanted: Amendment, why: str) -> None:
    (line,) = api.correction(looked_up(shop, wanted)).lines
    assert why in line.problem
    assert not line.chosen


@pytest.mark.parametrize(
    ("wanted", "why"),
    [(Amendment("shop.person.email", "oskar@example.org"), "UNIQUE"), (Amendment("shop.person.height", "400"), "CHECK")],
)
def test_rules_of_the_source_are_tried_and_taken_back(shop: Store, wanted: Amendment, why: str) -> None:
    job_id = looked_up(shop, wanted)
    (line,) = api.correction(job_id).lines
    assert why in line.spots[0].problem
    with pytest.raises(EngineRefusal, match="cannot be changed"):
        api.accept(job_id, api.correction(job_id).digest, {0: (0,)}, by="Ada")


def test_several_rows_are_all_shown_and_the_one_that_says_the_old_value_is_meant(shop: Store) -> None:
    job_id = looked_up(shop, Amendment("shop.note.words", "Coffee", "cofee"), Amendment("shop.note.words", "Coffee"))
    with_old, without = api.correction(job_id).lines
    assert [spot.shown for spot in with_old.spots] == ["Tea", "Cofee"]
    assert with_old.chosen == (1,)
    assert without.chosen == ()
    assert accepted(job_id, {0: (1,)})["totals"]["changed"] == 1
    assert shop.sql("SELECT words FROM note ORDER BY id") == [("Tea",), ("Coffee",), ("Cofee",)]


def test_a_record_that_other_people_use_too_stays_as_it_is(shop: Store) -> None:
    job_id = looked_up(shop, Amendment("shop.street.name", "Mill Road"))
    (line,) = api.correction(job_id).lines
    assert "Other people use this record" in line.spots[0].problem
    with pytest.raises(EngineRefusal):
        api.accept(job_id, api.correction(job_id).digest, {0: (0,)}, by="Ada")


def test_a_value_that_somebody_changed_meanwhile_is_left_alone_with_all_of_that_source(shop: Store) -> None:
    job_id = looked_up(shop, Amendment("shop.person.height", "171"), Amendment("shop.person.name", "Rita-Li"))
    shop.sql("UPDATE person SET name = 'Margarita' WHERE id = 0")
    receipt = accepted(job_id, {0: (0,), 1: (0,)})
    assert receipt["outcome"] == "failed"
    assert "changed by somebody else" in receipt["gaps"][0]
    assert shop.sql("SELECT name, height FROM person WHERE id = 0") == [("Margarita", 170)]


def test_what_is_right_already_is_said_and_needs_no_change(shop: Store) -> None:
    (line,) = api.correction(looked_up(shop, Amendment("shop.person.height", "170"))).lines
    assert line.is_done
    assert line.chosen == ()


def test_a_decision_on_what_was_shown_earlier_is_stale(shop: Store) -> None:
    job_id = looked_up(shop, Amendment("shop.person.name", "Rita-Li"))
    with pytest.raises(StalePlan):
        api.accept(job_id, "0" * 64, {0: (0,)}, by="Ada")


def test_the_proof_believes_the_source_and_not_the_writer(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = looked_up(shop, Amendment("shop.person.name", "Rita-Li"))
    monkeypatch.setattr(SqlWriter, "write", lambda writer, correction: True)
    assert accepted(job_id, {0: (0,)})["outcome"] == "failed"


def test_a_worker_that_dies_after_the_commit_repeats_it_without_harm(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = looked_up(shop, Amendment("shop.person.name", "Rita-Li"))
    api.accept(job_id, api.correction(job_id).digest, {0: (0,)}, by="Ada")
    real = amending._at_source

    def dies(*parts: Any, **words: Any) -> None:
        real(*parts, **words)
        SourceRun.objects.filter(job=job_id).update(state="pending", finished_at=None)  # the commit there is known, ours is lost
        raise KeyboardInterrupt

    monkeypatch.setattr(amending, "_at_source", dies)
    with pytest.raises(KeyboardInterrupt):
        api.run(job_id)
    monkeypatch.setattr(amending, "_at_source", real)
    leases.release(Job, job_id, Job.objects.get(pk=job_id).lease_token)
    Job.objects.filter(pk=job_id).update(due_at=Job.objects.get(pk=job_id).created_at, lease_until=None)
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed
    assert signed["receipt"]["outcome"] == "complete"
    assert shop.sql("SELECT name FROM person WHERE id = 0") == [("Rita-Li",)]


def test_nothing_personal_is_stored_in_clear_and_destroying_the_job_destroys_it(shop: Store) -> None:
    job_id = looked_up(shop, Amendment("shop.person.name", "Rita-Li", "Rita"))
    stored = repr(list(Job.objects.filter(pk=job_id).values()))
    assert "Rita" not in stored
    api.destroy(job_id)
    assert api.correction(job_id).lines == ()


def test_somebody_who_is_nowhere_gets_a_line_that_says_so(shop: Store) -> None:
    (line,) = api.correction(looked_up(shop, Amendment("shop.person.name", "X"), email="nobody@example.org")).lines
    assert "nothing there about this person" in line.problem


def test_nothing_to_correct_is_refused(northwind: Organisation) -> None:
    search = api.Search(northwind, northwind.current_policy, {"email": RITA}, "s" * 32)
    with pytest.raises(EngineRefusal, match="nothing to correct"):
        api.start_correction(search, [])
