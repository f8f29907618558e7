"""Rows as blocks: what comes back is what went in, and what a database joins itself is what it would have given row by row."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exports import api
from exports.blocks import Block, joined, loads
from exports.connectors import sql_blocks
from exports.connectors.base import GivesBlocks
from exports.connectors.sql_writing import SqlWriter
from exports.flows import erase, handles
from exports.models import Handle, Job
from exports.query import EVERYTHING, ByKey, Equals, Query
from tests.engine.erasing import approve_and_run
from tests.engine.products import ServedProduct, on_postgresql
from tests.engine.test_erasure_crash import after_the_lease, is_killed
from tests.engine.test_erasure_given_away import after
from tests.engine.test_erasure_products import store_of
from tests.engine.test_ledger import replayed
from tests.people import RITA
from tests.servers import Server

pytestmark = pytest.mark.django_db

ONE, TWO = UUID(int=1), UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
ROWS: list[tuple[Any, ...]] = [
    (1, ONE, 'a,"b"\nc', None, None, date(2026, 2, 28), True),
    (-(2**63), TWO, "", 2, ONE, date(1, 1, 1), False),
    (0, ONE, "ÄÖ{}\\", 3, None, date(9999, 12, 31), True),
]


def test_a_block_gives_back_its_rows_with_their_types() -> None:
    for rows in (ROWS, ROWS[:1]):
        block = loads(iter(Block.of(rows).dumps().split("\n")))
        assert (len(block), list(block)) == (len(rows), rows)
        assert list(map(type, next(iter(block)))) == list(map(type, rows[0]))


def test_a_block_keeps_the_sum_over_its_keys_and_between_which_numbers_they_lie() -> None:
    block = replace(Block.of([(7, ONE), (-2, TWO)]), key_sum=2**70)
    other = replace(Block.of([(9, ONE)]), key_sum=-1)
    again = loads(iter(block.dumps().split("\n")))
    assert (again.key_sum, [part.span for part in again.parts]) == (2**70, [(-2, 7), None])
    assert (joined([again, other]).key_sum, joined([again, other]).parts[0].span) == (2**70 - 1, (-2, 9))
    assert joined([again, Block.of([(9, ONE)])]).key_sum is None


def test_blocks_are_joined_row_after_row_whatever_their_parts_are_made_of() -> None:
    blocks = [Block.of(ROWS[:1]), Block.of(ROWS[1:]), Block.of([("x", "y", None, 0, 0, 0, 0)])]
    assert list(joined(blocks)) == [*ROWS, ("x", "y", None, 0, 0, 0, 0)]


TYPES = """CREATE TABLE t (a smallint, b uuid, c text, d bigint, e uuid, f varchar(9), PRIMARY KEY (a, b, c))"""


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("most", [50_000, 2])
def test_postgresql_joins_columns_as_they_are(postgresql_server: Server, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(sql_blocks, "AT_MOST", most)
    with on_postgresql(postgresql_server) as product:
        product.execute([TYPES])
        rows = [(n, TWO if n % 2 else ONE, f'{n} "x",\\\n{{}}', None if n % 3 else n, ONE if n % 3 else None, "é" * n) for n in range(7)]
        product.insert("t", rows)
        with product.connector().reading() as reader:
            assert isinstance(reader, GivesBlocks)
            blocks = list(reader.blocks(Query("t", EVERYTHING), tuple("abcdef"), rows=7) or ())
            assert list(reader.blocks(Query("t", ByKey(())), ("a", "b", "c"), rows=0) or ()) == []
        assert sorted(row for block in blocks for row in block) == rows
        assert sorted(map(len, blocks)) == ([7] if most > 7 else [1, 2, 2, 2])


@pytest.mark.needs("postgresql")
def test_what_postgresql_would_not_write_exactly_is_taken_row_by_row(postgresql_server: Server) -> None:
    with on_postgresql(postgresql_server) as product:
        product.execute(["CREATE TABLE t (a numeric PRIMARY KEY, b timestamptz, c char(3), d int[], e bytea)"])
        with product.connector().reading() as reader:
            assert isinstance(reader, GivesBlocks)
            assert [reader.blocks(Query("t", EVERYTHING), (name,), rows=1) for name in "abcde"] == [None] * 5


KEYED = [
    ("a bigint PRIMARY KEY", [(n,) for n in range(5)]),
    ("a uuid PRIMARY KEY", [(UUID(int=n),) for n in range(5)]),
    ("a text PRIMARY KEY", [(f"{n}, 'é'",) for n in range(5)]),
    ("a int, b uuid, PRIMARY KEY (a, b)", [(n, UUID(int=n)) for n in range(5)]),
    ("a int, b date, PRIMARY KEY (a, b)", [(n, date(2026, 1, 1 + n)) for n in range(5)]),
    ("a int, b bigint, PRIMARY KEY (a, b)", [(7, n) for n in range(-2, 3)]),
    ("b smallint, a int, PRIMARY KEY (b, a)", [(n, n * 10**8) for n in range(5)]),
    ("a int, b int, PRIMARY KEY (a, b)", [(n * 10**6, 5 - n) for n in range(5)]),  # far from each other
]


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize(("columns", "keys"), KEYED)
def test_a_block_of_keys_finds_masks_and_erases_exactly_its_rows(postgresql_server: Server, columns: str, keys: list[Any]) -> None:
    with on_postgresql(postgresql_server) as product:
        product.execute([f"CREATE TABLE t ({columns})", "ALTER TABLE t ADD word text"])
        product.insert("t", [(*key, "old") for key in keys])
        block = Block.of([keys[1], keys[3]])
        with product.connector().writing() as writer:
            assert writer.count(Query("t", ByKey(block))) == 2
            assert writer.mask("t", block, {"word": "new"}) == 2
            assert writer.erase("t", Block.of([keys[1], keys[2]])) == 2
            assert writer.count(Query("t", ByKey(block))) == 1
        left = product.ask("SELECT * FROM t ORDER BY a")
        assert left == [(*keys[0], "old"), (*keys[3], "new"), (*keys[4], "old")]


TABLES = [
    "CREATE TABLE people (id uuid PRIMARY KEY, email text NOT NULL UNIQUE)",
    "CREATE TABLE orders (code text PRIMARY KEY, person_id uuid REFERENCES people (id), email text)",
    "CREATE TABLE parts (code text REFERENCES orders (code), line smallint, PRIMARY KEY (code, line))",
    "CREATE TABLE visits (id uuid PRIMARY KEY, person_id uuid)",
]
PLACES = ("people", "orders", "parts", "visits")
FROM = "fides_meta: {references: [{dataset: shop, field: %s, direction: from}]}"
FIELDS = {
    "people": "{name: id}, {name: email, fides_meta: {identity: email}}",
    "orders": "{name: code}, {name: person_id, " + FROM % "people.id" + "}, {name: email, fides_meta: {identity: email}}",
    "parts": "{name: code, " + FROM % "orders.code" + "}, {name: line}",
    "visits": "{name: id}, {name: person_id, " + FROM % "people.id" + "}",
}
RULE = "habeas_meta: {category: account, erase: delete}"
DATASET = "".join(f"- {{name: {name}, {RULE}, fields: [{fields}]}}\n" for name, fields in FIELDS.items())


def filled(product: ServedProduct, *, only_hers: bool = False) -> None:
    """Her rows (one order is found by her address alone) and, where they are wanted too, somebody else's."""
    for who, email in ((1, RITA), *(() if only_hers else ((2, "ann@example.org"),))):
        product.insert("people", [(UUID(int=who), email)])
        product.insert("orders", [(f"{who}/{n}", UUID(int=who) if n else None, email if n < 3 else None) for n in range(5)])
        product.insert("parts", [(f"{who}/{n}", line) for n in range(5) for line in range(2)])
        product.insert("visits", [(UUID(int=100 * who + n), UUID(int=who)) for n in range(7)])


