"""What happens to rows, by the live schema: each constraint is met, shown, or blocks; nobody else's row changes."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from exports import api
from exports.flows import expire
from exports.models import Handle
from portal.kit import clock
from tests.engine.erasing import Store, a_store, approve_and_run, by_category
from tests.people import RITA

pytestmark = pytest.mark.django_db

PEOPLE = f"""
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, born DATE);
INSERT INTO people VALUES (0, '{RITA}', 'Rita', '1990-01-01'), (1, 'ann@example.org', 'Ann', NULL), (2, 'bob@example.org', 'Bob', NULL);
"""
PEOPLE_FIELDS = """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
    - {name: born}
"""


def child(name: str, *, category: str = "orders", erase: str = "delete", fields: str = "", key: str = "person_id") -> str:
    """A collection whose rows point at people."""
    return f"""
- name: {name}
  habeas_meta: {{category: {category}, erase: {erase}}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: {key}, fides_meta: {{references: [{{dataset: shop, field: people.id, direction: from}}]}}}}
{fields}"""


def shop(folder: Path, script: str = "", dataset: str = "", *, key: str = "shop") -> Store:
    return a_store(folder, key=key).add("shop", PEOPLE + script, PEOPLE_FIELDS + dataset)


def test_a_row_goes_by_its_key_even_if_that_is_zero(tmp_path: Path) -> None:
    store = shop(tmp_path)
    others = store.sql("SELECT * FROM people WHERE id > 0")
    receipt = store.erase()
    assert receipt["outcome"] == "complete"
    assert receipt["totals"] == {"delete": 1, "mask": 0, "keep": 0, "detach": 0}
    assert store.sql("SELECT * FROM people") == others


def test_children_go_before_their_parents_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    script = """
    CREATE TABLE a_parcels (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id));
    INSERT INTO orders VALUES (5, 0), (6, 1); INSERT INTO a_parcels VALUES (1, 5), (2, 5), (3, 6);
    """
    parcels = """
- name: a_parcels
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: order_id, fides_meta: {references: [{dataset: shop, field: orders.id, direction: from}]}}
"""
    store = shop(tmp_path, script, child("orders") + parcels)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM orders") == [(6,)]
    assert store.sql("SELECT id FROM a_parcels") == [(3,)]


def test_a_row_that_kept_rows_point_at_is_emptied_now_and_goes_with_the_last_of_them(tmp_path: Path) -> None:
    script = """
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id), amount INTEGER);
    CREATE TABLE visits (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id));
    INSERT INTO invoices VALUES (1, 0, 10), (2, 1, 20); INSERT INTO visits VALUES (1, 0), (2, 2);
    """
    fields = "    - {name: amount}"
    store = shop(tmp_path, script, child("invoices", category="invoices", fields=fields) + child("visits", category="audit"))
    job_id = store.start()
    lines = by_category(job_id)
    assert (lines["account"].action, lines["invoices"].action, lines["audit"].action) == ("mask", "keep", "keep")
    assert "until" in lines["account"].note
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT name, born FROM people WHERE id = 0") == [("", None)]
    assert RITA not in str(store.sql("SELECT email FROM people"))
    today = clock.today("UTC")
    assert expire.run_due(today + timedelta(days=800)) == 1
    assert store.sql("SELECT id FROM visits") == [(2,)]
    assert store.sql("SELECT count(*) FROM people") == [(3,)]
    assert expire.run_due(today + timedelta(days=2600)) == 1
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    assert store.sql("SELECT id FROM invoices") == [(2,)]
    assert not Handle.objects.exists()


def test_a_deferred_row_is_left_alone_when_its_key_has_come_to_somebody_else(tmp_path: Path) -> None:
    script = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER, text TEXT);
    INSERT INTO notes VALUES (7, 0, 'hers'), (8, 0, 'hers too');
    """
    store = shop(tmp_path, script, child("notes", category="later", fields="    - {name: text}"))
    assert store.erase()["outcome"] == "complete"
    store.sql("DELETE FROM notes WHERE id = 7")
    store.sql("INSERT INTO notes VALUES (7, 1, 'somebody else')")
    assert expire.run_due(clock.today("UTC") + timedelta(days=30)) == 1
    assert store.sql("SELECT * FROM notes") == [(7, 1, "somebody else")]


def test_rows_that_point_at_each_other_go_together(tmp_path: Path) -> None:
    script = """
    CREATE TABLE posts (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id),
                        answers INTEGER NOT NULL REFERENCES posts (id));
    INSERT INTO posts VALUES (1, 0, 1), (2, 0, 1), (3, 0, 2), (4, 1, 4);
    """
    store = shop(tmp_path, script, child("posts", fields="    - {name: answers}"))
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM posts") == [(4,)]


