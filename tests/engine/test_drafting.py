"""A first dataset file from a live schema: what it guesses, that it says why, and that no value of a row gets out."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from exports.datasets import Collection, Dataset, read_dataset
from exports.drafting import draft
from exports.graph import walk
from tests.engine.products import EACH, MAKERS, Product, on_postgresql
from tests.servers import Server

TABLES = [
    "CREATE TABLE address (id INTEGER PRIMARY KEY, street VARCHAR(80), zip VARCHAR(10))",
    "CREATE TABLE product (id INTEGER PRIMARY KEY, name VARCHAR(80), description VARCHAR(200))",
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, name VARCHAR(40), reach VARCHAR(40), "
    "pass VARCHAR(90), is_staff INTEGER, last_login_ip VARCHAR(40), address_id INTEGER REFERENCES address (id))",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id), "
    "approved_by INTEGER REFERENCES customer (id), remark VARCHAR(200), product_id INTEGER REFERENCES product (id))",
    "CREATE TABLE order_line (order_id INTEGER REFERENCES orders (id), line INTEGER NOT NULL, size INTEGER, PRIMARY KEY (order_id, line))",
    "CREATE TABLE reply (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), parent_id INTEGER REFERENCES reply (id), "
    "body TEXT)",
    "CREATE TABLE wallet (id INTEGER PRIMARY KEY, customer_id INTEGER, plastic VARCHAR(30), stamp VARCHAR(60))",
    "CREATE TABLE newsletter (id INTEGER PRIMARY KEY, contact VARCHAR(80))",
    "CREATE TABLE lead_sheet (id INTEGER PRIMARY KEY, full_name VARCHAR(80), phone VARCHAR(40))",
    "CREATE TABLE shop_settings (id INTEGER PRIMARY KEY, support_email VARCHAR(80), recipient_name VARCHAR(40))",
    "CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, name VARCHAR(80))",
]
PEOPLE = [
    (1, "rita.secretname@example.org", "Rita Secretname", "+49 30 1234567", "pbkdf2_sha256$600000$salty$abcdefg", 0, "203.0.113.7", 1),
    (2, "oskar.hiddenman@example.org", "Oskar Hiddenman", "+49 30 7654321", "pbkdf2_sha256$600000$pepper$hijklmn", 1, "203.0.113.8", 1),
    (3, "ann.unspoken@example.org", "Ann Unspoken", "+44 20 7946 0958", "pbkdf2_sha256$600000$sugar$opqrst", 1, "2001:db8::17", None),
]
CARDS = ["4111 1111 1111 1111", "5500005555555559", "4012888888881881"]
STAMPS = ["aZ3kfoQpW9xTRm2LsV8bcN4d", "Qq1wWe2rTy3uIo4pAs5dFg6h", "zXc7vBn8mLk9jHg0fDs1aPo2"]
VALUES = [str(cell) for row in PEOPLE for cell in row[1:7] if cell not in (0, 1)] + CARDS + STAMPS + ["ring oskar", "Hidden Lane 7"]


@pytest.fixture(params=EACH)
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with MAKERS[request.param](request) as made:
        fill(made)
        yield made


def fill(made: Product) -> None:
    made.execute(TABLES)
    made.insert("address", [(1, "Hidden Lane 7", "10115")])
    made.insert("product", [(1, "The Choco Chip", "Crisp")])
    made.insert("customer", PEOPLE)
    made.insert("orders", [(n, 1 + n % 3, 2, "ring oskar.hiddenman@example.org first", 1) for n in range(4)])
    made.insert("order_line", [(n, 1, 5) for n in range(4)])
    made.insert("wallet", [(n, n + 1, CARDS[n], STAMPS[n]) for n in range(3)])
    made.insert("newsletter", [(n, row[1]) for n, row in enumerate(PEOPLE)])
    made.insert("lead_sheet", [(1, "Lena Nowhere", "+49 40 1112233")])


def drafted(product: Product) -> tuple[str, Dataset]:
    text = draft(product.url()).text
    (dataset,) = read_dataset(text).datasets
    return text, dataset


def part(dataset: Dataset, name: str) -> Collection:
    found = dataset.collection(name)
    assert found is not None
    return found


def field(dataset: Dataset, name: str) -> Any:
    table, _, column = name.partition(".")
    return part(dataset, table).field_at(column)


def leads(dataset: Dataset) -> dict[str, str]:
    return {
        f"{c.name}.{leaf.path}": f"{one.direction} {one.collection}.{one.field}"
        for c in dataset.collections
        for leaf in c.leaves()
        for one in leaf.references
    }


def test_the_draft_is_a_dataset_file_that_leads_from_people_to_what_is_theirs(product: Product) -> None:
    _text, dataset = drafted(product)
    assert leads(dataset) == {
        "customer.address_id": "to address.id",
        "orders.customer_id": "from customer.id",
        "order_line.order_id": "from orders.id",
        "reply.customer_id": "from customer.id",
        "wallet.customer_id": "from customer.id",  # no foreign key says so
    }
    found = walk([dataset], ["email"])
    reached = {visit.address.partition(".")[2] for visit in found.visits}
    assert reached == {"address", "customer", "newsletter", "order_line", "orders", "reply", "wallet"}
    skipped = {collection.name for collection in dataset.collections if collection.skipped}
    assert skipped == {"product", "django_migrations"}


def test_identities_secrets_and_other_people_are_told_by_name_and_by_shape(product: Product) -> None:
    _text, dataset = drafted(product)
    identities = {f"{c.name}.{leaf.path}": leaf.identity for c in dataset.collections for leaf in c.leaves() if leaf.identity}
    assert identities == {
        "customer.email": "email",
        "customer.reach": "phone_number",
        "newsletter.contact": "email",
        "lead_sheet.phone": "phone_number",
    }
    secrets = {f"{c.name}.{leaf.path}" for c in dataset.collections for leaf in c.leaves() if leaf.never_disclose}
    assert secrets == {"customer.pass", "wallet.plastic", "wallet.stamp"}
    others = {f"{c.name}.{leaf.path}": leaf.third_party for c in dataset.collections for leaf in c.leaves() if leaf.third_party}
    assert others == {
        "orders.approved_by": "staff",
        "orders.remark": "passages",
        "reply.body": "passages",
        "shop_settings.recipient_name": "cover",
    }
    assert field(dataset, "customer.name").categories == ("user.name",)
    assert field(dataset, "product.name").categories == ()
    assert field(dataset, "customer.last_login_ip").categories == ("user.device.ip_address",)
    assert part(dataset, "order_line").primary_key == ("line", "order_id")


def test_each_guess_stands_above_its_line_with_the_reason(product: Product) -> None:
    text, _dataset = drafted(product)
    lines = [line.strip() for line in text.splitlines()]

    def above(line: str) -> str:
        return lines[lines.index(line) - 1]

    assert above("- name: email") == "# guess: the name says email and 3 of 3 sampled values look like addresses"
    assert above("- name: plastic") == "# guess: 3 of 3 sampled values look like card numbers"
    assert above("- name: pass") == "# guess: 3 of 3 sampled values look like hashes of passwords"
    assert above("- name: remark") == "# guess: the name says free text and 4 of 4 sampled values look like texts with addresses in them"
    assert above("- name: parent_id") == "# guess: it points at a row of its own table, perhaps somebody else's, so it is not followed"
    assert above("- name: lead_sheet") == "# guess: APART: nothing leads here, and it has full_name, phone"
    assert above("- name: product") == "# guess: a look-up: nothing in it says anything about people"


def test_no_value_of_a_row_gets_out(
    product: Product, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    output = tmp_path / "draft.yml"
    call_command("draft_dataset", product.url(), "--output", str(output))
    call_command("draft_dataset", product.url())
    told = capsys.readouterr()
    for place in (output.read_text(), told.out, told.err, caplog.text):
        assert not [value for value in VALUES if value in place]
    assert "11 tables: 1 about people" in told.err


def test_it_changes_nothing(product: Product) -> None:
    before = [product.ask(f"SELECT * FROM {table} ORDER BY 1") for table in ("customer", "orders", "wallet")]
    drafted(product)
    assert [product.ask(f"SELECT * FROM {table} ORDER BY 1") for table in ("customer", "orders", "wallet")] == before


def test_the_same_schema_gives_the_same_draft(product: Product) -> None:
    assert drafted(product)[0] == drafted(product)[0]


@pytest.mark.needs("postgresql")
def test_several_schemas_give_a_dataset_each_with_references_between_them(postgresql_server: Server) -> None:
    with on_postgresql(postgresql_server) as made:
        made.execute(
            [
                "CREATE SCHEMA people",
                "CREATE SCHEMA trade",
                "CREATE TABLE people.customer (id INTEGER PRIMARY KEY, email TEXT, full_name TEXT)",
                "CREATE TABLE trade.orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES people.customer (id))",
            ]
        )
        made_of = draft(made.url(), schemas=["people", "trade"], key="shop")
        people, trade = read_dataset(made_of.text).datasets
    assert (people.key, people.namespace, trade.key, trade.namespace) == ("shop", {"schema": "people"}, "shop_trade", {"schema": "trade"})
    (reference,) = trade.collections[0].fields[0].references
    assert (reference.dataset, reference.collection, reference.field, reference.direction) == ("shop", "customer", "id", "from")
    assert made_of.unreached == ()


@pytest.mark.needs("postgresql")
def test_a_table_that_may_not_be_read_is_still_told_by_its_names(postgresql_server: Server) -> None:
    with on_postgresql(postgresql_server) as made:
        fill(made)
        account = f"looker_{made.name}"
        made.execute([f"CREATE ROLE {account} LOGIN PASSWORD 'x-{account}'", f"GRANT SELECT ON customer TO {account}"])
        text = draft(made.server.url(made.name, account=account, password=f"x-{account}")).text
        made.execute([f"DROP OWNED BY {account}", f"DROP ROLE {account}"])
    (dataset,) = read_dataset(text).datasets
    assert field(dataset, "customer.reach").identity == "phone_number"
    assert field(dataset, "wallet.plastic").never_disclose is None
    assert field(dataset, "lead_sheet.phone").identity == "phone_number"


def test_names_that_yaml_would_misread_stay_names(tmp_path: Path) -> None:
    with MAKERS["sqlite"](_at(tmp_path)) as made:
        made.execute(
            [
                'CREATE TABLE "on" (id INTEGER PRIMARY KEY, "no" TEXT, "a: b #c" TEXT, "eMail" TEXT, "null" TEXT)',
                'CREATE TABLE "x.y" (a TEXT)',
            ]
        )
        text, dataset = drafted(made)
    (collection,) = dataset.collections
    assert (collection.name, {one.name for one in collection.fields}) == ("on", {"id", "no", "a: b #c", "eMail", "null"})
    assert "# not written: x.y has a dot in its name" in text


def test_values_outweigh_a_name(tmp_path: Path) -> None:
    with MAKERS["sqlite"](_at(tmp_path)) as made:
        made.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT, email TEXT)"])
        made.insert("t", [(n, f"+49 30 123456{n}", f"n{n}") for n in range(5)])
        text, dataset = drafted(made)
    assert (field(dataset, "t.mail").identity, field(dataset, "t.email").identity) == ("phone_number", "")
    assert "0 of 5 sampled values look like addresses and so no identity" in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Give the address of the database, or --env"),
        (["--env", "NOT_SET_ANYWHERE"], "The environment variable NOT_SET_ANYWHERE is not set."),
        (["sqlite:////nowhere/at/all.sqlite3"], "It cannot be reached: its database file does not exist."),
        (["oracle://scott:tiger@db/x"], "It cannot be reached"),
        (["postgresql://habeas:sesame-open@127.0.0.1:1/x"], "It cannot be reached"),
        (["{there}", "--schema", "x"], "A SQLite file has no schemas"),
        (["{empty}"], "The database has no tables that this account may see. Nothing was written."),
        (["{there}", "--output", "{there_file}"], "exists already. Nothing was written."),
        (["{there}", "--output", "/nowhere/at/all.yml"], "The folder /nowhere/at does not exist."),
        (["{there}", "--json"], "--json needs --output"),
    ],
)
def test_what_cannot_be_drafted_is_refused_in_one_sentence(tmp_path: Path, words: list[str], sentence: str) -> None:
    with MAKERS["sqlite"](_at(tmp_path)) as made:
        made.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY)"])
        (tmp_path / "empty.sqlite3").touch()
        places = {"there": made.url(), "there_file": str(tmp_path / "empty.sqlite3"), "empty": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}
        with pytest.raises(CommandError) as told:
            call_command("draft_dataset", *(word.format(**places) for word in words))
    assert sentence in str(told.value)
    assert "sesame-open" not in str(told.value)
    assert "tiger" not in str(told.value)


def test_why_no_table_can_be_spoken_of_is_said(tmp_path: Path) -> None:
    with MAKERS["sqlite"](_at(tmp_path)) as made:
        made.execute(['CREATE TABLE t (id INTEGER PRIMARY KEY, "a.b" TEXT)'])
        with pytest.raises(
            CommandError, match=r"no tables that a dataset file can speak of: t has a column with a dot in its name\. Nothing"
        ):
            call_command("draft_dataset", made.url())


def _at(folder: Path) -> Any:
    """As much of a request as the maker of a SQLite file asks for."""

    class Asked:
        def getfixturevalue(self, _name: str) -> Path:
            return folder

    return Asked()
