"""A part of a copy, or a description instead of it: asked for in the browser, answered with that and nothing else."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client

from exports import api
from exports.flows.registering import load_organisation
from portal.organisations.models import Organisation
from portal.organisations.promises import RightPromise
from requests_app.flows import fulfilment
from requests_app.models import Case, Letter
from requests_app.rules.states import State
from requests_app.wishes import wish_of
from tests.desk.acting import as_actor
from tests.desk.fake_engine import DOWN, FakeEngine
from tests.people import a_case, a_member, an_organisation
from tests.public.walking import answer, confirmed, mailed_code, page_of, post, send

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RITA = "rita.lindqvist@example.org"
EXTENT = "/o/northwind/ask/which-data/"


def asked(browser: Client, org: str = "northwind", **extent: object) -> Case:
    """A copy of this extent, confirmed."""
    answer(browser, org=org, email=RITA)
    post(browser, f"/o/{org}/ask/which-data/", **extent)
    send(browser, org)
    case = Case.objects.order_by("-pk")[0]
    post(browser, f"/o/{org}/code/", code=mailed_code("confirm"))
    case.refresh_from_db()
    return case


def answered(case: Case) -> Case:
    """Gathered, released, and delivered, as a worker does."""
    case.refresh_from_db()
    ada = a_member("Ada", "lead", case.organisation)
    fulfilment.start(case)
    case.refresh_from_db()
    api.run(case.job_id)  # type: ignore[arg-type]  # it was started
    fulfilment.settle(case)
    case.refresh_from_db()
    fulfilment.release(case, by=as_actor(ada, case))
    assert fulfilment.deliver(case)
    case.refresh_from_db()
    return case


def test_everything_is_asked_for_unless_something_else_is_said(rita: Client, northwind: Organisation) -> None:
    answer(rita)
    page = rita.get("/o/northwind/ask/check/").content.decode()
    assert "Everything" in page
    assert EXTENT in page
    assert wish_of(confirmed(Client())).uses == ()


def test_chosen_kinds_are_all_that_is_looked_for(rita: Client, northwind: Organisation, engine: FakeEngine) -> None:
    case = asked(rita, extent="some", kinds=["orders"])
    assert wish_of(case).uses == ("orders",)
    fulfilment.start(case)
    assert engine.searches[0][1].categories == ("orders",)
    assert "Your orders" in rita.get(page_of(case)).content.decode()


def test_a_deletion_takes_no_extent_along(rita: Client, northwind: Organisation) -> None:
    answer(rita)
    post(rita, EXTENT, extent="outline")
    post(rita, "/o/northwind/ask/right/", right="deletion")
    post(rita, "/o/northwind/ask/keep-and-delete/", copy="no")
    send(rita)
    wish = wish_of(Case.objects.get())
    assert (wish.uses, wish.outline) == ((), False)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose how much you want"),
        ({"extent": "all of it"}, "Choose how much you want"),
        ({"extent": "some"}, "Choose at least one kind"),
        ({"extent": "some", "kinds": ["nonsense"]}, "Choose at least one kind"),
    ],
)
def test_an_extent_that_says_nothing_is_an_error(rita: Client, northwind: Organisation, typed: dict[str, object], said: str) -> None:
    answer(rita)
    page = post(rita, EXTENT, **typed).content.decode()
    assert "<title>Error: " in page
    assert page.count(said) == 2


def test_a_description_goes_out_without_a_record_and_what_was_read_is_destroyed(
    rita: Client, northwind: Organisation, engine: FakeEngine
) -> None:
    case = asked(rita, extent="outline")
    fulfilment.start(case)
    fulfilment.settle(case)
    case.refresh_from_db()
    job = case.job_id
    fulfilment.release(case, by=as_actor(a_member("Ada", "lead", northwind), case))
    assert fulfilment.deliver(case)
    case.refresh_from_db()
    assert (case.state, case.outcome, case.job_id) == (State.ANSWERED, "given", None)
    assert engine.destroyed == [job]
    assert engine.covers == []
    html = case.unseal(Letter.objects.get(kind="answer_outline").html_sealed)
    assert "What kinds of data we hold about you" in html
    assert "to deliver what you bought" in html
    given = rita.get(page_of(case, "outline.json")).json()
    found = {one["category"]: one["found"] for one in given["categories"]}
    assert found == {"Your account": None, "Your orders": True, "Your invoices": None}
    assert Client().get(page_of(case, "outline.json")).status_code == 404
    assert not fulfilment.deliver(case)


def test_a_place_that_did_not_answer_is_named_and_nothing_is_denied(rita: Client, northwind: Organisation, engine: FakeEngine) -> None:
    engine.sources = (DOWN,)
    case = asked(rita, extent="outline")
    fulfilment.start(case)
    fulfilment.settle(case)
    Case.objects.filter(pk=case.pk).update(released_at=case.received_at, released_by="Ada")
    assert fulfilment.deliver(case)
    case.refresh_from_db()
    given = rita.get(page_of(case, "outline.json")).json()
    assert [one["place"] for one in given["not_reached"]] == ["Old CRM"]
    assert {one["found"] for one in given["categories"]} == {None}
    assert "Old CRM" in case.unseal(Letter.objects.get(kind="answer_outline").html_sealed)


def test_no_description_where_none_was_asked(rita: Client, northwind: Organisation) -> None:
    case = confirmed(rita)
    assert rita.get(page_of(case, "outline.json")).status_code == 404
    assert a_case(an_organisation("other", rights={"access": RightPromise(right="access")})).pk


@pytest.mark.thorough
@pytest.mark.django_db
def test_mcpworks_describes_by_its_own_categories_and_by_those_of_california(mcpworks_store: Path) -> None:
    load_organisation(EXAMPLES / "mcpworks", stores=mcpworks_store)
    rita = Client()
    case = answered(asked(rita, "mcpworks", extent="outline"))
    given = rita.get(page_of(case, "outline.json")).json()
    assert any(one["found"] for one in given["categories"])
    assert {one["collected"] for one in given["classes"]} <= {True, False}
    assert any("Stripe" in one["name"] for one in given["recipients"])
    assert RITA not in json.dumps(given)


@pytest.mark.thorough
@pytest.mark.django_db
def test_a_copy_of_some_kinds_holds_these_and_says_what_it_leaves_out(mcpworks_store: Path) -> None:
    load_organisation(EXAMPLES / "mcpworks", stores=mcpworks_store)
    case = answered(asked(Client(), "mcpworks", extent="some", kinds=["run_details"]))
    with zipfile.ZipFile(BytesIO(b"".join(api.open_archive(case.job_id)))) as bag:  # type: ignore[arg-type]  # it was packed
        held = {name.rsplit("/", 1)[1] for name in bag.namelist() if "/records/" in name}
    assert held
    assert all("execution" in name for name in held)
    assert "You did not ask for it." in case.unseal(Letter.objects.get(kind="answer_access").html_sealed)
