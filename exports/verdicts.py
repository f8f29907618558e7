"""What is right for the rows of one collection: how long they stay, and which of their cells go earlier. Plain Python.

A row's fate is that of its longest-kept category; a cell whose category goes earlier is masked earlier. Who else uses a row, and
which rows hold it by a foreign key, is not known here (`flows.sharing`, `flows.anchors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from exports.connectors.base import ColumnSchema, TableSchema
from exports.datasets import Collection, Field
from exports.fitting import fit_checks
from exports.masking import NULL, PRESERVE, STUCK, Mask, mask_of, wanted
from exports.retention import ENDLESS, LEGAL_HOLD, Due, Settled, settle
from exports.selection import matches
from portal.organisations.promises import PolicyDocument

PERSONAL = ("user",)
NUMBERS = ("user.unique_id",)
EXPLICIT = frozenset({"null", "rewrite", "hash", "random"})


@dataclass(frozen=True)
class Fates:
    """The policy's word about each category on deletion, with what officers settled (by `source:category`)."""

    policy: PolicyDocument
    today: date
    settled: Mapping[str, str] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()  # these collections and no others, where any is named
    held: Mapping[str, str] = field(default_factory=dict)  # `source:category` → why it must stay for now, whatever the policy says
    closed: frozenset[str] = frozenset()  # sources that this erasure goes without

    def of(self, source: str, category: str) -> Settled:
        """The fate of a category at a source. What is in no category goes now; what is held or was not asked for stays."""
        if because := self.held.get(f"{source}:{category}"):
            return Settled(Due("kept", ENDLESS, basis=LEGAL_HOLD, because=because))
        if self.only and category not in self.only:
            return Settled(Due("kept", ENDLESS, basis="not_asked", because="Its deletion was not asked for."))
        found = self.policy.category(category)
        if found is None:
            return Settled(Due("now", self.today, because="" if category else "No category of the policy keeps it."))
        settled = settle(found, self.today, self.settled.get(f"{source}:{category}", ""))
        if self.places and not settled.due.law_keeps_it:
            return Settled(Due("now", self.today, because="It gives access, so it goes at once."))
        return settled

    def leaves_out(self, address: str) -> bool:
        """Whether this erasure is about other collections only."""
        return bool(self.places) and address not in self.places

    def title(self, category: str) -> str:
        """What people call the category; empty when the policy does not have it."""
        found = self.policy.category(category)
        return found.title if found else ""


@dataclass(frozen=True)
class Place:
    """One reached collection with its live table. `pointed_at`: columns that foreign keys of any table point at. `named`: fields that hold
    the same words as one that says who a person is, by the dataset's references."""

    source: str
    collection: Collection
    table: TableSchema
    pointed_at: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """`dataset.collection`."""
        return self.collection.address

    @property
    def title(self) -> str:
        """What people call the collection."""
        return self.collection.title or self.collection.name.replace("_", " ").strip().capitalize()

    def field(self, column: str) -> Field | None:
        """What the dataset says about a live column."""
        return next((part for part in self.collection.fields if part.name == column), None)

    def category(self, column: str) -> str:
        """The policy category of a live column."""
        part = self.field(column)
        own = next((leaf.category for leaf in (part, *part.leaves()) if leaf.category), "") if part else ""
        return own or self.collection.category


@dataclass(frozen=True)
class Part:
    """One category's share in a collection: its columns, and when they go."""

    category: str
    settled: Settled
    columns: tuple[str, ...]

    @property
    def due(self) -> Due:
        """The fate that counts."""
        return self.settled.due


@dataclass(frozen=True)
class Verdict:
    """What happens to rows that nothing else holds. `rule` is delete, mask or keep; `ends` is the day on which the row goes."""

    rule: str
    ends: date
    parts: tuple[Part, ...]
    masks: Mapping[str, Mask]
    due: Mapping[str, date]
    notes: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()

    def masked_before(self, until: date) -> dict[date, dict[str, Mask]]:
        """The cells that are masked, by day, in rows that stay until this day."""
        days: dict[date, dict[str, Mask]] = {}
        for column, mask in self.masks.items():
            if mask.writes and self.due[column] < until:
                days.setdefault(self.due[column], {})[column] = mask
        return dict(sorted(days.items()))

    def pointer_ends(self, columns: Iterable[str], until: date) -> date:
        """The day from which rows that stay until `until` no longer point with these columns: one of them is NULL then."""
        cut = [self.due[c] for c in columns if c in self.masks and self.masks[c].strategy == NULL]
        return min([until, *cut])


def judge(place: Place, fates: Fates) -> Verdict:
    """The verdict on one collection, by the live schema, the dataset's rule and the policy."""
    if fates.leaves_out(place.address):
        return Verdict("keep", ENDLESS, (), {}, {})
    parts = parts_of(place, fates)
    rule = rule_of(place.collection)
    speaking = [name for name in place.table.key if speaks(place.field(name))]
    if rule == "mask" and speaking and not place.collection.erase:
        rule = "delete"  # a plain file: its rows cannot be emptied, because their very key says who the person is
    last = max((part.due.on for part in parts), default=fates.today)
    ends = last if rule == "delete" else ENDLESS
    due = {column: _due_of(parts, column, last) for column in place.table.columns}
    masks, notes, stuck = fit_checks(place.table, _masks(place, rule))
    if rule == "mask":
        notes = [*notes, *_left_alone(place, masks)]
    blocks = _blocks(place, fates, rule)
    if rule == "mask" and not any(mask.writes or mask.strategy == STUCK for mask in masks.values()):
        blocks += _never_masked(place)
    return Verdict(rule, ends, parts, masks, due, tuple(notes), tuple(stuck), tuple(blocks))


