"""A shop's database with a help desk that answers over HTTP: its source as sources.yaml would make it, and its rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports.connectors import http_calls
from exports.models import DataSource
from tests.engine.erasing import Store, a_store
from tests.engine.far_host import TOKEN, Host, serving
from tests.engine.products import calls_of
from tests.engine.test_erasure_rows import PEOPLE, PEOPLE_FIELDS

DESK = """
CREATE TABLE contacts (id TEXT PRIMARY KEY, email TEXT, name TEXT);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, contact TEXT, words TEXT);
INSERT INTO contacts VALUES ('c-1', 'rita@example.org', 'Rita'),
  ('c-2', 'marita@example.org', 'Marita'), ('c-3', 'RITA@example.org', 'Rita too');
INSERT INTO tickets VALUES (1, 'c-1', 'Where is it?'), (2, 'c-1', 'It came.'), (3, 'c-2', 'Hello'), (4, 'c-1', 'Thanks'), (5, 'c-1', 'Bye');
"""
DESK_FIELDS = """
- name: contacts
  habeas_meta: {category: account, erase: delete, title: Contacts}
  fields:
    - {name: id, fides_meta: {primary_key: true, data_type: string}}
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
    - {name: name, data_categories: [user.name], fides_meta: {data_type: string}, habeas_meta: {title: Name}}
- name: tickets
  habeas_meta: {category: orders, erase: delete, title: Tickets}
  fields:
    - {name: id, fides_meta: {primary_key: true, data_type: integer}}
    - {name: contact, fides_meta: {references: [{dataset: desk, field: contacts.id, direction: from}]}}
    - {name: words, data_categories: [user.content], fides_meta: {data_type: string}}
"""


def settings(**more: Any) -> dict[str, Any]:
    """The `http` block: each collection found by what leads to it, in pages of two."""
    pages = {"kind": "page", "name": "page", "size": "per", "each": 2}
    contacts, tickets = calls_of("contacts", "id", by=("email",)), calls_of("tickets", "id", by=("contact",))
    for calls in (contacts, tickets):
        calls["list"] = [{**call, "paging": pages} for call in calls["list"] if "by" in call]
    auth = {"kind": "bearer", "secret": TOKEN}
    return {"private": True, "check": "/ping", "auth": auth, "collections": {"contacts": contacts, "tickets": tickets}, **more}


def add_desk(store: Store, host: Host, **more: Any) -> DataSource:
    """The help desk as one more source of the store's organisation."""
    source = DataSource(organisation=store.organisation, key="desk", title="Help desk", position=9, kind="http")
    source.url, source.settings = host.base, settings(**more)
    source.datasets = [{"fides_key": "desk", "collections": yaml.safe_load(DESK_FIELDS)}]
    source.save()
    return source


@contextmanager
def shop_with_desk(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Host]]:
    """The shop's database and the running help desk."""
    patch.setattr(http_calls, "sleep", lambda seconds: None)
    store = a_store(folder).add("shop", PEOPLE, PEOPLE_FIELDS)
    path = folder / "desk.sqlite3"
    store.files["desk"] = path
    store.sql("SELECT 1", "desk")
    for statement in DESK.strip().split(";\n"):
        store.sql(statement.rstrip(";"), "desk")
    with serving(path) as host:
        add_desk(store, host)
        yield store, host
