"""Rows that several people reach: whose they are, what becomes of them in a deletion, and what of them leaves in a copy."""

from pathlib import Path

import pytest

from exports import api
from exports.flows.spooling import records_of
from exports.models import Job, Step
from portal.kit import crypto
from tests.engine.erasing import Store, approve_and_run
from tests.engine.test_erasure_rows import child, shop
from tests.people import RITA

pytestmark = pytest.mark.django_db

FROM = "fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}"


def messages(*, null: str = "", on_delete: str = "", sender: str = "", recipient: str = "") -> tuple[str, str]:
    """Messages between two people each, and what the dataset says of them."""
    script = f"""
    CREATE TABLE messages (id INTEGER PRIMARY KEY, sender INTEGER {null} REFERENCES people (id) {on_delete},
                           recipient INTEGER {null} REFERENCES people (id) {on_delete}, words TEXT);
    INSERT INTO messages VALUES (1, 0, 1, 'to Ann'), (2, 1, 0, 'from Ann'), (3, 0, 0, 'to herself'), (4, 1, 2, 'not hers');
    """
    dataset = f"""
- name: messages
  habeas_meta: {{category: orders, erase: delete, title: Messages}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: sender, {FROM}{sender}}}
    - {{name: recipient, {FROM}{recipient}}}
    - {{name: words}}
"""
    return script, dataset


MINE = ", habeas_meta: {shared: false}"
NOT_HERS = (4, 1, 2, "not hers")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ({}, [(1, None, 1, "to Ann"), (2, 1, None, "from Ann"), NOT_HERS]),
        ({"on_delete": "ON DELETE SET NULL"}, [(1, None, 1, "to Ann"), (2, 1, None, "from Ann"), NOT_HERS]),
        ({"on_delete": "ON DELETE CASCADE"}, [(1, None, 1, "to Ann"), (2, 1, None, "from Ann"), NOT_HERS]),
        ({"null": "NOT NULL"}, [(1, 0, 1, "to Ann"), (2, 1, 0, "from Ann"), NOT_HERS]),
        ({"recipient": MINE}, [(2, 1, None, "from Ann"), NOT_HERS]),
        ({"sender": MINE}, [(1, None, 1, "to Ann"), NOT_HERS]),
        ({"sender": MINE, "recipient": MINE, "on_delete": "ON DELETE CASCADE"}, [NOT_HERS]),
    ],
)
def test_a_message_between_two_people_stays_with_the_other_one_unless_the_file_says_otherwise(
    tmp_path: Path, words: dict[str, str], left: list[tuple[object, ...]]
) -> None:
    store = shop(tmp_path, *messages(**words))
    others = store.sql("SELECT * FROM people WHERE id > 0")
    receipt = store.erase()
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT * FROM messages") == left
    assert store.sql("SELECT * FROM people WHERE id > 0") == others
    detached = sum(one["rows"] for one in receipt["detached"] if one["reason"] == "used_by_others")
    assert detached == len(left) - 1
    assert receipt["totals"]["detach"] == detached


def test_the_plan_says_who_else_uses_a_row_and_which_field_still_names_the_person(tmp_path: Path) -> None:
    store = shop(tmp_path, *messages(null="NOT NULL"))
    [*_, line] = [line for line in api.plan(store.start()).lines if line.action == "detach"]
    assert line.rows
    assert "It is also used by: People." in line.note
    assert "may not be empty and still names the person's number" in line.note
    assert store.sql("SELECT name FROM people WHERE id = 0") == [("Rita",)]


def test_a_cascade_that_would_take_somebody_elses_message_blocks(tmp_path: Path) -> None:
    store = shop(tmp_path, *messages(null="NOT NULL", on_delete="ON DELETE CASCADE"))
    assert "would also delete 1 row of “Messages”" in api.plan(store.start()).blocked[0]


def test_a_row_of_two_people_at_two_sources_stays_with_the_other_one(tmp_path: Path) -> None:
    store = shop(tmp_path)
    script, dataset = messages()
    store.add("post", script.replace("REFERENCES people (id)", ""), dataset)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT * FROM messages", "post") == [(1, None, 1, "to Ann"), (2, 1, None, "from Ann"), NOT_HERS]


