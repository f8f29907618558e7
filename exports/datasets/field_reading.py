"""Reads the fields of a collection, to any depth."""

from __future__ import annotations

from exports.datasets import words
from exports.datasets.places import At, DatasetError
from exports.datasets.shapes import Field, Override, Reference

PLAIN_TYPES = ("string", "integer", "float", "boolean", "object_id", "object")
DATA_TYPES = (*PLAIN_TYPES, *(f"{name}[]" for name in PLAIN_TYPES))
STRATEGIES = ("null_rewrite", "string_rewrite", "random_string_rewrite")
WITH_SECRETS = ("hash", "hmac", "aes_encrypt")
DROPPED_ON_PARENTS = ("identity", "references", "primary_key", "length", "read_only", "masking_strategy_override", "custom_request_field")


def read_fields(at: At, *, above: str = "", whole: bool = False) -> tuple[Field, ...]:
    """The fields below this collection or field, sorted by name; `whole` is inherited `return_all_elements`."""
    found = [_field(item, f"{at.key}.{item.text('name')}", above=above, whole=whole) for item in at.items("fields")]
    seen: set[str] = set()
    for one in sorted(found, key=lambda field: field.place.line):
        if one.name in seen:
            raise DatasetError(one.place, f"{at.key}.{one.name}", "this field is written twice")
        seen.add(one.name)
    return tuple(sorted(found, key=lambda field: field.name))


def _field(at: At, key: str, *, above: str, whole: bool) -> Field:
    name = at.text("name")
    if not name:
        at.refuse("the field has no name")
    at, path = at.named(key), f"{above}.{name}" if above else name
    words.check(at, words.FIELD)
    meta, ours = words.meta(at, words.FIELD_META), words.ours(at, words.FIELD_OURS)
    data_type = _data_type(meta)
    whole = _whole(meta, data_type) or whole
    inner = read_fields(at, above=path, whole=whole)
    parent = bool(inner)
    if parent:
        _check_parent(meta, data_type)
    return Field(
        name=name,
        path=path,
        categories=at.texts("data_categories"),
        identity="" if parent else meta.text("identity"),
        references=() if parent else _references(meta),
        primary_key=not parent and meta.flag("primary_key"),
        data_type=data_type,
        length=None if parent else _length(meta),
        return_all_elements=whole,
        read_only=not parent and meta.flag("read_only"),
        override=None if parent else _override(meta),
        custom_request_field="" if parent else meta.text("custom_request_field"),
        redact=meta.choice("redact", ("name",)) == "name",
        fields=inner,
        place=at.place,
        category=ours.text("category"),
        title=ours.text("title"),
        description=ours.text("description") or at.text("description"),
        never_disclose=ours.flag("never_disclose") if "never_disclose" in ours.mapping() else None,
        third_party=ours.choice("third_party", ("cover", "passages", "staff")),
        erase=ours.choice("erase", ("null", "rewrite", "hash", "preserve")),
        shared=ours.flag("shared") if "shared" in ours.mapping() else None,
        caseless=ours.choice("match", ("exact", "caseless")) == "caseless",
    )


def _data_type(meta: At) -> str:
    word = meta.text("data_type")
    if word and word not in DATA_TYPES:
        meta.named(f"{meta.key}.data_type").refuse(f"'{word}' is not one of {', '.join(DATA_TYPES)}")
    return word


def _whole(meta: At, data_type: str) -> bool:
    whole = meta.flag("return_all_elements")
    if whole and not data_type.endswith("[]"):
        meta.named(f"{meta.key}.return_all_elements").refuse("it can only be said of an array")
    return whole


def _check_parent(meta: At, data_type: str) -> None:
    if data_type not in ("", "object", "object[]"):
        meta.named(f"{meta.key}.data_type").refuse(f"'{data_type}' cannot hold sub-fields; leave it out or write object or object[]")
    for name in DROPPED_ON_PARENTS:
        if name in meta.mapping():
            meta.named(f"{meta.key}.{name}").warn("on a field with sub-fields this has no effect; write it on the sub-field")


def _length(meta: At) -> int | None:
    at = meta.child("length")
    if at is None or at.value.plain is None:
        return None
    text = str(at.value.plain)
    if not text.isdigit() or int(text) == 0:
        at.refuse(f"'{text}' is not a positive number")
    return int(text)


def _references(meta: At) -> tuple[Reference, ...]:
    found = []
    for at in meta.items("references"):
        words.check(at, words.REFERENCE)
        dataset, target = at.text("dataset"), at.text("field")
        collection, dot, path = target.partition(".")
        if not dataset or not dot or not collection or not path:
            at.refuse("a reference needs 'dataset' and 'field', the field in the form collection.field")
        found.append(Reference(dataset, collection, path, at.choice("direction", ("from", "to", "null")).replace("null", ""), at.place))
    return tuple(found)


def _override(meta: At) -> Override | None:
    at = meta.child("masking_strategy_override")
    if at is None or at.value.plain is None:
        return None
    strategy = at.text("strategy")
    if strategy in WITH_SECRETS:
        at.refuse(f"'{strategy}' is refused as an override: it needs a secret, and a file must not hold one")
    if strategy not in STRATEGIES:
        at.refuse(f"'{strategy}' is not one of {', '.join(STRATEGIES)}" if strategy else "the strategy is missing")
    configuration = at.child("configuration")
    settings = {} if configuration is None else configuration.plain()
    if settings is not None and not isinstance(settings, dict):
        at.refuse("configuration must be a mapping of keys")
    return Override(strategy, settings or {})
