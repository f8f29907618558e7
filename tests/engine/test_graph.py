"""Where identities lead."""

import pytest

from exports.datasets import DatasetError, read_dataset
from exports.edges import declared_edges
from exports.graph import Walk, walk
from tests.conftest import PEER_DATA


def a_walk(text: str, *identities: str) -> Walk:
    """A walk over collections written as `name: field identity, field > dataset.collection.field, …`."""
    return walk(read_dataset(files(text)).datasets, identities or ("email",))


def files(text: str) -> str:
    """The short form as a dataset file. `>` carries values to, `<` from, `=` either way; `*` marks a key, `@kind` an identity."""
    sets: dict[str, list[str]] = {}
    for line in text.strip().splitlines():
        address, _, fields = line.strip().partition(": ")
        dataset, _, name = address.rpartition(".")
        address, _, after = name.partition(" after ")
        written = [f"      - name: {address}", "        fields:"]
        written += [part for field in fields.split(", ") for part in _field(field, dataset or "d")]
        written += [f"        fides_meta: {{after: [{after.replace('/', '.')}]}}"] if after else []
        sets.setdefault(dataset or "d", []).extend(written)
    return "dataset:\n" + "".join(f"  - fides_key: {key}\n    collections:\n" + "\n".join(lines) + "\n" for key, lines in sets.items())


def _field(text: str, dataset: str) -> list[str]:
    name, *words = text.split()
    meta, references = [], []
    for mark, word in ((word[0], word[1:]) for word in words):
        if mark in "<>=":
            target = word if word.count(".") == 2 else f"{dataset}.{word}"
            way = {"<": ", direction: from", ">": ", direction: to", "=": ""}[mark]
            references.append(f"{{dataset: {target.split('.', 1)[0]}, field: {target.split('.', 1)[1]}{way}}}")
        meta += [f"identity: {word}"] if mark == "@" else ["primary_key: true"] if mark == "*" else []
    meta += [f"references: [{', '.join(references)}]"] if references else []
    return [f"          - name: {name}", f"            fides_meta: {{{', '.join(meta)}}}"]


def visited(found: Walk) -> list[str]:
    return [visit.address for visit in found.visits]


def into(found: Walk, address: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(edge.source, edge.source_fields, edge.target_fields) for edge in found.by_address[address].edges]


def test_each_collection_comes_after_those_that_lead_into_it() -> None:
    found = a_walk("z: email @email, id *\na: z <y.id\ny: id *, z <z.id")
    assert visited(found) == ["d.z", "d.y", "d.a"]
    assert into(found, "d.a") == [("d.y", ("id",), ("z",))]


@pytest.mark.parametrize(("way", "reached"), [("<", True), ("=", True), (">", False)])
def test_values_flow_only_in_the_direction_that_is_written(way: str, reached: bool) -> None:
    found = a_walk(f"person: email @email, id\nletter: person {way}person.id")
    assert (found.visit("d.letter") is not None) is reached
    assert into(found, "d.person") == []


def test_an_edge_without_direction_is_crossed_once_from_the_side_reached_first() -> None:
    found = a_walk("letter: email @email, person =person.id\nperson: email @email, id")
    assert into(found, "d.person") == [("d.letter", ("person",), ("id",))]
    assert into(found, "d.letter") == []


def test_several_identities_lead_by_their_own_fields() -> None:
    text = "person: email @email, phone @phone, number @number"
    assert [(e.field, e.identity) for e in a_walk(text, "phone", "email").by_address["d.person"].entries] == [
        ("email", "email"),
        ("phone", "phone"),
    ]


def test_a_collection_may_be_entered_by_an_identity_and_by_a_reference() -> None:
    found = a_walk("person: email @email, id\nletter: email @email, person <person.id")
    assert found.by_address["d.letter"].entries
    assert into(found, "d.letter") == [("d.person", ("id",), ("person",))]


def test_after_delays_a_visit_and_turns_an_edge() -> None:
    text = "person: email @email, id\nletter: email @email, person =person.id"
    assert visited(a_walk(text)) == ["d.letter", "d.person"]
    delayed = a_walk(text.replace("letter: email", "letter after d/person: email", 1))
    assert visited(delayed) == ["d.person", "d.letter"]
    assert into(delayed, "d.letter") == [("d.person", ("id",), ("person",))]
    assert into(delayed, "d.person") == []


