"""A host over HTTP beside a database: a copy, a deletion and a correction go through it, and what it claims is not believed."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from exports import api
from exports.api import Amendment
from exports.models import DataSource, Job
from tests.engine.desk_over_http import shop_with_desk
from tests.engine.erasing import Store
from tests.engine.far_host import TOKEN, Asked, Host, Said
from tests.engine.partial import run_until_given_up
from tests.engine.shop import counts, records
from tests.people import RITA

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Host]]:
    with shop_with_desk(tmp_path, monkeypatch) as made:
        yield made


def search(store: Store) -> api.Search:
    return api.Search(store.organisation, store.organisation.current_policy, {"email": RITA}, "s" * 32)


def copy_of(store: Store) -> UUID:
    job_id = api.start_access(search(store))
    api.run(job_id)
    return job_id


def loosely(asked: Asked) -> Said | None:
    """A search that finds every address with these letters in it."""
    if asked.path == "/contacts" and "email" in asked.query:
        found = [("c-1", "rita@example.org"), ("c-2", "marita@example.org"), ("c-3", "RITA@example.org")]
        items = [{"id": key, "email": email, "name": key} for key, email in found]
        return Said(200, {"items": items if asked.query.get("page") == "1" else []})
    return None


def of_somebody_else(store: Store) -> None:
    """A contact whose address differs from hers by more than capital letters: else the deletion is at best partial."""
    store.sql("UPDATE contacts SET email = 'ann@example.org' WHERE email = 'RITA@example.org'", "desk")


def test_a_copy_holds_what_the_host_has_and_nobody_elses_records(both: tuple[Store, Host]) -> None:
    store, host = both
    host.behaviour = loosely
    job_id = copy_of(store)
    assert counts(job_id)["contacts"] == (1, 1, 0, 0)
    assert counts(job_id)["tickets"] == (4, 4, 0, 0)
    assert [record["id"] for record in records(job_id, "desk.contacts")] == ["c-1"]
    assert [record["words"] for record in records(job_id, "desk.tickets")] == ["Where is it?", "It came.", "Thanks", "Bye"]
    desk = next(source for source in api.progress(job_id).sources if source.key == "desk")
    assert "1 more records match only if capital letters do not matter" in desk.collections[0].note
    assert {one.headers["Authorization"] for one in host.asked} == {f"Bearer {TOKEN}"}


def test_a_deletion_goes_through_the_host_and_is_proved_by_reading(both: tuple[Store, Host]) -> None:
    store, host = both
    of_somebody_else(store)
    receipt = store.erase()
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT id FROM contacts ORDER BY id", "desk") == [("c-2",), ("c-3",)]
    assert store.sql("SELECT id FROM tickets", "desk") == [(3,)]
    assert host.calls("DELETE") == ["/tickets/1", "/tickets/2", "/tickets/4", "/tickets/5", "/contacts/c-1"]
    desk = next(one for one in receipt["sources"] if one["source"] == "desk")
    assert (desk["how"], desk["rows_changed"]) == ("record by record", 5)
    assert len({one.headers["Idempotency-Key"] for one in host.asked if one.method == "DELETE"}) == 5


def test_a_host_that_says_deleted_and_still_answers_the_record_fails(both: tuple[Store, Host]) -> None:
    store, host = both
    of_somebody_else(store)
    host.behaviour = lambda asked: Said(202, {"accepted": True}) if asked.method == "DELETE" and "tickets/2" in asked.path else None
    receipt = store.erase()
    assert receipt["outcome"] == "failed"
    assert (receipt["verification"]["not_as_planned"], receipt["not_done"]) == (1, 1)
    job = Job.objects.get()
    assert api.sources_left(job.pk) == (("desk", "Help desk"),)
    host.behaviour = lambda asked: None
    api.retry(job.pk, "desk")
    api.run(job.pk)
    signed = api.receipt(job.pk)
    assert signed
    assert signed["receipt"]["outcome"] == "complete"
    assert store.sql("SELECT id FROM tickets", "desk") == [(3,)]


def test_a_fault_after_the_work_was_done_is_found_out_by_reading(both: tuple[Store, Host]) -> None:
    store, host = both
    of_somebody_else(store)
    host.after = lambda asked, said: Said(500, {"fault": 1}) if asked.method == "DELETE" else said
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    run_until_given_up(job_id)
    signed = api.receipt(job_id)
    assert signed
    assert signed["receipt"]["outcome"] == "complete"
    assert len(host.calls("DELETE")) == len(set(host.calls("DELETE"))) == 5


def test_a_refusal_of_the_first_change_leaves_everything_as_it_was(both: tuple[Store, Host]) -> None:
    store, host = both
    of_somebody_else(store)
    host.behaviour = lambda asked: Said(403) if asked.method == "DELETE" else None
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed
    assert signed["receipt"]["outcome"] == "failed"
    assert signed["receipt"]["gaps"] == ["Help desk: It refused the change (403)."]
    assert store.sql("SELECT count(*) FROM contacts", "desk") == [(3,)]
    assert len(host.calls("DELETE")) == 1


def test_where_nothing_else_was_changed_a_refusal_stops_the_deletion(both: tuple[Store, Host]) -> None:
    store, host = both
    DataSource.objects.filter(key="shop").delete()
    host.behaviour = lambda asked: Said(403) if asked.method == "DELETE" else None
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    api.run(job_id)
    assert api.receipt(job_id) is None
    assert "Stopped before anything was erased. Help desk: It refused the change (403)." in api.progress(job_id).error


def test_a_refusal_half_way_is_never_complete_and_the_rest_is_told(both: tuple[Store, Host]) -> None:
    store, host = both
    host.behaviour = lambda asked: Said(409) if asked.method == "DELETE" and asked.path == "/tickets/4" else None
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    run_until_given_up(job_id)
    signed = api.receipt(job_id)
    assert signed
    assert signed["receipt"]["outcome"] in ("partial", "failed")
    assert store.sql("SELECT id FROM tickets ORDER BY id", "desk") == [(3,), (4,), (5,)]
    assert api.sources_left(job_id) == (("desk", "Help desk"),)


def test_a_collection_without_a_call_that_deletes_blocks_the_plan(both: tuple[Store, Host]) -> None:
    store, _host = both
    source = DataSource.objects.get(key="desk")
    changed = source.settings
    del changed["collections"]["tickets"]["delete"], changed["collections"]["tickets"]["update"]
    source.settings = changed
    source.save()
    assert "No call deletes or changes a row of 'tickets'" in " ".join(api.plan(store.start()).blocked)


def test_a_correction_is_written_and_read_back(both: tuple[Store, Host]) -> None:
    store, host = both
    job_id = api.start_correction(search(store), [Amendment("desk.contacts.name", "Margherita", "Rita")])
    api.run(job_id)
    assert not host.calls("PATCH")  # looking for it changes nothing
    found = api.correction(job_id)
    assert [spot.current for spot in found.lines[0].spots] == ["Rita"]
    api.accept(job_id, found.digest, {0: [0]}, by="Ada")
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed
    assert signed["receipt"]["outcome"] == "complete"
    assert store.sql("SELECT name FROM contacts WHERE id = 'c-1'", "desk") == [("Margherita",)]


def test_a_host_that_is_down_is_a_gap_and_the_same_search_ends_when_it_is_back(both: tuple[Store, Host]) -> None:
    store, host = both
    host.behaviour = lambda asked: Said(503)
    job_id = copy_of(store)
    progress = api.progress(job_id)
    assert {source.key: source.state for source in progress.sources} == {"shop": "done", "desk": "failed"}
    assert progress.gaps[0][0] == "Help desk"
    assert "fault of its own (503)" in progress.gaps[0][1]
    host.behaviour = lambda asked: None
    api.retry(job_id, "desk")
    api.run(job_id)
    assert {source.key: source.state for source in api.progress(job_id).sources} == {"shop": "done", "desk": "done"}
    assert api.progress(job_id).gaps == ()
    assert counts(job_id)["tickets"] == (4, 4, 0, 0)


def test_what_is_stored_about_a_host_shows_no_secret(both: tuple[Store, Host]) -> None:
    source = DataSource.objects.get(key="desk")
    assert TOKEN.encode() not in bytes(source.settings_sealed)
    assert source.settings["auth"]["secret"] == TOKEN