def everything(product: ServedProduct) -> list[Any]:
    return [product.ask(f"SELECT * FROM {name} ORDER BY 1, 2") for name in PLACES]


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize(("most", "how"), [(50_000, "one transaction"), (2, "batches with checkpoints")])
def test_an_erasure_by_blocks_takes_her_rows_alone_and_takes_them_again_after_a_restore(
    postgresql_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, how: str
) -> None:
    monkeypatch.setattr(sql_blocks, "AT_MOST", most)
    monkeypatch.setattr(erase, "AT_MOST", most)
    with on_postgresql(postgresql_server) as product:
        product.execute(TABLES)
        filled(product)
        store = store_of(product, tmp_path, DATASET)
        job_id = store.start()
        receipt = approve_and_run(job_id)
        assert (receipt["outcome"], receipt["totals"]["delete"], receipt["sources"][0]["how"]) == ("complete", 23, how)
        assert not Handle.objects.filter(job_id=job_id).exists()
        after = everything(product)
        assert [len(rows) for rows in after] == [1, 5, 10, 7]
        filled(product, only_hers=True)
        assert replayed(store)["totals"] == {"rows": 23, "found_again": 23, "as_erased": 23, "others": 0, "left": 0}
        assert everything(product) == after
        product.insert("visits", [(UUID(int=101), UUID(int=2))])
        assert replayed(store)["totals"]["others"] == 1


@pytest.mark.needs("postgresql")
@pytest.mark.thorough
def test_killed_between_its_blocks_an_erasure_ends_the_same(
    postgresql_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_blocks, "AT_MOST", 2)
    monkeypatch.setattr(erase, "AT_MOST", 2)
    kills = 0
    with on_postgresql(postgresql_server) as product:
        product.execute(TABLES)
        filled(product)
        store = store_of(product, tmp_path, DATASET)
        job_id = store.start()
        approve_and_run(job_id)
        after = everything(product)
        for number in range(5, 400, 17):
            filled(product, only_hers=True)
            job_id = store.start()
            api.approve(job_id, api.plan(job_id).digest, by="Ada")
            killed = is_killed(job_id, number)
            kills += killed
            after_the_lease(job_id)
            api.run(job_id)
            signed = api.receipt(job_id)
            assert signed, Job.objects.get(pk=job_id).error
            assert (signed["receipt"]["outcome"], signed["receipt"]["totals"]["delete"]) == ("complete", 23), number
            assert everything(product) == after, number
            if not killed:
                break
    assert kills > 3
    assert not killed


