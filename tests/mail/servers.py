"""Real mail servers: a private Dovecot whose mailboxes anybody's mail reaches, and an SMTP server in front of it."""

import imaplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.mailboxes import Place, mailboxes
from tests.processes import free_port
from tests.servers import _folder, _program, _running

PASSWORD = "pass:word@with/signs+ü"
CONF = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot. Every address has a mailbox; the password is the same for all."""

    folder: Path
    port: int
    tls_port: int

    @property
    def authority(self) -> Path:
        return self.folder / "cert.pem"

    def address(self, user: str, *, password: str = PASSWORD, tail: str = "INBOX", scheme: str = "imaps", host: str = "localhost") -> str:
        port = self.tls_port if scheme == "imaps" else self.port
        return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{tail}"

    def place(self, key: str, user: str, **changes: Any) -> Place:
        return mailboxes(f"{key}={self.address(user, **changes)}")[key]

    def opened(self, user: str) -> imaplib.IMAP4_SSL:
        """A mail program that is signed in."""
        context = ssl.create_default_context(cafile=str(self.authority))
        program = imaplib.IMAP4_SSL("localhost", self.tls_port, ssl_context=context, timeout=20)
        program.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{PASSWORD}".encode())
        return program

    def deliver(self, user: str, raw: bytes, *, at: datetime | None = None, folder: str = "INBOX") -> None:
        """A mail reaches the mailbox, received at that moment."""
        with self.opened(user) as program:
            told = program.append(folder, "", imaplib.Time2Internaldate((at or datetime.now(UTC)).astimezone()), raw)
            assert told[0] == "OK", told

    def mails(self, user: str, folder: str = "INBOX") -> list[EmailMessage]:
        """What lies in a folder; nothing if there is no such folder."""
        with self.opened(user) as program:
            if program.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            found = program.uid("SEARCH", "ALL")[1][0].split()
            raws = [program.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1][0][1] for uid in found]
        return [message_from_bytes(raw, policy=default) for raw in raws]  # type: ignore[misc]  # the policy makes them so


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A private Dovecot under an account that may do nothing else."""
    with _folder("dovecot") as folder:
        here = Dovecot(folder, free_port(), free_port())
        certify(folder)
        (folder / "mail").mkdir(mode=0o777)
        (folder / "mail").chmod(0o777)
        words = {"folder": folder, "port": here.port, "tls_port": here.tls_port, "user": "nobody", "group": "nogroup", "password": PASSWORD}
        (folder / "dovecot.conf").write_text(CONF.format(**words))

        def answers() -> None:
            socket.create_connection(("127.0.0.1", here.tls_port), timeout=2).close()

        with _running([_program("dovecot"), "-F", "-c", folder / "dovecot.conf"], folder=folder, answers=answers):
            yield here


def certify(folder: Path) -> None:
    """A certificate for this machine by itself, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.2"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


class Postman:
    """Brings what was sent to the mailbox of each addressee, and notes the envelope's sender as servers do."""

    def __init__(self, dovecot: Dovecot) -> None:
        self.dovecot = dovecot

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        raw = f"Return-Path: <{envelope.mail_from or ''}>\r\n".encode() + envelope.content
        for address in envelope.rcpt_tos:
            self.dovecot.deliver(address, raw)
        return "250 Brought"


@pytest.fixture
def smtp(dovecot: Dovecot) -> Iterator[int]:
    """The port of a running SMTP server."""
    server = Controller(Postman(dovecot), hostname="127.0.0.1", port=free_port())
    server.start()
    yield server.port
    server.stop()
