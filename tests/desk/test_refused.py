"""A refused act leads back to where its button stands."""

import logging

import pytest
from django.db import OperationalError
from django.urls import reverse

from exports.api import EngineRefusal
from portal.organisations.models import Organisation, User
from requests_app import tasks
from requests_app.flows import fulfilment
from requests_app.flows.searching import NotYet
from requests_app.models import Case
from requests_app.rules.states import MoveRefused, State
from tests.desk.fake_engine import FakeEngine
from tests.people import a_case, at_desk


@pytest.fixture
def case(northwind: Organisation, engine: FakeEngine) -> Case:
    return a_case(northwind, right="deletion", state=State.CLOSED)


@pytest.mark.parametrize(("act", "page"), [("release", "case"), ("start", "case"), ("settle", "plan"), ("correct_decide", "correct")])
def test_a_refusal_leads_back_to_the_page_of_its_button(case: Case, ada: User, act: str, page: str) -> None:
    answer = at_desk(ada).post(reverse(f"desk:{act}", args=[case.reference]), HTTP_REFERER="https://evil.example/")
    text = answer.content.decode()

    assert answer.status_code == 409
    assert f'<a href="{reverse(f"desk:{page}", args=[case.reference])}">Back to the ' in text
    assert "evil.example" not in text


def test_a_page_that_refuses_to_be_looked_at_leads_to_the_request(case: Case, ada: User) -> None:
    text = at_desk(ada).get(reverse("desk:plan", args=[case.reference])).content.decode()

    assert f'href="{reverse("desk:case", args=[case.reference])}"' in text
    assert f'href="{reverse("desk:plan", args=[case.reference])}"' not in text


def test_a_refusal_is_no_fault(case: Case, ada: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="habeas"):
        at_desk(ada).post(reverse("desk:release", args=[case.reference]))

    lines = [line for line in caplog.records if line.name == "habeas.doors"]
    assert [(line.levelname, line.exc_info) for line in lines] == [("INFO", None)]
    assert case.reference not in lines[0].getMessage()


def test_a_page_that_waited_too_long_says_so(
    case: Case, ada: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfilment, "release", waits)
    with caplog.at_level(logging.INFO, logger="habeas"):
        answer = at_desk(ada).post(reverse("desk:release", args=[case.reference]))

    assert answer.status_code == 503
    assert "Nothing was changed. Send it once more." in answer.content.decode()
    assert [(line.levelname, line.exc_info) for line in caplog.records if line.name == "habeas.doors"] == [("INFO", None)]


def waits(*_words: object, **_more: object) -> None:
    raise OperationalError("database is locked")


@pytest.mark.parametrize(
    ("problem", "level"),
    [
        (NotYet("not now"), "INFO"),
        (MoveRefused("not from here"), "INFO"),
        (EngineRefusal("busy"), "INFO"),
        (OperationalError("database is locked"), "INFO"),
        (OperationalError("disk I/O error"), "ERROR"),
        (ZeroDivisionError(), "ERROR"),
    ],
)
def test_a_worker_tells_refusals_and_waits_from_faults(
    northwind: Organisation, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, problem: Exception, level: str
) -> None:
    case = a_case(northwind, state=State.COLLECTING)

    def stops(_case: Case) -> None:
        raise problem

    monkeypatch.setattr(fulfilment, "settle", stops)
    with caplog.at_level(logging.INFO, logger="habeas"):
        tasks.settle_case(case.pk)

    [line] = [line for line in caplog.records if line.name == "habeas.tasks"]
    assert (line.levelname, bool(line.exc_info)) == (level, level == "ERROR")
