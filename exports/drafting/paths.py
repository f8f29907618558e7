"""Which tables are about people, which belong to them, which are look-ups, and along which pointers a search should go. Plain Python.

Pointers lead away from the person: `from` on everything that belongs to somebody, `to` on what somebody merely uses together with
others. Nothing leads away from what is shared, or a search would come out at somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exports.connectors.base import ColumnSchema, TableSchema
from exports.drafting import names
from exports.drafting.guesses import Guess

PERSON, NAMED, OWNED, USED, LOOKUP, APART = "person", "named", "owned", "used", "lookup", "apart"


@dataclass(frozen=True)
class Pointer:
    """Columns that point at a key of another table; `declared` by a foreign key, else guessed by name."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    declared: bool = True


@dataclass(frozen=True)
class Follow:
    """What to do with a pointer: `direction` is from or to, empty when it should not be followed."""

    pointer: Pointer
    direction: str
    reason: str


@dataclass
class Part:
    """One table: what it is, why, and its pointers."""

    table: TableSchema
    guesses: Mapping[str, Guess]
    role: str = ""
    reason: str = ""
    follows: list[Follow] = field(default_factory=list)
    distance: int = 0


def parts_of(tables: Mapping[str, TableSchema], guesses: Mapping[str, Mapping[str, Guess]]) -> dict[str, Part]:
    """Every table with its role and its pointers, by name."""
    parts = {name: Part(table, guesses[name]) for name, table in tables.items()}
    pointers = {name: tuple(pointers_of(table, tables)) for name, table in tables.items()}
    for part in parts.values():
        kept = names.is_machinery(part.table.name) and all(names.is_machinery(one.target) for one in pointers[part.table.name])
        _name_roots(part, is_kept=kept)
    _own(parts, pointers)
    _use(parts, pointers)
    for part in parts.values():
        _settle_rest(part, pointers[part.table.name], parts)
    return parts


def pointers_of(table: TableSchema, tables: Mapping[str, TableSchema]) -> Iterator[Pointer]:
    """The foreign keys, and columns whose names say that they are meant as such."""
    pointing: set[str] = set()
    for key in table.foreign_keys:
        if key.target in tables:
            pointing.update(key.columns)
            yield Pointer(key.columns, key.target, key.target_columns or tables[key.target].primary_key)
    for column in table.columns.values():
        target = "" if column.name in pointing or table.primary_key == (column.name,) else _meant(column, table, tables)
        if target:
            yield Pointer((column.name,), target, tables[target].primary_key, declared=False)


def _meant(column: ColumnSchema, table: TableSchema, tables: Mapping[str, TableSchema]) -> str:
    name = names.snake(column.name)
    if not name.endswith(("_id", "_uuid")):
        return ""
    words = name.rpartition("_")[0].split("_")
    for start in range(len(words)):
        wanted = "_".join(words[start:])
        found = [t for t in tables if t != table.name and _is_called(t, wanted) and _fits(column, tables[t])]
        if len(found) == 1:
            return found[0]
    return ""


def _is_called(table: str, wanted: str) -> bool:
    parts = names.snake(table.rpartition(".")[2]).split("_")
    whole = "_".join([*parts[:-1], names.singular(parts[-1])])
    return wanted in (whole, names.singular(parts[-1])) or "_".join(parts) == wanted


def _fits(column: ColumnSchema, target: TableSchema) -> bool:
    if len(target.primary_key) != 1:
        return False
    key = target.columns[target.primary_key[0]]
    return column.type == key.type and ("UUID" in column.native.upper()) == ("UUID" in key.native.upper())


def _name_roots(part: Part, *, is_kept: bool) -> None:
    if is_kept:
        part.role = LOOKUP
        part.reason = "a table that a framework keeps for itself"
        return
    identities = [one for one in part.guesses.values() if one.identity == "email"]
    if not identities:
        return
    strong = [one.column.name for one in part.guesses.values() if one.strong and one.identity != "email" and not one.third_party]
    telling = [name for name in strong if part.guesses[name].kind in ("name", "username", "password", "birth", "gender")]
    called = names.names_people(part.table.name)
    if telling or called:
        part.role = PERSON
        listed = ", ".join([identities[0].column.name, *telling[:3]])
        part.reason = f"people: it has {listed}" + (", and its name says so" if called else "")
    else:
        part.role = NAMED
        part.reason = f"rows found by the address in {identities[0].column.name}; nothing else says that a row is a person"


