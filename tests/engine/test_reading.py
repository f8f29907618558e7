"""Dataset files: what is read, what is warned about, what is refused and where."""

from pathlib import Path

import pytest

from exports.datasets import DatasetError, read_dataset, read_stored
from exports.datasets.places import parse, plain
from tests.conftest import PEER_DATA

SHOP = """\
dataset:
  - fides_key: shop
    name: Shop
    fides_meta: {after: [till], namespace: {schema: trade}}
    habeas_meta: {title: The shop}
    collections:
      - name: customer
        data_categories: [user.contact]
        fides_meta: {erase_after: [shop.orders], masking_strategy_override: {strategy: delete}}
        habeas_meta: {category: account, title: Your account, erase: mask, subject_key: id}
        fields:
          - name: id
            fides_meta: {primary_key: True, data_type: integer}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email, data_type: string, length: 80}
            habeas_meta: {match: caseless, erase: null, title: Email address}
          - name: password
            habeas_meta: {never_disclose: true, category: secrets}
          - name: seller
            habeas_meta: {third_party: staff, shared: true}
      - name: orders
        fidesops_meta: {after: [shop.customer]}
        fields:
          - name: customer_id
            fides_meta:
              references: [{dataset: shop, field: customer.id, direction: from}]
          - name: ship
            fields:
              - name: street
                fides_meta: {read_only: yes, masking_strategy_override: {strategy: null_rewrite}}
"""


def refused(text: str) -> str:
    with pytest.raises(DatasetError) as told:
        read_dataset(text)
    return str(told.value)


def test_everything_a_file_says_is_read() -> None:
    reading = read_dataset(SHOP)
    (shop,) = reading.datasets
    customer, orders = shop.collections
    email, number, password, seller = customer.fields
    assert reading.warnings == ()
    assert (shop.key, shop.title, shop.after, shop.namespace) == ("shop", "The shop", ("till",), {"schema": "trade"})
    assert (customer.address, customer.category, customer.title, customer.erase) == ("shop.customer", "account", "Your account", "mask")
    assert (customer.erase_after, customer.delete_rows, customer.subject_key) == (("shop.orders",), True, "id")
    assert customer.primary_key == ("id",)
    assert (number.primary_key, number.data_type) == (True, "integer")
    assert (email.identity, email.length, email.caseless, email.erase, email.title) == ("email", 80, True, "null", "Email address")
    assert (password.never_disclose, customer.category_of(password), customer.category_of(email)) == (True, "secrets", "account")
    assert (seller.third_party, seller.shared, seller.never_disclose) == ("staff", True, None)
    assert orders.after == ("shop.customer",)
    (reference,) = orders.fields[0].references
    assert (reference.dataset, reference.collection, reference.field, reference.direction) == ("shop", "customer", "id", "from")
    (street,) = orders.fields[1].leaves()
    assert (street.path, street.read_only, street.override and street.override.strategy) == ("ship.street", True, "null_rewrite")


def test_collections_and_fields_stand_in_the_order_of_their_names() -> None:
    (shop,) = read_dataset(SHOP).datasets
    assert [c.name for c in shop.collections] == ["customer", "orders"]
    assert [f.name for f in shop.collections[0].fields] == ["email", "id", "password", "seller"]


def test_what_was_stored_reads_as_the_file_did() -> None:
    stored = plain(parse(SHOP, "shop.yml"))["dataset"]
    assert read_stored(stored, "shop").datasets == read_dataset(SHOP).datasets


