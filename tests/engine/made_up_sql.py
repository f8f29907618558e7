"""Made-up databases as SQL, for every product: tables, foreign keys, triggers, rows."""

from __future__ import annotations

from collections.abc import Iterator

from tests.engine.made_up import Table, World


def statements(world: World, *, product: str = "sqlite", source: str = "shop") -> Iterator[str]:
    """What makes the tables of one source, their foreign keys and triggers, and then puts in the rows."""
    yield "CREATE TABLE deleted_log (what VARCHAR(20))"
    later: list[str] = []
    for table in world.tables:
        if table.source == source:
            yield from _table(world, table, later, product=product)
    yield from later
    for table in world.tables:
        if table.source == source:
            yield from _triggers(table, product)


def _table(world: World, table: Table, later: list[str], *, product: str) -> Iterator[str]:
    parts = [f"{name} INTEGER NOT NULL" for name in table.key]
    for cell in table.cells:
        kind = "VARCHAR(80)" if cell.kind == "text" else "INTEGER"
        parts.append(f"{cell.name} {kind}{'' if cell.nullable else ' NOT NULL'}{' UNIQUE' if cell.unique else ''}")
    for pointer in table.pointers:
        parts += [f"{name} INTEGER{'' if pointer.nullable else ' NOT NULL'}" for name in pointer.columns if name not in table.key]
    parts.append(f"PRIMARY KEY ({', '.join(table.key)})")
    for pointer in table.pointers:
        if pointer.fk:
            target = f"{pointer.target} ({', '.join(world[pointer.target].key)}) ON DELETE {pointer.fk}"
            told = f"FOREIGN KEY ({', '.join(pointer.columns)}) REFERENCES {target}"
            if product == "sqlite":
                parts.append(told)
            else:
                later.append(f"ALTER TABLE {table.name} ADD {told}")
    yield f"CREATE TABLE {table.name} ({', '.join(parts)})"
    for row in table.rows.values():
        values = ", ".join("NULL" if row[name] is None else repr(row[name]) for name in table.columns)
        yield f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({values})"


def _triggers(table: Table, product: str) -> Iterator[str]:
    if table.logged:
        yield from _trigger(table, product, "AFTER DELETE", f"INSERT INTO deleted_log VALUES ('{table.name}')", "OLD")
    if table.trigger == "refuses":
        stop = {"sqlite": "SELECT RAISE(ABORT, 'it stays')", "postgresql": "RAISE EXCEPTION 'it stays'"}
        signal = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it stays'"
        yield from _trigger(table, product, "BEFORE DELETE", stop.get(product, signal), "OLD")
    if is_restored(table):
        name = table.cells[0].name
        back = {"sqlite": f"UPDATE {table.name} SET {name} = OLD.{name} WHERE rowid = NEW.rowid", "postgresql": f"NEW.{name} := OLD.{name}"}
        when = "AFTER UPDATE" if product == "sqlite" else "BEFORE UPDATE"
        yield from _trigger(table, product, when, back.get(product, f"SET NEW.{name} = OLD.{name}"), "NEW")


def is_restored(table: Table) -> bool:
    """Its first cell always keeps what it holds."""
    return table.trigger == "restores" and bool(table.cells)


def _trigger(table: Table, product: str, when: str, act: str, row: str) -> Iterator[str]:
    name = f"{table.name}_{when.lower().replace(' ', '_')}"
    if product == "postgresql":
        body = f"$$ BEGIN {act}; RETURN {row}; END $$"
        yield f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}"
        yield f"CREATE TRIGGER {name} {when} ON {table.name} FOR EACH ROW EXECUTE FUNCTION {name}()"
    elif product == "mariadb":
        yield f"CREATE TRIGGER {name} {when} ON {table.name} FOR EACH ROW {act}"
    else:
        yield f"CREATE TRIGGER {name} {when} ON {table.name} BEGIN {act}; END"
