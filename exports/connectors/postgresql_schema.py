"""Describes a PostgreSQL database from its catalogue, which hides nothing: a few questions, however many tables there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from exports.connectors.base import ColumnSchema, ForeignKey, TableSchema, Trigger
from exports.connectors.postgresql_types import word_of

TABLES = """
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, row_security_active(c.oid) AS filtered
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
AND (n.nspname = ANY(:schemas) OR c.oid IN (
  SELECT k.conrelid FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace s ON s.oid = t.relnamespace
  WHERE k.contype = 'f' AND k.conparentid = 0 AND s.nspname = ANY(:schemas)))
ORDER BY n.nspname, c.relname"""
COLUMNS = """
SELECT a.attrelid AS oid, a.attname AS name, a.attidentity::text AS identity, a.attgenerated::text AS generated,
  a.attnotnull OR t.typnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS filled,
  CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END AS native,
  CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS size,
  CASE WHEN l.collname <> 'default' THEN l.collname::text END AS folding,
  (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
   WHERE e.enumtypid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END) AS labels
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY(:oids) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"""
NAMES = """(SELECT array_agg(a.attname::text ORDER BY o.place) FROM unnest({numbers}) WITH ORDINALITY AS o(number, place)
  JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = o.number)"""
CONSTRAINTS = f"""
SELECT k.conrelid AS oid, k.contype::text AS kind, {NAMES.format(numbers="k.conkey", table="k.conrelid")} AS columns,
  n.nspname AS target_schema, t.relname AS target, {NAMES.format(numbers="k.confkey", table="k.confrelid")} AS target_columns,
  k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update,
  CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END AS rule
FROM pg_constraint k LEFT JOIN pg_class t ON t.oid = k.confrelid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE k.conrelid = ANY(:oids) AND k.contype IN ('p', 'f', 'c') AND k.conparentid = 0 ORDER BY k.conrelid, k.conname"""  # noqa: S608
UNIQUES = f"""
SELECT i.indrelid AS oid, i.indpred IS NULL AND i.indisvalid AS whole,
  {NAMES.format(numbers="(i.indkey::int2[])[0:(i.indnkeyatts - 1)]", table="i.indrelid")} AS columns
FROM pg_index i WHERE i.indrelid = ANY(:oids) AND i.indisunique AND NOT i.indisprimary AND NOT 0 = ANY(i.indkey::int2[])
UNION ALL
SELECT i.indrelid, false, (SELECT array_agg(DISTINCT a.attname::text) FROM pg_depend d
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0)
FROM pg_index i WHERE i.indrelid = ANY(:oids) AND i.indisunique AND 0 = ANY(i.indkey::int2[])"""  # noqa: S608
TRIGGERS = """
SELECT g.tgrelid AS oid, g.tgname AS name, g.tgtype::int AS events, pg_get_triggerdef(g.oid) || E'\\n' || p.prosrc AS sql
FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
WHERE g.tgrelid = ANY(:oids) AND NOT g.tgisinternal AND g.tgenabled <> 'D'
UNION ALL
SELECT r.ev_class, r.rulename, CASE r.ev_type WHEN '2' THEN 16 WHEN '3' THEN 4 ELSE 8 END, pg_get_ruledef(r.oid)
FROM pg_rewrite r WHERE r.ev_class = ANY(:oids) AND r.rulename <> '_RETURN' AND r.ev_enabled <> 'D' AND r.ev_type <> '1'
ORDER BY 1, 2"""
ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
EVENTS = {4: "INSERT", 16: "UPDATE", 8: "DELETE"}
FILTERED = (
    "Row-level security hides rows of '{name}' from this account, so nobody can tell what is there. Give it an account with BYPASSRLS."
)


@dataclass
class Found:
    """One table while it is put together."""

    schema: str
    name: str
    kind: str
    filtered: bool
    columns: dict[str, ColumnSchema] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    uniques: dict[tuple[str, ...], bool] = field(default_factory=dict)
    triggers: list[Trigger] = field(default_factory=list)


class Names:
    """What a table is called: bare in the schema where the account lives, `schema.table` where a schema was named or is another's."""

    def __init__(self, home: str, schemas: tuple[str | None, ...]) -> None:
        self.home, self.asked = home, schemas

    def of(self, schema: str, name: str) -> tuple[str, ...]:
        bare = (name,) if schema == self.home and None in self.asked else ()
        return (*bare, f"{schema}.{name}") if schema in self.asked or not bare else bare


