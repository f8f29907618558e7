"""Letters: sealed rows, posted once, on paper that screen readers can read and that fetches nothing."""

import http.server
import io
import threading
from datetime import timedelta
from smtplib import SMTPException

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.template.loader import get_template
from pypdf import PdfReader
from weasyprint.urls import URLFetcherResponse

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import letters, paper, tasks
from requests_app.flows import answering, fulfilment
from requests_app.models import Letter
from requests_app.models.letter import LetterState
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.people import RITA, a_case

pytestmark = pytest.mark.thorough

SHEET = "<html lang=en><title>A letter</title><h1>Dear Rita</h1>" + "<p>We have <b>answered</b>.</p>" * 60
CODE = {"code": "K7MX-9QTF", "link": "https://example.org/c/x/", "minutes": 30}


def test_a_letter_is_sealed_and_its_subject_names_nobody(northwind: Organisation) -> None:
    case = a_case(northwind)

    letter = letters.queue(case, "received", to=RITA)

    assert RITA.encode() not in bytes(letter.to_sealed)
    assert letter.subject == "We have your request to Northwind"
    body = case.unseal(letter.body_sealed)
    assert f"Your reference is {case.reference}." in body
    assert f"{case.due_on.day} " in body
    assert case.due_on.strftime("%B") in body


@pytest.mark.parametrize("kind", ["confirm", "follow", "download", "confirm_again"])
def test_what_anybody_can_make_us_send_holds_nothing_they_wrote(northwind: Organisation, kind: str) -> None:
    case = a_case(northwind, name="Visit http://evil.example NOW")

    letter = letters.queue(case, kind, to=RITA, facts=CODE)

    body = case.unseal(letter.body_sealed)
    assert "K7MX-9QTF" in body
    assert "evil" not in body + letter.subject


def test_plain_text_is_not_escaped_and_paper_is(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind, right="objection", name="<b>Rita</b>")

    answering.answer(case, "Stopped: news & <offers>.", by=as_actor(ada, case))

    html = case.unseal(case.letters.get().html_sealed)
    assert "news &amp; &lt;offers&gt;" in html
    assert "<b>Rita</b>" not in html
    extended = letters.queue(case, "extended", to=RITA, facts={"reason": "Q&A <1>", "first_due": case.due_on})
    assert "Q&A <1>" in case.unseal(extended.body_sealed)


def test_a_letter_goes_out_once_however_often_its_task_runs(northwind: Organisation) -> None:
    letter = letters.queue(a_case(northwind), "received", to=RITA)

    tasks.post_letter(letter.pk)
    tasks.post_letter(letter.pk)
    tasks.dispatch()

    letter.refresh_from_db()
    assert (len(mail.outbox), letter.state, letter.due_at) == (1, LetterState.SENT, None)
    assert mail.outbox[0].to == [RITA]
    assert mail.outbox[0].reply_to == ["privacy@northwind.example.org"]


def test_a_letter_that_another_worker_holds_is_left_to_it(northwind: Organisation) -> None:
    letter = letters.queue(a_case(northwind), "received", to=RITA)
    Letter.objects.filter(pk=letter.pk).update(lease_until=clock.now() + timedelta(seconds=20))

    assert not letters.post(letter.pk)
    assert not mail.outbox


