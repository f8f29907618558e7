"""Which rows a sweep takes and which it leaves: ages in every spelling, pointers between tables, rows that become anonymous."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from exports import api
from exports.datasets import DatasetError, read_dataset
from exports.flows import expire
from exports.flows.checking import check_sources
from exports.models import Handle
from portal.kit import clock
from tests.engine.erasing import a_category, a_store, approve_and_run
from tests.engine.sweeping import AGED, CATEGORIES, CLAIMED, MOMENT, MONTH_AGO, OLD, YOUNG, aging_store, an_aging, lines, numbers, sweep
from tests.people import RITA

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
LOG = "CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP);"


def test_a_row_of_exactly_its_period_stays_and_one_of_a_second_more_goes(tmp_path: Path) -> None:
    store = aging_store(tmp_path, f"{LOG} INSERT INTO log VALUES (1, '{MONTH_AGO}'), (2, '2026-11-08 11:59:59');", lines())
    assert sweep(store)["lines"][0]["cutoff"] == "2026-11-08T12:00:00+00:00"
    assert numbers(store) == [1]
    sweep(store, MOMENT + timedelta(seconds=1))
    assert numbers(store) == []


AGES = {
    "2026-11-08T11:59:59Z": True,
    "2026-11-08T13:59:59+02:00": True,
    "2026-11-08T06:59:59.5-05:00": True,
    "2026-11-08 11:59": True,
    "2026-11-07": True,
    "2026-11-08": False,  # that day was not over
    "2026-11-08T14:00:00+02:00": False,
    "2026-11-08T07:00:00-05:00": False,
    "2026-11-08T10:30:00-05:00": False,
    "2027-11-08": False,
}


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TEXT", "VARCHAR(40)", "DATE", ""])
def test_times_are_read_with_their_zones_and_days_must_be_over(tmp_path: Path, kind: str) -> None:
    store = aging_store(tmp_path, f"CREATE TABLE log (id INTEGER PRIMARY KEY, at {kind});", lines())
    for number, age in enumerate(AGES):
        store.sql(f"INSERT INTO log VALUES ({number}, '{age}')")
    assert sweep(store)["outcome"] == "complete"
    assert numbers(store) == [number for number, is_old in enumerate(AGES.values()) if not is_old]


@pytest.mark.parametrize("age", ["NULL", "''", "'soon'", "'12:00'", "'2026'", "2026", "1700000000", "0", "x'00'", "'now'", "'2026-13-40'"])
def test_what_is_no_date_is_left_and_told(tmp_path: Path, age: str) -> None:
    store = aging_store(tmp_path, f"{LOG} INSERT INTO log VALUES (1, {age}), (2, '{OLD}');", lines())
    receipt = sweep(store)
    assert (receipt["outcome"], receipt["lines"][0]["undated"]) == ("partial", 1)
    assert receipt["gaps"] == ["The age of 1 row of “Log” cannot be told, so it stays."]
    assert numbers(store) == [1]


PAIR = """
CREATE TABLE log (id TEXT PRIMARY KEY, at TIMESTAMP);
CREATE TABLE part (id INTEGER PRIMARY KEY, log_id TEXT REFERENCES log (id) {on_delete}, at TIMESTAMP);
INSERT INTO log VALUES ('a', '{old}'), ('b', '{old}'), ('c', '{young}');
INSERT INTO part VALUES (1, 'a', '{old}'), (2, 'b', '{old}'), (3, 'b', '{young}'), (4, 'c', '{young}');
"""


@pytest.mark.parametrize("on_delete", ["", "ON DELETE RESTRICT", "ON DELETE CASCADE"])
def test_a_row_at_which_a_younger_one_points_waits_for_it(tmp_path: Path, on_delete: str) -> None:
    store = aging_store(tmp_path, PAIR.format(on_delete=on_delete, old=OLD, young=YOUNG), lines() + lines(table="part"))
    assert api.plan_sweep(store.organisation, MOMENT)["totals"] == {"delete": 3, "anonymise": 0, "held": 1, "on_hold": 0}
    receipt = sweep(store)
    assert (numbers(store), numbers(store, "part")) == (["b", "c"], [3, 4])
    assert receipt["outcome"] == "complete"
    assert receipt["totals"] == {"delete": 3, "anonymise": 0, "held": 1, "on_hold": 0}
    sweep(store, MOMENT + timedelta(days=40))
    assert (numbers(store), numbers(store, "part")) == ([], [])


def test_pointers_that_the_database_empties_hold_nothing(tmp_path: Path) -> None:
    script = PAIR.format(on_delete="ON DELETE SET NULL", old=OLD, young=YOUNG)
    store = aging_store(tmp_path, script, lines() + lines("account", table="part", aged_by=""))
    receipt = sweep(store)
    assert numbers(store) == ["c"]
    assert store.sql("SELECT log_id FROM part ORDER BY id") == [(None,), (None,), (None,), ("c",)]
    assert "empties pointers of 'part'" in str(receipt["lines"][0]["notes"])


def test_a_table_that_no_dataset_describes_keeps_what_it_points_at_and_is_told(tmp_path: Path) -> None:
    store = aging_store(tmp_path, PAIR.format(on_delete="ON DELETE CASCADE", old=OLD, young=YOUNG), lines())
    receipt = sweep(store)
    assert numbers(store) == ["a", "b", "c"]
    assert receipt["outcome"] == "partial"
    assert receipt["gaps"] == ["2 rows of “Log” stay: 'part' points at them, and no dataset describes that table."]
    assert numbers(store, "part") == [1, 2, 3, 4]


def test_rows_whose_age_another_row_tells_go_with_it(tmp_path: Path) -> None:
    refers = "    - {name: log_id, fides_meta: {references: [{dataset: shop, field: log.id, direction: from}]}}"
    part = lines(table="part", aged_by="log_id", fields=refers)
    store = aging_store(
        tmp_path, PAIR.format(on_delete="", old=OLD, young=YOUNG) + "INSERT INTO part VALUES (5, NULL, NULL);", lines() + part
    )
    receipt = sweep(store)
    assert (numbers(store), numbers(store, "part")) == (["c"], [4, 5])
    assert receipt["gaps"] == ["The age of 1 row of “Part” cannot be told, so it stays."]


def test_rows_that_point_at_each_other_go_from_the_last_to_the_first(tmp_path: Path) -> None:
    script = f"""CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP, above INTEGER REFERENCES log (id) ON DELETE RESTRICT);
    INSERT INTO log VALUES (1, '{OLD}', NULL), (2, '{OLD}', 1), (3, '{OLD}', 2), (4, '{OLD}', NULL), (5, '{YOUNG}', 4);"""
    store = aging_store(tmp_path, script, lines())
    receipt = sweep(store)
    assert numbers(store) == [4, 5]
    assert receipt["totals"] == {"delete": 3, "anonymise": 0, "held": 1, "on_hold": 0}


def test_a_key_of_two_parts_is_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.flows.sweep.BATCH", 2)
    rows = ", ".join(f"('{ip}', {number}, '{OLD if (ip, number) != ('a', 2) else YOUNG}')" for ip in "abc" for number in (1, 2, 3))
    script = f"CREATE TABLE log (ip TEXT, id INTEGER, at TIMESTAMP, PRIMARY KEY (ip, id)) WITHOUT ROWID; INSERT INTO log VALUES {rows};"
    store = aging_store(tmp_path, script, lines().replace("{name: at}", "{name: ip, fides_meta: {primary_key: true}}\n    - {name: at}"))
    assert sweep(store)["totals"]["delete"] == 8
    assert store.sql("SELECT ip, id FROM log") == [("a", 2)]


PEOPLE = """
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
INSERT INTO people VALUES (0, 'rita@example.org'), (1, 'ann@example.org');
CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP NOT NULL, person_id INTEGER {null} REFERENCES people (id), name TEXT NOT NULL,
  mood TEXT NOT NULL CHECK (mood IN ('calm', 'erased')), size INTEGER NOT NULL, token TEXT NOT NULL {unique});
