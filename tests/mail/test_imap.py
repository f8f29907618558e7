"""Reading a real mailbox: everything once, whatever happens on the way."""

import io
import json
import os
import secrets
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app import tasks
from requests_app.flows import fetching, receiving
from requests_app.mail.imap import READ, MailboxUnread, Visit
from requests_app.models import Case, InboundMail, Letter, Mailbox
from requests_app.models.mail import Outcome
from tests.mail.posting import a_mail, opened
from tests.mail.servers import Dovecot
from tests.processes import ROOT

pytestmark = [pytest.mark.needs("dovecot"), pytest.mark.django_db]


@pytest.fixture
def user() -> str:
    """A mailbox that nobody has used yet."""
    return f"privacy-{secrets.token_hex(4)}@harbour.example.org"


@pytest.fixture
def connected(harbour: Organisation, dovecot: Dovecot, user: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Dovecot:
    """Harbour's mailbox is named in the settings, and the server's certificate is known here."""
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.authority))
    settings.MAILBOXES = {"harbour": dovecot.place("harbour", user)}
    return dovecot


def test_mail_is_taken_in_with_the_servers_own_date_and_put_away(harbour: Organisation, connected: Dovecot, user: str) -> None:
    at = datetime(2026, 3, 7, 9, 30, 15, tzinfo=UTC)
    connected.deliver(user, a_mail(), at=at)
    connected.deliver(user, a_mail(subject="Hello"))

    assert tasks.read_mailbox(harbour) == {"opened": 1, "listed": 1, "stuck": 0}

    assert (opened().received_at, opened().due_on.isoformat()) == (at, "2026-04-06")
    assert connected.mails(user) == []
    assert [str(mail["Subject"]) for mail in connected.mails(user, "Habeas")] == ["Data Access Request", "Hello"]
    assert Mailbox.objects.get().read_at is not None


@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_both_ways_to_tls_work(harbour: Organisation, connected: Dovecot, user: str, settings: Any, scheme: str) -> None:
    settings.MAILBOXES = {"harbour": connected.place("harbour", user, scheme=scheme, tail="INBOX?taken=Done%20by%20us")}
    connected.deliver(user, a_mail())
    tasks.read_mailbox(harbour)
    assert len(connected.mails(user, "Done by us")) == 1


