"""The whole way of a request by mail: SMTP, the mailbox, the link in the answer, the button, the archive."""

import io
import re
import smtplib
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from exports import api
from exports.flows.registering import load_organisation
from portal.organisations.models import Organisation
from requests_app import letters, tasks
from requests_app.access import SHELL
from requests_app.flows import correcting, erasing, fulfilment, verification
from requests_app.flows.correcting import Decision
from requests_app.models import Case, Letter
from requests_app.models.letter import LetterState
from requests_app.rules.regimes import load_regimes
from requests_app.rules.states import State
from requests_app.wishes import Wanted
from tests.desk.test_correcting import worked
from tests.mail.conftest import SUBJECTS
from tests.mail.servers import Dovecot
from tests.processes import ROOT

pytestmark = [pytest.mark.needs("dovecot"), pytest.mark.django_db]
PRIVACY, RITA = "privacy@mcpworks.io", "rita.lindqvist@example.org"
RITAS_ACCOUNT = 1
LINK = re.compile(r"^http://testserver(/o/mcpworks/confirm/\S+/)\s*$", re.MULTILINE)
CODE = re.compile(r"^\s+([0-9A-Z]{4}-[0-9A-Z]{4})\s*$", re.MULTILINE)


@dataclass
class Rita:
    """Somebody with a mail program and a browser."""

    dovecot: Dovecot
    smtp: int
    browser: Client

    def writes(self, subject: str, text: str) -> str:
        """Sends a mail; its number."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Rita <{RITA}>", PRIVACY, subject
        mail["Message-ID"] = f"<{abs(hash(subject))}@mail.example.org>"
        mail.set_content(text)
        mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="passport.pdf")
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=20) as server:
            server.send_message(mail)
        return str(mail["Message-ID"])

    def mails(self) -> list[EmailMessage]:
        return self.dovecot.mails(RITA)

    def texts(self) -> list[str]:
        return [said(mail) for mail in self.mails()]

    def newest(self) -> str:
        return self.texts()[-1]

    def presses_the_link(self) -> None:
        self.browser.get(LINK.findall(self.newest())[0], follow=True)
        assert self.browser.post("/o/mcpworks/confirm/").status_code == 302

    def types_the_code(self) -> None:
        workers_post()
        assert self.browser.post("/o/mcpworks/code/", {"code": CODE.findall(self.newest())[0]}).status_code == 302


def said(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def workers_post() -> None:
    """Whatever waits goes out by SMTP."""
    for pk in Letter.objects.filter(state=LetterState.QUEUED).order_by("pk").values_list("pk", flat=True):
        assert letters.post(pk)


@pytest.fixture
def mcpworks(mcpworks_store: Path, rita: Rita, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    """MCPWorks as it is published, with its mailbox and an SMTP server."""
    load_organisation(ROOT / "examples" / "mcpworks", stores=mcpworks_store, regimes=load_regimes().keys())
    monkeypatch.setenv("SSL_CERT_FILE", str(rita.dovecot.authority))
    settings.MAILBOXES = {"mcpworks": rita.dovecot.place("mcpworks", PRIVACY)}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", rita.smtp
    for user in (PRIVACY, RITA):
        empty(rita.dovecot, user)
    return Organisation.objects.get(key="mcpworks")


def empty(dovecot: Dovecot, user: str) -> None:
    with dovecot.opened(user) as program:
        program.select("INBOX")
        program.uid("STORE", "1:*", "+FLAGS.SILENT", "\\Deleted")
        program.expunge()


@pytest.fixture
def rita(db: None, dovecot: Dovecot, smtp: int) -> Rita:
    return Rita(dovecot, smtp, Client())


@pytest.mark.parametrize(("right", "subject"), SUBJECTS.items())
def test_a_mail_with_each_subject_becomes_a_confirmed_request(mcpworks: Organisation, rita: Rita, right: str, subject: str) -> None:
    sent = rita.writes(f"Re: {subject}", "As your policy says.")

    assert tasks.read_mailbox(mcpworks) == {"opened": 1, "stuck": 0}
    workers_post()

    [answer] = rita.mails()
    assert (answer["In-Reply-To"], answer["Subject"]) == (sent, "About your message to MCPWorks")
    assert answer["Reply-To"] == PRIVACY
    case = Case.objects.get()
    rita.presses_the_link()
    if right in ("correction", "deletion"):
        rita.types_the_code()
    if right == "deletion":
        rita.types_the_code()
    case.refresh_from_db()
    assert (case.right, case.state) == (right, State.OPEN)
    assert verification.is_proved(case)
    assert case.reference in rita.browser.get("/o/mcpworks/done/").content.decode()
    assert "[1 attachment was not kept." in case.unseal(case.messages.get().body_sealed)
    workers_post()
    assert any(case.reference in text for text in rita.texts())


def confirmed(mcpworks: Organisation, rita: Rita, right: str) -> Case:
    """A request by mail that was taken in, answered with a link, and proved as its right wants it."""
    rita.writes(SUBJECTS[right], "As your policy says.")
    assert tasks.read_mailbox(mcpworks) == {"opened": 1, "stuck": 0}
    workers_post()
    rita.presses_the_link()
    for _code in range({"correction": 1, "deletion": 2}.get(right, 0)):
        rita.types_the_code()
    return worked(Case.objects.get())


def everybody_else(stores: Path, account: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the accounts database that does not name this account by its number."""
    with closing(sqlite3.connect(stores / "accounts.sqlite3")) as base:
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        named = {table: {row[1] for row in base.execute(f"PRAGMA table_info({table})")} for table in tables}
        whose = {table: "account_id" for table in tables if "account_id" in named[table]} | {"accounts": "id"}
        return {table: base.execute(f"SELECT * FROM {table} WHERE {whose[table]} <> ?", [account]).fetchall() for table in whose}


