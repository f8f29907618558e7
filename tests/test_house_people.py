import pytest

from portal.organisations.models import Organisation, User
from requests_app.rules.states import State
from tests.people import RITA, a_case, at_desk


@pytest.mark.parametrize("state", list(State))
def test_a_case_can_be_made_in_every_state(northwind: Organisation, state: State) -> None:
    case = a_case(northwind, state=state)

    assert case.state == state
    assert case.name == "Rita Lindqvist"
    assert case.identifiers.get().value == RITA


def test_otto_and_mallory_belong_to_different_organisations(otto: User, mallory: User) -> None:
    assert not set(otto.memberships.values_list("organisation")) & set(mallory.memberships.values_list("organisation"))


def test_a_signed_in_browser_carries_its_user(otto: User) -> None:
    browser = at_desk(otto)

    assert browser.session["_auth_user_id"] == str(otto.pk)
