"""Mail of a demo lies in a folder and can be read in the browser; anywhere else there is no such page."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.http import Http404
from django.test import Client, RequestFactory
from pytest_django import Settings

from portal.demo import pages
from portal.demo.outbox import OutboxBackend, read_mail, sent_mail

pytestmark = pytest.mark.urls("tests.demo_urls")


@pytest.fixture(autouse=True)
def _demo(settings: Settings, tmp_path: Path) -> None:
    settings.MODE = "demo"
    settings.OUTBOX_FOLDER = tmp_path / "outbox"


TEXT = "Type K7MX-9QTF\nor open http://localhost:8000/o/northwind/confirm/abc/"


def post(subject: str = "Your code", text: str = TEXT, **words: object) -> None:
    mail = EmailMessage(subject, text, "privacy@northwind.example.org", ["rita@example.org"], **words)  # type: ignore[arg-type]
    OutboxBackend().send_messages([mail])


def shown(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_newest_message_stands_first() -> None:
    post("First")
    post("Second")

    assert [mail.subject for mail in sent_mail()] == ["Second", "First"]


def test_the_list_leads_to_the_message_and_its_links_can_be_followed() -> None:
    post()
    name = sent_mail()[0].name

    assert f'href="/outbox/{name}/"' in shown("/outbox/")
    assert '<a href="http://localhost:8000/o/northwind/confirm/abc/"' in shown(f"/outbox/{name}/")


def test_what_a_message_says_is_text_and_never_markup() -> None:
    post("<script>alert(1)</script>", "<img src=x onerror=alert(1)>")

    for page in (shown("/outbox/"), shown(f"/outbox/{sent_mail()[0].name}/")):
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_letters_in_any_script_arrive_as_they_were_written() -> None:
    post("Ваш запрос · あなたの請求", "Zażółć gęślą jaźń 🦆 " * 30)
    mail = sent_mail()[0]

    assert mail.subject == "Ваш запрос · あなたの請求"
    assert mail.text.startswith("Zażółć gęślą jaźń 🦆")


def test_an_attachment_is_a_download_with_a_name_of_ours() -> None:
    post(attachments=[('evil".html', "<script>", "text/html")])
    answer = Client().get(f"/outbox/{sent_mail()[0].name}/0/")

    assert answer["Content-Disposition"] == 'attachment; filename="attachment-0"'
    assert answer.content.strip() == b"<script>"


@pytest.mark.parametrize("name", ["..", "../../habeas", "20261208T120000000000-0000000", "20261208T120000000000-00000000", ""])
def test_a_name_that_is_not_a_message_finds_nothing(name: str) -> None:
    post()

    assert read_mail(name) is None


def test_an_empty_outbox_says_what_to_do() -> None:
    assert "No mail was sent yet" in shown("/outbox/")


@pytest.mark.parametrize("mode", ["production", "test"])
def test_outside_a_demo_there_is_no_outbox(settings: Settings, rf: RequestFactory, mode: str) -> None:
    post()
    settings.MODE = mode

    with pytest.raises(Http404):
        pages.outbox(rf.get("/outbox/"))
    with pytest.raises(Http404):
        pages.message(rf.get("/outbox/x/"), sent_mail()[0].name)


def test_a_production_never_files_mail_away(settings: Settings, tmp_path: Path) -> None:
    settings.MODE = "production"

    with pytest.raises(ImproperlyConfigured, match="Nothing was sent"):
        post()
    assert not (tmp_path / "outbox").exists()
