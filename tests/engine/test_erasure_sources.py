"""Several sources: values are carried over, a source out of reach is a gap that everybody sees, and it can be done later."""

from pathlib import Path

import pytest

from exports import api
from exports.models import Archive, Handle, Job
from portal.kit import clock
from tests.engine.erasing import Store, a_store, approve_and_run
from tests.engine.partial import locked_for_writing, run_until_given_up
from tests.engine.test_erasure_rows import PEOPLE, PEOPLE_FIELDS
from tests.people import RITA

pytestmark = pytest.mark.django_db

LOG = """
CREATE TABLE requests (id INTEGER PRIMARY KEY, person INTEGER, path TEXT);
INSERT INTO requests VALUES (1, 0, '/a'), (2, 1, '/b'), (3, 0, '/c');
"""
LOG_FIELDS = """
- name: requests
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
    - {name: path}
"""


def two(folder: Path) -> Store:
    return a_store(folder).add("shop", PEOPLE, PEOPLE_FIELDS).add("log", LOG, LOG_FIELDS)


def hide(store: Store, key: str) -> None:
    store.files[key].rename(store.files[key].with_suffix(".away"))


def show(store: Store, key: str) -> None:
    store.files[key].with_suffix(".away").rename(store.files[key])


def test_both_databases_are_erased_the_one_with_the_identities_last(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = store.start()
    assert [stored["source"] for stored in (Job.objects.get(pk=job_id).plan or {})["moves"]] == ["log", "shop"]
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    assert {one["source"]: one["rows_changed"] for one in receipt["sources"]} == {"shop": 1, "log": 2}


def test_a_source_out_of_reach_blocks_the_plan_and_nothing_goes_anywhere(tmp_path: Path) -> None:
    store = two(tmp_path)
    hide(store, "log")
    job_id = store.start()
    plan = api.plan(job_id)
    assert plan.gaps[0].startswith("Log: It cannot be reached")
    assert "Nothing can be erased anywhere before this can be searched" in plan.blocked[0]
    with pytest.raises(api.PlanBlocked, match="Log: It cannot be reached"):
        approve_and_run(job_id)
    assert store.sql("SELECT count(*) FROM people") == [(3,)]
    show(store, "log")
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]


def test_a_source_that_went_away_since_the_approval_stops_the_erasure(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    hide(store, "log")
    api.run(job_id)
    assert api.progress(job_id).state == "planned"
    assert "which places can be searched" in api.progress(job_id).error
    assert store.sql("SELECT count(*) FROM people") == [(3,)]


def test_a_source_that_cannot_be_written_to_is_found_out_before_the_first_write(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    with locked_for_writing(store, "shop"):
        run_until_given_up(job_id)
    progress = api.progress(job_id)
    assert (progress.state, api.receipt(job_id)) == ("planned", None)
    assert progress.error.startswith("Stopped before anything was erased. Shop:")
    assert store.sql("SELECT count(*) FROM requests WHERE person = 0", "log") == [(2,)]
    assert not Handle.objects.exists()
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]


def test_a_missing_table_and_a_missing_column_are_gaps(tmp_path: Path) -> None:
    fields = (
        LOG_FIELDS.replace("name: requests", "name: gone") + "- {name: people_too, fields: [{name: email, fides_meta: {identity: email}}]}"
    )
    store = (
        a_store(tmp_path)
        .add("shop", PEOPLE, PEOPLE_FIELDS + "    - {name: nickname, data_categories: [user.name]}")
        .add("log", LOG, fields)
    )
    gaps = " ".join(api.plan(store.start()).gaps)
    assert "“Gone” could not be searched whole. Its table does not exist there." in gaps
    assert "Its field 'nickname' does not exist there." in gaps
    assert "“People too” could not be searched whole." in gaps


def test_a_collection_that_no_identity_leads_to_is_a_gap(tmp_path: Path) -> None:
    island = PEOPLE_FIELDS + "- {name: island, fields: [{name: id}, {name: who, data_categories: [user.name]}]}"
    store = a_store(tmp_path).add("shop", PEOPLE + "CREATE TABLE island (id INTEGER PRIMARY KEY, who TEXT);", island)
    assert "“Island” could not be searched whole." in api.plan(store.start()).gaps[0]


def test_a_row_shared_across_sources_is_spared_too(tmp_path: Path) -> None:
    firms = """
- name: firms
  habeas_meta: {category: account, erase: delete}
  fields: [{name: id, fides_meta: {primary_key: true}}, {name: name}]
"""
    jobs = """
- name: jobs
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
    - {name: firm, fides_meta: {references: [{dataset: firms, field: firms.id, direction: to}]}}
"""
    store = a_store(tmp_path).add(
        "shop",
        PEOPLE + "CREATE TABLE jobs (id INTEGER PRIMARY KEY, person INTEGER, firm INTEGER);"
        "INSERT INTO jobs VALUES (1, 0, 1), (2, 1, 1), (3, 0, 2);",
        PEOPLE_FIELDS + jobs,
    )
    store.add(
        "firms",
        "CREATE TABLE firms (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO firms VALUES (1, 'Both'), (2, 'Hers'), (3, 'X');",
        firms,
    )
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM firms", "firms") == [(1,), (3,)]
    assert store.sql("SELECT id FROM jobs") == [(2,)]


@pytest.mark.parametrize(("downloads", "is_open"), [(1, False), (0, True)])
def test_archives_of_an_erased_person_are_closed_but_for_a_copy_never_fetched(tmp_path: Path, downloads: int, is_open: bool) -> None:
    store = two(tmp_path)
    search = api.Search(store.organisation, store.organisation.current_policy, {"email": RITA}, "s" * 32)
    copy = api.start_access(search)
    later = clock.now().replace(year=clock.now().year + 1)
    Archive.objects.create(job_id=copy, path="a", sealed_at=clock.now(), expires_at=later, downloads=downloads)
    assert store.erase()["outcome"] == "complete"
    assert (Archive.objects.get(job_id=copy).revoked_at is None) is is_open


@pytest.mark.parametrize("identity", ["", ", fides_meta: {identity: email}"])
def test_a_row_of_hers_that_rows_of_another_source_name_stays_with_them(tmp_path: Path, identity: str) -> None:
    orders = """
- name: orders
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
"""
    claims = f"""
- name: claims
  habeas_meta: {{category: orders, erase: delete}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: email, data_categories: [user.contact.email]{identity}}}
    - {{name: order_id, fides_meta: {{references: [{{dataset: shop, field: orders.id, direction: to}}]}}}}
"""
    script = "CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER); INSERT INTO orders VALUES (1, 0), (2, 0), (3, 1);"
    theirs = (
        "CREATE TABLE claims (id INTEGER PRIMARY KEY, email TEXT, order_id INTEGER); INSERT INTO claims VALUES (7, 'ann@example.org', 2);"
    )
    store = a_store(tmp_path).add("shop", PEOPLE + script, PEOPLE_FIELDS + orders).add("claims", theirs, claims)
    receipt = store.erase()
    assert receipt["totals"]["detach"] == 1
    assert store.sql("SELECT * FROM orders ORDER BY id") == [(2, None), (3, 1)]
    assert store.sql("SELECT * FROM claims", "claims") == [(7, "ann@example.org", 2)]