def rule_of(collection: Collection) -> str:
    """What the dataset asks for: rows go, cells are masked, or all stays. A file that does not say so deletes only what has a category."""
    if collection.erase:
        return collection.erase
    if collection.delete_rows:
        return "delete"
    return "delete" if collection.category or any(leaf.category for leaf in collection.leaves()) else "mask"


def parts_of(place: Place, fates: Fates) -> tuple[Part, ...]:
    """The categories that meet in this collection. Row numbers alone make no category."""
    columns: dict[str, list[str]] = {}
    for column in place.table.columns:
        category = place.category(column)
        part = place.field(column)
        if part is not None and not (column in place.table.key and not part.category):
            columns.setdefault(category, []).append(column)
    if len(columns) > 1:
        columns.pop("", None)
    if not columns:
        columns[place.collection.category] = []
    return tuple(Part(key, fates.of(place.source, key), tuple(names)) for key, names in columns.items())


def _due_of(parts: tuple[Part, ...], column: str, last: date) -> date:
    return next((part.due.on for part in parts if column in part.columns), last)


def _masks(place: Place, rule: str) -> dict[str, Mask]:
    return {name: _mask(place, column, rule) for name, column in place.table.columns.items()}


def _mask(place: Place, column: ColumnSchema, rule: str) -> Mask:
    part = place.field(column.name)
    if column.name in place.table.key or column.name in place.table.primary_key:
        tells = speaks(part) and rule != "keep"
        return Mask(column.name, STUCK, note="It is part of the rows' key.") if tells else Mask(column.name, PRESERVE)
    if not _is_meant(part, rule) and not (rule == "mask" and _is_told(place, part)):
        return Mask(column.name, PRESERVE)
    if column.name in place.pointed_at:
        return Mask(column.name, STUCK, note="Other tables point at it, so it cannot be masked.")
    mask = mask_of(column, part, unique=any(column.name in one for one in place.table.uniques))
    if mask.writes and any(column.name in key.columns for key in place.table.foreign_keys):
        return Mask(column.name, NULL) if column.nullable else Mask(column.name, PRESERVE, note="It points at a row that stays with it.")
    return mask


def speaks(part: Field | None) -> bool:
    """A key that says who the person is, such as an email address; a mere number does not, whatever its category."""
    if part is None or wanted(part)[0] == PRESERVE:
        return False
    return bool(part.identity) or any(matches(key, PERSONAL) and not matches(key, NUMBERS) for key in part.categories)


def is_about_people(part: Field | None) -> bool:
    """Whether the cell says something about a person, by the file's own words."""
    return _is_meant(part, "mask")


def _is_meant(part: Field | None, rule: str) -> bool:
    """Whether a cell is to be emptied when its row stays. Rows that should go lose all; others lose what is about the person."""
    if part is not None and wanted(part)[0] == PRESERVE:
        return False
    if rule == "delete":
        return True
    if part is None:
        return False
    if any(wanted(leaf)[0] in EXPLICIT for leaf in (part, *part.leaves())):
        return True
    return rule == "mask" and any(
        leaf.identity or any(matches(key, PERSONAL) for key in leaf.categories) for leaf in (part, *part.leaves())
    )


def _is_told(place: Place, part: Field | None) -> bool:
    """Whether the dataset says in another way that a cell is about the person: it refers to what names one, or nothing is said of it and
    the collection as a whole is personal. A reference to a mere number stays: it says nothing by itself."""
    if part is None or wanted(part)[0] == PRESERVE:
        return False
    named = any(leaf.path in place.named for leaf in (part, *part.leaves()))
    return named or (_is_silent(part) and any(matches(key, PERSONAL) for key in place.collection.categories))


def _is_silent(part: Field | None) -> bool:
    """No file says what this column holds."""
    return part is None or not any(
        leaf.categories or leaf.references or leaf.primary_key or leaf.identity or wanted(leaf)[0] for leaf in (part, *part.leaves())
    )


def _left_alone(place: Place, masks: Mapping[str, Mask]) -> list[str]:
    """Cells that stay in rows that are emptied, only because nobody has said what they hold: an officer has to know."""
    pointers = {name for key in place.table.foreign_keys for name in key.columns} | {*place.table.key, *place.table.primary_key}
    kept = [name for name, mask in masks.items() if not mask.writes and not mask.note and name not in pointers]
    silent = sorted(name for name in kept if _is_silent(place.field(name)))
    return [f"“{place.title}”: no file says what these fields hold, so they stay as they are: {', '.join(silent)}."] if silent else []


def _blocks(place: Place, fates: Fates, rule: str) -> list[str]:
    unknown = sorted({part for part in map(place.category, place.table.columns) if part and fates.policy.category(part) is None})
    found = [f"“{place.title}” names the category '{key}', which the policy does not have." for key in unknown]
    if rule != "keep" and place.table.is_view:
        found.append(f"“{place.title}” is a view, so its rows cannot be erased; describe the tables behind it, or write erase: keep.")
    elif rule != "keep" and not place.table.key:
        found.append(f"The rows of “{place.title}” have no key, so they cannot be told apart and proved.")
    if rule != "keep":
        found += place.table.blocks
    return found


def _never_masked(place: Place) -> list[str]:
    if not place.collection.erase:
        return []  # a plain file in which nothing is personal: the rows stay, and the plan says so
    return [f"“{place.title}” is to be masked, and no field of it says what about the person it holds."]