@pytest.mark.parametrize("right", ["access", "portability"])
def test_a_copy_asked_by_mail_is_gathered_released_and_opened(mcpworks: Organisation, rita: Rita, right: str) -> None:
    case = confirmed(mcpworks, rita, right)
    fulfilment.release(case, by=SHELL)
    case = worked(case)
    assert case.state == State.ANSWERED
    workers_post()

    page = f"/o/mcpworks/request/{case.reference}/download/"
    rita.browser.post(page, {"again": "yes"})
    workers_post()
    handed = rita.browser.post(page, {"code": CODE.findall(rita.newest())[0]})

    with zipfile.ZipFile(io.BytesIO(b"".join(handed.streaming_content))) as archive:
        files = {name.rpartition("/")[2]: archive.read(name).decode() for name in archive.namelist() if "/records/" in name}
    assert RITA in files["accounts-accounts.json"]
    assert ("telemetry-request_log.json" in files) is (right == "access")  # what we noted about her is not hers to take elsewhere


def test_a_deletion_asked_by_mail_ends_with_a_certificate_in_her_mailbox(mcpworks: Organisation, rita: Rita, mcpworks_store: Path) -> None:
    case = confirmed(mcpworks, rita, "deletion")
    others = everybody_else(mcpworks_store, RITAS_ACCOUNT)
    assert case.job_id
    erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=SHELL)
    case = worked(case)

    assert case.state == State.ANSWERED
    receipt = api.receipt(case.job_id)
    assert receipt
    assert receipt["receipt"]["outcome"] == "complete"
    workers_post()
    certificate = next(mail for mail in rita.mails() if case.reference in said(mail) and "certificate" in said(mail))
    assert [part.get_content_type() for part in certificate.iter_attachments()] == ["application/pdf"]
    assert everybody_else(mcpworks_store, RITAS_ACCOUNT) == others
    with closing(sqlite3.connect(mcpworks_store / "accounts.sqlite3")) as base:
        assert base.execute("SELECT count(*) FROM accounts WHERE email = ?", [RITA]).fetchone() == (0,)
        assert base.execute("SELECT count(*) FROM api_keys WHERE account_id = ?", [RITAS_ACCOUNT]).fetchone() == (0,)


def test_a_correction_asked_by_mail_is_written_down_written_back_and_answered(
    mcpworks: Organisation, rita: Rita, mcpworks_store: Path
) -> None:
    others = everybody_else(mcpworks_store, RITAS_ACCOUNT)
    case = confirmed(mcpworks, rita, "correction")
    correcting.add(case, Wanted("mcpworks_accounts.accounts.status", "", "suspended"), by=SHELL)
    case = worked(case)
    assert case.job_id
    decisions = {0: Decision(correcting.ACCEPT, (0,))}
    correcting.decide(case, decisions, digest=api.correction(case.job_id).digest, by=SHELL)
    case = worked(case)

    assert (case.state, case.outcome) == (State.ANSWERED, "done")
    workers_post()
    assert [text for text in rita.texts() if case.reference in text and "Status (Account): Changed." in text]
    with closing(sqlite3.connect(mcpworks_store / "accounts.sqlite3")) as base:
        assert base.execute("SELECT status FROM accounts WHERE email = ?", [RITA]).fetchone() == ("suspended",)
    assert everybody_else(mcpworks_store, RITAS_ACCOUNT) == others


def test_an_answer_by_mail_reaches_the_thread_and_the_letter_that_came_back_the_case(mcpworks: Organisation, rita: Rita) -> None:
    rita.writes("Data Access Request", "Everything, please.")
    tasks.read_mailbox(mcpworks)
    workers_post()
    rita.presses_the_link()
    workers_post()
    ours = rita.mails()[-1]

    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = RITA, PRIVACY, f"Re: {ours['Subject']}"
    answer["In-Reply-To"], answer["Message-ID"] = ours["Message-ID"], "<answer@mail.example.org>"
    answer.set_content("Only the last two years, please.")
    with smtplib.SMTP("127.0.0.1", rita.smtp, timeout=20) as server:
        server.send_message(answer)
        bounce = f"From: MAILER-DAEMON@mx.example.org\r\nSubject: failed\r\n\r\n{ours['Message-ID']} came back"
        server.sendmail("", [PRIVACY], bounce.encode())

    assert tasks.read_mailbox(mcpworks, at_once=True) == {"replied": 1, "bounced": 1, "stuck": 0}
    case = Case.objects.get()
    assert "Only the last two years" in case.unseal(case.messages.order_by("-pk")[0].body_sealed)
    assert case.letters.filter(bounced_at__isnull=False).count() == 1
