"""The same sweep on every database product."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from exports.models import DataSource
from tests.engine.erasing import Store, a_store
from tests.engine.products import EACH, MAKERS, Product, on_mariadb, on_postgresql
from tests.engine.sweeping import CATEGORIES, MOMENT, lines, sweep
from tests.servers import Server

pytestmark = pytest.mark.django_db
DAYS = [MOMENT - timedelta(days=30, seconds=1), MOMENT - timedelta(days=30), MOMENT - timedelta(days=40), MOMENT]


@pytest.fixture(params=EACH)
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with MAKERS[request.param](request) as made:
        yield made


def store_of(product: Product, folder: Path, dataset: str) -> Store:
    store = a_store(folder, categories=CATEGORIES[:1])
    source = DataSource(organisation=store.organisation, key="shop", title="Shop", position=0)
    source.url = product.url()
    source.datasets = [{"fides_key": "shop", "collections": yaml.safe_load(dataset)}]
    source.save()
    return store


def found(product: Product, question: str) -> list[object]:
    return [tuple(row) if len(row) > 1 else row[0] for row in product.ask(question)]


def test_it_ends_the_same_on_every_product(product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.flows.sweep.BATCH", 2)
    product.execute(
        [
            "CREATE TABLE log (kind VARCHAR(20) NOT NULL, id INTEGER NOT NULL, at TIMESTAMP NULL, PRIMARY KEY (kind, id))",
            "CREATE TABLE part (id VARCHAR(20) PRIMARY KEY, kind VARCHAR(20), log_id INTEGER, at DATE, "
            "FOREIGN KEY (kind, log_id) REFERENCES log (kind, id))",
            "CREATE TABLE seen (id INTEGER PRIMARY KEY, at TIMESTAMP NULL, who VARCHAR(20), words VARCHAR(20) NOT NULL, "
            "score NUMERIC(8, 2) NOT NULL)",
        ]
    )
    times = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in DAYS]
    product.insert("log", [(kind, number, at) for kind in ("a", "B", "ä") for number, at in enumerate(times)])
    product.insert("part", [("y", "a", 0, "2026-12-01"), ("x", "B", 2, "2026-11-07"), ("z", "B", 0, "2026-11-08")])
    product.insert("seen", [(number, at, "Rita", "hello", 5) for number, at in enumerate(times)])
    words = [("who", "user.name"), ("words", "user.content"), ("score", "user.behavior")]
    dataset = (
        lines(fields="    - {name: kind, fides_meta: {primary_key: true}}")
        + lines(table="part")
        + lines(table="seen", sweep="anonymise", fields="\n".join(f"    - {{name: {n}, data_categories: [{c}]}}" for n, c in words))
    )
    store = store_of(product, tmp_path, dataset)
    receipt = sweep(store)
    assert receipt["outcome"] == "complete", receipt
    assert receipt["totals"] == {"delete": 5, "anonymise": 2, "held": 2, "on_hold": 0}
    assert sorted(found(product, "SELECT kind, id FROM log")) == sorted(
        [("a", 0), ("B", 0), *((k, n) for k in ("a", "B", "ä") for n in (1, 3))]
    )
    assert sorted(found(product, "SELECT id FROM part")) == ["y", "z"]
    seen = [(one, who, words, int(score)) for one, who, words, score in product.ask("SELECT id, who, words, score FROM seen ORDER BY id")]
    assert seen == [(0, None, "", 0), (1, "Rita", "hello", 5), (2, None, "", 0), (3, "Rita", "hello", 5)]
    assert sweep(store)["totals"] == {"delete": 0, "anonymise": 0, "held": 2, "on_hold": 0}


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_postgresql_counts_by_its_own_types_and_infinity_is_no_day(postgresql_server: Server, tmp_path: Path, kind: str) -> None:
    with on_postgresql(postgresql_server) as product:
        product.execute(
            [
                f"CREATE TABLE log (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number int, at {kind})",
                "INSERT INTO log (number, at) VALUES (1, '2026-11-08 11:59:59+00'), (2, '2026-11-08 12:00:00+00')",
                "INSERT INTO log (number, at) VALUES (3, '2026-11-07 23:00:00+00')",
                "INSERT INTO log (number, at) VALUES (4, '-infinity'), (5, 'infinity'), (6, NULL)",
            ]
        )
        receipt = sweep(store_of(product, tmp_path, lines()))
        assert receipt["gaps"] == ["The age of 3 rows of “Log” cannot be told, so they stay."]
        assert found(product, "SELECT number FROM log ORDER BY number") == [*([1] if kind == "date" else []), 2, 4, 5, 6]


@pytest.mark.needs("mariadbd")
def test_mariadb_has_a_word_for_no_day_and_it_is_not_an_early_one(mariadb_server: Server, tmp_path: Path) -> None:
    with on_mariadb(mariadb_server, collation="utf8mb4_general_ci") as product:
        product.execute(
            [
                "SET SESSION sql_mode = ''",
                "CREATE TABLE log (id VARCHAR(40) PRIMARY KEY, at DATETIME(6))",
                "INSERT INTO log VALUES ('Älter', '2026-11-08 11:59:59.999'), ('alt', '2026-11-08 12:00')",
                "INSERT INTO log VALUES ('leer', '0000-00-00'), ('nichts', NULL)",
            ]
        )
        receipt = sweep(store_of(product, tmp_path, lines()))
        assert receipt["lines"][0]["undated"] == 2
        assert found(product, "SELECT id FROM log ORDER BY id") == ["alt", "leer", "nichts"]
