"""What of a record a person may see, where the file says it and where it does not."""

from typing import Any

import pytest

from exports.datasets import read_dataset
from exports.disclosure import Tally, disclose, naming, treatments
from exports.selection import matches

RITA, OSKAR = "rita@example.org", "oskar@example.org"
PLAIN = """
dataset:
  - fides_key: air
    collections:
      - name: pilot
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: second, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: name, data_categories: [user.name]}
          - {name: licence, data_categories: [user.government_id]}
          - {name: plane, data_categories: [system.operations]}
          - {name: boss, data_categories: [user.unique_id], fides_meta: {references: [{dataset: air, field: pilot.id, direction: to}]}}
"""
ROW = {"id": 1, "email": OSKAR, "second": None, "phone": "+49", "name": "Oskar", "licence": "X1", "plane": "D-1", "boss": 2}


def seen(row: dict[str, Any], text: str = PLAIN, *, kinds: tuple[str, ...] = ("email",)) -> tuple[dict[str, Any] | None, int]:
    (collection,) = read_dataset(text).datasets[0].collections
    named, tally = naming(collection, kinds), Tally()
    treated = treatments(collection, collection.fields, frozenset(), named=named)
    return disclose(row, treated, frozenset({RITA}), tally, named=named), tally.count("third_party")


def test_a_row_that_names_somebody_else_is_covered_even_if_the_file_says_nothing_about_other_people() -> None:
    shown, covered = seen(ROW)
    assert shown is not None
    assert (shown["email"], shown["phone"], shown["name"], covered) == ("(another person)",) * 3 + (3,)
    assert (shown["id"], shown["plane"], shown["boss"], shown["licence"]) == (1, "D-1", 2, "(not disclosed)")


@pytest.mark.parametrize(
    "changes",
    [{"email": RITA}, {"second": RITA}, {"email": None}, {"email": ["x@example.org", RITA]}],
    ids=["hers", "also", "none", "list"],
)
def test_a_row_that_names_the_person_or_nobody_is_shown(changes: dict[str, Any]) -> None:
    shown, covered = seen({**ROW, **changes})
    assert shown is not None
    assert (shown["name"], shown["phone"], covered) == ("Oskar", "+49", 0)


def test_identities_that_were_not_searched_for_name_nobody() -> None:
    assert seen(ROW, kinds=("loyalty",))[1] == 0


def test_a_file_that_speaks_of_other_people_itself_is_believed() -> None:
    assert seen(ROW, PLAIN.replace("name: pilot\n", "name: pilot\n        habeas_meta: {category: account}\n"))[1] == 0


@pytest.mark.parametrize(
    ("category", "key", "is_meant"),
    [
        ("user.device.cookie", "user.device.cookie", True),
        ("user.device.cookie.session", "user.device.cookie", True),
        ("user.device.cookie_id", "user.device.cookie", False),
        ("user.device", "user.device.cookie", False),
        ("users", "user", False),
    ],
)
def test_a_category_means_itself_and_what_lies_below_it(category: str, key: str, is_meant: bool) -> None:
    assert matches(category, [key]) is is_meant


@pytest.mark.parametrize(
    ("names", "shown"), [("ccn, code", {"ccn": False, "code": False}), ("voucher, code", {"voucher": True, "code": True})]
)
def test_a_code_is_a_secret_beside_the_number_of_a_card_only(names: str, shown: dict[str, bool]) -> None:
    fields = "".join(f"{{name: {name}, data_categories: [user.financial]}}, " for name in names.split(", "))
    record, _covered = seen(
        {"id": 1, **dict.fromkeys(shown, "987")},
        f"dataset: [{{fides_key: shop, collections: [{{name: paid, fields: [{fields}{{name: id, fides_meta: {{primary_key: true}}}}]}}]}}]",
    )
    assert record is not None
    assert {name: record[name] == "987" for name in shown} == shown
