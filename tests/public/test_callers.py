"""Who asks, and what is taken from them."""

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory

from portal.organisations.models import Organisation
from portal.proxies import networks
from requests_app.views import visits


@pytest.mark.parametrize(
    ("peer", "named", "caller"),
    [
        ("8.8.4.4", "", "8.8.4.4"),
        ("8.8.4.4", "9.9.9.9", "8.8.4.4"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("10.0.0.2", "1.1.1.1, 8.8.8.8", "8.8.8.8"),
        ("10.0.0.2", "nonsense", "10.0.0.2"),
        ("10.0.1.2", "8.8.8.8", "10.0.1.2"),
        ("::ffff:10.0.0.2", "8.8.8.8", "8.8.8.8"),
        ("", "8.8.8.8", ""),
    ],
)
def test_only_a_proxy_that_we_trust_may_name_the_caller(
    rf: RequestFactory, settings: LazySettings, peer: str, named: str, caller: str
) -> None:
    settings.TRUSTED_PROXIES = networks("10.0.0.0/24, 10.7.0.1")
    assert visits.caller(rf.get("/", headers={"X-Forwarded-For": named}, REMOTE_ADDR=peer)) == caller


def test_nobody_names_the_caller_unless_we_say_who_may(rf: RequestFactory) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "8.8.8.8"}, REMOTE_ADDR="127.0.0.1")
    assert visits.caller(request) == "127.0.0.1"


@pytest.mark.parametrize("path", ["/o/northwind/track/", "/desk/account/login/"])
def test_more_than_a_page_takes_is_refused_in_plain_words(northwind: Organisation, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get(path)
    answered = browser.post(path, "reference=" + "x" * 300_000, content_type="application/x-www-form-urlencoded")

    assert answered.status_code == 413
    assert "That is more than this page takes. Nothing was changed." in answered.content.decode()
    assert "<main" in answered.content.decode()


def test_what_cannot_be_read_is_refused_in_plain_words(rita: Client) -> None:
    answered = rita.get("/", headers={"Host": "evil.example"})

    assert answered.status_code == 400
    assert "We could not read what was sent. Nothing was changed." in answered.content.decode()
