"""A cell is masked by the type that the live column has; what cannot be masked is said."""

import sqlite3
import uuid
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.check_rules import columns_in, holds
from exports.connectors.base import ColumnSchema, TableSchema
from exports.datasets import Field, Override
from exports.fitting import fit_checks
from exports.masking import HASH, NULL, PRESERVE, RANDOM, REWRITE, STUCK, Mask, mask_of, own_value

SECRET = b"one job"


def column(kind: str = "string", native: str = "VARCHAR", **said: Any) -> ColumnSchema:
    return ColumnSchema("c", kind, native, **{"nullable": False, **said})


def part(**said: Any) -> Field:
    return Field(name="c", path="c", **said)


def override(strategy: str, **configuration: Any) -> Field:
    return part(override=Override(strategy, configuration))


@pytest.mark.parametrize(
    ("kind", "native", "value"),
    [
        ("string", "TEXT", ""),
        ("integer", "INTEGER", 0),
        ("number", "NUMERIC(8, 2)", 0),
        ("boolean", "BOOLEAN", False),
        ("datetime", "TIMESTAMP", datetime(2000, 1, 1)),
        ("date", "DATE", date(2000, 1, 1)),
        ("time", "TIME", time(0)),
        ("json", "JSON", "{}"),
        ("binary", "BLOB", b""),
        ("string", "UUID", str(uuid.UUID(int=0))),
        ("any", "", ""),
    ],
)
def test_a_cell_that_may_not_be_null_gets_the_emptiest_value_of_its_type(kind: str, native: str, value: Any) -> None:
    mask = mask_of(column(kind, native))
    assert (mask.strategy, mask.value, type(mask.value)) == (REWRITE, value, type(value))
    assert mask_of(column(kind, native, nullable=True)).strategy == NULL


@pytest.mark.parametrize("strategy", ["null", "rewrite", ""])
def test_null_where_null_is_allowed_and_a_value_where_it_is_not(strategy: str) -> None:
    assert mask_of(column(nullable=True), part(erase=strategy)).strategy == NULL
    assert mask_of(column(), part(erase=strategy)) == Mask("c", REWRITE, "")


@pytest.mark.parametrize(
    ("kind", "native", "shape"),
    [
        ("string", "VARCHAR(40)", "text"),
        ("string", "UUID", "uuid"),
        ("integer", "INTEGER", "integer"),
        ("integer", "BIGINT", "big"),
        ("binary", "BLOB", "binary"),
        ("any", "", "text"),
    ],
)
def test_a_unique_cell_gets_a_random_value_of_its_own(kind: str, native: str, shape: str) -> None:
    mask = mask_of(column(kind, native), part(erase="rewrite"), unique=True)
    assert (mask.strategy, mask.shape) == (RANDOM, shape)
    assert len({own_value(mask, "same", SECRET) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "narrow",
    [column(length=4), column("integer", "SMALLINT"), column("boolean", "BOOLEAN"), column("date", "DATE"), column("any", "MOOD")],
)
def test_a_unique_cell_without_room_is_stuck_and_says_why(narrow: ColumnSchema) -> None:
    mask = mask_of(narrow, unique=True)
    assert mask.strategy == STUCK
    assert "no room for a random value" in mask.note
    assert not mask.writes


def test_a_type_that_is_not_known_is_stuck_when_it_may_not_be_null() -> None:
    assert mask_of(column("any", "INET")).strategy == STUCK
    assert mask_of(column("any", "INET", nullable=True)).strategy == NULL


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1), st.text(min_size=1), st.integers(8, 60))
def test_a_hash_is_the_same_for_the_same_value_and_tells_nothing(one: str, other: str, length: int) -> None:
    mask = mask_of(column(length=length), part(erase="hash"))
    hashed = own_value(mask, one, SECRET)
    assert hashed == own_value(mask, one, SECRET)
    assert hashed != own_value(mask, one, b"another job")
    assert (hashed == own_value(mask, other, SECRET)) == (one == other)
    assert len(hashed) <= length


def test_a_hash_of_nothing_is_nothing_and_of_a_number_a_number() -> None:
    mask = mask_of(column("integer", "INTEGER"), part(erase="hash"))
    assert mask.strategy == HASH
    assert own_value(mask, None, SECRET) is None
    assert 0 < own_value(mask, 0, SECRET) < 2**31


