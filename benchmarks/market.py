"""A PostgreSQL database of ten tables with foreign keys: one customer with any number of rows, and others."""

from __future__ import annotations

import psycopg

RITA = "rita@example.org"
OTHERS = 20
TABLES = """
CREATE TABLE customers (id bigint PRIMARY KEY, email varchar(254) NOT NULL UNIQUE, name varchar(80) NOT NULL,
  joined_at timestamptz NOT NULL);
CREATE TABLE addresses (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, street text, city text,
  postcode varchar(12));
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, placed_at timestamptz NOT NULL,
  status varchar(20), total numeric(10, 2), note text);
CREATE TABLE lines (order_id bigint NOT NULL REFERENCES orders, number int NOT NULL, article varchar(40), amount int, price numeric(9, 2),
  PRIMARY KEY (order_id, number));
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, paid_on date,
  method varchar(20), amount numeric(10, 2));
CREATE TABLE parcels (id uuid PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, carrier varchar(20),
  sent_at timestamptz, kilograms real);
CREATE TABLE visits (id uuid PRIMARY KEY, customer_id bigint REFERENCES customers, page text, at timestamptz,
  agent text, seconds double precision);
CREATE TABLE searches (id bigint PRIMARY KEY, visit_id uuid REFERENCES visits, words text, hits int, at timestamptz);
CREATE TABLE ratings (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, article varchar(40), stars smallint,
  is_public boolean, said text);
CREATE TABLE messages (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, subject text, body text, sent_at timestamp);
CREATE INDEX ON addresses (customer_id); CREATE INDEX ON orders (customer_id); CREATE INDEX ON payments (order_id);
CREATE INDEX ON parcels (order_id); CREATE INDEX ON visits (customer_id); CREATE INDEX ON searches (visit_id);
CREATE INDEX ON ratings (customer_id); CREATE INDEX ON messages (customer_id);
"""
# Of a hundred rows: ten orders with twenty lines, ten payments, ten parcels; twenty visits, ten searches; ten ratings, ten messages.
FILL = """
INSERT INTO customers SELECT n, CASE WHEN n = 0 THEN '{rita}' ELSE 'c' || n || '@example.net' END, 'Name ' || n, now()
  FROM generate_series(0, {others}) n;
INSERT INTO addresses SELECT c.id, c.id, 'Lindenstraße ' || c.id, 'Köln', '50667' FROM customers c;
INSERT INTO orders SELECT row_number() OVER (), c.id, now() - m * interval '1 minute', (ARRAY['paid', 'sent', 'open'])[1 + m % 3], m * 1.25,
    CASE WHEN m % 4 = 0 THEN 'please ring twice, "thank you"' || m END
  FROM customers c, LATERAL generate_series(1, CASE WHEN c.id = 0 THEN {share} ELSE {share} / 100 END) m;
INSERT INTO lines SELECT o.id, n, 'article ' || o.id % 977, n, n * 1.5 FROM orders o, generate_series(1, 2) n;
INSERT INTO payments SELECT o.id, o.id, o.placed_at::date, (ARRAY['card', 'transfer'])[1 + o.id % 2], o.total FROM orders o;
INSERT INTO parcels SELECT md5('parcel' || o.id)::uuid, o.id, 'Hermes', o.placed_at + interval '1 day', o.id % 50 + 0.5 FROM orders o;
INSERT INTO visits SELECT md5('visit' || o.id || '-' || n)::uuid, o.customer_id, '/articles/' || o.id % 977 || '?page=' || n, o.placed_at,
    'Mozilla/5.0 (X11; Linux x86_64; rv:' || 100 + o.id % 30 || '.0) Gecko/20100101 Firefox/' || 100 + o.id % 30 || '.0', o.id % 600 / 7.0
  FROM orders o, generate_series(1, 2) n;
INSERT INTO searches SELECT row_number() OVER (), v.id, 'green chairs ' || v.seconds, 12, v.at FROM visits v WHERE v.page LIKE '%=1';
INSERT INTO ratings SELECT o.id, o.customer_id, 'article ' || o.id % 977, 1 + o.id % 5, o.id % 2 = 0,
    'It arrived in time and fits, ' || o.id FROM orders o;
INSERT INTO messages SELECT o.id, o.customer_id, 'About order ' || o.id,
    E'Dear all,\\nwhere is order ' || o.id || E'?\\nKind regards', o.placed_at FROM orders o;
"""
BY_CUSTOMER = "customer_id = (SELECT id FROM customers WHERE email = '{rita}')"
BY_ORDER = f"order_id IN (SELECT id FROM orders WHERE {BY_CUSTOMER})"
WHERE = {
    "customers": "email = '{rita}'",
    "addresses": BY_CUSTOMER,
    "orders": BY_CUSTOMER,
    "lines": BY_ORDER,
    "payments": BY_ORDER,
    "parcels": BY_ORDER,
    "visits": BY_CUSTOMER,
    "searches": f"visit_id IN (SELECT id FROM visits WHERE {BY_CUSTOMER})",
    "ratings": BY_CUSTOMER,
    "messages": BY_CUSTOMER,
}


def fill(url: str, rows: int, *, others: int = OTHERS) -> None:
    """Tables and rows; the customer has this many, the others one percent of that each."""
    with psycopg.connect(url, autocommit=True) as opened:
        for statement in (TABLES, FILL.format(rita=RITA, others=others, share=max(1, rows // 100 * 10))):
            opened.execute(statement)
        opened.execute("VACUUM ANALYZE")


def copying() -> list[str]:
    """What somebody would type who knew the tables."""
    return [f"COPY (SELECT row_to_json(t) FROM {name} t WHERE {where.format(rita=RITA)}) TO STDOUT" for name, where in WHERE.items()]


def counted(url: str) -> int:
    """How many rows the customer has."""
    parts = " + ".join(f"(SELECT count(*) FROM {name} WHERE {where.format(rita=RITA)})" for name, where in WHERE.items())
    with psycopg.connect(url) as opened:
        found = opened.execute(f"SELECT {parts}").fetchone()
    return int(found[0]) if found else 0