def test_two_tables_that_point_at_each_other_are_loosened_first(tmp_path: Path) -> None:
    script = """
    CREATE TABLE teams (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), head INTEGER REFERENCES members (id));
    CREATE TABLE members (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), team INTEGER NOT NULL REFERENCES teams (id));
    INSERT INTO teams VALUES (1, 0, NULL), (2, 1, NULL); INSERT INTO members VALUES (1, 0, 1), (2, 1, 2);
    UPDATE teams SET head = id;
    """
    dataset = child("teams", fields="    - {name: head}") + child("members", fields="    - {name: team}")
    store = shop(tmp_path, script, dataset)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id, head FROM teams") == [(2, 2)]
    assert store.sql("SELECT id FROM members") == [(2,)]


def test_composite_and_text_keys_are_handles_like_any_other(tmp_path: Path) -> None:
    script = """
    CREATE TABLE hits (ip TEXT, at TIMESTAMP, person_id INTEGER REFERENCES people (id), PRIMARY KEY (ip, at)) WITHOUT ROWID;
    INSERT INTO hits VALUES ('::1', '2026-01-01 10:00:00', 0), ('::1', '2026-01-01 11:00:00', 1), ('', '', 0);
    """
    hits = """
- name: hits
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: ip, fides_meta: {primary_key: true}}
    - {name: at, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
"""
    store = shop(tmp_path, script, hits)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT ip, at FROM hits") == [("::1", "2026-01-01 11:00:00")]


def test_masked_rows_stay_and_lose_what_says_who_it_was(tmp_path: Path) -> None:
    script = """
    CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER, email VARCHAR(12) NOT NULL, code TEXT NOT NULL UNIQUE,
                      level TEXT NOT NULL CHECK (level IN ('low', 'high', 'none')), at DATE NOT NULL,
                      both TEXT GENERATED ALWAYS AS (email || level) VIRTUAL, path TEXT);
    INSERT INTO log (id, person_id, email, code, level, at, path)
    VALUES (1, 0, 'r@x', 'a1', 'high', '2026-05-05', '/a'), (2, 0, 'r@x', 'a2', 'low', '2026-05-06', '/b'),
           (3, 1, 'a@x', 'a3', 'low', '2026-05-06', '/b');
    """
    fields = """
    - {name: email, data_categories: [user.contact.email]}
    - {name: code, data_categories: [user.unique_id]}
    - {name: level, data_categories: [user.behavior]}
    - {name: at, habeas_meta: {erase: rewrite}}
    - {name: both, data_categories: [user.contact.email]}
    - {name: path}
"""
    dataset = child("log", erase="mask", fields=fields).replace("{name: person_id,", "{name: person_id, habeas_meta: {erase: hash},")
    store = shop(tmp_path, script, dataset)
    assert store.erase()["outcome"] == "complete"
    rows = store.sql("SELECT person_id, email, code, level, at, path FROM log WHERE id < 3")
    assert [row[1] for row in rows] == ["", ""]
    assert [row[3] for row in rows] == ["none", "none"]
    assert [row[4:] for row in rows] == [("2000-01-01", "/a"), ("2000-01-01", "/b")]
    assert rows[0][0] == rows[1][0] != 0
    assert rows[0][2] != rows[1][2]
    assert not {row[2] for row in rows} & {"a1", "a2", "a3"}
    assert store.sql("SELECT person_id, email, code, level FROM log WHERE id = 3") == [(1, "a@x", "a3", "low")]


def test_cells_whose_category_goes_earlier_are_masked_earlier(tmp_path: Path) -> None:
    script = """
    CREATE TABLE bills (id INTEGER PRIMARY KEY, person_id INTEGER, amount INTEGER NOT NULL, remark TEXT, phone TEXT);
    INSERT INTO bills VALUES (1, 0, 10, 'nice', '123'), (2, 1, 20, 'ok', '456');
    """
    fields = """
    - {name: amount}
    - {name: remark, habeas_meta: {category: orders}}
    - {name: phone, habeas_meta: {category: later}}
"""
    store = shop(tmp_path, script, child("bills", category="invoices", fields=fields))
    job_id = store.start()
    lines = by_category(job_id)
    assert [(lines[key].action, lines[key].when is None) for key in ("orders", "later", "invoices")] == [
        ("mask", True),
        ("mask", False),
        ("keep", False),
    ]
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT * FROM bills") == [(1, 0, 10, None, "123"), (2, 1, 20, "ok", "456")]
    assert expire.run_due(clock.today("UTC") + timedelta(days=30)) == 1
    assert store.sql("SELECT * FROM bills WHERE id = 1") == [(1, 0, 10, None, None)]
    assert expire.run_due(date(2099, 1, 1)) == 1
    assert store.sql("SELECT id FROM bills") == [(2,)]


