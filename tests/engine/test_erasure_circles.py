"""Tables that point at each other, and rows of one table that do: what goes and what stays must not get into each other's way."""

from datetime import timedelta
from pathlib import Path

import pytest

from exports import api
from exports.flows import expire
from portal.kit import clock
from tests.engine.erasing import Store, approve_and_run
from tests.engine.test_erasure_rows import child, shop

pytestmark = pytest.mark.django_db


def test_an_emptied_row_that_stays_lets_go_of_a_row_of_its_own_table_before_that_goes(tmp_path: Path) -> None:
    script = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), above INTEGER REFERENCES notes (id));
    CREATE TABLE pins (id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL REFERENCES notes (id));
    INSERT INTO notes VALUES (1, 0, NULL), (2, 0, 1); INSERT INTO pins VALUES (1, 2);
    """
    store = shop(tmp_path, script, child("notes", fields="    - {name: above}"))
    assert approve_and_run(store.start())["totals"]["delete"] == 2  # she, and the note that nothing holds
    assert store.sql("SELECT * FROM notes") == [(2, None, None)]


def test_a_cascade_does_not_take_along_an_emptied_row_that_stays(tmp_path: Path) -> None:
    script = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id),
                        above INTEGER REFERENCES notes (id) ON DELETE CASCADE);
    CREATE TABLE pins (id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE);
    CREATE TABLE stamps (id INTEGER PRIMARY KEY, person_id INTEGER, note_id INTEGER NOT NULL REFERENCES notes (id));
    INSERT INTO notes VALUES (1, 0, NULL), (2, 0, 1); INSERT INTO stamps VALUES (1, 0, 2);
    """
    stamps = child("stamps", erase="keep", fields="    - {name: note_id}")
    store = shop(tmp_path, script, child("notes", fields="    - {name: above}") + stamps)
    assert approve_and_run(store.start())["outcome"] == "complete"
    assert store.sql("SELECT * FROM notes") == [(2, None, None)]
    assert store.sql("SELECT * FROM stamps") == [(1, 0, 2)]


def test_a_pointer_that_the_database_would_empty_and_may_not_be_empty_holds_its_row(tmp_path: Path) -> None:
    script = """
    CREATE TABLE badges (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id) ON DELETE SET NULL);
    INSERT INTO badges VALUES (1, 0);
    """
    store = shop(tmp_path, script)
    receipt = approve_and_run(store.start())
    assert (receipt["outcome"], receipt["totals"]["mask"]) == ("partial", 1)
    assert store.sql("SELECT name FROM people WHERE id = 0") == [("",)]
    assert store.sql("SELECT * FROM badges") == [(1, 0)]


CIRCLE = """
CREATE TABLE teams (id INTEGER PRIMARY KEY, person_id INTEGER, lead_id INTEGER REFERENCES seats (id));
CREATE TABLE seats (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL REFERENCES teams (id));
INSERT INTO teams VALUES (1, 0, 1), (2, 1, 2); INSERT INTO seats VALUES (1, 1), (2, 2);
"""


@pytest.mark.parametrize("category", ["orders", "later"])
def test_tables_in_a_circle_go_together_now_or_on_their_day(tmp_path: Path, category: str) -> None:
    seats = f"""
- name: seats
  habeas_meta: {{category: {category}, erase: delete}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: team_id, fides_meta: {{references: [{{dataset: shop, field: teams.id, direction: from}}]}}}}
"""
    store = shop(tmp_path, CIRCLE, child("teams", category=category, fields="    - {name: lead_id}") + seats)
    job_id = store.start()
    assert approve_and_run(job_id)["outcome"] == "complete"
    expire.run_due(clock.today("UTC") + timedelta(days=31))
    assert api.progress(job_id).error == ""
    assert store.sql("SELECT id FROM teams UNION ALL SELECT id FROM seats") == [(2,), (2,)]
    assert_others_are_whole(store)


def assert_others_are_whole(store: Store) -> None:
    assert store.sql("SELECT * FROM teams") == [(2, 1, 2)]
    assert store.sql("PRAGMA foreign_key_check") == []