def test_a_file_is_read_by_its_path_and_named_in_complaints(tmp_path: Path) -> None:
    path = tmp_path / "shop.yml"
    path.write_text(SHOP)
    assert read_dataset(path) == read_dataset(str(path))
    path.write_text(SHOP.replace("data_type: integer", "data_type: int"))
    with pytest.raises(DatasetError, match=r"^shop\.yml:13: shop\.customer\.id\.fides_meta\.data_type: 'int' is not one of "):
        read_dataset(path)
    with pytest.raises(DatasetError, match=r"absent\.yml: the file cannot be read"):
        read_dataset(tmp_path / "absent.yml")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("name: Shop\n", "name: Shop\n    shape: round\n", 4, "shop.shape: this key is not known"),
        ("name: Shop\n", "name: Shop\n    identity: email\n", 4, "shop.identity: this key is misplaced"),
        (
            "length: 80}",
            "length: 80, data_categories: [user]}",
            16,
            "shop.customer.email.fides_meta.data_categories: this key is misplaced",
        ),
        (
            "fields:\n              - name: street",
            "fides_meta: {identity: email}\n            fields:\n              - name: street",
            29,
            "has no effect",
        ),
        ("erase_after: [shop.orders]", "partitioning: {field: day}", 9, "BigQuery"),
    ],
)
def test_what_has_no_effect_is_accepted_and_named_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in SHOP
    (warning,) = read_dataset(SHOP.replace(old, new)).warnings
    assert warning.place.line == line
    assert words in str(warning)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("- name: password", "- name: email", "dataset:18: shop.customer.email: this field is written twice"),
        ("- name: orders", "- name: customer", "dataset:22: shop.customer: this collection is written twice"),
        ("name: Shop\n", "name: Shop\n    name: Shop\n", "dataset:4: name: this key is written twice"),
        (
            "field: customer.id",
            "field: customer.number",
            "dataset:27: shop.orders.customer_id.references: the collection 'shop.customer' has no field",
        ),
        ("field: customer.id", "field: client.id", "there is no collection 'shop.client'"),
        ("field: customer.id", "field: customer", "a reference needs 'dataset' and 'field'"),
        ("field: customer.id", "field: orders.ship", "has sub-fields"),
        ("direction: from", "direction: both", "'both' is not one of from, to"),
        (
            "strategy: delete",
            "strategy: null_rewrite",
            "dataset:9: shop.customer.fides_meta.masking_strategy_override: 'null_rewrite' is refused",
        ),
        ("strategy: null_rewrite", "strategy: hash", "it needs a secret"),
        ("strategy: null_rewrite", "strategy: vanish", "'vanish' is not one of null_rewrite"),
        ("length: 80", "length: 0", "'0' is not a positive number"),
        ("length: 80", "return_all_elements: true", "it can only be said of an array"),
        ("read_only: yes", "read_only: perhaps", "'perhaps' is not true or false"),
        ("erase: mask", "erase: burn", "'burn' is not one of delete, mask, keep"),
        ("third_party: staff", "third_party: all", "'all' is not one of cover,"),
        ("third_party: staff", "third_part: staff", "shop.customer.seller.habeas_meta.third_part: this key is not one of"),
        ("subject_key: id", "subject_key: number", "the collection has no field 'number'"),
        ("- name: ship", "- name: ship\n            fides_meta: {data_type: string}", "cannot hold sub-fields"),
        ("fides_key: shop", "fides_key: the shop", "'the shop' is not a fides_key"),
        ("- name: orders", "- name: shop.orders", "must not hold a dot"),
        ("after: [shop.customer]", "after: [customer]", "not of the form dataset.collection"),
        ("dataset:", "datasets:", "no list 'dataset:'"),
        ("fides_key: shop", "fides_key: [shop", "this is not YAML"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(old: str, new: str, words: str) -> None:
    assert old in SHOP
    assert words in refused(SHOP.replace(old, new, 1))


def test_nothing_may_refer_to_a_collection_that_is_left_out() -> None:
    text = SHOP.replace("fides_meta: {erase_after: [shop.orders],", "fides_meta: {skip_processing: true,")
    assert "is left out by skip_processing" in refused(text)


def test_a_reference_to_a_dataset_of_another_file_waits_until_all_are_known() -> None:
    assert read_dataset(SHOP.replace("dataset: shop, field", "dataset: elsewhere, field")).datasets


@pytest.mark.parametrize("text", ["dataset: &a [*a]\n", "dataset: &a\n  - fides_key: *a\n", "dataset: !!python/object:os.system x\n"])
def test_a_file_that_is_a_trap_is_refused(text: str) -> None:
    assert refused(text)


def test_a_file_that_multiplies_itself_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "repeats itself" in refused("\n".join([*lines, "dataset: *a8", ""]))


@pytest.mark.needs("peer-data")
def test_the_files_of_the_format_itself_are_read_unmodified() -> None:
    read = {path.stem: read_dataset(path) for path in sorted(PEER_DATA.rglob("fides/**/*.yml")) if "invalid" not in path.name}
    assert len(read) == 19
    shop = read["postgres_example_test_dataset"].datasets[0]
    assert (len(shop.collections), sum(len(c.fields) for c in shop.collections)) == (11, 48)
    mongo = read["mongo_example_test_dataset"]
    assert [str(warning).split(": ", 1)[1] for warning in mongo.warnings] == [
        "mongo_test.customer_details.travel_identifiers.fides_meta.data_categories: this key is misplaced here and has no effect"
    ]
    overrides = read["example_field_masking_override_test_dataset"]
    assert [warning.key.rsplit(".", 2)[-2:] for warning in overrides.warnings] == [["state", "masking_strategy_override"]]


@pytest.mark.needs("peer-data")
def test_the_file_that_must_be_refused_is_refused_with_its_reason() -> None:
    with pytest.raises(DatasetError, match=r"override_dataset\.yml:40: .*employee\.name.*'hash' is refused"):
        read_dataset(PEER_DATA / "fides" / "postgres_example_invalid_masking_strategy_override_dataset.yml")
