"""Opens sessions on a source that answers over HTTP, and says what its collections look like, by the files about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from exports.connectors.base import CHECKS_KEYS, ColumnSchema, Reader, Schema, TableSchema, Writer
from exports.connectors.http_calls import Wire
from exports.connectors.http_reader import HttpReader
from exports.connectors.http_settings import HttpCollection, HttpSettings
from exports.connectors.http_writer import HttpWriter
from exports.datasets import Collection, Dataset

TYPES = {"integer": "integer", "float": "number", "boolean": "boolean", "string": "string", "object": "json"}
NO_WAY_BACK = "No call reads a single row of '{name}' back, so a deletion there could not be proved; name one under `get`."
NO_CHANGE = "No call deletes or changes a row of '{name}', so nothing can be erased there; name one under `delete` or `update`."


class HttpConnector:
    """One service. Without credentials of their own, changes go under those that read."""

    kind = "http"
    can = frozenset([CHECKS_KEYS])

    def __init__(self, settings: HttpSettings, schema: Schema) -> None:
        self._settings, self._schema = settings, schema

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """A session of questions; each call is made once."""
        wire = Wire(self._settings, self._settings.auth)
        try:
            wire.look()
            yield HttpReader(wire, self._schema)
        finally:
            wire.close()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """A session of changes: sent when the block ends well, not at all when it raises."""
        wire = Wire(self._settings, self._settings.write_auth or self._settings.auth)
        try:
            wire.look()
            writer = HttpWriter(wire, self._schema)
            yield writer
            writer.send()
        finally:
            wire.close()


def schema_of(settings: HttpSettings, datasets: Iterable[tuple[str, Dataset]]) -> Schema:
    """The collections that sources.yaml has calls for, as the datasets describe them; each dataset with its schema's name, or ''."""
    tables = {}
    for schema, dataset in datasets:
        for collection in dataset.collections:
            name = f"{schema}.{collection.name}" if schema else collection.name
            if name in settings.collections:
                tables[name] = _table(name, collection, settings.collections[name])
    return Schema("http", tables)


def _table(name: str, collection: Collection, calls: HttpCollection) -> TableSchema:
    key = _key(collection, calls)
    columns = {
        part.name: ColumnSchema(
            name=part.name,
            type=_type(part.data_type, has_parts=bool(part.fields)),
            native=part.data_type,
            nullable=part.name not in key and part.name not in calls.required,
            length=part.length,
        )
        for part in collection.fields
    }
    blocks = [] if calls.get or calls.whole or calls.call_by(key) else [NO_WAY_BACK.format(name=name)]
    if calls.delete is None and calls.update is None:
        blocks.append(NO_CHANGE.format(name=name))
    return TableSchema(name, columns, primary_key=key, key=key, blocks=tuple(blocks))


def _key(collection: Collection, calls: HttpCollection) -> tuple[str, ...]:
    """The parts of the key in the order in which the call that reads a row back names them."""
    way = calls.get.path if calls.get else ""
    return tuple(sorted((part for part in collection.primary_key if "." not in part), key=lambda part: way.find(f"{{{part}}}")))


def _type(word: str, *, has_parts: bool) -> str:
    return "json" if has_parts or word.endswith("[]") else TYPES.get(word, "any")
