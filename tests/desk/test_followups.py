"""What is still to do about answered requests: on one page, counted on the desk, of nobody else’s organisation."""

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app.flows import holding, recipients
from requests_app.flows.holding import Terms
from requests_app.followups import followups
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.acting import as_actor
from tests.desk.test_recipients import erased, house  # noqa: F401  (fixtures)
from tests.people import a_case, at_desk


def test_recipients_are_listed_until_told_and_again_when_they_do_not_confirm(
    erased: Case,  # noqa: F811
    northwind: Organisation,
    otto: User,
    mallory: User,
) -> None:
    today, officer = clock.today("UTC"), as_actor(otto, erased)
    assert [one.pk for one in followups([northwind], today).untold] == [erased.pk]
    recipients.note(erased, "bank", by=officer)
    assert [one.pk for one in followups([northwind], today).untold] == [erased.pk]
    recipients.write(erased, "postbote", by=officer)
    assert followups([northwind], today).count == 0

    late = followups([northwind], today + timedelta(days=20)).late
    assert [one.recipient for one in late] == ["postbote"]
    recipients.confirm(erased, "postbote", "Ms Kern", by=officer)
    assert followups([northwind], today + timedelta(days=20)).count == 0


def test_the_page_names_whom_nobody_has_told(erased: Case, otto: User) -> None:  # noqa: F811
    names = {one.key: one.name for one in erased.policy.read().recipients}
    recipients.note(erased, "bank", by=as_actor(otto, erased))
    page = at_desk(otto).get("/desk/still-to-do/").content.decode()
    assert names["postbote"] in page
    assert names["bank"] not in page


def test_a_hold_is_listed_once_its_day_has_come(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind, right=Right.DELETION)
    day = clock.today("America/Vancouver") + timedelta(days=5)
    held = holding.hold(case, "", Terms("claims", "File 7.", day), by=as_actor(ada, case))
    assert followups([northwind], day - timedelta(days=1)).count == 0
    assert followups([northwind], day).held == [held]


def test_the_desk_says_when_something_is_late_and_strangers_see_nothing(erased: Case, otto: User, mallory: User) -> None:  # noqa: F811
    browser, stranger = at_desk(otto), at_desk(mallory)
    assert "Something is late" not in browser.get("/desk/").content.decode()
    recipients.write(erased, "postbote", by=as_actor(otto, erased))
    erased.tellings.update(answer_by=clock.today("UTC") - timedelta(days=3))

    assert "Something is late" in browser.get("/desk/").content.decode()
    assert "Not confirmed in time" in browser.get("/desk/still-to-do/").content.decode()
    assert "Something is late" not in stranger.get("/desk/").content.decode()
    assert erased.reference not in stranger.get("/desk/still-to-do/").content.decode()


@pytest.mark.parametrize("state", [State.REVIEW, State.CLOSED])
def test_only_answered_requests_wait_for_recipients(northwind: Organisation, state: State) -> None:
    a_case(northwind, right=Right.DELETION, state=state, outcome="erased")
    assert followups([northwind], clock.today("UTC")).count == 0