def test_a_round_that_dies_before_putting_away_does_nothing_twice(
    harbour: Organisation, connected: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.deliver(user, a_mail())
    with monkeypatch.context() as dying:
        dying.setattr(Visit, "put_away", lambda self, uid: (_ for _ in ()).throw(MailboxUnread("unreachable")))
        with pytest.raises(MailboxUnread):
            tasks.read_mailbox(harbour)
    assert (Case.objects.count(), len(connected.mails(user))) == (1, 1)

    tasks.read_mailbox(harbour, at_once=True)

    assert (Case.objects.count(), Letter.objects.count(), InboundMail.objects.count()) == (1, 1, 1)
    assert (len(connected.mails(user)), len(connected.mails(user, "Habeas"))) == (0, 1)


def test_a_copy_of_the_same_mail_is_put_away_and_opens_nothing(harbour: Organisation, connected: Dovecot, user: str) -> None:
    raw = a_mail()
    for _copy in range(2):
        connected.deliver(user, raw)
    tasks.read_mailbox(harbour)
    assert Case.objects.count() == 1
    assert len(connected.mails(user, "Habeas")) == 2


def test_a_mail_that_cannot_be_taken_in_stays_and_stops_no_other(
    harbour: Organisation, connected: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.deliver(user, a_mail(subject="poison"))
    connected.deliver(user, a_mail())
    take = receiving.take

    def stumbles(organisation: Organisation, arrived: Any) -> Outcome:
        if b"poison" in arrived.raw:
            raise RuntimeError("a fault of ours")
        return take(organisation, arrived)

    monkeypatch.setattr(receiving, "take", stumbles)
    assert tasks.read_mailbox(harbour) == {"opened": 1, "stuck": 1}
    assert [str(mail["Subject"]) for mail in connected.mails(user)] == ["poison"]
    assert Mailbox.objects.get().stuck == 1
    monkeypatch.undo()


def test_of_a_huge_mail_the_beginning_is_read(harbour: Organisation, connected: Dovecot, user: str) -> None:
    connected.deliver(user, a_mail("x" * 72 + "\r\n" + ("y" * 70 + "\r\n") * 40_000))
    tasks.read_mailbox(harbour)
    case = opened()
    assert "cut" in InboundMail.objects.get().flags
    assert len(case.unseal(case.messages.get().body_sealed)) < READ
    assert len(connected.mails(user, "Habeas")[0].get_content()) > 2_000_000


def test_a_mail_stays_unread_for_other_eyes(harbour: Organisation, connected: Dovecot, user: str) -> None:
    connected.deliver(user, a_mail())
    tasks.read_mailbox(harbour)
    with connected.opened(user) as program:
        program.select("Habeas", readonly=True)
        assert program.uid("SEARCH", "UNSEEN")[1] == [b"1"]


def test_a_server_that_cannot_move_gets_a_mark(
    harbour: Organisation, connected: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visit, "_move", lambda self, uid: False)
    connected.deliver(user, a_mail())
    tasks.read_mailbox(harbour)
    with connected.opened(user) as program:
        program.select("INBOX", readonly=True)
        assert program.uid("SEARCH", "SEEN", "KEYWORD", "HabeasTaken")[1] == [b"1"]
    connected.deliver(user, a_mail())
    assert tasks.read_mailbox(harbour, at_once=True) == {"joined": 1, "stuck": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        ({"password": "wrong"}, "refused"),
        ({"tail": "No/Such"}, "no_folder"),
        ({"host": "127.0.0.1"}, "no_tls"),
        ({"host": "127.0.0.1", "scheme": "imap"}, "no_tls"),
    ],
)
def test_why_a_mailbox_cannot_be_read_is_noted_since_when(
    harbour: Organisation, connected: Dovecot, user: str, settings: Any, wrong: tuple[dict[str, str], str]
) -> None:
    changes, code = wrong
    connected.deliver(user, a_mail())
    settings.MAILBOXES = {"harbour": connected.place("harbour", user, **changes)}
    tasks.fetch_mail()
    since = Mailbox.objects.get().error_since
    Mailbox.objects.update(due_at=clock.now())
    tasks.fetch_mail()
    assert (Mailbox.objects.get().error, Mailbox.objects.get().error_since) == (code, since)
    assert len(connected.mails(user)) == 1
    settings.MAILBOXES = {"harbour": connected.place("harbour", user)}
    tasks.read_mailbox(harbour, at_once=True)
    assert (Mailbox.objects.get().error, Mailbox.objects.get().error_since) == ("", None)


def test_an_unknown_certificate_is_not_trusted(harbour: Organisation, connected: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(MailboxUnread, match="no_tls"):
        tasks.read_mailbox(harbour)


def test_a_server_that_is_away_is_unreachable(harbour: Organisation, connected: Dovecot, user: str, settings: Any) -> None:
    place = connected.place("harbour", user)
    settings.MAILBOXES = {"harbour": type(place)(**{**vars(place), "port": 1})}
    with pytest.raises(MailboxUnread, match="unreachable"):
        tasks.read_mailbox(harbour)


def test_one_reads_at_a_time(harbour: Organisation, connected: Dovecot) -> None:
    with fetching.round_to(harbour) as first:
        assert first is not None
        assert tasks.read_mailbox(harbour, at_once=True) is None
    assert tasks.read_mailbox(harbour) is None  # it was read just now
    assert tasks.read_mailbox(harbour, at_once=True) == {"stuck": 0}


def test_a_flood_waits_in_the_mailbox(harbour: Organisation, connected: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "AN_HOUR", 2)
    for number in range(3):
        connected.deliver(user, a_mail(sender=f"p{number}@example.org"))
    assert tasks.read_mailbox(harbour) == {"opened": 2, "stuck": 0}
    assert len(connected.mails(user)) == 1
    InboundMail.objects.update(taken_at=clock.now() - timedelta(hours=2))
    assert tasks.read_mailbox(harbour, at_once=True) == {"opened": 1, "stuck": 0}


def test_the_command_says_what_became_of_the_mail(harbour: Organisation, connected: Dovecot, user: str, settings: Any) -> None:
    connected.deliver(user, a_mail())
    out = io.StringIO()
    call_command("fetch_mail", "harbour", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"harbour": {"opened": 1, "stuck": 0}}
    call_command("fetch_mail", stdout=out)
    assert "harbour: nothing new." in out.getvalue()
    with pytest.raises(CommandError, match="nowhere has no mailbox"):
        call_command("fetch_mail", "nowhere")
    settings.MAILBOXES = {"harbour": connected.place("harbour", user, password="wrong")}
    with pytest.raises(CommandError, match="does not take the user"):
        call_command("fetch_mail", stdout=io.StringIO())


DIES = """
import os, signal
from django.core.management import call_command
from requests_app.mail.imap import Visit
if os.environ.get("DIES"):
    Visit.put_away = lambda self, uid: os.kill(os.getpid(), signal.SIGKILL)
call_command("fetch_mail")
"""
COUNT = "from requests_app.models import *; print(Case.objects.count(), Letter.objects.count(), Message.objects.count())"


@pytest.mark.story
def test_a_reader_killed_between_taking_in_and_putting_away_does_nothing_twice(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HABEAS_", "DJANGO_"))}
    ours = {**kept, "HABEAS_DATA": str(tmp_path), "SSL_CERT_FILE": str(dovecot.authority), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    ours["HABEAS_MAILBOXES"] = f"mcpworks={dovecot.address(user)}"

    def manage(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        return subprocess.run(command, env={**ours, **changes}, cwd=ROOT, capture_output=True, text=True, check=False)

    for words in (("migrate", "-v", "0"), ("load_organisation", "examples/mcpworks")):
        assert manage(*words).returncode == 0
    for number in range(3):
        dovecot.deliver(user, a_mail(sender=f"p{number}@example.org"))
    for _death in range(3):
        assert manage("shell", "--no-imports", "-c", DIES, DIES="yes").returncode == -signal.SIGKILL
        manage("shell", "--no-imports", "-c", "from requests_app.models import Mailbox; Mailbox.objects.update(lease_until=None)")

    done = manage("shell", "--no-imports", "-c", DIES)

    assert done.returncode == 0, done.stderr
    assert manage("shell", "--no-imports", "-c", COUNT).stdout.split() == ["3", "3", "3"]
    assert (len(dovecot.mails(user)), len(dovecot.mails(user, "Habeas"))) == (0, 3)