def test_the_file_may_ask_for_a_word_for_random_signs_or_for_nothing_at_all() -> None:
    assert mask_of(column(nullable=True), override("string_rewrite", rewrite_value="gone")).value == "gone"
    assert mask_of(column(length=3), override("string_rewrite", rewrite_value="gone")).value == "gon"
    assert mask_of(column("integer", "INTEGER"), override("string_rewrite", rewrite_value="gone")).value == 0
    assert mask_of(column(), override("random_string_rewrite")).strategy == RANDOM
    assert mask_of(column(), override("null_rewrite")).value == ""
    for said in (part(read_only=True), part(erase="preserve"), part(shared=True)):
        assert mask_of(column(), said).strategy == PRESERVE
    assert mask_of(column(generated=True)).strategy == PRESERVE


def fitted(check: str, *columns: ColumnSchema, uniques: tuple[tuple[str, ...], ...] = ()) -> dict[str, Mask]:
    table = TableSchema("t", {one.name: one for one in columns}, checks=(check,), uniques=uniques)
    masks = {one.name: mask_of(one, unique=(one.name,) in uniques) for one in columns}
    return fit_checks(table, masks)[0]


@pytest.mark.parametrize(
    ("check", "column_now", "value"),
    [
        ("c IN ('active', 'suspended', 'deleted')", column(), "deleted"),
        ("((c)::text = ANY ((ARRAY['open'::character varying, 'closed'::character varying])::text[]))", column(), "closed"),
        ("(c = ANY (ARRAY['open'::text, 'closed'::text]))", column(), "closed"),
        ("`c` in ('free','paid','none')", column(), "none"),
        ("char_length(`c`) > 2", column(), "erased"),
        ("(c ~~ 'http%'::text)", column(), "http"),
        ("(c !~~ '%x%'::text)", column(), ""),
        ("length(c) > 0", column(), "erased"),
        ("c LIKE '%@%'", column(), "erased@erased.invalid"),
        ("c > 0", column("integer", "INTEGER"), 1),
        ("c BETWEEN 100 AND 599", column("integer", "INTEGER"), 100),
        ("c >= 0", column("integer", "INTEGER"), 0),
        ("c <> ''", column(nullable=True), None),
    ],
)
def test_a_mask_fits_the_rules_of_its_column(check: str, column_now: ColumnSchema, value: Any) -> None:
    assert fitted(check, column_now)["c"].value == value


def test_rules_over_several_columns_are_fitted_together() -> None:
    start, end = ColumnSchema("a", "integer", "INTEGER", nullable=False), ColumnSchema("b", "integer", "INTEGER", nullable=False)
    masks = fitted("b > a + 3", start, end)
    assert masks["b"].value > masks["a"].value + 3


def test_a_unique_address_with_a_rule_gets_the_form_of_an_address() -> None:
    mask = fitted("c LIKE '_%@_%'", column(length=80), uniques=(("c",),))["c"]
    values = {own_value(mask, "x", SECRET) for _ in range(20)}
    assert len(values) == 20
    assert all(value.endswith("@erased.invalid") for value in values)


def test_what_no_value_can_fit_is_stuck() -> None:
    table = TableSchema("t", {"c": column()}, checks=("c IS NULL",))
    masks, _, stuck = fit_checks(table, {"c": mask_of(column())})
    assert masks["c"].strategy == STUCK
    assert "No empty value fits" in stuck[0]


def test_a_rule_that_cannot_be_judged_here_is_noted() -> None:
    table = TableSchema("t", {"c": column()}, checks=("is_valid_code(c)",))
    masks, notes, stuck = fit_checks(table, {"c": mask_of(column())})
    assert masks["c"].value == ""
    assert "judged by the source itself" in notes[0]
    assert not stuck


@settings(deadline=None, max_examples=40)
@given(st.integers(-5, 5), st.one_of(st.none(), st.integers(-5, 5)))
def test_a_rule_means_here_what_it_means_in_the_database(bound: int, value: int | None) -> None:
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE TABLE t (c INTEGER CHECK (c > {bound}))")
    try:
        base.execute("INSERT INTO t VALUES (?)", (value,))
        stored = True
    except sqlite3.IntegrityError:
        stored = False
    base.close()
    assert holds(f"c > {bound}", {"c": value}) is stored


def test_a_rule_names_columns_not_words_in_its_texts() -> None:
    assert columns_in("status IN ('kind', 'x')", ["status", "kind", "stat"]) == ("status",)
