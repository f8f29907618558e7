"""A PostgreSQL database with one customer of many rows among others, and the same deletion as bare SQL."""

from __future__ import annotations

import time

import psycopg

RITA = "rita@example.org"
OTHERS = 300
TABLES = """
CREATE TABLE customers (id bigint PRIMARY KEY, email varchar(254) NOT NULL UNIQUE, name varchar(80) NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, placed timestamptz NOT NULL, note text);
CREATE TABLE lines (order_id bigint NOT NULL REFERENCES orders, number int NOT NULL, article varchar(40), price numeric(9, 2),
  PRIMARY KEY (order_id, number));
CREATE TABLE visits (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), customer_id bigint REFERENCES customers, page text, at timestamptz);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON visits (customer_id);
"""
# Of a hundred rows twenty are orders, forty their lines, forty visits. The customer has number 0, the others one percent of that each.
FILL = """
INSERT INTO customers SELECT n, CASE WHEN n = 0 THEN '{rita}' ELSE 'c' || n || '@example.net' END, 'Name ' || n
  FROM generate_series(0, {others}) n;
INSERT INTO orders SELECT row_number() OVER ({order}), c.id, now() - m * interval '1 minute', 'note ' || m
  FROM customers c, LATERAL generate_series(1, CASE WHEN c.id = 0 THEN {orders} ELSE {orders} / 100 END) m;
INSERT INTO lines SELECT o.id, n, 'article ' || n, n * 1.5 FROM orders o, generate_series(1, 2) n;
INSERT INTO visits (customer_id, page, at) SELECT o.customer_id, '/page/' || n, now() FROM orders o, generate_series(1, 2) n;
"""
BARE = (
    "DELETE FROM lines USING orders, customers WHERE order_id = orders.id AND customer_id = customers.id AND email = %s",
    "DELETE FROM orders USING customers WHERE customer_id = customers.id AND email = %s",
    "DELETE FROM visits USING customers WHERE customer_id = customers.id AND email = %s",
    "DELETE FROM customers WHERE email = %s",
)

COUNTS = (
    "SELECT count(*) FROM customers",
    "SELECT count(*) FROM orders",
    "SELECT count(*) FROM lines",
    "SELECT count(*) FROM visits",
)


def fill(url: str, rows: int, *, scattered: bool = False) -> None:
    """Tables and rows; the customer has this many, one after the other or scattered among those of all others."""
    order = "ORDER BY md5(m || '-' || c.id)" if scattered else ""
    with psycopg.connect(url, autocommit=True) as opened:
        for statement in (TABLES, FILL.format(rita=RITA, others=OTHERS, orders=rows // 5, order=order)):
            opened.execute(statement)
        opened.execute("VACUUM ANALYZE")


def erase_bare(url: str) -> float:
    """What somebody would type who knew the tables, in one transaction; the seconds it took."""
    started = time.perf_counter()
    with psycopg.connect(url) as opened:
        for statement in BARE:
            opened.execute(statement, (RITA,))
    return time.perf_counter() - started


def left(url: str) -> dict[str, int]:
    """Rows by table."""
    with psycopg.connect(url) as opened:
        counts = {question: opened.execute(question).fetchone() for question in COUNTS}
    return {question: int(found[0]) for question, found in counts.items() if found}