def _own(parts: Mapping[str, Part], pointers: Mapping[str, Sequence[Pointer]]) -> None:
    """Outward from the people, the nearest first: what points at them belongs to them."""
    roots = {name for name, part in parts.items() if part.role == PERSON}
    reached, distance = set(roots), 0
    while roots:
        distance += 1
        fresh = set()
        for name, part in parts.items():
            if name in reached or part.role == LOOKUP:
                continue
            owners = [one for one in pointers[name] if one.target in roots and not _is_about_others(one)]
            if owners:
                part.role, part.distance = part.role or OWNED, distance
                part.reason = part.reason or f"belongs to {owners[0].target}"
                part.follows += [Follow(one, "from", _why_from(one)) for one in owners]
                fresh.add(name)
        reached |= fresh
        roots = fresh


def _why_from(pointer: Pointer) -> str:
    column = ", ".join(pointer.columns)
    if pointer.declared:
        return f"a foreign key to {pointer.target}, so the row belongs to whom that one belongs to"
    return f"{column} is called as if it pointed at {pointer.target}; no foreign key is declared"


def _use(parts: Mapping[str, Part], pointers: Mapping[str, Sequence[Pointer]]) -> None:
    """What rows of people point at, and which says something personal, is used by them; others may use it too."""
    waiting = [name for name, part in parts.items() if part.role in (PERSON, NAMED, OWNED)]
    for name in waiting:
        for pointer in pointers[name]:
            target = parts[pointer.target]
            followed = any(one.pointer == pointer for one in parts[name].follows)
            if followed or target.role not in ("", USED) or _is_about_others(pointer) or not _is_personal(target):
                continue
            target.role, target.reason = USED, f"used by {name}, perhaps together with others"
            parts[name].follows.append(
                Follow(pointer, "to", f"it leads to {pointer.target}, which holds personal data and points at nobody")
            )


def _settle_rest(part: Part, pointers: Sequence[Pointer], parts: Mapping[str, Part]) -> None:
    """Pointers that are not followed, each with its reason; and tables that nothing leads to."""
    followed = [one.pointer for one in part.follows]
    for pointer in pointers:
        if pointer not in followed and parts[pointer.target].role not in (LOOKUP, ""):
            part.follows.append(Follow(pointer, "", _why_not(part, pointer, parts)))
    if not part.role:
        towards = [one.pointer for one in part.follows if parts[one.pointer.target].role in (PERSON, OWNED, NAMED)]
        if towards or _is_personal(part):
            part.role = APART
            what = ", ".join(one.column.name for one in part.guesses.values() if one.strong or one.never)
            part.reason = f"nothing leads here, and it {f'has {what}' if what else f'points at {towards[0].target}'}"
        else:
            part.role = LOOKUP
            part.reason = "a look-up: nothing in it says anything about people"


def _why_not(part: Part, pointer: Pointer, parts: Mapping[str, Part]) -> str:
    if pointer.target == part.table.name:
        return "it points at a row of its own table, perhaps somebody else's, so it is not followed"
    if _is_about_others(pointer):
        return f"its name speaks of somebody else at {pointer.target}, so it is not followed"
    if part.role in (OWNED, PERSON, NAMED) and (parts[pointer.target].role == PERSON or parts[pointer.target].distance):
        return f"the row is found more directly; let {pointer.target} lead here too (direction: from) if its rows by others count"
    return f"{pointer.target} may be shared, so nothing is followed from there"


def _is_about_others(pointer: Pointer) -> bool:
    return any(names.points_at_others(column) for column in pointer.columns)


def _is_personal(part: Part) -> bool:
    return any(one.strong or one.never for one in part.guesses.values())