def test_once_both_have_asked_nothing_is_left_of_either(tmp_path: Path) -> None:
    store = shop(tmp_path, *messages())
    store.erase()
    receipt = approve_and_run(store.start(email="ann@example.org"))
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT * FROM messages") == [(4, None, 2, "not hers")]


def test_a_row_used_by_a_table_that_no_identity_leads_to_stays(tmp_path: Path) -> None:
    script = """
    CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT);
    CREATE TABLE homes (id INTEGER PRIMARY KEY, person_id INTEGER, address_id INTEGER);
    CREATE TABLE suppliers (id INTEGER PRIMARY KEY, address_id INTEGER);
    INSERT INTO addresses VALUES (1, 'Shared Lane'), (2, 'Lonely Road'); INSERT INTO homes VALUES (1, 0, 1), (2, 0, 2);
    INSERT INTO suppliers VALUES (1, 1);
    """
    to = "fides_meta: {references: [{dataset: shop, field: addresses.id, direction: to}]}"
    dataset = f"""
- name: addresses
  habeas_meta: {{category: account, erase: delete}}
  fields: [{{name: id, fides_meta: {{primary_key: true}}}}, {{name: street}}]
- name: homes
  habeas_meta: {{category: account, erase: delete}}
  fields: [{{name: id, fides_meta: {{primary_key: true}}}}, {{name: person_id, {FROM}}}, {{name: address_id, {to}}}]
- name: suppliers
  fields: [{{name: id, fides_meta: {{primary_key: true}}}}, {{name: address_id, {to}}}]
"""
    store = shop(tmp_path, script, dataset)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM addresses") == [(1,)]


def records(store: Store, collection: str) -> tuple[list[dict[str, object]], Step]:
    search = api.Search(store.organisation, store.organisation.current_policy, {"email": RITA}, crypto.blind_index("email", RITA), "DR-1")
    job_id = api.start_access(search)
    api.run(job_id)
    step = Step.objects.get(run__job_id=job_id, collection=f"shop.{collection}")
    return list(records_of(Job.objects.get(pk=job_id), step)), step


def test_a_copy_of_a_shared_message_holds_her_side_and_covers_the_other_with_reason_and_count(tmp_path: Path) -> None:
    script, dataset = messages()
    dataset = dataset.replace("- {name: words}", "- {name: words, habeas_meta: {third_party: passages}}")
    store = shop(tmp_path, script.replace("'from Ann'", "'write to ann@example.org'"), dataset)
    found, step = records(store, "messages")
    assert [one["id"] for one in found] == [1, 2, 3]
    assert "ann@example.org" not in str(found)
    assert step.covered == 1


TEAMS = """
- name: bills
  habeas_meta: {category: orders, erase: delete, title: Bills}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: team, fides_meta: {references: [{dataset: shop, field: people.name, direction: from}]}}
"""


def test_a_row_that_is_found_by_something_several_people_have_stays_with_the_others(tmp_path: Path) -> None:
    script = "CREATE TABLE bills (id INTEGER PRIMARY KEY, team TEXT); INSERT INTO bills VALUES (1, 'Rita'), (2, 'both'), (3, 'Rita');"
    store = shop(tmp_path, script, TEAMS)
    store.sql("UPDATE people SET name = 'both' WHERE id = 1")
    store.sql("INSERT INTO people (id, email, name) SELECT 90, 'ninety@example.org', 'Rita' FROM people WHERE id = 0")
    assert store.erase()["totals"]["detach"] == 2
    assert store.sql("SELECT id, team FROM bills") == [(1, None), (2, "both"), (3, None)]


REPLIES = f"""
- name: replies
  habeas_meta: {{category: orders, erase: delete, title: Replies}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: message_id, fides_meta: {{references: [{{dataset: shop, field: messages.id, direction: from}}]}}}}
    - {{name: by, {FROM}}}
"""


