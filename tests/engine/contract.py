"""What every connector must do, whatever it speaks to, and what those that say they can must do. A product joins by a maker in MAKERS."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from exports.connectors.base import (
    CHECKS_KEYS,
    LIVE_SCHEMA,
    SNAPSHOT,
    WHOLE,
    Connector,
    Correction,
    Link,
    SourceError,
    SourceHalfDone,
    SourceMismatch,
    SourceRefused,
    SourceUnreachable,
)
from exports.query import EVERYTHING, NOTHING, AllOf, AnyOf, ByKey, Equals, Outside, Predicate, Query, Together, Within
from tests.engine.far_host import Said
from tests.engine.products import MAKERS, HttpProduct, Product, those_that

PEOPLE = [(0, "zero@example.org", None), (1, "ann@example.org", 0), (2, "Ann@example.org", 1), (3, None, 1), (4, "bob@example.org", None)]
ORDERS = [(1, "a", 0, 5), (1, "b", 1, None), (2, "a", 1, 7), (3, "a", 4, 7)]
NOTES = [("1", "about one"), ("2", "about two"), ("x", "about nobody")]
TABLES = [
    "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80) UNIQUE, boss INTEGER REFERENCES people (id))",
    "CREATE TABLE orders (shop INTEGER NOT NULL, code VARCHAR(9) NOT NULL, buyer INTEGER REFERENCES people (id) ON DELETE CASCADE,"
    " size INTEGER, PRIMARY KEY (shop, code), CHECK (size < 100))",
    "CREATE TABLE notes (person VARCHAR(9) PRIMARY KEY, words VARCHAR(80) NOT NULL)",
]


@pytest.fixture(params=those_that())
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with MAKERS[request.param](request) as made:
        made.execute(TABLES)
        made.insert("people", PEOPLE)
        made.insert("orders", ORDERS)
        made.insert("notes", NOTES)
        yield made


def that_can(word: str) -> pytest.MarkDecorator:
    """For the connectors that say so."""
    return pytest.mark.parametrize("product", those_that(word), indirect=True)


@pytest.fixture
def connector(product: Product) -> Connector:
    return product.connector()


def found(connector: Connector, collection: str, where: Predicate) -> list[tuple[Any, ...]]:
    """The keys found, which must agree with the count and with the rows."""
    query = Query(collection, where)
    with connector.reading() as reader:
        keys = list(reader.targets(query))
        rows = [row for batch in reader.read(query, batch=2) for row in batch]
        assert reader.count(query) == len(keys) == len(rows)
    return keys


ANN = Query("people", Equals("email", ("ann@example.org",)))


@pytest.mark.parametrize(
    ("collection", "where", "keys"),
    [
        ("people", EVERYTHING, [(0,), (1,), (2,), (3,), (4,)]),
        ("people", NOTHING, []),
        ("people", Equals("email", ("ann@example.org",)), [(1,)]),
        ("people", Equals("email", ("ann@example.org",), caseless=True), [(1,), (2,)]),
        ("people", Equals("email", ("' OR 1=1 --",)), []),
        ("people", Equals("id", (0,)), [(0,)]),
        ("people", Equals("id", ("0", "4")), [(0,), (4,)]),
        ("people", Equals("id", ("four", None, "1.5")), []),
        ("people", Equals("boss", (None,)), []),
        ("people", Within(("boss",), ANN, ("id",)), [(2,), (3,)]),
        ("people", Within(("boss",), Query("people", Equals("id", (0,))), ("id",)), [(1,)]),
        ("people", Outside(Equals("boss", (1,))), [(0,), (1,), (4,)]),
        ("people", AllOf((Equals("boss", (1,)), Outside(Equals("email", ("Ann@example.org",))))), [(3,)]),
        ("people", AnyOf((Equals("id", (1,)), Equals("email", ("ann@example.org",)))), [(1,)]),
        ("orders", Within(("buyer",), ANN, ("id",)), [(1, "b"), (2, "a")]),
        ("orders", Together(("shop", "code"), ((1, "a"), (2, "b"), ("2", "a"))), [(1, "a"), (2, "a")]),
        ("orders", Within(("shop", "code"), Query("orders", Equals("size", (7,))), ("shop", "code")), [(2, "a"), (3, "a")]),
        ("orders", ByKey(((3, "a"), (9, "z"))), [(3, "a")]),
        ("notes", Within(("person",), Query("people", EVERYTHING), ("id",)), [("1",), ("2",)]),
        ("people", Within(("id",), Query("notes", EVERYTHING), ("person",)), [(1,), (2,)]),
    ],
)
def test_a_query_finds_exactly_its_rows(connector: Connector, collection: str, where: Predicate, keys: list[tuple[Any, ...]]) -> None:
    assert found(connector, collection, where) == keys


@pytest.mark.parametrize("count", [3, 199, 201, 5000])
def test_any_number_of_values_may_be_carried(connector: Connector, count: int) -> None:
    assert found(connector, "people", Equals("id", tuple(range(3, 3 + count)))) == [(3,), (4,)][: count + 1]
    assert found(connector, "orders", Together(("shop", "code"), tuple((n, "a") for n in range(2, 2 + count)))) == [(2, "a"), (3, "a")]


def test_a_part_that_several_share_is_asked_once_and_finds_the_same(connector: Connector) -> None:
    orders = Query("orders", Within(("buyer",), ANN, ("id",)))
    shared = AnyOf((Within(("id",), ANN, ("id",)), Within(("id",), orders, ("buyer",)), Within(("id",), orders, ("size",))))
    assert found(connector, "people", shared) == [(1,)]


def test_values_are_distinct_and_without_nulls(connector: Connector) -> None:
    with connector.reading() as reader:
        assert sorted(reader.values(Query("people", EVERYTHING), ("boss",))) == [(0,), (1,)]
        assert sorted(reader.values(Query("orders", EVERYTHING), ("buyer", "size"))) == [(0, 5), (1, 7), (4, 7)]


def test_rows_come_in_batches_and_only_with_the_fields_asked_for(connector: Connector) -> None:
    with connector.reading() as reader:
        batches = list(reader.read(Query("people", EVERYTHING, ("email",)), batch=2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert batches[0][0] == {"email": "zero@example.org"}


@that_can(LIVE_SCHEMA)
def test_the_live_schema_is_told(connector: Connector) -> None:
    with connector.reading() as reader:
        schema = reader.describe()
    people, orders = schema.tables["people"], schema.tables["orders"]
    assert people.primary_key == people.key == ("id",)
    assert (people.columns["id"].type, people.columns["email"].type, people.columns["email"].length) == ("integer", "string", 80)
    assert ("email",) in people.uniques
    assert orders.key == ("shop", "code")
    assert not orders.columns["code"].nullable
    assert any("100" in check for check in orders.checks)
    pointing = {(key.collection, key.columns, key.on_delete) for key in schema.pointing_at("people")}
    by_itself = "RESTRICT" if schema.dialect in ("mariadb", "other") else "NO ACTION"
    assert pointing == {("orders", ("buyer",), "CASCADE"), ("people", ("boss",), by_itself)}


@that_can(LIVE_SCHEMA)
def test_the_fingerprint_changes_with_the_schema_and_not_with_the_rows(product: Product) -> None:
    def fingerprint() -> str:
        with product.connector().reading() as reader:
            return reader.describe().fingerprint(["people"])

    before = fingerprint()
    product.insert("people", [(9, "new@example.org", None)])
    assert fingerprint() == before
    product.execute(["CREATE TABLE badges (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id))"])
    assert fingerprint() != before


@that_can(SNAPSHOT)
def test_reading_sees_one_snapshot(product: Product) -> None:
    with product.connector().reading() as reader:
        before = reader.count(Query("people", EVERYTHING))
        product.insert("people", [(9, "new@example.org", None)])
        assert reader.count(Query("people", EVERYTHING)) == before


@pytest.mark.parametrize(
    ("query", "fields", "words"),
    [
        (Query("nothing", EVERYTHING), (), "table 'nothing'"),
        (Query("people", Equals("nothing", (1,))), (), "no column 'nothing'"),
        (Query("people", Within(("id",), Query("nothing", EVERYTHING), ("id",))), (), "table 'nothing'"),
        (Query("people", EVERYTHING, ("nothing",)), (), "no column 'nothing'"),
    ],
)
def test_what_does_not_exist_is_named(connector: Connector, query: Query, fields: Sequence[str], words: str) -> None:
    with connector.reading() as reader, pytest.raises(SourceMismatch, match=words):
        list(reader.read(query))


def test_outsiders_that_point_at_targeted_rows_are_counted(connector: Connector) -> None:
    link = Link("orders", ("size",), "people", ("id",))
    boss = Link("people", ("boss",), "people", ("id",))
    with connector.reading() as reader:
        targeted = Query("people", Equals("id", (0, 1)))
        assert list(reader.referrers(boss, targeted=targeted, outside=targeted)) == [((1,), 2)]
        assert list(reader.referrers(boss, targeted=targeted, outside=Query("people", NOTHING))) == [((0,), 1), ((1,), 2)]
        assert list(reader.referrers(boss, targeted=targeted, outside=Query("people", EVERYTHING))) == []
        assert list(reader.referrers(link, targeted=Query("people", EVERYTHING), outside=Query("orders", NOTHING))) == []


def test_rows_are_erased_by_key_with_what_hangs_on_them(connector: Connector) -> None:
    with connector.writing() as writer:
        assert writer.erase("people", [(4,), (99,)]) == 1
        assert list(writer.read_back("people", [(4,), (1,)], fields=("email",))) == [((4,), None), ((1,), {"email": "ann@example.org"})]
    assert found(connector, "people", EVERYTHING) == [(0,), (1,), (2,), (3,)]
    assert (3, "a") not in found(connector, "orders", EVERYTHING)


def test_rows_are_erased_by_composite_key(connector: Connector) -> None:
    with connector.writing() as writer:
        assert writer.erase("orders", [(1, "a"), (2, "b")]) == 1
    assert found(connector, "orders", EVERYTHING) == [(1, "b"), (2, "a"), (3, "a")]


def test_rows_are_masked_alike_and_rewritten_each_in_its_own_way(connector: Connector) -> None:
    with connector.writing() as writer:
        assert writer.mask("notes", [("1",), ("x",), ("nobody",)], {"words": "masked"}) == 2
        assert writer.rewrite("people", [((1,), {"email": "p1"}), ((2,), {"email": None})]) == 2
        assert writer.rewrite("orders", [((1, "a"), {"size": 1, "buyer": None})]) == 1
    with connector.reading() as reader:
        assert list(reader.values(Query("notes", Equals("person", ("1", "x"))), ("words",))) == [("masked",)]
        back = dict(reader.read_back("people", [(1,), (2,), (4,)], fields=("email",)))
        assert back == {(1,): {"email": "p1"}, (2,): {"email": None}, (4,): {"email": "bob@example.org"}}
        assert dict(reader.read_back("orders", [(1, "a")], fields=("buyer", "size"))) == {(1, "a"): {"buyer": None, "size": 1}}


def test_a_cell_is_corrected_only_while_it_still_holds_the_old_value(connector: Connector) -> None:
    with connector.writing() as writer:
        assert writer.write(Correction("people", (3,), "email", None, "three@example.org"))
        assert not writer.write(Correction("people", (3,), "email", None, "other@example.org"))
        assert not writer.write(Correction("people", (3,), "email", "THREE@example.org", "other@example.org"))
    assert found(connector, "people", Equals("email", ("three@example.org",))) == [(3,)]


def test_a_session_that_fails_changes_nothing(connector: Connector) -> None:
    def fail() -> None:
        with connector.writing() as writer:
            writer.erase("orders", [(1, "a")])
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert (1, "a") in found(connector, "orders", EVERYTHING)


@pytest.mark.parametrize(
    "change",
    [
        lambda writer: writer.erase("people", [(1,)]),
        lambda writer: writer.mask("orders", [(1, "a")], {"size": 500}),
        lambda writer: writer.mask("notes", [("1",)], {"words": None}),
        lambda writer: writer.mask("people", [(1,), (2,)], {"email": "same@example.org"}),
    ],
)
def test_what_the_source_refuses_is_told_without_personal_data(connector: Connector, change: Callable[[Any], int]) -> None:
    refusal: type[SourceError] = SourceRefused if WHOLE in connector.can else SourceError
    with pytest.raises(refusal) as told, connector.writing() as writer:
        change(writer)
    assert "example.org" not in str(told.value)
    assert told.value.__cause__ is None
    assert found(connector, "people", EVERYTHING) == [(0,), (1,), (2,), (3,), (4,)]


def test_a_source_that_is_not_there_cannot_be_reached(product: Product) -> None:
    with pytest.raises(SourceUnreachable, match="cannot be reached"), product.absent().reading():
        pass
    with pytest.raises(SourceUnreachable, match="cannot be reached"), product.absent().writing():
        pass


def test_what_a_session_has_changed_is_seen_by_its_own_questions(connector: Connector) -> None:
    with connector.writing() as writer:
        writer.erase("notes", [("x",)])
        writer.mask("people", [(3,)], {"email": "three@example.org"})
        assert list(writer.targets(Query("notes", EVERYTHING))) == [("1",), ("2",)]
        assert list(writer.targets(Query("people", Equals("email", ("three@example.org",))))) == [(3,)]


def test_what_a_connector_can_is_said_in_known_words(connector: Connector) -> None:
    assert connector.can <= {WHOLE, SNAPSHOT, LIVE_SCHEMA, CHECKS_KEYS}


def _two_changes(writer: Any) -> None:
    writer.erase("notes", [("1",)])
    writer.mask("orders", [(1, "a")], {"size": 500})


@that_can(WHOLE)
def test_of_several_changes_of_which_one_is_refused_none_is_kept(connector: Connector) -> None:
    with pytest.raises(SourceRefused), connector.writing() as writer:
        _two_changes(writer)
    assert found(connector, "notes", EVERYTHING) == [("1",), ("2",), ("x",)]


@that_can(CHECKS_KEYS)
def test_a_source_without_transactions_says_that_some_changes_were_made(product: HttpProduct) -> None:
    with pytest.raises(SourceHalfDone, match="1 of 2 changes were made"), product.connector().writing() as writer:
        _two_changes(writer)
    assert found(product.connector(), "notes", EVERYTHING) == [("2",), ("x",)]


@that_can(CHECKS_KEYS)
def test_a_row_that_is_listed_and_not_found_by_its_key_is_never_a_target(product: HttpProduct) -> None:
    product.host.behaviour = lambda asked: Said(404) if asked.path.startswith("/notes/") else None
    with product.connector().reading() as reader, pytest.raises(SourceMismatch, match="nothing could be proved there"):
        list(reader.targets(Query("notes", EVERYTHING)))
