"""Made-up databases of any shape for the property tests: tables, foreign keys, references, rules and rows, as plain values.

A world can be written as SQL for every product and as a dataset file. It says nothing of what should become of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.people import RITA

Key = tuple[int, ...]
Row = dict[str, Any]
LETS_GO = "SET NULL"
SOURCES = ("shop", "side")


@dataclass(frozen=True)
class Cell:
    """A column that is no key and no pointer. `told`: the dataset names it; `erase` is the dataset's word for it."""

    name: str
    kind: str
    nullable: bool = True
    unique: bool = False
    erase: str = ""
    personal: bool = False
    told: bool = True
    identity: bool = False


@dataclass(frozen=True)
class Pointer:
    """Columns that hold the key of a row of `target`. `fk` is its ON DELETE, or empty where only the dataset knows of it.

    `leads`: 'from' the target to these rows, 'to' the target from these rows, 'both', or nowhere. `shared`: the dataset says so.
    """

    columns: tuple[str, ...]
    target: str
    fk: str
    leads: str
    nullable: bool = True
    shared: bool = False

    @property
    def comes_down(self) -> bool:
        return self.leads in ("from", "both")

    @property
    def goes_up(self) -> bool:
        return self.leads in ("to", "both")


@dataclass
class Table:
    """`rule` is the dataset's: delete, mask or keep. A table that is not `told` stands in no dataset; a `logged` one has a trigger that
    writes elsewhere. `trigger`: its rows refuse to go, or one that restores its first cell. `source`: the database that it lies in."""

    name: str
    key: tuple[str, ...]
    cells: tuple[Cell, ...]
    pointers: tuple[Pointer, ...] = ()
    rule: str = "delete"
    told: bool = True
    logged: bool = False
    trigger: str = ""
    source: str = "shop"
    rows: dict[Key, Row] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        named = [*self.key, *(cell.name for cell in self.cells), *(name for pointer in self.pointers for name in pointer.columns)]
        return tuple(dict.fromkeys(named))

    @property
    def has_identity(self) -> bool:
        return self.told and any(cell.identity for cell in self.cells)


