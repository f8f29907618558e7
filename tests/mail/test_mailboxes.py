"""The setting that names the mailboxes: read exactly, refused with a reason, and never shown."""

import pytest

from portal.mailboxes import MailboxesRefused, mailboxes


def test_user_password_host_port_and_folders_are_read() -> None:
    text = "northwind=imaps://privacy%40northwind.example:p%3Ass%2F@mail.example:1993/Requests%20in?taken=INBOX.Done\n south-2=imap://s:p@10.0.0.1"
    north, south = mailboxes(text).values()
    assert (north.user, north.password, north.host, north.port) == ("privacy@northwind.example", "p:ss/", "mail.example", 1993)
    assert (north.folder, north.taken) == ("Requests in", "INBOX.Done")
    assert (south.scheme, south.port, south.folder, south.taken) == ("imap", 143, "INBOX", "Habeas")
    assert mailboxes("") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("imaps://u:secret@host/INBOX", "every entry looks like"),
        ("org=pop3://u:secret@host/INBOX", "must begin with imaps:// or imap://"),
        ("org=imaps://u@host/INBOX", "must hold user, password and host"),
        ("org=imaps://u:secret@/INBOX", "must hold user, password and host"),
        ("org=imaps://u:secret@host:port/INBOX", "cannot be read"),
        ("org=imaps://u:secret@[::1/INBOX", "cannot be read"),
        ("org=imaps://u:secret@host/IN%22BOX", "plain letters"),
        ("org=imaps://u:secret@host/IN%0ABOX", "plain letters"),
        ("org=imaps://u:secret@host/Entw%C3%BCrfe", "plain letters"),
        ("org=imaps://u:secret@host/INBOX?taken=a%22b", "plain letters"),
        ("org=imaps://u:secret@host/INBOX?done=x", "only ?taken=FOLDER"),
        ("org=imaps://u:secret@host/INBOX#x", "only ?taken=FOLDER"),
        ("org=imaps://u:secret@host org=imaps://u:secret@host", "two mailboxes"),
    ],
)
def test_what_cannot_be_used_is_refused_without_showing_the_account(text: str, reason: str) -> None:
    with pytest.raises(MailboxesRefused) as caught:
        mailboxes(text)
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_place_does_not_print_its_password() -> None:
    assert "secret" not in repr(mailboxes("org=imaps://u:secret@host")["org"])
