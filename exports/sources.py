"""An organisation's sources, opened: which connector speaks to each, what its datasets say, and one search over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from exports.connectors.base import Connector, Reader, SourceError, SourceUnreachable
from exports.connectors.http_connector import HttpConnector, schema_of
from exports.connectors.http_settings import HttpSettings
from exports.connectors.sql_connector import SqlConnector
from exports.datasets import Collection, Dataset, DatasetError, read_stored
from exports.graph import Walk, walk
from exports.models import DataSource
from exports.questions import Home, Questions, home_of
from portal.kit.crypto import Sealed, canonical_identifier
from portal.organisations.models import Organisation

BY_HAND = "person"


@dataclass(frozen=True)
class Source:
    """One data source with its parsed datasets."""

    key: str
    title: str
    position: int
    datasets: tuple[Dataset, ...]
    record: DataSource

    @property
    def is_by_hand(self) -> bool:
        """A person looks here, and deletes here: no machine can ask."""
        return self.record.kind == BY_HAND

    def connector(self) -> Connector:
        """How to speak to it; raises SourceUnreachable when its kind or its address cannot be used."""
        try:
            return self._connector()
        except Sealed:
            raise SourceUnreachable("It cannot be reached: its stored address can no longer be opened.") from None

    def _connector(self) -> Connector:
        schemas = [(home_of(dataset, self.key).schema, dataset) for dataset in self.datasets]
        if self.record.kind == "sql":
            names = tuple(dict.fromkeys(name or None for name, _dataset in schemas))
            return SqlConnector(self.record.url, write_url=self.record.write_url, schemas=names)
        if self.record.kind == "http":
            settings = HttpSettings.from_json(self.record.url, self.record.settings)
            return HttpConnector(settings, schema_of(settings, schemas))
        if self.is_by_hand:
            raise SourceUnreachable("It cannot be reached: a person looks here.")
        raise SourceUnreachable(f"It cannot be reached: nothing here speaks to sources of the kind '{self.record.kind}'.")


def sources_of(organisation: Organisation, *, kind: str = "") -> tuple[Source, ...]:
    """All sources (of one kind) in the organisation's order; raises DatasetError when a stored dataset cannot be read."""
    records = DataSource.objects.filter(organisation=organisation, **({"kind": kind} if kind else {})).order_by("position", "key")
    return tuple(Source(r.key, r.title, r.position, read_stored(r.datasets, r.key).datasets, r) for r in records)


class Sessions:
    """Reading sessions, each opened when first asked for and kept, so that all questions to a source see one snapshot."""

    def __init__(self, sources: Mapping[str, Source], stack: ExitStack) -> None:
        self._sources, self._stack = sources, stack
        self._open: dict[str, Reader | SourceError] = {}

    def reader(self, key: str) -> Reader:
        """The session of this source; a source that failed to open once is not tried again in this search."""
        if key not in self._open:
            try:
                self._open[key] = self._stack.enter_context(self._sources[key].connector().reading())
            except SourceError as problem:
                self._open[key] = problem
        found = self._open[key]
        if isinstance(found, SourceError):
            raise type(found)(str(found))
        return found


@dataclass(frozen=True)
class Survey:
    """Everything that one search needs: the sources, the walk, the questions and the open sessions."""

    sources: Mapping[str, Source]
    walk: Walk
    questions: Questions
    sessions: Sessions

    def reader(self, address: str) -> Reader:
        """An open reading session of the source that holds this collection (`dataset.collection`)."""
        return self.sessions.reader(self.questions.source(address))

    def source_of(self, collection: Collection) -> Source:
        """The source that holds this collection, reached or not."""
        return next(s for s in self.sources.values() if any(d.key == collection.dataset for d in s.datasets))


@contextmanager
def surveying(organisation: Organisation, identities: Mapping[str, str]) -> Iterator[Survey]:
    """One search over all sources of the organisation; sessions are closed at the end of the block."""
    sources = {source.key: source for source in sources_of(organisation)}
    datasets = [(dataset, key) for key, source in sources.items() if not source.is_by_hand for dataset in source.datasets]
    with ExitStack() as stack:
        sessions = Sessions(sources, stack)
        found = walk((dataset for dataset, _ in datasets), identities)
        homes: dict[str, Home] = {dataset.key: home_of(dataset, key) for dataset, key in datasets}
        seeds = {kind: seeds_of(kind, value) for kind, value in identities.items()}
        yield Survey(sources, found, Questions(found, seeds=seeds, homes=homes, reader=sessions.reader), sessions)


def seeds_of(kind: str, value: str) -> tuple[str, ...]:
    """What a field may hold to be this identity exactly: the canonical form, and the value as it was proved."""
    return tuple(dict.fromkeys((canonical_identifier(kind, value), value.strip())))


def all_datasets(organisation: Organisation) -> tuple[Dataset, ...]:
    """The datasets of all sources of the organisation that machines can ask."""
    return tuple(dataset for source in sources_of(organisation) if not source.is_by_hand for dataset in source.datasets)


def revoked_collections(organisation: Organisation) -> list[Collection]:
    """What gives access, as the dataset files mark it."""
    return [collection for dataset in all_datasets(organisation) for collection in dataset.collections if collection.revoke]


__all__ = ["DatasetError", "Sessions", "Source", "Survey", "all_datasets", "revoked_collections", "seeds_of", "sources_of", "surveying"]