def test_a_file_that_knows_nothing_of_us_masks_what_is_personal_and_deletes_no_row(tmp_path: Path) -> None:
    plain = """
- name: people
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
    - {name: born, data_categories: [system.operations]}
"""
    store = a_store(tmp_path).add("shop", PEOPLE, plain)
    receipt = store.erase()
    assert receipt["outcome"] == "complete"
    assert receipt["totals"]["mask"] == 1
    assert store.sql("SELECT id, name, born FROM people WHERE id = 0") == [(0, "", "1990-01-01")]


def test_only_the_categories_that_were_asked_for_go(tmp_path: Path) -> None:
    script = "CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER); INSERT INTO orders VALUES (1, 0), (2, 1);"
    store = shop(tmp_path, script, child("orders"))
    receipt = store.erase(categories=["orders"])
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT id FROM orders") == [(2,)]
    assert store.sql("SELECT email FROM people WHERE id = 0") == [(RITA,)]


def test_a_subject_who_is_nowhere_gets_a_receipt_that_says_nothing_was_there(tmp_path: Path) -> None:
    store = shop(tmp_path)
    before = store.sql("SELECT * FROM people")
    receipt = store.erase(email="nobody@example.org")
    assert receipt["outcome"] == "complete"
    assert receipt["totals"] == {"delete": 0, "mask": 0, "keep": 0, "detach": 0}
    assert store.sql("SELECT * FROM people") == before


def test_rows_that_the_dataset_keeps_stay_even_without_a_key(tmp_path: Path) -> None:
    script = """
    CREATE TABLE kinds (id INTEGER PRIMARY KEY, person_id INTEGER, word TEXT); INSERT INTO kinds VALUES (1, 0, 'x');
    CREATE VIEW totals AS SELECT person_id, count(*) AS n FROM kinds GROUP BY person_id;
    """
    dataset = child("kinds", erase="keep", fields="    - {name: word}") + child("totals", erase="keep").replace("{name: id, ", "{name: n, ")
    store = shop(tmp_path, script, dataset)
    job_id = store.start()
    assert not api.plan(job_id).blocked
    assert {line.action for line in api.plan(job_id).lines if line.category == "orders"} == {"keep"}
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT * FROM kinds") == [(1, 0, "x")]


def test_equal_values_get_equal_tokens_in_all_tables(tmp_path: Path) -> None:
    table = "CREATE TABLE {name} (id INTEGER PRIMARY KEY, person_id INTEGER, phone TEXT);"
    table += "INSERT INTO {name} VALUES (1, 0, '123'), (2, 0, '456');"
    fields = "    - {name: phone, habeas_meta: {erase: hash}}"
    dataset = child("calls", erase="mask", fields=fields) + child("texts", erase="mask", fields=fields)
    store = shop(tmp_path, table.format(name="calls") + table.format(name="texts"), dataset)
    assert store.erase()["outcome"] == "complete"
    calls, texts = store.sql("SELECT phone FROM calls ORDER BY id"), store.sql("SELECT phone FROM texts ORDER BY id")
    assert calls == texts
    assert calls[0] != calls[1]
    assert not {"123", "456"} & {phone for (phone,) in calls}


def test_a_row_whose_key_says_who_it_is_cannot_be_masked(tmp_path: Path) -> None:
    script = "CREATE TABLE visits (email TEXT, at TEXT, PRIMARY KEY (email, at));"
    script += f"INSERT INTO visits VALUES ('{RITA}', 'a'), ('ann@example.org', 'a');"
    fields = "fields: [{name: email, fides_meta: {identity: email, primary_key: true}}, {name: at, fides_meta: {primary_key: true}}]"
    masked = f"- {{name: visits, habeas_meta: {{category: orders, erase: mask}}, {fields}}}"
    blocked = api.plan(shop(tmp_path / "masked", script, masked, key="masked").start()).blocked
    assert any("'email' of 'visits' cannot be masked. It is part of the rows' key." in one for one in blocked)
    plain = shop(tmp_path / "plain", script, f"- {{name: visits, {fields}}}", key="plain")
    assert plain.erase()["outcome"] == "complete"
    assert plain.sql("SELECT email FROM visits") == [("ann@example.org",)]


def test_a_deferred_row_whose_pointer_the_database_emptied_meanwhile_still_goes(tmp_path: Path) -> None:
    script = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id) ON DELETE SET NULL, text TEXT);
    INSERT INTO notes VALUES (7, 0, 'hers'), (8, 0, 'hers too'), (9, 1, 'his');
    """
    store = shop(tmp_path, script, child("notes", category="later", fields="    - {name: text}"))
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id, person_id FROM notes") == [(7, None), (8, None), (9, 1)]
    store.sql("DELETE FROM notes WHERE id = 8")
    store.sql("INSERT INTO notes VALUES (8, 1, 'somebody else')")
    assert expire.run_due(clock.today("UTC") + timedelta(days=30)) == 1
    assert store.sql("SELECT id FROM notes") == [(8,), (9,)]
