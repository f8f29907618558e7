"""Who works where is settled at the shell; who is new chooses a password by a link, in our words."""

import json
import re
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from portal.organisations.models import Membership, Organisation, User
from tests.people import PASSWORD, at_desk

BEA = "bea@example.org"


def staff(*words: str) -> dict[str, str]:
    """Address → role, as the command prints them."""
    out = StringIO()
    call_command("staff", *words, "--json", stdout=out, stderr=StringIO())
    return {row["email"]: row["role"] for row in json.loads(out.getvalue())["staff"]}


def test_who_works_there_is_listed(northwind: Organisation, ada: User, otto: User, mallory: User) -> None:
    assert staff("northwind") == {ada.email: "lead", otto.email: "officer"}


def test_a_new_lead_chooses_a_password_by_a_mailed_link_and_is_let_in(northwind: Organisation, client: Client) -> None:
    assert staff("northwind", BEA, "lead", "--name", "Bea Ek") == {BEA: "lead"}
    assert not client.login(email=BEA, password="")
    page = client.post(reverse("account_reset_password"), {"email": BEA}, follow=True).content.decode()
    assert "Look at your email" in page
    (message,) = mail.outbox
    assert message.subject == "Choose your password for the desk"
    assert "localhost" not in message.body.replace("http://", "").partition("/")[2]
    address = re.findall(r"http://testserver(\S+)", message.body)[0]
    form = client.get(address, follow=True)
    assert "Choose your password" in form.content.decode()
    done = client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD}, follow=True).content.decode()
    assert "You can sign in now" in done
    assert client.post(reverse("account_login"), {"login": BEA, "password": PASSWORD}, follow=True).redirect_chain[-1][0] == reverse(
        "desk:queue"
    )
    assert "This link no longer works" in Client().get(address, follow=True).content.decode()


def test_an_address_that_works_nowhere_is_told_so_and_never_asked_to_sign_up(client: Client, db: None) -> None:
    client.post(reverse("account_reset_password"), {"email": BEA})
    (message,) = mail.outbox
    assert "Nobody works there" in message.body
    assert "sign up" not in message.body


def test_a_role_is_changed_and_taken_away_and_the_account_stays(northwind: Organisation, otto: User) -> None:
    assert staff("northwind", "OTTO@example.org", "auditor") == {otto.email: "auditor"}
    assert staff("northwind", otto.email, "--remove") == {}
    assert at_desk(otto).get("/desk/?who=everyone").status_code == 200
    assert not Membership.objects.filter(user=otto).exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["northwind", BEA, "lead"], "--name"),
        (["northwind", "bea", "lead", "--name", "Bea"], "no email address"),
        (["northwind", BEA, "lead", "--name", "Be\u202ea"], "--name"),
        (["northwind", BEA, "--remove"], "Nobody with this address"),
        (["northwind", BEA], "an address and a role"),
        (["northwind", BEA, "lead", "--remove"], "an address and a role"),
        (["southwind"], "no organisation"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(northwind: Organisation, words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        staff(*words)
    assert not User.objects.exists()


def test_an_account_that_is_switched_off_gets_no_role(northwind: Organisation, otto: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="switched off"):
        staff("northwind", otto.email, "lead")
    assert Membership.objects.get().role == "officer"
