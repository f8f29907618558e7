"""What a dataset file says, as frozen values. Words follow the Fides format; the last lines of each class are ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exports.datasets.places import Place


@dataclass(frozen=True)
class Reference:
    """Values flow along it: 'from' the named field into this one, 'to' it from this one, '' either way."""

    dataset: str
    collection: str
    field: str
    direction: str
    place: Place = dataclasses.field(default_factory=Place, compare=False)


@dataclass(frozen=True)
class Override:
    """A masking strategy named in the file itself; it wins over every rule."""

    strategy: str
    configuration: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """One column, or one key of a document; `path` is dotted below a parent."""

    name: str
    path: str
    categories: tuple[str, ...] = ()
    identity: str = ""
    references: tuple[Reference, ...] = ()
    primary_key: bool = False
    data_type: str = ""
    length: int | None = None
    return_all_elements: bool = False
    read_only: bool = False
    override: Override | None = None
    custom_request_field: str = ""
    redact: bool = False
    fields: tuple[Field, ...] = ()
    place: Place = dataclasses.field(default_factory=Place, compare=False)
    category: str = ""
    title: str = ""
    description: str = ""
    never_disclose: bool | None = None  # None: the file does not say
    third_party: str = ""
    erase: str = ""
    shared: bool | None = None  # None: the file does not say
    caseless: bool = False

    def leaves(self) -> Iterator[Field]:
        """The field itself, or, when it has sub-fields, all that lie at the ends."""
        if not self.fields:
            yield self
        for inner in self.fields:
            yield from inner.leaves()


@dataclass(frozen=True)
class Collection:
    """One table or document collection."""

    dataset: str
    name: str
    fields: tuple[Field, ...] = ()
    categories: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    erase_after: tuple[str, ...] = ()
    skipped: bool = False
    delete_rows: bool = False
    place: Place = dataclasses.field(default_factory=Place, compare=False)
    category: str = ""
    title: str = ""
    description: str = ""
    erase: str = ""
    subject_key: str = ""
    aged_by: str = ""  # the field that tells a row's age, or that refers to the row which does
    sweep: str = ""  # what becomes of rows that are too old: delete, anonymise or keep; empty: delete
    revoke: bool = False  # its rows give access: they go when somebody takes their consent or their keys back

    @property
    def address(self) -> str:
        """`dataset.collection`, unique in an organisation."""
        return f"{self.dataset}.{self.name}"

    def leaves(self) -> Iterator[Field]:
        """Every field that holds a value."""
        for inner in self.fields:
            yield from inner.leaves()

    def field_at(self, path: str) -> Field | None:
        """The field at this dotted path, a parent included."""
        waiting = list(self.fields)
        while waiting:
            found = waiting.pop()
            if found.path == path:
                return found
            waiting.extend(found.fields)
        return None

    def is_inside(self, path: str) -> bool:
        """The field lies in a document, or is a list of values."""
        found = self.field_at(path)
        return "." in path or bool(found and found.data_type.endswith("[]"))

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The fields that the file marks as row identity, by name."""
        return tuple(leaf.path for leaf in self.leaves() if leaf.primary_key)

    def category_of(self, part: Field) -> str:
        """The policy category a field belongs to: its own word, else the collection's."""
        return part.category or self.category


@dataclass(frozen=True)
class Dataset:
    """One `fides_key` with its collections, sorted by name."""

    key: str
    collections: tuple[Collection, ...] = ()
    name: str = ""
    description: str = ""
    after: tuple[str, ...] = ()
    namespace: Mapping[str, str] = dataclasses.field(default_factory=dict)
    categories: tuple[str, ...] = ()
    redact: bool = False
    place: Place = dataclasses.field(default_factory=Place, compare=False)
    title: str = ""

    def collection(self, name: str) -> Collection | None:
        """The collection of this name, or None."""
        return next((found for found in self.collections if found.name == name), None)
