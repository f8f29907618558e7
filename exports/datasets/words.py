"""Which key may stand where. A key that is known elsewhere is called misplaced; all others are called unknown."""

from __future__ import annotations

from exports.datasets.places import At, Value

DATASET = frozenset(
    [
        "fides_key",
        "name",
        "description",
        "tags",
        "meta",
        "organization_fides_key",
        "data_categories",
        "data_uses",
        "data_purposes",
        "data_subjects",
        "fides_meta",
        "fidesops_meta",
        "habeas_meta",
        "collections",
        "data_qualifier",
        "joint_controller",
        "retention",
        "third_country_transfers",
        "fidesctl_meta",
        "created_at",
        "updated_at",
    ]
)
DATASET_META = frozenset(["after", "namespace", "redact", "resource_id"])
DATASET_OURS = frozenset(["title"])

COLLECTION = frozenset(
    [
        "name",
        "description",
        "tags",
        "meta",
        "data_categories",
        "data_uses",
        "data_purposes",
        "data_subjects",
        "fields",
        "fides_meta",
        "fidesops_meta",
        "habeas_meta",
        "data_qualifier",
        "retention",
    ]
)
COLLECTION_META = frozenset(["after", "erase_after", "skip_processing", "masking_strategy_override", "partitioning", "redact"])
COLLECTION_OURS = frozenset(["category", "title", "description", "erase", "subject_key", "revoke", "aged_by", "sweep"])

FIELD = frozenset(
    [
        "name",
        "description",
        "tags",
        "meta",
        "data_categories",
        "data_uses",
        "data_purposes",
        "data_subjects",
        "fields",
        "fides_meta",
        "fidesops_meta",
        "habeas_meta",
        "data_qualifier",
        "retention",
        "is_pii",
    ]
)
FIELD_META = frozenset(
    [
        "identity",
        "references",
        "primary_key",
        "data_type",
        "length",
        "return_all_elements",
        "read_only",
        "masking_strategy_override",
        "custom_request_field",
        "redact",
    ]
)
FIELD_OURS = frozenset(["category", "never_disclose", "third_party", "title", "description", "erase", "shared", "match"])

REFERENCE = frozenset(["dataset", "field", "direction"])

KNOWN_SOMEWHERE = DATASET | DATASET_META | COLLECTION_META | FIELD | FIELD_META | COLLECTION_OURS | FIELD_OURS


def check(at: At, known: frozenset[str]) -> None:
    """Warn about every key that has no meaning here."""
    for name, value in at.mapping().items():
        if name not in known:
            where = "is misplaced here" if name in KNOWN_SOMEWHERE else "is not known"
            At(value, at.file, f"{at.key}.{name}", at.notices).warn(f"this key {where} and has no effect")


def meta(at: At, known: frozenset[str]) -> At:
    """The `fides_meta` below, or its old name `fidesops_meta`, or an empty one."""
    return _below(at, "fides_meta", known) or _below(at, "fidesops_meta", known) or _empty(at)


def ours(at: At, known: frozenset[str]) -> At:
    """The `habeas_meta` below, or an empty one. Our own keys are checked strictly: a misspelt one is refused."""
    found = at.child("habeas_meta")
    if found is None or found.value.plain is None:
        return _empty(at)
    for name, value in found.mapping().items():
        if name not in known:
            At(value, at.file, f"{found.key}.{name}", at.notices).refuse(f"this key is not one of {', '.join(sorted(known))}")
    return found


def _below(at: At, name: str, known: frozenset[str]) -> At | None:
    found = at.child(name)
    if found is None or found.value.plain is None:
        return None
    check(found, known)
    return found


def _empty(at: At) -> At:
    return At(Value({}, at.value.line), at.file, at.key, at.notices)
