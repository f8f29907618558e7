"""Staff sign in, out and again on pages in our look; nobody makes an account from the web."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.organisations.models import User
from tests.people import PASSWORD, at_desk


def test_signing_in_leads_to_the_desk_without_small_talk(client: Client, ada: User) -> None:
    response = client.post(reverse("account_login"), {"login": ada.email, "password": PASSWORD}, follow=True)

    assert response.redirect_chain[-1][0] == reverse("desk:queue")
    assert "Successfully" not in client.get(reverse("mfa_index")).content.decode()


def test_a_wrong_password_says_so_at_the_top_and_keeps_the_address(client: Client, ada: User) -> None:
    page = client.post(reverse("account_login"), {"login": ada.email, "password": "wrong"}).content.decode()

    assert "<title>Error:" in page
    assert "There is a problem" in page
    assert f'value="{ada.email}"' in page


def test_nobody_signs_up(client: Client, db: None) -> None:
    page = client.get(reverse("account_signup")).content.decode()

    assert 'type="password"' not in page


@pytest.mark.parametrize("name", ["account_login", "account_reset_password"])
def test_pages_for_nobody_yet_are_labelled(client: Client, db: None, name: str) -> None:
    page = client.get(reverse(name)).content.decode()

    assert page.count("<h1") == 1
    assert page.count("<label") == page.count('<input id="id_')


@pytest.mark.parametrize("name", ["account_logout", "account_change_password", "mfa_index", "account_reauthenticate"])
def test_pages_about_a_sign_in_stand_in_our_frame(ada: User, name: str) -> None:
    page = at_desk(ada).get(reverse(name)).content.decode()

    assert '<body class="desk">' in page
    assert page.count("<h1") == 1


def test_signing_out_takes_a_button(ada: User) -> None:
    browser = at_desk(ada)
    browser.get(reverse("account_logout"))
    assert browser.get(reverse("desk:queue")).status_code == 200

    browser.post(reverse("account_logout"))
    assert browser.get(reverse("desk:queue")).status_code == 302