INSERT INTO log VALUES (1, '2026-11-01', 0, 'Rita', 'calm', 7, 'a'), (2, '2026-11-02', 1, 'Ann', 'calm', 8, 'b'),
  (3, '2026-12-01', 0, 'Rita', 'calm', 9, 'c');
"""
LINKED = (
    lines(
        sweep="anonymise",
        fields="""
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
    - {name: name, data_categories: [user.name]}
    - {name: mood, data_categories: [user.behavior]}
    - {name: size, data_categories: [system.operations]}
    - {name: token, data_categories: [TOKEN]}
""",
    )
    + """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
"""
)


def test_an_anonymous_row_keeps_its_counts_and_no_tie_to_anybody(tmp_path: Path) -> None:
    store = aging_store(tmp_path, PEOPLE.format(null="", unique=""), LINKED.replace("TOKEN", "system.operations"))
    receipt = sweep(store)
    assert (receipt["outcome"], receipt["totals"]) == ("complete", {"delete": 0, "anonymise": 2, "held": 0, "on_hold": 0})
    assert store.sql("SELECT * FROM log ORDER BY id") == [
        (1, "2026-11-01", None, "", "erased", 7, "a"),
        (2, "2026-11-02", None, "", "erased", 8, "b"),
        (3, "2026-12-01", 0, "Rita", "calm", 9, "c"),
    ]
    assert sweep(store)["totals"]["anonymise"] == 0


@pytest.mark.parametrize(
    ("null", "unique", "token", "why"),
    [
        ("NOT NULL", "", "system.operations", "leads to a person and may not be empty"),
        ("", "UNIQUE", "user.unique_id", "differ from row to row"),
    ],
)
def test_rows_that_cannot_become_anonymous_are_left_and_told(tmp_path: Path, null: str, unique: str, token: str, why: str) -> None:
    store = aging_store(tmp_path, PEOPLE.format(null=null, unique=unique), LINKED.replace("TOKEN", token))
    before = store.sql("SELECT * FROM log")
    receipt = sweep(store)
    assert receipt["outcome"] == "partial"
    assert why in " ".join(receipt["gaps"])
    assert store.sql("SELECT * FROM log") == before


GAPS = {
    "nothing tells the age": (lines(aged_by=""), "Nothing tells how old the rows of “Log” are (aged_by), so “Log” is not swept there."),
    "the column is gone": (lines(aged_by="when").replace("{name: at}", "{name: when}"), "'log.when' is missing, or holds no dates"),
    "it holds numbers": (lines(aged_by="size").replace("{name: at}", "{name: size}"), "'log.size' is missing, or holds no dates"),
    "the table is gone": (lines(table="logs"), "Its table does not exist there."),
    "a view": (lines(table="seen"), "is a view, so its rows cannot be swept"),
    "only a field": (
        lines("account", aged_by="").replace("{name: at}", "{name: at, habeas_meta: {category: log}}"),
        "Fields of “Log” are of the category 'log' and should go earlier than their rows",
    ),
    "a field goes earlier": (
        lines().replace("{name: at}", "{name: at, habeas_meta: {category: trace}}"),
        "category 'trace' and should go earlier",
    ),
    "nowhere": (lines("account", aged_by=""), "“Log” is in no collection, so nothing of it is swept."),
}


@pytest.mark.parametrize("case", GAPS)
def test_a_promise_that_cannot_be_kept_is_a_gap(tmp_path: Path, case: str) -> None:
    dataset, sentence = GAPS[case]
    script = f"""CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP, size INTEGER); CREATE VIEW seen AS SELECT * FROM log;
    INSERT INTO log VALUES (1, '{YOUNG}', 5);"""
    receipt = sweep(aging_store(tmp_path, script, dataset, categories=CATEGORIES))
    assert any(sentence in gap for gap in receipt["gaps"]), receipt["gaps"]
    assert receipt["outcome"] == "partial"


def test_check_sources_names_what_nobody_sweeps(tmp_path: Path) -> None:
    script = (
        "CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP, size INTEGER); CREATE TABLE bare (id INTEGER PRIMARY KEY, at TIMESTAMP);"
    )
    numbered = lines(aged_by="size").replace("{name: at}", "{name: size}")
    store = aging_store(tmp_path, script, numbered + lines(table="bare", aged_by=""), categories=CATEGORIES)
    report = check_sources(store.organisation)
    assert report["sources"][0]["without"]["retention rule"] == ["shop.bare"]
    assert report["sources"][0]["mismatches"] == [
        "The column 'size' of 'log' (INTEGER) holds no dates, so it cannot tell the age of a row."
    ]
    assert [sentence.split(" ")[-1] for sentence in report["unswept"]] == ["there.", "swept."]


def test_rows_that_a_dataset_keeps_are_not_swept(tmp_path: Path) -> None:
    script = f"{LOG} INSERT INTO log VALUES (1, '{OLD}'); CREATE TABLE kept AS SELECT * FROM log;"
    store = aging_store(tmp_path, script, lines(aged_by="", sweep="keep") + lines(table="kept", erase="keep"), categories=CATEGORIES[:1])
    receipt = sweep(store)
    assert (receipt["outcome"], receipt["lines"]) == ("complete", [])
    assert numbers(store) == [1]


REFUSED = [
    (lines(aged_by="gone"), "the collection has no field 'gone'"),
    (lines().replace("{name: at}", "{name: at, fides_meta: {data_type: integer}}"), "is of the type integer"),
    (lines().replace("{name: at}", "{name: at, fields: [{name: x}]}"), "has sub-fields"),
    (lines(aged_by="", sweep="delete"), "it also needs aged_by"),
    (lines(sweep="keep"), "the age of its rows means nothing"),
    (lines(sweep="burn"), "'burn' is not one of delete, anonymise, keep"),
]


@pytest.mark.parametrize(("dataset", "reason"), REFUSED)
def test_a_dataset_that_cannot_be_meant_is_refused(dataset: str, reason: str) -> None:
    text = yaml.safe_dump({"dataset": [{"fides_key": "shop", "collections": yaml.safe_load(dataset)}]})
    with pytest.raises(DatasetError, match=reason):
        read_dataset(text)


@pytest.mark.parametrize(("basis", "left"), [("legal_claims", [1]), ("legal_obligation", [])])
def test_a_claim_stands_above_a_period_and_another_basis_does_not(tmp_path: Path, basis: str, left: list[int]) -> None:
    fate = CLAIMED.__class__("kept", period="P7Y", basis=basis, because="So it is.")
    store = a_store(tmp_path, categories=(a_category("account"), an_aging("log", "P30D", on_deletion=fate)))
    script = f"""CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO people VALUES (0, '{RITA}'), (1, 'ann@example.org');
    CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER, at TIMESTAMP); INSERT INTO log VALUES (1, 0, '{OLD}'), (2, 1, '{OLD}');"""
    store.add("shop", script, AGED)
    assert approve_and_run(store.start())["outcome"] == "complete"
    assert Handle.objects.count() == 1
    receipt = sweep(store)
    assert numbers(store) == left
    assert receipt["totals"] == {"delete": 2 - len(left), "anonymise": 0, "held": len(left), "on_hold": len(left)}
    assert expire.run_due(clock.today("UTC") + timedelta(days=3000)) == 1
    assert numbers(store) == []
    assert not Handle.objects.exists()
