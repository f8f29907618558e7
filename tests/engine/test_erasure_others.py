"""Other people's rows: never erased, never blanked, never swept away; what stands in the way blocks with a sentence."""

import hashlib
from pathlib import Path

import pytest

from exports import api
from tests.engine.erasing import Store, a_store, approve_and_run, by_category
from tests.engine.test_erasure_rows import PEOPLE, child, shop
from tests.people import RITA

pytestmark = pytest.mark.django_db

ADDRESSES = """
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT NOT NULL);
CREATE TABLE residents (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id),
                        address_id INTEGER NOT NULL REFERENCES addresses (id));
INSERT INTO addresses VALUES (1, 'Shared Lane 1'), (2, 'Lonely Road 2'), (3, 'Far Away 3');
INSERT INTO residents VALUES (1, 0, 1), (2, 1, 1), (3, 0, 2), (4, 2, 3);
"""
ADDRESS_FIELDS = (
    child(
        "residents",
        fields="    - {name: address_id, fides_meta: {references: [{dataset: shop, field: addresses.id, direction: to}]}}",
    )
    + """
- name: addresses
  habeas_meta: {category: account, erase: delete, title: Addresses}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: street, data_categories: [user.contact.address.street], habeas_meta: {erase: rewrite}}
"""
)


def everything(store: Store, but: str) -> str:
    """A checksum over all rows of all tables, less the rows that these conditions name (`table: condition; ...`)."""
    left_out = dict(part.strip().split(": ") for part in but.split(";") if part)
    tables = [name for (name,) in store.sql("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    rows = [store.sql(f"SELECT * FROM {name} WHERE NOT ({left_out.get(name, '0')}) ORDER BY 1") for name in tables]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_a_shared_address_is_kept_as_it_is_and_one_of_her_own_goes(tmp_path: Path) -> None:
    store = shop(tmp_path, ADDRESSES, ADDRESS_FIELDS)
    hers = "people: id = 0; residents: person_id = 0; addresses: id = 2"
    before = everything(store, hers)
    job_id = store.start()
    shared = next(line for line in api.plan(job_id).lines if line.action == "detach")
    assert (shared.rows, shared.title, shared.basis) == (1, "Addresses", "used_by_others")
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete"
    assert everything(store, hers) == before
    assert store.sql("SELECT id FROM addresses") == [(1,), (3,)]
    assert store.sql("SELECT count(*) FROM residents WHERE person_id = 0") == [(0,)]


def test_an_address_that_turns_out_to_be_shared_after_the_approval_stops_the_erasure(tmp_path: Path) -> None:
    store = shop(tmp_path, ADDRESSES, ADDRESS_FIELDS)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    store.sql("INSERT INTO residents VALUES (9, 2, 2)")
    before = everything(store, "")
    api.run(job_id)
    progress = api.progress(job_id)
    assert progress.state == "planned"
    assert "which rows other people use" in progress.error
    assert everything(store, "") == before
    assert api.receipt(job_id) is None
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT id FROM addresses") == [(1,), (2,), (3,)]


def test_what_only_a_shared_row_leads_to_stays_with_the_others(tmp_path: Path) -> None:
    script = ADDRESSES + "CREATE TABLE keys (id INTEGER PRIMARY KEY, address_id INTEGER); INSERT INTO keys VALUES (1, 1), (2, 2), (3, 3);"
    keys = """
- name: keys
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: address_id, fides_meta: {references: [{dataset: shop, field: addresses.id, direction: from}]}}
"""
    store = shop(tmp_path, script, ADDRESS_FIELDS + keys)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM keys") == [(1,), (3,)]


def test_a_person_whom_her_rows_name_is_nobody_s_to_erase(tmp_path: Path) -> None:
    script = "CREATE TABLE gifts (id INTEGER PRIMARY KEY, person_id INTEGER, to_id INTEGER); INSERT INTO gifts VALUES (1, 0, 2);"
    gifts = child("gifts", fields="    - {name: to_id, fides_meta: {references: [{dataset: shop, field: people.id, direction: to}]}}")
    store = shop(tmp_path, script, gifts)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    assert store.sql("SELECT * FROM gifts") == []


POSTS = """
CREATE TABLE posts (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), text TEXT NOT NULL);
CREATE TABLE replies (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id),
                      post_id INTEGER NOT NULL REFERENCES posts (id));
INSERT INTO posts VALUES (1, 0, 'answered'), (2, 0, 'alone'); INSERT INTO replies VALUES (1, 1, 1), (2, 0, 2);
"""


def test_a_row_of_hers_that_others_answered_stays_without_her(tmp_path: Path) -> None:
    dataset = child("posts", fields="    - {name: text}") + child("replies", fields="    - {name: post_id}")
    store = shop(tmp_path, POSTS, dataset)
    receipt = store.erase()
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT * FROM posts") == [(1, None, "answered")]
    assert store.sql("SELECT id FROM replies") == [(1,)]
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]


def test_a_cascade_that_would_take_rows_outside_the_plan_blocks(tmp_path: Path) -> None:
    script = """
    CREATE TABLE secret_notes (id INTEGER PRIMARY KEY, about INTEGER REFERENCES people (id) ON DELETE CASCADE);
    INSERT INTO secret_notes VALUES (1, 0), (2, 0), (3, 1);
    """
    store = shop(tmp_path, script)
    job_id = store.start()
    plan = api.plan(job_id)
    assert plan.blocked == (
        "Deleting from “People” would also delete 2 rows of “secret_notes” that are not in this plan (ON DELETE CASCADE).",
    )
    with pytest.raises(api.PlanBlocked, match="secret_notes"):
        api.approve(job_id, plan.digest, by="Ada")
    assert store.sql("SELECT count(*) FROM people") == [(3,)]


def test_a_foreign_key_that_no_dataset_names_keeps_an_emptied_row_and_is_a_gap(tmp_path: Path) -> None:
    script = (
        "CREATE TABLE badges (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id)); INSERT INTO badges VALUES (1, 0);"
    )
    store = shop(tmp_path, script)
    job_id = store.start()
    assert "no dataset describes it" in api.plan(job_id).gaps[0]
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "partial"
    assert store.sql("SELECT name FROM people WHERE id = 0") == [("",)]
    assert store.sql("SELECT * FROM badges") == [(1, 0)]


def test_a_pointer_that_the_database_empties_itself_is_shown_and_holds_nothing(tmp_path: Path) -> None:
    script = """
    CREATE TABLE reviews (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL, checked_by INTEGER REFERENCES people (id) ON DELETE SET NULL);
    INSERT INTO reviews VALUES (1, 1, 0), (2, 0, 1);
    """
    store = shop(tmp_path, script, child("reviews", fields="    - {name: checked_by}"))
    job_id = store.start()
    assert "empties 1 pointer of “Reviews”" in by_category(job_id)["account"].note
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT * FROM reviews") == [(1, 1, None)]


def test_a_trigger_is_shown(tmp_path: Path) -> None:
    script = """
    CREATE TABLE graveyard (name TEXT);
    CREATE TRIGGER remember AFTER DELETE ON people BEGIN INSERT INTO graveyard VALUES (OLD.name); END;
    CREATE TRIGGER unrelated AFTER INSERT ON people BEGIN SELECT 1; END;
    """
    store = shop(tmp_path, script)
    note = by_category(store.start())["account"].note
    assert "remember" in note
    assert "unrelated" not in note


def test_a_trigger_that_refuses_stops_the_erasure_before_anything_changed(tmp_path: Path) -> None:
    script = """
    CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER); INSERT INTO orders VALUES (1, 0);
    CREATE TRIGGER never BEFORE DELETE ON people BEGIN SELECT RAISE(ABORT, 'Rita stays'); END;
    """
    store = shop(tmp_path, script, child("orders"))
    job_id = store.start()
    before = everything(store, "")
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    api.run(job_id)
    progress = api.progress(job_id)
    assert (progress.state, api.receipt(job_id)) == ("planned", None)
    assert progress.error.endswith("Trying again does not help before that is mended there.")
    assert progress.error.startswith("Stopped before anything was erased. Shop: It refused the")
    assert "Rita" not in progress.error
    assert everything(store, "") == before


@pytest.mark.parametrize(
    ("script", "dataset", "sentence"),
    [
        (
            "CREATE VIEW orders AS SELECT id, id AS person_id FROM people",
            child("orders"),
            "“Orders” is a view",
        ),
        (
            "CREATE TABLE orders (id INTEGER, person_id INTEGER, kind TEXT); INSERT INTO orders VALUES (1, 0, 'x');",
            child("orders", erase="mask", fields="    - {name: kind}").replace(", data_categories: [user.unique_id]", ""),
            "no field of it says",
        ),
        (
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER, code CHAR(2) NOT NULL UNIQUE);"
            "INSERT INTO orders VALUES (1, 0, 'x');",
            child("orders", erase="mask", fields="    - {name: code, data_categories: [user.name]}"),
            "'code' of 'orders' cannot be masked",
        ),
        (
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER);",
            child("orders", category="misspelt"),
            "'misspelt', which the policy does not have",
        ),
    ],
)
def test_what_cannot_be_done_blocks_with_a_sentence(tmp_path: Path, script: str, dataset: str, sentence: str) -> None:
    blocked = api.plan(shop(tmp_path, script, dataset).start()).blocked
    assert any(sentence in one for one in blocked), blocked


def test_rows_and_columns_of_a_look_alike_address_are_not_hers(tmp_path: Path) -> None:
    store = a_store(tmp_path).add(
        "shop",
        PEOPLE + f"INSERT INTO people VALUES (7, '{RITA.upper()}', 'Other Rita', NULL), (8, ' {RITA}', 'Space', NULL);",
        "[{name: people, habeas_meta: {category: account, erase: delete}, fields: [{name: id, fides_meta: {primary_key: true}}, "
        "{name: email, fides_meta: {identity: email}}]}]",
    )
    store.erase()
    assert store.sql("SELECT id FROM people ORDER BY id") == [(1,), (2,), (7,), (8,)]


def test_rows_that_point_at_each_other_strictly_are_loosened(tmp_path: Path) -> None:
    script = """
    CREATE TABLE posts (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL, up INTEGER REFERENCES posts (id) ON DELETE RESTRICT);
    INSERT INTO posts VALUES (1, 0, NULL), (2, 0, 1), (3, 0, 2), (4, 1, NULL);
    """
    store = shop(tmp_path, script, child("posts", fields="    - {name: up}"))
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM posts") == [(4,)]
