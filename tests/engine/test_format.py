"""Every key of the dataset format, by what it does: one line each. What a key may not say is in test_reading."""

from collections.abc import Callable
from pathlib import Path

import pytest

from exports.connectors.base import ColumnSchema
from exports.datasets import Collection, Dataset, Field, read_dataset
from exports.edges import declared_edges
from exports.graph import Walk, walk
from exports.masking import mask_of
from exports.models import Job
from exports.questions import home_of
from exports.selection import chosen_fields
from exports.verdicts import rule_of
from tests.engine.erasing import a_store

FILE = """
dataset:
  - fides_key: z_first.<instance_fides_key>-1
    fides_meta: {namespace: {schema: trade, database_name: shop}, redact: name, resource_id: x.y}
    data_categories: [user]
    collections:
      - name: person
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: code, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email, length: 4, masking_strategy_override: {strategy: string_rewrite, configuration: {
              rewrite_value: "goes", format_preservation: {suffix: "-by"}}}}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: badge, fides_meta: {read_only: true}}
          - {name: word, fides_meta: {masking_strategy_override: {strategy: random_string_rewrite}}}
          - {name: nil, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}
          - {name: note, fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: "goes",
              format_preservation: {suffix: "-by"}}}}}
      - name: left_out
        fides_meta: {skip_processing: true}
        fields: [{name: id}]
      - name: form
        fields: [{name: site, fides_meta: {custom_request_field: site}}]
      - name: order
        data_categories: [user.financial]
        fides_meta: {masking_strategy_override: {strategy: delete}, erase_after: ["z_first.<instance_fides_key>-1.person"]}
        fields:
          - {name: person_id, fides_meta: {references: [{dataset: z_first.<instance_fides_key>-1, field: person.id, direction: from}]}}
          - {name: person_code, fides_meta: {references: [{dataset: z_first.<instance_fides_key>-1, field: person.code, direction: from}]}}
  - fides_key: a_second
    fides_meta: {after: [z_first.<instance_fides_key>-1]}
    collections:
      - name: early
        fields: [{name: email, fides_meta: {identity: email}}]
"""
FIRST, SECOND = read_dataset(FILE).datasets


def part(name: str) -> Collection:
    found = FIRST.collection(name)
    assert found is not None
    return found


def field(name: str) -> Field:
    found = part("person").field_at(name)
    assert found is not None
    return found


def walked(*identities: str, datasets: tuple[Dataset, ...] = (FIRST, SECOND)) -> Walk:
    return walk(datasets, identities)


def visited(found: Walk) -> list[str]:
    return [visit.collection.name for visit in found.visits]


def masked(name: str) -> object:
    return mask_of(ColumnSchema(name, "string", "TEXT", nullable=name == "nil", length=None), field(name)).value


EFFECTS: dict[str, Callable[[], bool]] = {
    "fides_key with a placeholder": lambda: FIRST.key == "z_first.<instance_fides_key>-1",
    "namespace.schema": lambda: home_of(FIRST, "s").schema == "trade",
    "dataset.redact": lambda: FIRST.redact,
    "dataset.after": lambda: visited(walked("email")).index("early") > visited(walked("email")).index("order"),
    "collection.data_categories": lambda: len(chosen_fields(part("order"), ["user.financial"])) == 2,
    "collection.skip_processing": lambda: (
        "left_out" not in [*visited(walked("email")), *(u.collection.name for u in walked("email").unreachable)]
    ),
    "collection.masking_strategy_override": lambda: rule_of(part("order")) == "delete",
    "collection.erase_after": lambda: part("order").erase_after == (part("person").address,),
    "field.identity": lambda: [entry.field for entry in walked("email").visits[0].entries] == ["email"],
    "several identities are joined by or": lambda: len(walked("email", "phone_number").visits[0].entries) == 2,
    "a composite key is joined by and": lambda: declared_edges([FIRST])[0].target_fields == ("person_code", "person_id"),
    "field.primary_key": lambda: part("person").primary_key == ("code", "id"),
    "field.custom_request_field": lambda: [u.exempt for u in walked("email").unreachable if u.collection.name == "form"] == [True],
    "field.read_only": lambda: not mask_of(ColumnSchema("badge", "string", "TEXT"), field("badge")).writes,
    "field.masking_strategy_override string_rewrite": lambda: masked("note") == "goes-by",
    "field.masking_strategy_override null_rewrite": lambda: masked("nil") is None,
    "field.masking_strategy_override random_string_rewrite": lambda: (
        mask_of(ColumnSchema("word", "string", "TEXT", nullable=False), field("word")).strategy == "random"
    ),
    "field.length": lambda: masked("email") == "goes",
}


@pytest.mark.parametrize("key", sorted(EFFECTS))
def test_each_key_of_the_format_does_what_it_says(key: str) -> None:
    assert EFFECTS[key]()


@pytest.mark.django_db
def test_erase_after_orders_rows_that_no_foreign_key_orders(tmp_path: Path) -> None:
    tables = "".join(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, email TEXT);" for name in ("first", "later"))
    fields = "[{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]"
    ours = "habeas_meta: {category: account, erase: delete}"

    def described(name: str, meta: str = "{}") -> str:
        return f"- {{name: {name}, {ours}, fides_meta: {meta}, fields: {fields}}}\n"

    for name, dataset in (
        ("one", described("first", "{erase_after: [shop.later]}") + described("later")),
        ("two", described("first") + described("later", "{erase_after: [shop.first]}")),
    ):
        job_id = a_store(tmp_path / name, key=name).add("shop", tables, dataset).start()
        plan = Job.objects.get(pk=job_id).plan or {}
        order = [move["address"] for move in plan["moves"]]
        assert order == (["shop.later", "shop.first"] if name == "one" else ["shop.first", "shop.later"])