@dataclass
class World:
    """Tables in an order in which each points at earlier ones, itself, or (only where it may be NULL) at later ones."""

    tables: list[Table]

    def __getitem__(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def __repr__(self) -> str:
        return "World(\n" + "".join(f"  {table!r}\n" for table in self.tables) + ")"


EMAIL = Cell("email", "text", nullable=False, unique=True, personal=True, identity=True)
MAYBE_EMAIL = Cell("email", "text", personal=True, identity=True)


@st.composite
def cells(draw: st.DrawFn, name: str) -> Cell:
    unique = draw(st.integers(0, 5)) == 0
    erase = draw(st.sampled_from(["", "", "", "null", "rewrite", "hash", "preserve"]))
    kind = draw(st.sampled_from(["text", "text", "int"]))
    told = bool(erase) or draw(st.integers(0, 4)) > 0
    return Cell(name, kind, draw(st.booleans()), unique, erase, told and draw(st.booleans()), told)


@st.composite
def pointers(draw: st.DrawFn, tables: list[Table], own: Table, number: int) -> Pointer:
    target = draw(st.sampled_from([*tables, *([own] if number else []), tables[0]]))
    fk = draw(st.sampled_from(["NO ACTION", "NO ACTION", "RESTRICT", "CASCADE", "SET NULL", ""])) if target.source == own.source else ""
    leads = draw(st.sampled_from(["from", "from", "to", "both", ""])) if own.told and target.told else ""
    nullable = target is own or draw(st.booleans())
    columns = tuple(f"p{number}_{part}" for part in target.key)
    return Pointer(columns, target.name, fk, leads, nullable, leads in ("to", "both") and draw(st.integers(0, 4)) == 0)


@st.composite
def tables(draw: st.DrawFn, earlier: list[Table], number: int, *, wild: bool = False) -> Table:
    mixed = draw(st.integers(0, 3)) == 0
    table = Table(f"t{number}", ("k1", "k2") if mixed else ("id",), tuple(draw(cells(f"c{n}")) for n in range(draw(st.integers(0, 2)))))
    table.told, table.logged = draw(st.integers(0, 6)) > 0, draw(st.integers(0, 2)) == 0
    table.rule = draw(st.sampled_from(["delete", "delete", "delete", "mask", "keep"]))
    if wild:
        table.source = draw(st.sampled_from(SOURCES))
        table.trigger = draw(st.sampled_from(["", "", "", "", "refuses", "restores"]))
    if draw(st.integers(0, 5)) == 0 and table.told:
        table.cells = (*table.cells, MAYBE_EMAIL)
    if table.rule == "mask" and not any(cell.told and cell.erase != "preserve" and (cell.personal or cell.erase) for cell in table.cells):
        table.cells = (*table.cells, Cell("who", "text", draw(st.booleans()), personal=True))
    found: list[Pointer] = []
    for n in range(draw(st.integers(1, 3))):
        one = draw(pointers(earlier, table, n))
        twin = any(other.target == one.target and len(one.columns) > 1 for other in found)
        found += [] if twin else [one]
    if mixed and draw(st.booleans()):  # the first part of its key is its parent's key
        parent = draw(st.sampled_from([one for one in earlier if len(one.key) == 1]))
        leads = draw(st.sampled_from(["from", ""])) if table.told and parent.told else ""
        fk = draw(st.sampled_from(["NO ACTION", "CASCADE"])) if parent.source == table.source else ""
        found.append(Pointer(("k1",), parent.name, fk, leads, nullable=False))
    table.pointers = tuple(found)
    return table


@st.composite
def worlds(draw: st.DrawFn, *, wild: bool = False) -> World:
    """Three people, one of whom asks; tables around them; rows that point wherever they may. `wild`: two sources, all triggers."""
    people = Table("people", ("id",), (EMAIL, *(draw(cells(f"c{n}")) for n in range(draw(st.integers(0, 1))))))
    made = [people]
    for number in range(draw(st.integers(2, 4))):
        made.append(draw(tables(made, number, wild=wild)))
    for number, table in enumerate(made[:-1]):
        if draw(st.integers(0, 3)) == 0:  # a pointer at a later table: tables in a circle
            later = draw(st.sampled_from(made[number + 1 :]))
            if len(later.key) == 1 or not any(one.target == later.name for one in table.pointers):
                leads = draw(st.sampled_from(["from", "to", ""])) if table.told and later.told else ""
                fk = draw(st.sampled_from(["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"])) if table.source == later.source else ""
                table.pointers = (*table.pointers, Pointer(tuple(f"late_{part}" for part in later.key), later.name, fk, leads))
    keys = {table.name: draw(_keys(table, made)) for table in made}
    for table in made:
        for key in keys[table.name]:
            table.rows[key] = draw(_row(table, key, keys))
    _drop_dangling(made)
    return World(made)


@st.composite
def _keys(draw: st.DrawFn, table: Table, made: list[Table]) -> list[Key]:
    if table.name == "people":
        return [(0,), (1,), (2,)]
    parts = [st.integers(0, 4)] * len(table.key)
    return sorted(draw(st.sets(st.tuples(*parts), min_size=1, max_size=5)))


@st.composite
def _row(draw: st.DrawFn, table: Table, key: Key, keys: dict[str, list[Key]]) -> Row:
    row: Row = dict(zip(table.key, key, strict=True))
    for cell in table.cells:
        row[cell.name] = draw(_value(table, cell, key))
    for pointer in table.pointers:
        if pointer.columns == ("k1",):
            continue  # its key says where it points; `_drop_dangling` looks whether that is there
        targets = keys[pointer.target]
        at: Any = draw(st.sampled_from([targets[0], targets[0], *targets]))
        if pointer.nullable and draw(st.integers(0, 4)) == 0:
            at = None
        row.update(zip(pointer.columns, at or [None] * len(pointer.columns), strict=True))
    return row


@st.composite
def _value(draw: st.DrawFn, table: Table, cell: Cell, key: Key) -> Any:
    if cell.identity:
        return (RITA if key == (0,) else f"p{key[0]}@example.org") if cell.unique else draw(st.sampled_from([RITA, "p1@example.org", None]))
    if cell.nullable and draw(st.integers(0, 3)) == 0:
        return None
    if cell.unique:
        return f"u{'-'.join(map(str, key))}" if cell.kind == "text" else 1000 + sum(part * 10**place for place, part in enumerate(key))
    return draw(st.sampled_from(["", "a", "b"] if cell.kind == "text" else [0, 7, 8]))


def _drop_dangling(made: list[Table]) -> None:
    """Rows whose foreign key points at nothing cannot be there."""
    known = {table.name: table for table in made}
    dropped = True
    while dropped:
        dropped = False
        for table in made:
            for key, row in list(table.rows.items()):
                for pointer in table.pointers:
                    at = tuple(row[name] for name in pointer.columns)
                    if pointer.fk and None not in at and at not in known[pointer.target].rows:
                        if pointer.nullable:
                            row.update(dict.fromkeys(pointer.columns))
                        else:
                            del table.rows[key]
                            dropped = True
                            break


def dataset_of(world: World, source: str = "shop") -> str:
    """The list of collections of the source's dataset file."""
    return yaml.safe_dump([_collection(world, table) for table in world.tables if table.told and table.source == source])


def _collection(world: World, table: Table) -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {name: {"name": name, "fides_meta": {"primary_key": True}} for name in table.key}
    for cell in table.cells:
        if cell.told:
            about = "user.contact.email" if cell.identity else "user.name"
            fields[cell.name] = {"name": cell.name, **({"data_categories": [about]} if cell.personal else {})}
            if cell.erase:
                fields[cell.name]["habeas_meta"] = {"erase": cell.erase}
            if cell.identity:
                fields[cell.name]["fides_meta"] = {"identity": "email"}
    for pointer in table.pointers:
        for name, part in zip(pointer.columns, world[pointer.target].key, strict=True):
            one = fields.setdefault(name, {"name": name})
            meta = one.setdefault("fides_meta", {})
            for direction, is_so in (("from", pointer.comes_down), ("to", pointer.goes_up)):
                if is_so:
                    reference = {"dataset": world[pointer.target].source, "field": f"{pointer.target}.{part}", "direction": direction}
                    meta.setdefault("references", []).append(reference)
            if pointer.shared:
                one["habeas_meta"] = {"shared": True}
    return {"name": table.name, "habeas_meta": {"category": "account", "erase": table.rule}, "fields": list(fields.values())}
