"""The pushed-down walk against a slow and simple one, on made-up schemas: cycles, self-references, NULL, 0, two databases."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from exports.connectors.sql_connector import SqlConnector
from exports.datasets import read_stored
from exports.graph import walk
from exports.questions import Home, Questions

FIELDS = ("a", "b", "c")
Row = tuple[int, int | None, int | None, int | None]


@dataclass(frozen=True)
class World:
    """Tables t0, t1, … each with three fields and rows; edges carry values from one table's field to another's."""

    rows: tuple[tuple[Row, ...], ...]
    edges: tuple[tuple[int, str, int, str], ...]
    seeded: tuple[tuple[int, str], ...]
    split: tuple[bool, ...]


values = st.one_of(st.none(), st.integers(0, 4))
fields = st.sampled_from(FIELDS)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(2, 5))
    tables = st.integers(0, count - 1)
    cells = st.lists(st.tuples(values, values, values), max_size=6)
    rows = tuple(tuple((n, *cell) for n, cell in enumerate(draw(cells))) for _ in range(count))
    edges = tuple(dict.fromkeys(draw(st.lists(st.tuples(tables, fields, tables, fields), max_size=8))))
    seeded = tuple(dict.fromkeys(draw(st.lists(st.tuples(tables, fields), min_size=1, max_size=2))))
    return World(rows, edges, seeded, tuple(draw(st.lists(st.booleans(), min_size=count, max_size=count))))


def expected(world: World, seed: int) -> list[set[int]]:
    """Row by row, until nothing is added any more."""
    found: list[set[int]] = [set() for _ in world.rows]

    def cell(row: Row, field: str) -> int | None:
        return row[1 + FIELDS.index(field)]

    for table, field in world.seeded:
        found[table] |= {row[0] for row in world.rows[table] if cell(row, field) == seed}
    grown = True
    while grown:
        grown = False
        for source, mine, target, theirs in world.edges:
            carried = {cell(row, mine) for row in world.rows[source] if row[0] in found[source]} - {None}
            more = {row[0] for row in world.rows[target] if cell(row, theirs) in carried} - found[target]
            found[target] |= more
            grown = grown or bool(more)
    return found


def the_dataset(world: World, half: bool) -> dict[str, object]:
    collections = []
    for number in [n for n, side in enumerate(world.split) if side == half]:
        meta: dict[str, dict[str, object]] = {field: {} for field in FIELDS}
        for source, mine, target, theirs in world.edges:
            if target == number:
                reference = {"dataset": f"d{int(world.split[source])}", "field": f"t{source}.{mine}", "direction": "from"}
                meta[theirs].setdefault("references", []).append(reference)  # type: ignore[attr-defined]
        for table, field in world.seeded:
            if table == number:
                meta[field]["identity"] = "number"
        fields_of = [{"name": "id", "fides_meta": {"primary_key": True}}, *({"name": f, "fides_meta": m} for f, m in meta.items())]
        collections.append({"name": f"t{number}", "fields": fields_of})
    return {"fides_key": f"d{int(half)}", "collections": collections}


@contextmanager
def databases(world: World) -> Iterator[dict[str, SqlConnector]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = {half: Path(folder) / f"{int(half)}.sqlite3" for half in (False, True)}
        for half, path in paths.items():
            with closing(sqlite3.connect(path)) as opened, opened:
                opened.execute("CREATE TABLE empty (id INTEGER PRIMARY KEY)")
                for number in [n for n, side in enumerate(world.split) if side == half]:
                    opened.execute(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, c INTEGER)")
                    opened.executemany(f"INSERT INTO t{number} VALUES (?, ?, ?, ?)", world.rows[number])
        yield {f"d{int(half)}": SqlConnector(f"sqlite:///{path}") for half, path in paths.items()}


def answered(world: World, seed: int) -> list[set[int]]:
    datasets = read_stored([the_dataset(world, False), the_dataset(world, True)], "made up").datasets
    path = walk(datasets, ["number"])
    found: list[set[int]] = [set() for _ in world.rows]
    with databases(world) as connectors, ExitStack() as stack:
        readers = {key: stack.enter_context(connector.reading()) for key, connector in connectors.items()}
        homes = {key: Home(key) for key in connectors}
        questions = Questions(path, seeds={"number": (str(seed),)}, homes=homes, reader=readers.__getitem__)
        for visit in path.visits:
            reader, query = readers[questions.source(visit.address)], questions.query(visit.address)
            ids = [row["id"] for batch in reader.read(query) for row in batch]
            assert len(ids) == len(set(ids)) == reader.count(query) == len(list(reader.targets(query)))
            found[int(visit.address.split(".t")[1])] = set(ids)
    return found


@settings(deadline=None, max_examples=60)
@given(world=worlds(), seed=st.integers(0, 2))
def test_the_walk_finds_what_a_slow_and_simple_search_finds(world: World, seed: int) -> None:
    assert answered(world, seed) == expected(world, seed)


def test_a_circle_through_two_databases_is_followed_to_its_end() -> None:
    chain = tuple((n, n, n + 1, None) for n in range(40))
    edges = ((0, "b", 1, "a"), (1, "b", 0, "a"))
    world = World((chain, chain), edges, ((0, "a"),), (False, True))
    assert answered(world, 0) == expected(world, 0)
    assert len(answered(world, 0)[0]) == 20


def test_a_tree_in_one_table_is_followed_to_its_leaves() -> None:
    tree = tuple((n, n, (n - 1) // 2 if n else None, None) for n in range(200))
    world = World((tree, ()), ((0, "a", 0, "b"),), ((0, "a"),), (False, False))
    assert answered(world, 0)[0] == set(range(200))
    assert answered(world, 3)[0] == expected(world, 3)[0]
