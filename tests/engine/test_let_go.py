"""What an erasure kept because of a hold goes once it is let go: by the keys that were put aside, for no search finds it any more."""

from pathlib import Path

import pytest

from exports import api
from exports.flows import expire
from exports.models import Handle, Job
from portal.kit import clock
from tests.engine.erasing import Store, approve_and_run
from tests.engine.sweeping import numbers
from tests.engine.test_erasure_rows import child, shop
from tests.engine.test_on_hold import in_days
from tests.people import RITA

pytestmark = pytest.mark.django_db
WHY = "A court asked for it."
NOTES = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), text TEXT);
INSERT INTO notes VALUES (7, 0, 'hers'), (8, 0, 'hers too'), (9, 1, 'his');
"""
LOGINS = """
- name: logins
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
"""


def held_at_its_end(folder: Path) -> Store:
    """Everything of Rita's is erased but her login, which is held."""
    store = shop(folder, NOTES, child("notes", category="account", fields="    - {name: text}"))
    store.add(
        "log", f"CREATE TABLE logins (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO logins VALUES (1, '{RITA}'), (2, 'x');", LOGINS
    )
    erased_but_for(store, "log:account")
    assert store.sql("SELECT count(*) FROM logins", "log") == [(2,)]
    return store


def erased_but_for(store: Store, *lines: str) -> None:
    job_id = store.start()
    api.hold(job_id, dict.fromkeys(lines, WHY), by="Ada")
    api.run(job_id)
    assert approve_and_run(job_id)["outcome"] == "complete"


def let_go(store: Store, **still: str) -> frozenset[str]:
    return api.keep_back(store.organisation, "DR-TEST-01", still, by="Ada")


def addendum() -> dict[str, object]:
    return dict((Job.objects.get().receipt or {})["addenda"][0]["receipt"])


def test_what_was_held_goes_by_its_handles_once_it_is_let_go(tmp_path: Path) -> None:
    store = held_at_its_end(tmp_path)
    assert expire.run_due(in_days(400)) == 0

    assert let_go(store) == {"log:account"}

    assert expire.run_due(clock.today("UTC")) == 1
    assert store.sql("SELECT id FROM logins", "log") == [(2,)]
    said = addendum()
    assert (said["outcome"], said["totals"]) == ("complete", {"delete": 1, "mask": 0})
    assert not Handle.objects.exists()
    assert expire.run_due(in_days(400)) == 0


def test_a_row_that_became_somebody_elses_meanwhile_stays(tmp_path: Path) -> None:
    store = held_at_its_end(tmp_path)
    store.sql("UPDATE logins SET email = 'y' WHERE id = 1", "log")
    let_go(store)
    assert expire.run_due(clock.today("UTC")) == 1
    assert store.sql("SELECT id FROM logins", "log") == [(1,), (2,)]
    assert addendum()["totals"] == {"delete": 0, "mask": 0}


def test_a_row_that_another_line_still_holds_does_not_go(tmp_path: Path) -> None:
    store = shop(tmp_path, NOTES, child("notes", category="account", fields="    - {name: text, habeas_meta: {category: later}}"))
    erased_but_for(store, "shop:account", "shop:later")
    assert let_go(store, **{"shop:later": WHY}) == frozenset()
    assert expire.run_due(in_days(400)) == 0
    assert numbers(store, "notes") == [7, 8, 9]
    let_go(store)
    assert expire.run_due(in_days(400)) == 1
    assert numbers(store, "notes") == [9]