@pytest.mark.needs("postgresql")
def test_large_blocks_follow_each_other_in_the_order_of_the_key(postgresql_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_blocks, "AT_MOST", 2)
    with on_postgresql(postgresql_server) as product:
        product.execute(["CREATE TABLE t (a int, b bigint, PRIMARY KEY (a, b))"])
        product.insert("t", [(1, 3), (2, -5), (1, 1), (2, 9), (1, 2)])
        with product.connector().reading() as reader:
            assert isinstance(reader, GivesBlocks)
            blocks = sorted(reader.blocks(Query("t", EVERYTHING), ("a", "b"), rows=5) or (), key=min)
        assert [sorted(block) for block in blocks] == [[(1, 1), (1, 2)], [(1, 3), (2, -5)], [(2, 9)]]
        assert [[part.span for part in block.parts] for block in blocks] == [[(1, 1), (1, 2)], [(1, 2), (-5, 3)], [(2, 2), (9, 9)]]


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("is_given", [False, True])
def test_between_two_portions_of_a_table_rows_are_asked_one_by_one_only_where_something_has_changed(
    postgresql_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_given: bool
) -> None:
    monkeypatch.setattr(sql_blocks, "AT_MOST", 2)
    monkeypatch.setattr(erase, "AT_MOST", 2)
    with on_postgresql(postgresql_server) as product:
        product.execute(TABLES)
        filled(product)
        store = store_of(product, tmp_path, DATASET)
        give = f"UPDATE visits SET person_id = '{UUID(int=2)}' WHERE person_id = '{UUID(int=1)}'"
        after(monkeypatch, SqlWriter, "erase", lambda: product.execute([give] if is_given else []))
        asked, honest = list[str](), erase.look_again
        monkeypatch.setattr(erase, "look_again", lambda *words: asked.append(words[2].table) or honest(*words))
        receipt = approve_and_run(store.start())
        assert (receipt["outcome"], receipt["no_longer_theirs"]) == ("complete", 7 if is_given else 0)
        assert set(asked) == ({"visits"} if is_given else set())
        assert [len(rows) for rows in everything(product)] == [1, 5, 10, 14 if is_given else 7]


def test_handles_are_opened_in_portions_that_a_transaction_may_change() -> None:
    found = [handles.Opened(n, 0, Block.of([(n, m) for m in range(rows)])) for n, rows in enumerate((3, 2, 9, 1, 1))]
    assert [[one.pk for one in some] for some in handles.portions(found, 5)] == [[0, 1], [2], [3, 4]]
    assert list(handles.keys_of(found[:2])) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]


@pytest.mark.needs("postgresql")
def test_rows_are_told_from_as_many_others_by_the_sum_over_their_keys(postgresql_server: Server) -> None:
    with on_postgresql(postgresql_server) as product:
        product.execute(["CREATE TABLE t (a int, b uuid, c text, PRIMARY KEY (a, b, c))", "CREATE TABLE u (a numeric PRIMARY KEY)"])
        product.insert("t", [(1, ONE, "x"), (2, TWO, "y"), (1, TWO, "x")])
        with product.connector().reading() as reader:
            assert isinstance(reader, GivesBlocks)
            found = [reader.tally(Query("t", Equals("a", values))) for values in ((1, 2), (1,), (2,), ())]
            [block] = reader.blocks(Query("t", Equals("a", (1,))), ("a", "b", "c"), rows=2) or ()
            assert reader.tally(Query("u", EVERYTHING)) == (0, None)
        assert [rows for rows, _sum in found] == [3, 2, 1, 0]
        assert len({key_sum for _rows, key_sum in found}) == 4
        assert block.key_sum == found[1][1]
        product.execute(["UPDATE t SET b = '00000000-0000-0000-0000-000000000003' WHERE c = 'y'"])
        with product.connector().reading() as reader:
            assert isinstance(reader, GivesBlocks)
            assert reader.tally(Query("t", EVERYTHING))[1] != found[0][1]


@pytest.mark.needs("postgresql")
def test_a_row_that_was_exchanged_for_another_after_the_count_is_noticed(
    postgresql_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows as before are hers, but one of them was given away: it must stay with its new owner."""
    with on_postgresql(postgresql_server) as product:
        product.execute(TABLES)
        filled(product)
        store = store_of(product, tmp_path, DATASET)
        change = [
            f"UPDATE visits SET person_id = '{UUID(int=2)}' WHERE id = '{UUID(int=103)}'",
            f"UPDATE visits SET person_id = '{UUID(int=1)}' WHERE id = '{UUID(int=203)}'",
        ]
        after(monkeypatch, erase, "spool", lambda: product.execute(change))
        job_id = store.start()
        receipt = approve_and_run(job_id)
        assert receipt["no_longer_theirs"] == 1
        assert product.ask(f"SELECT person_id FROM visits WHERE id = '{UUID(int=103)}'") == [(UUID(int=2),)]