def test_after_in_a_circle_is_refused() -> None:
    with pytest.raises(DatasetError, match="'after' runs in a circle"):
        a_walk("a after d/b: email @email\nb after d/a: email @email")


def test_after_that_can_never_come_true_does_not_hide_a_collection() -> None:
    assert "d.a" in visited(a_walk("a after d/b: email @email\nb: id"))


def test_a_composite_key_referred_to_field_by_field_is_one_edge() -> None:
    found = a_walk("order: email @email, shop *, code *\nitem: shop <order.shop, code <order.code, size")
    assert into(found, "d.item") == [("d.order", ("code", "shop"), ("code", "shop"))]


def test_two_references_to_other_fields_stay_two_edges() -> None:
    found = a_walk("order: email @email, id *, code\nitem: order <order.id, code <order.code")
    assert sorted(into(found, "d.item")) == [("d.order", ("code",), ("code",)), ("d.order", ("id",), ("order",))]


def test_a_directed_circle_is_one_ring() -> None:
    found = a_walk("person: email @email, id <order.person, address >address.id\naddress: id >order.address\norder: address, person")
    assert {visit.ring for visit in found.visits} == {("d.person", "d.address", "d.order")}


def test_a_collection_that_refers_to_itself_is_a_ring_of_one() -> None:
    (visit,) = a_walk("person: email @email, id, boss <person.id").visits
    assert visit.ring == ("d.person",)
    assert into(a_walk("person: email @email, id, boss <person.id"), "d.person") == [("d.person", ("id",), ("boss",))]


def test_a_self_reference_without_direction_goes_both_ways() -> None:
    assert len(into(a_walk("person: email @email, id, boss =person.id"), "d.person")) == 2


def test_references_cross_datasets() -> None:
    found = a_walk("shop.person: email @email, id\ndesk.ticket: person <shop.person.id")
    assert visited(found) == ["shop.person", "desk.ticket"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: email @email\nb: id", "It has no identity field, and no reference joins it"),
        ("a: email @email\nb: phone @phone", "Only another identity leads here: phone."),
        ("a: email @email\nb: id\nc: b <b.id", "Its references join it only to collections that no identity leads to."),
        ("a: email @email\nb: phone @phone, id\nc: b <b.id", "Only another identity leads here: phone."),
    ],
)
def test_what_is_not_reached_is_told_in_one_sentence(text: str, sentence: str) -> None:
    assert a_walk(text).unreachable[-1].sentence.startswith(sentence)


def test_a_reference_to_a_dataset_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DatasetError, match="there is no dataset 'other'"):
        a_walk("a: email @email, b <other.b.id")


def test_a_dataset_written_twice_is_refused() -> None:
    one = read_dataset(files("a: email @email")).datasets
    with pytest.raises(DatasetError, match="this dataset is also written in"):
        walk((*one, *one), ["email"])


def test_the_same_reference_written_on_both_sides_is_one_edge() -> None:
    datasets = read_dataset(files("a: email @email, id >b.a\nb: a <a.id")).datasets
    assert len(declared_edges(datasets)) == 1


REACHED = {
    "directly_reachable": ["address", "customer"],
    "multiple_identities": ["customer"],
    "optional_identities": ["address"],
    "reachable_by_reference": [],
    "unreachable_collection": [],
    "unreachable_with_data_categories": ["customer"],
    "unreachable_without_data_categories": ["customer"],
    "unvisited_edge": ["customer_addresses", "customer_profiles"],
}


@pytest.mark.needs("peer-data")
@pytest.mark.parametrize("name", sorted(REACHED))
def test_the_reachability_cases_of_the_format_come_out_right(name: str) -> None:
    datasets = read_dataset(PEER_DATA / "fides" / "graph" / f"{name}.yml").datasets
    everything = {collection.name for collection in datasets[0].collections}
    assert sorted(address.split(".")[1] for address in visited(walk(datasets, ["email"]))) == REACHED[name]
    unreachable = {"unreachable_collection", "unreachable_with_data_categories", "unreachable_without_data_categories"}
    reached = {address.split(".")[1] for address in visited(walk(datasets, ["email", "user_id"]))}
    assert everything - reached == ({"address"} if name in unreachable else set())
