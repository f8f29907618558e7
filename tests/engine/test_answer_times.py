"""How long each source takes to answer, and how often it does not: counted by hand on a fixed set, and noted as copies are gathered."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from exports import api
from exports.facts import SourceTimes
from exports.models import DataSource, Job, PartState, SourceRun, Step
from portal.organisations.models import Organisation
from requests_app import figures
from tests.engine.erasing import Store
from tests.engine.test_erasure_sources import hide, show, two
from tests.people import RITA, a_case

pytestmark = pytest.mark.django_db
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def a_copy(house: Organisation, reference: str = "DR-TEST-01") -> UUID:
    return api.start_access(api.Search(house, house.current_policy, {"email": RITA}, "s" * 32, reference))


def answers(job_id: UUID, source: str, state: str, *took: tuple[float, int], at: str = "2026-06-01T12:00:00+00:00") -> None:
    """A run at a source whose steps took so many seconds and failed so often."""
    run = SourceRun.objects.create(
        job_id=job_id, source_key=source, title=source.title(), state=state, started_at=datetime.fromisoformat(at).astimezone(UTC)
    )
    for number, (seconds, failures) in enumerate(took):
        Step.objects.create(run=run, collection=f"{source}.{number}", facts={"took": seconds, "failures": failures})


def test_the_figures_are_those_counted_by_hand(northwind: Organisation) -> None:
    ids = [a_copy(northwind, f"DR-TEST-{number:02}") for number in range(5)]
    # The shop answers four times, in 1, 2, 4 and 7 seconds (each the sum of its steps), once after a failure; the fifth time never.
    answers(ids[0], "shop", PartState.DONE, (0.25, 0), (0.75, 0))
    answers(ids[1], "shop", PartState.NOTHING, (2.0, 0))
    answers(ids[2], "shop", PartState.DONE, (3.5, 2), (0.5, 0))
    answers(ids[3], "shop", PartState.DONE, (7.0, 0))
    answers(ids[4], "shop", PartState.FAILED, (30.0, 1))
    answers(ids[0], "log", PartState.DONE, (0.125, 0))
    answers(ids[1], "mail", PartState.FAILED, (5.0, 3))
    SourceRun.objects.create(
        job_id=ids[1], source_key="log", title="Log", state=PartState.DONE, started_at=datetime(2026, 6, 1, tzinfo=UTC)
    )
    assert api.source_times(northwind, *YEAR) == (
        SourceTimes("log", "Log", asked=2, failed_once=0, unanswered=0, median_seconds=0.125, slowest_seconds=0.125),
        SourceTimes("mail", "Mail", asked=1, failed_once=1, unanswered=1),
        SourceTimes("shop", "Shop", asked=5, failed_once=2, unanswered=1, median_seconds=3.0, slowest_seconds=7.0),
    )


def test_only_the_years_own_local_days_and_this_organisation_and_copies_count(northwind: Organisation, southwind: Organisation) -> None:
    # Northwind is in Vancouver: its 2026 ends eight hours after that of the clock in Greenwich.
    first, last, before, after = (a_copy(northwind, f"DR-TEST-{number:02}") for number in range(4))
    answers(first, "shop", PartState.DONE, (1.0, 0), at="2026-01-01T08:00:00+00:00")
    answers(last, "shop", PartState.DONE, (3.0, 0), at="2027-01-01T07:59:59+00:00")
    answers(before, "shop", PartState.DONE, (50.0, 0), at="2026-01-01T07:59:59+00:00")
    answers(after, "shop", PartState.DONE, (50.0, 0), at="2027-01-01T08:00:00+00:00")
    answers(a_copy(southwind), "shop", PartState.DONE, (50.0, 0))
    erasure = api.start_erasure(api.Search(northwind, northwind.current_policy, {"email": RITA}, "s" * 32, "DR-TEST-09"))
    answers(erasure, "shop", PartState.DONE, (50.0, 0))
    [shop] = api.source_times(northwind, *YEAR)
    assert (shop.asked, shop.median_seconds) == (2, 2.0)


def test_test_requests_and_people_are_left_out(northwind: Organisation) -> None:
    DataSource.objects.create(organisation=northwind, key="paper", title="Paper", kind="person", url_sealed=b"")
    real, trial = a_case(northwind), a_case(northwind, is_test=True)
    for case in (real, trial):
        job_id = a_copy(northwind, case.reference)
        answers(job_id, "shop", PartState.DONE, (1.0, 0))
        answers(job_id, "paper", PartState.DONE, (900.0, 0))
    assert [(one.key, one.asked) for one in figures.sources(northwind, 2026)] == [("shop", 1)]
    assert figures.year_of(northwind, 2026).to_json()["sources"][0]["asked"] == 1


def test_seconds_and_failures_are_noted_while_a_copy_is_gathered(tmp_path: Path) -> None:
    store: Store = two(tmp_path)
    hide(store, "log")
    job_id = a_copy(store.organisation)
    api.run(job_id)
    year = (date(2020, 1, 1), date(2099, 12, 31))
    log, shop = api.source_times(store.organisation, *year)
    assert (log.asked, log.failed_once, log.unanswered, log.median_seconds) == (1, 1, 1, None)
    assert (shop.asked, shop.failed_once, shop.unanswered) == (1, 0, 0)
    assert shop.median_seconds is not None
    assert all("took" in step.facts for step in Step.objects.filter(run__job=job_id, run__source_key="shop"))

    show(store, "log")
    api.retry(job_id, "log")
    api.run(job_id)
    assert Job.objects.get(pk=job_id).state == "collected"
    log, shop = api.source_times(store.organisation, *year)
    assert (log.asked, log.failed_once, log.unanswered) == (1, 1, 0)
    assert log.median_seconds is not None