def live_tables(connection: Connection, schemas: tuple[str | None, ...]) -> dict[str, TableSchema]:
    """Every table and view of these schemas, and every table of others that points at them."""
    home = connection.execute(text("SELECT current_schema()")).scalar() or "public"
    wanted = [schema or home for schema in schemas]
    rows = connection.execute(text(TABLES), {"schemas": wanted}).mappings()
    found = {row["oid"]: Found(row["schema"], row["name"], row["kind"], row["filtered"]) for row in rows}

    def ask(question: str) -> Iterator[Mapping[str, Any]]:
        for row in connection.execute(text(question), {"oids": list(found)}).mappings():
            yield dict(row)

    for row in ask(COLUMNS):
        _add_column(found[row["oid"]], row)
    for row in ask(CONSTRAINTS):
        _add_constraint(found[row["oid"]], row)
    for row in ask(UNIQUES):
        table = found[row["oid"]]
        if not row["columns"]:
            continue
        table.uniques[tuple(row["columns"])] = table.uniques.get(tuple(row["columns"]), False) or row["whole"]
    for row in ask(TRIGGERS):
        found[row["oid"]].triggers += [Trigger(row["name"], word, row["sql"]) for bit, word in EVENTS.items() if row["events"] & bit]
    names = Names(home, schemas)
    return {name: _schema(one, name, names) for one in found.values() for name in names.of(one.schema, one.name)}


def _add_column(table: Found, row: Mapping[str, Any]) -> None:
    native, name = row["native"], row["name"]
    sized = row["size"] > 4 and native.startswith("character")
    table.columns[name] = ColumnSchema(
        name=name,
        type="string" if row["labels"] else word_of(native),
        native=native,
        nullable=not row["required"],
        length=row["size"] - 4 if sized else None,
        generated=bool(row["generated"]) or row["identity"] == "a",
        default=row["filled"],
        collation="citext" if native == "citext" else row["folding"] or "",
    )
    if row["labels"]:
        words = ", ".join("'" + label.replace("'", "''") + "'" for label in row["labels"])
        table.checks.append(f"{_quoted(name)} IN ({words})")


def _add_constraint(table: Found, row: Mapping[str, Any]) -> None:
    if row["kind"] == "p":
        table.key = tuple(row["columns"])
    elif row["kind"] == "f":
        table.keys.append(row)
    else:
        table.checks.append(row["rule"])


def _schema(found: Found, name: str, names: Names) -> TableSchema:
    bare = "." not in name
    unique = (u for u, whole in sorted(found.uniques.items()) if whole and not any(found.columns[part].nullable for part in u))
    is_view = found.kind not in ("r", "p")
    return TableSchema(
        name=name,
        columns=found.columns,
        primary_key=found.key,
        key=() if is_view else found.key or next(unique, ()),
        foreign_keys=tuple(_foreign_key(name, row, names, bare=bare) for row in found.keys),
        uniques=tuple(sorted(found.uniques)),
        checks=tuple(found.checks),
        triggers=tuple(found.triggers),
        is_view=is_view,
        blocks=(FILTERED.format(name=name),) if found.filtered else (),
    )


def _foreign_key(table: str, row: Mapping[str, Any], names: Names, *, bare: bool) -> ForeignKey:
    targets = names.of(row["target_schema"], row["target"])
    target = targets[0] if bare or len(targets) == 1 else targets[-1]
    return ForeignKey(
        table, tuple(row["columns"]), target, tuple(row["target_columns"]), ACTIONS[row["on_delete"]], ACTIONS[row["on_update"]]
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
