"""Faults that were seen in the field's own engine, each with the tests that hold us to the right result. The list is a test itself:
every name on it must be one of a test that is there."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from exports import api
from tests.engine.test_erasure_rows import child, shop

ROOT = Path(__file__).parents[1]
HELD_TO: dict[str, tuple[str, ...]] = {
    "a field that a strategy cannot mask is skipped, and it says complete": (
        "engine/test_masking.py::test_a_type_that_is_not_known_is_stuck_when_it_may_not_be_null",
        "engine/test_erasure_others.py::test_what_cannot_be_done_blocks_with_a_sentence",
        "engine/test_erasure_products.py::test_every_type_of_postgresql_is_masked_and_proved",
        "engine/test_erasure_servers.py::test_every_type_of_mariadb_is_masked_and_proved",
        "engine/test_erasure_crash.py::test_a_mask_that_the_executor_skips_makes_the_outcome_failed",
        "engine/test_property_sources.py::test_two_sources_end_as_the_slow_ones_say",
    ),
    "two cells of a whole profile are changed, and it says complete": (
        "engine/test_others_faults.py::test_the_plan_names_every_field_that_is_written_with_what_becomes_of_it",
        "engine/test_erasure_peer.py::test_every_personal_field_of_hers_is_masked_and_nobody_else_s",
    ),
    "a shared address of somebody else is erased, two employees are blanked": (
        "engine/test_erasure_others.py::test_a_shared_address_is_kept_as_it_is_and_one_of_her_own_goes",
        "engine/test_erasure_others.py::test_an_address_that_turns_out_to_be_shared_after_the_approval_stops_the_erasure",
        "engine/test_erasure_sources.py::test_a_row_of_hers_that_rows_of_another_source_name_stays_with_them",
        "engine/test_peer_postgresql.py::test_each_customer_and_employee_can_be_erased_one_after_the_other",
    ),
    "pilots' names, employees' emails, another customer's card stand in a package": (
        "engine/test_peer_documents.py::test_the_pilots_of_her_flight_stay_unnamed",
        "engine/test_peer_documents.py::test_no_card_of_somebody_else_is_reached_over_a_shared_conversation",
        "engine/test_peer_postgresql.py::test_each_person_gets_a_copy_of_what_is_theirs",
    ),
    "a typed customer number that nobody verified fetches data": (
        "desk/test_fulfilment.py::test_a_proved_case_is_gathered_by_its_proved_address_only",
        "desk/test_fulfilment.py::test_a_case_that_nobody_proved_is_not_searched",
    ),
    "it erases after the package could not be stored": ("desk/test_erasing.py::test_the_copy_that_was_asked_for_goes_first",),
    "no transaction: it stops half-way at a NOT NULL": (
        "engine/test_erasure_others.py::test_a_trigger_that_refuses_stops_the_erasure_before_anything_changed",
        "engine/contract.py::test_of_several_changes_of_which_one_is_refused_none_is_kept",
        "engine/test_masking.py::test_null_where_null_is_allowed_and_a_value_where_it_is_not",
    ),
    "rows are masked only, never deleted": (
        "engine/test_erasure_rows.py::test_children_go_before_their_parents_whatever_the_order_of_the_file",
        "engine/test_erasure_products.py::test_it_ends_the_same_on_every_product",
    ),
    "the key 0 is dropped": ("engine/test_erasure_rows.py::test_a_row_goes_by_its_key_even_if_that_is_zero",),
    "capital letters in an address decide": (
        "engine/test_collecting.py::test_letters_that_differ_in_case_only_go_to_an_officer",
        "engine/test_erasure_others.py::test_rows_and_columns_of_a_look_alike_address_are_not_hers",
    ),
    "a missing table is skipped, and the run completes": (
        "engine/test_erasure_sources.py::test_a_missing_table_and_a_missing_column_are_gaps",
    ),
    "a reference to itself is refused": (
        "engine/test_graph.py::test_a_collection_that_refers_to_itself_is_a_ring_of_one",
        "engine/test_erasure_rows.py::test_rows_that_point_at_each_other_go_together",
    ),
    "a directed circle is called valid, then crashes": (
        "engine/test_ways.py::test_a_directed_circle_is_walked_to_its_end_and_erased",
        "engine/test_oracle.py::test_a_circle_through_two_databases_is_followed_to_its_end",
    ),
    "categories match by plain prefix": ("engine/test_disclosure.py::test_a_category_means_itself_and_what_lies_below_it",),
    "unknown and misplaced keys are ignored": (
        "engine/test_reading.py::test_what_has_no_effect_is_accepted_and_named_with_its_line",
        "engine/test_reading.py::test_the_files_of_the_format_itself_are_read_unmodified",
    ),
    "the whole result lies in memory several times, one UPDATE for each row": (
        "engine/test_others_faults.py::test_the_number_of_statements_does_not_grow_with_the_rows",
        "engine/contract.py::test_rows_come_in_batches_and_only_with_the_fields_asked_for",
        "engine/test_postgresql.py::test_questions_may_be_asked_while_an_answer_is_still_on_its_way",
    ),
}


def named_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("fault", HELD_TO)
def test_each_fault_has_tests_that_are_there(fault: str) -> None:
    for named in HELD_TO[fault]:
        file, _, name = named.partition("::")
        assert name in named_in(file), named


LOG = """
CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER, name TEXT NOT NULL, ip TEXT, code TEXT UNIQUE NOT NULL, path TEXT);
INSERT INTO log VALUES (1, 0, 'Rita', '::1', 'a', '/x');
"""
LOG_FIELDS = child(
    "log",
    erase="mask",
    fields="""
    - {name: name, data_categories: [user.name]}
    - {name: ip, data_categories: [user.device.ip_address]}
    - {name: code, data_categories: [user.unique_id]}
    - {name: path}
""",
)


@pytest.mark.django_db
def test_the_plan_names_every_field_that_is_written_with_what_becomes_of_it(tmp_path: Path) -> None:
    store = shop(tmp_path, LOG, LOG_FIELDS)
    told = {one["collection"]: one for one in api.plan(store.start()).to_json()["fields"]}
    assert (told["shop.people"]["action"], told["shop.people"]["rows"]) == ("delete", 1)
    assert (told["shop.log"]["action"], sorted(told["shop.log"]["emptied"])) == ("mask", ["code", "ip", "name"])
    before = store.sql("SELECT name, ip, code, path FROM log")[0]
    store.erase()
    after = store.sql("SELECT name, ip, code, path FROM log")[0]
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True, True, False]


def statements() -> Iterator[list[int]]:
    seen = [0]

    def note(*_told: Any) -> None:
        seen[0] += 1

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.django_db
def test_the_number_of_statements_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    table = "CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER);"
    asked = []
    for rows in (20, 2_000):
        numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
        script = f"{table} {numbers} INSERT INTO orders SELECT i, 0 FROM n;"
        store = shop(tmp_path / str(rows), script, child("orders"), key=f"shop-{rows}")
        counting = statements()
        seen = next(counting)
        assert store.erase()["totals"]["delete"] == rows + 1
        asked.append(seen[0])
        next(counting, None)
    assert asked[0] == asked[1]
