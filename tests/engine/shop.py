"""A shop and its help desk: two databases, five collections, things about others, secrets, and a reference across."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from exports import api
from exports.flows.spooling import records_of
from exports.models import DataSource, Job, Step
from portal.kit import crypto
from portal.organisations.models import Organisation

RITA, OTHER = "rita@example.org", "oskar@example.org"

SHOP = """
fides_key: shop
collections:
  - name: customer
    data_categories: [user.contact]
    habeas_meta: {category: account, title: Your account}
    fields:
      - {name: id, fides_meta: {primary_key: true}}
      - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - {name: name, data_categories: [user.name], habeas_meta: {title: Name}}
      - {name: password_hash}
      - {name: settings}
  - name: orders
    habeas_meta: {category: orders, title: Orders}
    fields:
      - {name: id, fides_meta: {primary_key: true}}
      - {name: customer_id, fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}}
      - {name: total, data_categories: [user.financial]}
      - {name: packed_by, habeas_meta: {third_party: staff, title: Packed by}}
  - name: token
    habeas_meta: {category: account, title: Sign-in tokens}
    fields:
      - name: customer_id
        habeas_meta: {never_disclose: true}
        fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}
      - {name: access_token, data_categories: [user.authorization.credentials], habeas_meta: {title: Token}}
  - name: loyalty
    habeas_meta: {category: account, title: Loyalty card}
    fields:
      - {name: card, data_categories: [user.unique_id]}
"""
DESK = """
fides_key: desk
collections:
  - name: ticket
    habeas_meta: {category: account, title: Questions you asked}
    fields:
      - {name: id, fides_meta: {primary_key: true}}
      - {name: customer, fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}}
      - {name: sender, habeas_meta: {third_party: cover, title: Sender}}
      - {name: words, data_categories: [user.content]}
"""
SHOP_TABLES = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, password_hash TEXT, settings JSON);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, total NUMERIC(9, 2), packed_by TEXT, placed DATETIME);
CREATE TABLE token (customer_id INTEGER, access_token TEXT);
CREATE TABLE loyalty (card TEXT PRIMARY KEY);
INSERT INTO customer VALUES (0, 'rita@example.org', 'Rita', 'argon2', '{"news": true}'), (2, 'oskar@example.org', 'Oskar', 'argon2', NULL),
  (3, 'RITA@example.org', 'Another Rita', 'argon2', NULL);
INSERT INTO orders VALUES (1, 0, 12.5, 'Petra', '2026-01-01'), (2, 0, 7, NULL, NULL), (3, 2, 99, 'Petra', NULL), (4, NULL, 1, NULL, NULL);
INSERT INTO token VALUES (0, 'sesame'), (2, 'other');
"""
DESK_TABLES = """
CREATE TABLE ticket (id INTEGER PRIMARY KEY, customer TEXT, sender TEXT, words TEXT);
INSERT INTO ticket VALUES (1, '0', 'rita@example.org', 'Where is it?'), (2, '0', 'oskar@example.org', 'She asked me to ask'),
  (3, '2', 'x', 'mine');
"""


class Shop:
    """The organisation's two systems, free to be broken."""

    def __init__(self, organisation: Organisation, folder: Path) -> None:
        self.organisation = organisation
        self.paths = {"shop": folder / "shop.sqlite3", "desk": folder / "desk.sqlite3"}
        self.run_sql("shop", SHOP_TABLES)
        self.run_sql("desk", DESK_TABLES)
        for position, (key, text) in enumerate((("shop", SHOP), ("desk", DESK))):
            source = DataSource(organisation=organisation, key=key, title=f"The {key}", position=position)
            source.url = f"sqlite:///{self.paths[key]}"
            source.datasets = [yaml.safe_load(text)]
            source.save()

    def run_sql(self, key: str, text: str) -> None:
        with closing(sqlite3.connect(self.paths[key])) as opened, opened:
            opened.executescript(text)

    def search(self, email: str = RITA, *categories: str) -> UUID:
        """An access job that is due."""
        return api.start_access(
            api.Search(
                organisation=self.organisation,
                policy=self.organisation.current_policy,
                identities={"email": email},
                subject=crypto.blind_index("email", email),
                reference="DR-TEST-01",
                categories=categories,
            )
        )

    def searched(self, email: str = RITA, *categories: str) -> UUID:
        """An access job that has run."""
        job_id = self.search(email, *categories)
        api.run(job_id)
        return job_id


def counts(job_id: UUID) -> dict[str, tuple[int, int, int, int]]:
    """found, disclosed, withheld, covered by collection."""
    return {
        part.collection: (part.found, part.disclosed, part.withheld, part.covered)
        for source in api.progress(job_id).sources
        for part in source.collections
    }


def records(job_id: UUID, collection: str) -> list[dict[str, Any]]:
    """What a step's spool holds."""
    job = Job.objects.get(pk=job_id)
    return list(records_of(job, Step.objects.get(run__job=job, collection=collection)))
