"""The collections that age, against their live tables: which rows are due, which of them something else still holds, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from exports.blocks import batches
from exports.connectors.base import ForeignKey, Link, Reader, Schema, TableSchema
from exports.flows.aging import DELETE, Aged
from exports.flows.anonymising import anonymous_masks, not_anonymous
from exports.flows.handles import KEYS_EACH
from exports.masking import Mask
from exports.query import EVERYTHING, NOTHING, AllOf, Beyond, ByKey, Key, Predicate, Query, Within
from exports.retention import period_before
from exports.rings import rings
from exports.verdicts import Place


@dataclass(frozen=True)
class Land:
    """One source as it is now: its live schema, what ages there, which tables its datasets describe, and the moment of the sweep."""

    schema: Schema
    aged: tuple[Aged, ...]
    described: frozenset[str]
    moment: datetime


@dataclass
class Plot:
    """One aged collection with its live table. `holders` are foreign keys whose rows keep a row from going."""

    aged: Aged
    table: TableSchema
    cutoff: datetime
    masks: dict[str, Mask] = field(default_factory=dict)
    holders: tuple[ForeignKey, ...] = ()
    strangers: tuple[ForeignKey, ...] = ()  # those of them that belong to tables that no dataset describes
    claimed: frozenset[Key] = frozenset()  # rows that a legal hold or a legal claim keeps
    blocked: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """`dataset.collection`."""
        return self.aged.address

    @property
    def removes(self) -> bool:
        """Its rows are deleted; otherwise they stay as anonymous ones."""
        return self.aged.action == DELETE

    def due(self, moment: datetime | None = None, *, after: Key | None = None) -> Query:
        """Rows older than the cutoff (or another moment) that are not anonymous yet, from a key on."""
        parts: list[Predicate] = [self.aged.clock.older(moment or self.cutoff)]
        parts += [] if self.removes else [not_anonymous(self.masks)]
        parts += [] if after is None else [Beyond(after)]
        return Query(self.table.name, AllOf(tuple(parts)))

    def undated(self, reader: Reader) -> int:
        """How many rows there are whose age nothing tells."""
        left = EVERYTHING if self.removes else not_anonymous(self.masks)
        told = AllOf((left, self.aged.clock.told()))
        return reader.count(Query(self.table.name, left)) - reader.count(Query(self.table.name, told))

    def on_hold(self, reader: Reader) -> int:
        """How many due rows a legal hold or a legal claim keeps."""
        return sum(
            reader.count(Query(self.table.name, AllOf((self.due().where, ByKey(tuple(some))))))
            for some in batches(sorted(self.claimed, key=repr), KEYS_EACH)
        )

    def free(self, reader: Reader, keys: Sequence[Key]) -> list[Key]:
        """Those of these rows that nothing holds: no row points at them now, and no claim of an erased person keeps them."""
        held = set(self.claimed)
        for key in self.holders if keys else ():
            link = Link(key.collection, key.columns, key.target, key.target_columns or self.table.primary_key)
            pointed = reader.referrers(link, targeted=Query(self.table.name, ByKey(tuple(keys))), outside=Query(key.collection, NOTHING))
            held.update(found for found, _count in pointed)
        return [key for key in keys if key not in held]

    def held_by(self, key: ForeignKey, plots: Iterable[Plot]) -> Query:
        """Due rows at which rows point that will stay, as far as their age tells."""
        child = next((plot for plot in plots if plot.table.name == key.collection and plot.removes and not plot.blocked), None)
        staying = child.aged.clock.younger(child.cutoff) if child else EVERYTHING
        pointed = Within(key.target_columns or self.table.primary_key, Query(key.collection, staying), key.columns)
        return Query(self.table.name, AllOf((self.due().where, pointed)))


def plots_of(land: Land) -> tuple[list[Plot], list[tuple[str, str]]]:
    """The plots of one source in the order in which they are swept, and (address, sentence) for what cannot be."""
    plots: list[Plot] = []
    gaps: list[tuple[str, str]] = []
    for one in land.aged:
        if one.table in land.schema.tables:
            plots.append(_plot(land, one))
        else:
            gaps.append((one.address, _("“%(title)s” could not be swept. Its table does not exist there.") % {"title": one.title}))
    return ordered(plots), gaps


def ordered(plots: Sequence[Plot]) -> list[Plot]:
    """Rows that point go before those that are pointed at; rows whose age another row tells, before that row."""
    by_address = {plot.address: plot for plot in plots}
    before: dict[str, set[str]] = {address: set() for address in by_address}
    for parent in plots:
        tables = {key.collection for key in parent.holders}
        told = {plot.address for plot in plots if plot.aged.clock.parent and plot.aged.clock.parent.table == parent.table.name}
        before[parent.address] |= told | {plot.address for plot in plots if plot.table.name in tables}
    return [by_address[address] for ring in rings(sorted(by_address), before) for address in ring]


def is_looped(plots: Sequence[Plot]) -> bool:
    """Rows of the same table, or of tables in a circle, point at each other: one pass frees rows for the next."""
    place = {plot.table.name: number for number, plot in enumerate(plots) if plot.removes}
    return any(place[key.collection] >= place[p.table.name] for p in plots if p.removes for key in p.holders if key.collection in place)


def _plot(land: Land, one: Aged) -> Plot:
    table = land.schema.tables[one.table]
    plot = Plot(one, table, period_before(land.moment, one.period))
    pointing = land.schema.pointing_at(table.name)
    if plot.removes:
        plot.holders = tuple(key for key in pointing if not _lets_go(land.schema, key))
        plot.strangers = tuple(key for key in plot.holders if key.collection not in land.described)
        plot.notes += [_loosened(plot, key) for key in pointing if key not in plot.holders]
    else:
        place = Place(one.source, one.collection, table, frozenset(column for key in pointing for column in key.target_columns))
        links = _links(land, one)
        plot.masks, notes, stuck = anonymous_masks(place, spared=one.clock.column, links=links)
        plot.notes += [*notes, *_unknown(place)]
        plot.blocked = " ".join(stuck)
    plot.notes += [*table.notes, *_triggers(plot)]
    plot.blocked = plot.blocked or _block(land.schema, plot)
    return plot


def _lets_go(schema: Schema, key: ForeignKey) -> bool:
    columns = schema.tables[key.collection].columns
    return key.on_delete == "SET NULL" and all(columns[name].nullable for name in key.columns)


def _links(land: Land, one: Aged) -> set[str]:
    """Fields by which a row is found from somebody's, except where those rows are gone or anonymous by then too."""
    cutoff = period_before(land.moment, one.period)
    gone = {other.address for other in land.aged if period_before(land.moment, other.period) >= cutoff}
    return {
        part.name
        for part in one.collection.fields
        for reference in part.references
        if reference.direction != "to" and f"{reference.dataset}.{reference.collection}" not in gone
    }