def test_a_row_stays_to_which_a_row_points_that_stays_with_others(tmp_path: Path) -> None:
    """Message 3 is hers alone, but Ann's reply to it points at it; message 5 has a reply of her own only."""
    script, dataset = messages()
    script += """
    INSERT INTO messages VALUES (5, 0, 0, 'to herself');
    CREATE TABLE replies (id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL REFERENCES messages (id), by INTEGER REFERENCES people (id));
    INSERT INTO replies VALUES (1, 3, 1), (2, 5, 0);
    """
    store = shop(tmp_path, script, dataset + REPLIES)
    store.erase()
    assert store.sql("SELECT * FROM messages WHERE id IN (3, 5)") == [(3, None, None, "to herself")]
    assert store.sql("SELECT * FROM replies") == [(1, 3, 1)]


THREADS = """
CREATE TABLE comments (id INTEGER PRIMARY KEY, author INTEGER, parent INTEGER REFERENCES comments (id), words TEXT);
INSERT INTO comments VALUES (1, 1, NULL, 'Ann asks'), (2, 0, 1, 'Rita answers'), (3, 0, 2, 'and again'),
                            (4, 2, 3, 'Bob'), (5, 0, 4, 'to Bob');
"""


@pytest.mark.parametrize("way", [", direction: to", "", ", direction: from"])
def test_what_the_person_only_answered_to_stays_with_whoever_wrote_it(tmp_path: Path, way: str) -> None:
    dataset = f"""
- name: comments
  habeas_meta: {{category: orders, erase: delete}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: author, {FROM}}}
    - {{name: parent, fides_meta: {{references: [{{dataset: shop, field: comments.id{way}}}]}}}}
    - {{name: words}}
"""
    store = shop(tmp_path, THREADS, dataset)
    receipt = store.erase()
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT id, author, words FROM comments WHERE author > 0") == [(1, 1, "Ann asks"), (4, 2, "Bob")]
    assert store.sql("SELECT count(*) FROM comments WHERE author = 0 AND words IS NOT NULL") == [(0,)]


@pytest.mark.parametrize(("firms", "outcome"), [("", "complete"), ("no identity leads there", "partial")])
def test_what_the_person_used_of_somebody_who_is_no_person_here_stays_with_them(tmp_path: Path, firms: str, outcome: str) -> None:
    script = """
    CREATE TABLE firms (id INTEGER PRIMARY KEY, person_id INTEGER); INSERT INTO firms VALUES (1, 0), (2, 1);
    CREATE TABLE papers (id INTEGER PRIMARY KEY, firm_id INTEGER, words TEXT);
    INSERT INTO papers VALUES (1, 1, 'hers'), (2, 2, 'of another firm'), (3, NULL, 'nobody''s');
    CREATE TABLE likes (id INTEGER PRIMARY KEY, person_id INTEGER, paper_id INTEGER); INSERT INTO likes VALUES (1, 0, 2), (2, 0, 3);
    """
    papers = """
- name: papers
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: firm_id, fides_meta: {references: [{dataset: shop, field: firms.id, direction: from}]}}
    - {name: words}
"""
    likes = "    - {name: paper_id, fides_meta: {references: [{dataset: shop, field: papers.id, direction: to}]}}"
    unreached = child("firms").replace(FROM, "data_categories: [user]")
    store = shop(tmp_path, script, (unreached if firms else child("firms")) + papers + child("likes", fields=likes))
    assert store.erase()["outcome"] == outcome
    assert (2, "of another firm") in store.sql("SELECT id, words FROM papers")
    assert store.sql("SELECT count(*) FROM papers WHERE id = 3") == [(0,)]
    assert store.sql("SELECT count(*) FROM likes") == [(0,)]


def test_rows_that_the_database_would_hand_to_somebody_else_are_not_let_go(tmp_path: Path) -> None:
    script = """
    CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER DEFAULT 2 REFERENCES people (id) ON DELETE SET DEFAULT);
    INSERT INTO log VALUES (1, 0), (2, 2);
    """
    store = shop(tmp_path, script)
    receipt = store.erase()
    assert receipt["outcome"] == "partial"  # a table that no dataset describes points at her row
    assert store.sql("SELECT * FROM log") == [(1, 0), (2, 2)]
    assert store.sql("SELECT count(*) FROM people WHERE email LIKE 'rita%'") == [(0,)]
