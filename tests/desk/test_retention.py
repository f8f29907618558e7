"""Staff see when what is too old was last removed, and what could not be."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exports import api
from portal.organisations.models import Organisation, User

pytestmark = pytest.mark.django_db
GAP = "Nothing tells how old the rows of “Runs” are."


def page_of(user: User, state: api.RetentionState, monkeypatch: pytest.MonkeyPatch) -> str:
    asked: list[Any] = []
    monkeypatch.setattr(api, "retention", lambda organisation: asked.append(organisation) or state)
    browser = Client()
    browser.force_login(user)
    page = browser.get(reverse("desk:sources")).content.decode()
    assert [house.key for house in asked] == ["northwind"]
    return page


def test_the_last_sweep_and_the_next_stand_beside_the_sources(otto: User, northwind: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    state = api.RetentionState(
        sweeps=True,
        next_on=date(2026, 12, 9),
        last_at=datetime(2026, 12, 8, 8, tzinfo=UTC),
        outcome="partial",
        deleted=6444,
        anonymised=273,
        held=2,
        gaps=(GAP,),
    )
    page = page_of(otto, state, monkeypatch)
    assert "Last swept on 8 December 2026: 6,444 rows deleted, 273 made anonymous." in page
    assert "The next sweep is on 9 December 2026." in page
    assert "2 rows are too old and stay for now" in page
    assert GAP in page


def test_before_the_first_sweep_its_day_is_named(otto: User, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(otto, api.RetentionState(sweeps=True, next_on=date(2026, 12, 8)), monkeypatch)
    assert "Nothing has been swept yet. The first sweep is on 8 December 2026." in page


def test_a_failed_sweep_is_late_and_said(otto: User, monkeypatch: pytest.MonkeyPatch) -> None:
    state = api.RetentionState(sweeps=True, next_on=date(2026, 12, 9), last_at=datetime(2026, 12, 8, tzinfo=UTC), outcome="failed")
    assert "did not remove all that it should have" in page_of(otto, state, monkeypatch)


def test_where_nothing_ages_nothing_is_said(otto: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Retention" not in page_of(otto, api.RetentionState(sweeps=False, next_on=date(2026, 12, 8)), monkeypatch)