def _block(schema: Schema, plot: Plot) -> str:
    table, words = plot.table, {"title": plot.aged.title}
    if table.is_view:
        return _("“%(title)s” is a view, so its rows cannot be swept; describe the tables behind it.") % words
    if not table.key:
        return _("The rows of “%(title)s” have no key, so they cannot be told apart.") % words
    if not plot.removes and not plot.masks:
        return _("“%(title)s” is to be made anonymous, and no field of it says what about a person it holds.") % words
    clock = plot.aged.clock
    while clock.parent:
        clock = clock.parent
    column = schema.tables[clock.table].columns.get(clock.column) if clock.table in schema.tables else None
    if column is None or not schema.tells_age(column):
        return _("The age of the rows of “%(title)s” cannot be told: '%(field)s' is missing, or holds no dates.") % {
            **words,
            "field": f"{clock.table}.{clock.column}",
        }
    return " ".join(table.blocks)


def _triggers(plot: Plot) -> Iterator[str]:
    event = "DELETE" if plot.removes else "UPDATE"
    for trigger in plot.table.triggers:
        if trigger.event == event:
            words = {"name": trigger.name, "title": plot.aged.title}
            yield _("A trigger of the database, %(name)s, runs when rows of “%(title)s” are changed.") % words


def _loosened(plot: Plot, key: ForeignKey) -> str:
    return _("The database itself empties pointers of '%(other)s' to rows of “%(title)s”.") % {
        "other": key.collection,
        "title": plot.aged.title,
    }


def _unknown(place: Place) -> Iterator[str]:
    for name in place.table.columns:
        if place.field(name) is None:
            yield _("Nobody has said what '%(field)s' of “%(title)s” holds; it stays as it is.") % {"field": name, "title": place.title}
