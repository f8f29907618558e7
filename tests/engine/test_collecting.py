"""From a search to sealed spools: what is found, what is held back, what goes wrong, and what happens after a crash."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exports import api
from exports.flows import collect as collecting
from exports.flows import gathering, leasing
from exports.flows.leasing import Held
from exports.models import DataSource, Job, JobState, Step
from portal.kit import crypto
from portal.kit.clock import now
from tests.engine.shop import OTHER, RITA, Shop, counts, records

pytestmark = pytest.mark.django_db


def test_counts_are_those_of_the_database(shop: Shop) -> None:
    job_id = shop.searched()
    assert counts(job_id) == {
        "customer": (1, 1, 0, 0),
        "orders": (2, 2, 0, 1),
        "token": (1, 0, 1, 0),
        "ticket": (2, 2, 0, 1),
        "loyalty": (0, 0, 0, 0),
    }
    progress = api.progress(job_id)
    assert (progress.state, progress.finished, progress.failed) == ("collected", True, False)
    assert (progress.found, progress.disclosed, progress.withheld, progress.covered) == (6, 5, 1, 2)
    assert [(source.key, source.state) for source in progress.sources] == [("shop", "done"), ("desk", "done")]


def test_records_are_as_in_the_database_but_for_secrets_and_other_people(shop: Shop) -> None:
    job_id = shop.searched()
    assert records(job_id, "shop.customer") == [
        {"id": 0, "email": RITA, "name": "Rita", "password_hash": "(not disclosed)", "settings": {"news": True}}
    ]
    assert records(job_id, "shop.orders") == [
        {"id": 1, "customer_id": 0, "total": 12.5, "packed_by": "(a member of staff)"},
        {"id": 2, "customer_id": 0, "total": 7, "packed_by": None},
    ]
    assert [record["sender"] for record in records(job_id, "desk.ticket")] == [RITA, "(another person)"]
    assert records(job_id, "shop.token") == []


def test_what_is_held_back_is_told_with_reason_and_count(shop: Shop) -> None:
    steps = {step.collection: step for step in Step.objects.filter(run__job=shop.searched())}
    assert steps["shop.customer"].facts["withheld"] == [{"what": "password_hash", "why": "secret", "count": 1}]
    assert steps["shop.orders"].facts["covered"] == [{"what": "Packed by", "why": "staff", "count": 1}]
    assert steps["desk.ticket"].facts["covered"] == [{"what": "Sender", "why": "third_party", "count": 1}]


def test_nothing_found_is_told_per_source(shop: Shop) -> None:
    progress = api.progress(shop.searched("nobody@example.org"))
    assert [source.state for source in progress.sources] == ["nothing", "nothing"]
    assert progress.found == 0


def test_letters_that_differ_in_case_only_go_to_an_officer(shop: Shop) -> None:
    (customer, *_rest) = api.progress(shop.searched()).sources[0].collections
    assert customer.found == 1
    assert "1 more records match only if capital letters do not matter" in customer.note


def test_the_domain_of_an_address_may_be_written_in_capitals(shop: Shop) -> None:
    assert counts(shop.searched("rita@EXAMPLE.org"))["customer"][0] == 1


def test_a_collection_that_no_identity_leads_to_is_a_gap(shop: Shop) -> None:
    progress = api.progress(shop.searched())
    assert [part.state for part in progress.sources[0].collections if part.collection == "loyalty"] == ["skipped"]
    assert [gap for gap in progress.gaps if "Loyalty card could not be searched" in gap[1]] == [progress.gaps[0]]


@pytest.mark.parametrize(
    ("categories", "names"),
    [
        (("orders",), {"orders"}),
        (("account",), {"customer", "token", "ticket", "loyalty"}),
        (("user.contact",), {"customer"}),
        (("user.content",), {"ticket"}),
        (("user.con",), set()),
        (("user",), {"customer", "orders", "token", "ticket", "loyalty"}),
    ],
)
def test_a_search_may_be_limited_to_categories(shop: Shop, categories: tuple[str, ...], names: set[str]) -> None:
    assert set(counts(shop.searched(RITA, *categories))) == names


def test_a_limited_search_discloses_only_the_fields_of_its_categories(shop: Shop) -> None:
    assert records(shop.searched(RITA, "user.financial"), "shop.orders") == [{"id": 1, "total": 12.5}, {"id": 2, "total": 7}]


def test_spools_are_sealed_and_lie_in_the_spool_folder_only(shop: Shop) -> None:
    job_id = shop.searched()
    files = list((Path(settings.SPOOL_FOLDER) / str(job_id)).iterdir())
    assert len(files) == 4
    for file in files:
        content = file.read_bytes()
        assert b"rita" not in content.lower()
        assert b"Where is it" not in content


def test_the_job_holds_no_personal_data_in_the_clear(shop: Shop) -> None:
    job = Job.objects.get(pk=shop.searched())
    told = repr([job.__dict__, list(Step.objects.filter(run__job=job).values()), list(job.runs.values()), list(job.tokens.values())])
    assert "rita@" not in told.lower()
    assert job.identities == {"email": RITA}


def test_a_source_that_cannot_be_reached_fails_alone_with_its_sentence_and_time(shop: Shop) -> None:
    shop.paths["desk"].unlink()
    before = now()
    progress = api.progress(shop.searched())
    one, desk = progress.sources
    assert (one.state, one.found) == ("done", 4)
    assert (desk.state, desk.found) == ("failed", 0)
    assert desk.error == "It cannot be reached: its database file does not exist."
    assert desk.since is not None
    assert before <= desk.since <= now()
    assert ("The desk", "It cannot be reached: its database file does not exist.") in progress.gaps
    assert not shop.paths["desk"].exists()


def test_what_lies_behind_a_source_that_is_down_is_a_gap_that_names_it(shop: Shop) -> None:
    shop.paths["shop"].unlink()
    progress = api.progress(shop.searched())
    (ticket,) = progress.sources[1].collections
    assert ticket.state == "failed"
    assert ticket.note == "The way there leads through 'shop.customer', and that source cannot be reached."


def test_a_failed_source_is_asked_again_and_nothing_else_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    away = shop.paths["desk"].rename(shop.paths["desk"].with_suffix(".away"))
    job_id = shop.searched()
    away.rename(shop.paths["desk"])
    asked: list[str] = []
    gather = gathering.gather

    def watched(*args: object, step: Step, **kwargs: object) -> object:
        asked.append(step.collection)
        return gather(*args, step=step, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(collecting, "gather", watched)
    api.retry(job_id, "desk")
    assert api.progress(job_id).state == "collecting"
    api.run(job_id)
    progress = api.progress(job_id)
    assert asked == ["desk.ticket"]
    assert (progress.state, progress.sources[1].state, progress.sources[1].error, progress.sources[1].since) == (
        "collected",
        "done",
        "",
        None,
    )


def test_a_source_that_answered_cannot_be_tried_again(shop: Shop) -> None:
    job_id = shop.searched()
    with pytest.raises(api.JobNotReady, match="did not fail"):
        api.retry(job_id, "desk")


def test_a_missing_table_is_a_gap_and_the_rest_goes_on(shop: Shop) -> None:
    shop.run_sql("shop", "DROP TABLE orders")
    progress = api.progress(shop.searched())
    assert progress.sources[0].state == "failed"
    assert counts(progress.job_id)["customer"] == (1, 1, 0, 0)
    assert ("The shop", "Orders could not be read. The table 'orders' does not exist there.") in progress.gaps


def test_a_missing_column_is_a_gap_and_the_other_columns_are_read(shop: Shop) -> None:
    shop.run_sql("shop", "ALTER TABLE orders DROP COLUMN packed_by")
    job_id = shop.searched()
    assert ("The shop", "Orders: the columns packed_by do not exist there.") in api.progress(job_id).gaps
    assert records(job_id, "shop.orders")[0] == {"id": 1, "customer_id": 0, "total": 12.5}


def test_a_missing_column_on_the_way_is_a_gap(shop: Shop) -> None:
    shop.run_sql("desk", "ALTER TABLE ticket DROP COLUMN customer")
    assert any("no column 'customer'" in sentence for _, sentence in api.progress(shop.searched()).gaps)


def test_datasets_that_no_longer_fit_together_fail_the_job_with_their_place(shop: Shop) -> None:
    DataSource.objects.filter(key="shop").delete()
    progress = api.progress(shop.searched())
    assert progress.state == "failed"
    assert "desk.ticket.customer.references: there is no dataset 'shop'" in progress.error


def test_a_search_without_an_identity_is_refused(shop: Shop) -> None:
    with pytest.raises(api.EngineRefusal, match="at least one identity"):
        shop.search(" ")
    assert not Job.objects.exists()


def test_an_address_that_can_no_longer_be_opened_cannot_be_reached(shop: Shop) -> None:
    DataSource.objects.filter(key="desk").update(url_sealed=b"nonsense")
    assert api.progress(shop.searched()).sources[1].error == "It cannot be reached: its stored address can no longer be opened."


def test_a_destroyed_job_can_be_read_by_nobody(shop: Shop) -> None:
    job_id = shop.searched()
    api.destroy(job_id)
    assert not (Path(settings.SPOOL_FOLDER) / str(job_id)).exists()
    job = Job.objects.get(pk=job_id)
    with pytest.raises(crypto.Sealed):
        _ = job.identities
    assert not job.tokens.exists()


def test_a_cancelled_job_stops_and_forgets(shop: Shop) -> None:
    job_id = shop.search()
    api.cancel(job_id)
    api.run(job_id)
    assert (api.progress(job_id).state, Job.objects.get(pk=job_id).key_sealed) == (JobState.CANCELLED, b"")


def test_two_people_never_share_a_record(shop: Shop) -> None:
    mine, theirs = shop.searched(RITA), shop.searched(OTHER)
    for collection in ("shop.orders", "desk.ticket"):
        ids = [{record["id"] for record in records(job_id, collection)} for job_id in (mine, theirs)]
        assert not ids[0] & ids[1]
        assert all(ids)


def test_steps_that_take_no_time_are_written_down_together(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "NOTE_AFTER", 60.0)
    job_id = shop.search()
    with CaptureQueriesContext(connection) as caught:
        api.run(job_id)
    transactions = sum(one["sql"].startswith("SAVEPOINT") for one in caught.captured_queries)  # within the test's own
    assert len(counts(job_id)) == 5
    assert transactions == 1 + 2 + 1 + 1  # all runs and steps; that a source is asked, for each of two; what they answered; rest


def test_what_was_answered_is_seen_while_the_next_collection_takes_its_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, gather, seen = shop.search(), gathering.gather, list[int]()

    def slow(held: Held, *args: object, **words: object) -> object:
        monkeypatch.setattr(leasing, "RENEW_AFTER", 0.0)
        held.renew()  # as between two batches
        seen.append(api.progress(job_id).found)
        return gather(held, *args, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(collecting, "gather", slow)
    api.run(job_id)
    assert seen[0] == 0
    assert all(seen[1:])