def test_a_mailbox_that_is_down_delays_the_letter_then_shows_it(northwind: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = letters.queue(a_case(northwind), "received", to=RITA)

    def is_down(self: EmailBackend, messages: object) -> int:
        raise SMTPException("mailbox unavailable for rita@example.org")

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", is_down)
        for _attempt in range(letters.MAX_ATTEMPTS):
            Letter.objects.filter(pk=letter.pk).update(due_at=clock.now())
            assert not letters.post(letter.pk)
    letter.refresh_from_db()
    assert (letter.state, letter.due_at, letter.error) == (LetterState.FAILED, None, "SMTPException")

    letters.again(letter)
    assert letters.post(letter.pk)
    assert len(mail.outbox) == 1


def test_every_try_carries_the_same_message_id(northwind: Organisation) -> None:
    letter = letters.queue(a_case(northwind), "received", to=RITA)

    ids = {letters._mail(letter).extra_headers["Message-ID"] for _attempt in range(2)}

    assert len(ids) == 1
    assert RITA not in ids.pop()


def test_a_template_without_a_subject_is_refused() -> None:
    with pytest.raises(ValueError, match="Subject"):
        letters._subject_and_body("Dear Rita\n\nHello")


def test_the_answer_travels_as_tagged_pdf(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))
    fulfilment.release(case, by=as_actor(ada, case))
    fulfilment.deliver(case)

    assert letters.post(case.letters.get().pk)

    name, content, kind = mail.outbox[0].attachments[0]
    document = PdfReader(io.BytesIO(content))
    text = "".join(page.extract_text() for page in document.pages)
    assert (name, kind) == (f"{case.reference}.pdf", "application/pdf")
    assert bool(document.trailer["/Root"]["/MarkInfo"]["/Marked"])
    assert "pdfuaid" in document.trailer["/Root"]["/Metadata"].get_data().decode()
    assert document.trailer["/Root"]["/Lang"] == "en"
    assert "Your copy of your data" in text
    assert "Shop database" in text
    assert "Held back" in text


@pytest.mark.parametrize("url", ["file:///etc/hostname", "http://127.0.0.1/", "https://example.org/", "ftp://example.org/x", "//x/y"])
def test_paper_refuses_whatever_is_not_inline(url: str) -> None:
    with pytest.raises(ValueError, match=r"fetch|protocol|absolute"):
        paper.NothingFromOutside().fetch(url)


def test_paper_takes_inline_pictures() -> None:
    response = paper.NothingFromOutside().fetch("data:text/plain;base64,aGVsbG8=")

    assert isinstance(response, URLFetcherResponse)
    assert response.read() == b"hello"
    response.close()


def test_a_letter_with_links_to_this_machine_touches_nothing(tmp_path: object) -> None:
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}/x"
    html = f'<html lang="en"><head><title>t</title><link rel="stylesheet" href="{here}.css"></head><body>'
    html += f'<p>Hello</p><img src="{here}.png" alt="a"><img src="file:///etc/hostname" alt="b"></body></html>'
    try:
        made = paper.pdf(html)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert asked == []
    assert "Hello" in PdfReader(io.BytesIO(made)).pages[0].extract_text()


def test_whoever_is_under_a_law_that_the_policy_forgot_is_told_its_authority_too(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind, right="objection", country="US-CA")
    answering.answer(case, "We have stopped.", by=as_actor(ada, case))
    letter = Letter.objects.get(kind="answer_done")
    for words in (case.unseal(letter.body_sealed), case.unseal(letter.html_sealed)):
        assert "Office of the Privacy Commissioner of Canada" in words
        assert "California Privacy Protection Agency" in words
        assert "https://cppa.ca.gov" in words


def test_fonts_are_looked_for_once_in_each_thread() -> None:
    """Two threads with one map of fonts end a worker."""
    found = [paper.FONTS.found, paper.FONTS.found]
    other = threading.Thread(target=lambda: found.append(paper.FONTS.found))
    other.start()
    other.join()

    assert found[0] is found[1]
    assert found[2] is not found[0]


def test_letters_of_two_threads_at_once_are_like_those_of_one() -> None:
    alone, together = len(PdfReader(io.BytesIO(paper.pdf(SHEET))).pages), list[int]()

    def prints() -> None:
        together.extend(len(PdfReader(io.BytesIO(paper.pdf(SHEET))).pages) for _letter in range(3))

    threads = [threading.Thread(target=prints) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert together == [alone] * 6


def test_the_signature_never_stands_on_a_page_of_its_own() -> None:
    css = get_template("letters/letter.css").template.source
    for lines in range(24, 34):
        body = "<p>We have answered.</p>" * lines + "<div class=keep><h2>Complain</h2><p>To whom</p></div><p class=sign>Ada</p>"
        html = f"<html lang=en><title>A letter</title><style>{css}</style><h1>Dear Rita</h1>{body}</html>"
        last = PdfReader(io.BytesIO(paper.pdf(html))).pages[-1].extract_text()
        assert "Complain" in last, lines
