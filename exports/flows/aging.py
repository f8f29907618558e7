"""Which collections the policy keeps for a period only, and by what the age of their rows is told. Asks no source anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from exports.datasets import Collection
from exports.flows.ground import Gap
from exports.query import Before, Dated, Outside, Predicate, Query, Within
from exports.questions import home_of
from exports.retention import period_before
from exports.sources import Source
from portal.organisations.promises import Category, PolicyDocument

DELETE, ANONYMISE, KEEP = "delete", "anonymise", "keep"
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # to tell which of two periods is longer


@dataclass(frozen=True)
class Clock:
    """Where the age of a row stands: in a column of its own or, through a reference, in the row that it belongs to."""

    table: str
    column: str
    target: str = ""
    parent: Clock | None = None

    def older(self, moment: datetime) -> Predicate:
        """Rows from before this moment."""
        return Before(self.column, moment) if self.parent is None else self._through(self.parent, self.parent.older(moment))

    def younger(self, moment: datetime) -> Predicate:
        """Rows that are not, said without a negation over other tables' rows: databases are slow to answer those."""
        return Outside(Before(self.column, moment)) if self.parent is None else self._through(self.parent, self.parent.younger(moment))

    def told(self) -> Predicate:
        """Rows whose age can be told at all."""
        return Dated(self.column) if self.parent is None else self._through(self.parent, self.parent.told())

    def _through(self, parent: Clock, part: Predicate) -> Predicate:
        return Within((self.column,), Query(parent.table, part), (self.target,))


@dataclass(frozen=True)
class Aged:
    """A collection whose rows go, or lose what is about people, once they are older than the period."""

    source: str
    collection: Collection
    table: str
    category: Category
    period: str
    clock: Clock

    @property
    def address(self) -> str:
        """`dataset.collection`."""
        return self.collection.address

    @property
    def action(self) -> str:
        """What becomes of rows that are too old."""
        return self.collection.sweep or DELETE

    @property
    def title(self) -> str:
        """What people call the collection."""
        return title_of(self.collection)


@dataclass(frozen=True)
class Aging:
    """All that ages at an organisation, and every promise about age that its datasets do not let anybody keep."""

    aged: tuple[Aged, ...] = ()
    gaps: tuple[Gap, ...] = ()


def aging_of(sources: Iterable[Source], policy: PolicyDocument) -> Aging:
    """The collections whose category has a period (`sweep`), with what tells the age of their rows (`aged_by`)."""
    found: list[Aged] = []
    gaps: list[Gap] = []
    known = tuple(source for source in sources if not source.is_by_hand)
    for source in known:
        tables = {c.address: (c, _table(source, c)) for d in source.datasets for c in d.collections if not c.skipped}
        for collection, table in tables.values():
            period, untimely = _period(collection, policy)
            gaps += [Gap(source.key, collection.address, sentence) for sentence in untimely]
            if not period or collection.sweep == KEEP or (collection.erase == KEEP and not collection.sweep):
                continue
            category, clock = policy.category(collection.category), clock_of(collection, tables)
            if category is None or clock is None:
                gaps.append(Gap(source.key, collection.address, _ageless(collection, category)))
            else:
                found.append(Aged(source.key, collection, table, category, period, clock))
    return Aging(tuple(found), (*gaps, *_nowhere(known, policy)))


def clock_of(collection: Collection, tables: Mapping[str, tuple[Collection, str]], seen: tuple[str, ...] = ()) -> Clock | None:
    """By what the age of the collection's rows is told; None when nothing in the same source tells it."""
    part = collection.field_at(collection.aged_by) if collection.aged_by else None
    if part is None or collection.address in seen:
        return None
    table = tables[collection.address][1]
    if not part.references:
        return Clock(table, part.name)
    for reference in part.references:
        parent = tables.get(f"{reference.dataset}.{reference.collection}")
        told = clock_of(parent[0], tables, (*seen, collection.address)) if parent else None
        if told is not None:
            return Clock(table, part.name, reference.field, told)
    return None


def title_of(collection: Collection) -> str:
    """What people call the collection."""
    return collection.title or collection.name.replace("_", " ").strip().capitalize()


def _table(source: Source, collection: Collection) -> str:
    dataset = next(dataset for dataset in source.datasets if dataset.key == collection.dataset)
    schema = home_of(dataset, source.key).schema
    return f"{schema}.{collection.name}" if schema else collection.name


def _period(collection: Collection, policy: PolicyDocument) -> tuple[str, list[str]]:
    """The period of the rows, which is the longest of all that meet in them; and sentences on fields that should go earlier."""
    own = policy.category(collection.category)
    named = {leaf.category: policy.category(leaf.category) for leaf in collection.leaves() if leaf.category != collection.category}
    others = {key: found.sweep for key, found in named.items() if found and found.sweep}
    if own is None or not own.sweep:
        return "", [_of_fields(collection, key) for key in others]
    longest = min([own.sweep, *others.values()], key=lambda period: period_before(SOME_DAY, period))
    early = [key for key, period in others.items() if period_before(SOME_DAY, period) > period_before(SOME_DAY, longest)]
    return longest, [_of_fields(collection, key) for key in early]


def _of_fields(collection: Collection, key: str) -> str:
    words = {"title": title_of(collection), "category": key}
    return _("Fields of “%(title)s” are of the category '%(category)s' and should go earlier than their rows; that is not done.") % words


def _ageless(collection: Collection, category: Category | None) -> str:
    words = {"title": title_of(collection), "category": category.title if category else collection.category}
    return _("Nothing tells how old the rows of “%(title)s” are (aged_by), so “%(category)s” is not swept there.") % words


def _nowhere(sources: Iterable[Source], policy: PolicyDocument) -> Iterator[Gap]:
    """A category with a period that no collection names."""
    named = {
        collection.category_of(leaf) for s in sources for d in s.datasets for collection in d.collections for leaf in collection.leaves()
    }
    for category in policy.categories:
        if category.sweep and category.held and category.key not in named:
            yield Gap("", "", _("“%(category)s” is in no collection, so nothing of it is swept.") % {"category": category.title})
