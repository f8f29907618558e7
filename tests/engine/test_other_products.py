"""A database product that nobody here has met: what is said when it cannot be used, and what is sent to it."""

import pytest
from sqlalchemy import column
from sqlalchemy.dialects import mssql, oracle

from exports.connectors.base import ColumnSchema, SourceRefused, SourceUnreachable
from exports.connectors.sql_connector import SqlConnector
from exports.connectors.sql_dialects import DIALECTS
from exports.connectors.sql_other import MOST_PARAMETERS, UNSEEN, Other
from exports.query import EVERYTHING, Query
from tests.engine.products import MAKERS, on_mariadb
from tests.servers import Server

EMAIL = ColumnSchema("email", "string", "VARCHAR(20)", length=20, collation="unknown")


def test_a_product_without_its_driver_is_named() -> None:
    with pytest.raises(SourceUnreachable, match="'oracle' is not a kind of database that is known here, or its driver is not installed"):
        SqlConnector("oracle://somebody:secret@host/db").reading().__enter__()


@pytest.mark.needs("mariadbd")
def test_a_product_that_takes_one_text_for_another_is_not_asked(mariadb_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_mariadb(mariadb_server, collation="utf8mb4_general_ci") as product:
        monkeypatch.delitem(DIALECTS, "mariadb")
        connector = SqlConnector(product.url().replace("mariadb://", "mariadb+pymysql://"))
        with pytest.raises(SourceUnreachable, match="takes one text for another"), connector.reading():
            pass


@pytest.mark.needs("postgresql")
def test_nothing_that_changes_anything_is_sent_while_reading(request: pytest.FixtureRequest) -> None:
    with MAKERS["unknown"](request) as product:
        product.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY)"])
        with product.connector().reading() as reader:
            with pytest.raises(SourceRefused, match="may only be read"):
                reader.connection.exec_driver_sql("  insert INTO t VALUES (1)")
            assert reader.count(Query("t", EVERYTHING)) == 0
            assert reader.describe().tables["t"].notes == (UNSEEN,)


def test_plain_words_and_numbers_are_written_and_the_rest_is_sent() -> None:
    found = Other("mssql").among(column("email"), ["rita@example.org", "o'hara@example.org", 7])
    said = str(found.compile(dialect=mssql.dialect()))

    assert "'rita@example.org', 7" in said
    assert "hara" not in said


def test_more_odd_values_than_a_product_takes_are_refused_with_their_number() -> None:
    with pytest.raises(SourceRefused, match=f"{MOST_PARAMETERS + 1} values at once"):
        Other("mssql").among(column("email"), [f"o'{n}" for n in range(MOST_PARAMETERS + 1)])


@pytest.mark.parametrize(
    ("product", "said"), [(mssql, "(email COLLATE Latin1_General_100_BIN2) + '|'"), (oracle, "(email COLLATE BINARY) || '|'")]
)
def test_texts_are_compared_letter_by_letter_and_to_their_last_blank(product: object, said: str) -> None:
    name = product.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    assert said in str(Other(name).exactly(column("email")).compile(dialect=product.dialect())).replace('"', "")  # type: ignore[attr-defined]


def test_a_value_longer_than_its_column_matches_nothing() -> None:
    assert Other("firebird").fit("x" * 21, EMAIL) is None
    assert Other("firebird").fit("x" * 20, EMAIL) == "x" * 20
