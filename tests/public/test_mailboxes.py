"""How often a mailbox is written to: enough for whoever is wanted there, and no flood for whoever is not."""

import pytest
from django.test import Client

from portal.organisations.models import Organisation
from requests_app.flows import following
from requests_app.models import Case, Letter
from tests.people import RITA, an_organisation
from tests.public.walking import TRACK, ask, confirmed, let_in, mailed_code, post

pytestmark = pytest.mark.thorough


@pytest.fixture
def southwind(northwind: Organisation) -> Organisation:
    return an_organisation("southwind")


def test_whoever_proves_each_request_gets_every_code_that_they_need(northwind: Organisation, southwind: Organisation) -> None:
    browser = Client()
    for org in ("northwind", "southwind"):
        for right in ("access", "deletion", "portability", "access"):
            assert confirmed(browser, right=right, org=org).confirmed_at
    last = confirmed(browser, right="deletion")
    assert last.confirmed_at
    let_in(last)

    assert Letter.objects.filter(kind="confirm").count() == 9


def test_second_codes_are_sent_whatever_others_did_to_the_mailbox(careful: Organisation) -> None:
    browser = Client()
    case = ask(browser, right="deletion", org="careful")
    code = mailed_code("confirm")
    for _ in range(9):
        ask(Client(), org="careful")
    post(browser, "/o/careful/code/", code=code)

    assert Letter.objects.filter(kind="confirm").count() == 6
    assert case.letters.filter(kind="confirm_again").count() == 1
    again = post(browser, "/o/careful/code/", again="1")
    assert "We have just sent a code." in again.content.decode()


def test_a_flood_at_one_organisation_silences_nobody_at_another(northwind: Organisation, southwind: Organisation) -> None:
    for _ in range(9):
        ask(Client(), email=RITA)
    assert Letter.objects.count() == 6

    case = ask(Client(), org="southwind")
    assert case.letters.count() == 1


def test_codes_to_follow_that_nobody_used_count_and_used_ones_do_not(rita: Client) -> None:
    cases = [confirmed(rita, right=right) for right in ("access", "deletion", "portability") * 2]
    let_in(cases[0])
    for case in [*cases[1:], ask(Client())]:
        post(Client(), TRACK, reference=case.reference, email=RITA)
    following.settle_due()
    assert Letter.objects.filter(kind="follow").count() == 1 + 5

    assert not ask(Client()).letters.exists()
    assert Case.objects.count() == 8
