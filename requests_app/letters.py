"""Letters: a row first, in the transaction of the change it reports; posted by a worker, once.

A kind is a template `templates/letters/<kind>.txt`: its first line is `Subject: …`, neutral, without personal data. A formal letter
has `<kind>.html` too, which becomes a tagged PDF. Facts that are dates come out as “14 October 2026”.
"""

import logging
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from email.utils import formataddr, parseaddr
from importlib import import_module
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.template import Context
from django.template.base import Template
from django.template.loader import get_template
from django.utils import dateformat, translation

from portal.kit import clock, crypto, leases
from portal.kit.crypto import Sealed
from portal.kit.leases import LeaseLost
from portal.organisations.promises import UNSPECIFIED, Authority, PolicyDocument
from requests_app import askers, hints
from requests_app.models import Case, InboundMail, Letter, register
from requests_app.models.letter import LetterState
from requests_app.models.mail import Outcome
from requests_app.rules.regimes import binding_regimes

log = logging.getLogger("habeas.letters")
MAX_ATTEMPTS = 8
MOST_NAMED = 100
# Said to other machines: a machine wrote this, do not answer it.
TO_MACHINES = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
# They hold a one-time code: nobody but the person reads them.
TO_RECIPIENT = "recipient_told"  # to somebody who has the data from us, never shown to the person
TO_RECIPIENT_AGAIN = "recipient_again"
TO_AGENT = "agent_told"  # that the person has our answer, and nothing of it
TO_OTHERS = frozenset({TO_RECIPIENT, TO_RECIPIENT_AGAIN, TO_AGENT})
SECRET_KINDS = frozenset({"confirm", "confirm_again", "authorise", "follow", "download"})
# They say that we have the request; an answer says so too, where it comes first.
ANSWERS = frozenset({"refused", "answer_access", "answer_outline", "answer_deletion", "answer_correction", "answer_done", "appeal_decided"})
ACKNOWLEDGING = ANSWERS | {"received", "extended", "question", "message"}


def queue(case: Case, kind: str, *, to: str, facts: Mapping[str, Any] | None = None, formal: bool = False) -> Letter:
    """Writes a letter into the row that a worker posts; call it in the transaction of the change."""
    language = case.submission.language or settings.LANGUAGE_CODE
    with translation.override(language):
        words = _words(case, facts or {})
        subject, body = _subject_and_body(_render(f"letters/{kind}.txt", words, escape=False))
        if askers.is_for_another(case) and case.confirmed_at and kind not in SECRET_KINDS | TO_OTHERS:
            body = _render("letters/for_another.txt", words, escape=False).strip() + "\n\n" + body
        html = _render(f"letters/{kind}.html", words | {"subject": subject}, escape=True) if formal else ""
    letter = Letter.objects.create(
        case=case,
        kind=kind,
        language=language,
        to_sealed=case.seal(to),
        subject=subject,
        body_sealed=case.seal(body),
        html_sealed=case.seal(html) if html else b"",
        is_formal=formal,
        message_id=secrets.token_hex(16),
        created_at=clock.now(),
        due_at=clock.now(),
    )
    hints.on_commit(hints.POST_LETTER, letter.pk)
    if kind in ANSWERS and (agent := askers.told_apart(case)):
        queue(case, TO_AGENT, to=agent)
    return letter


def post(letter_id: int) -> bool:
    """Sends a due letter that nobody else is sending. True when it went out now; what fails is tried again, and shown."""
    token = leases.claim(Letter, letter_id)
    if token is None:
        return False
    letter = Letter.objects.select_related("case__organisation", "case__policy").get(pk=letter_id)
    try:
        _deliver(letter, token)
    except LeaseLost:
        return False
    except (SMTPException, OSError, Sealed, ValueError) as problem:
        _put_off(letter, token, type(problem).__name__)
        return False
    return True


def again(letter: Letter) -> None:
    """Gives a letter that failed or came back another round of tries."""
    fresh = {"state": LetterState.QUEUED, "attempts": 0, "error": "", "due_at": clock.now(), "lease_until": None}
    Letter.objects.filter(pk=letter.pk).update(**fresh, bounced_at=None, is_lost=False)
    hints.on_commit(hints.POST_LETTER, letter.pk)


def _words(case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What every letter may say, and the facts of this one."""
    document = case.policy.read()
    status = f"{settings.BASE_URL}/o/{case.organisation.key}/request/{case.reference}/"
    known = {
        "case": case,
        "reference": case.reference,
        "organisation": case.organisation,
        "policy": document,
        "contact": document.contacts.privacy_email,
        "letterhead": letterhead(document),
        "due": case.due_on,
        "asked_on": clock.local_date(case.received_at, case.organisation.timezone),
        "today": clock.today(case.organisation.timezone),
        "status_link": status,
        "complaints": complaints(case, document),
        "asker": askers.asker_of(case),
        "subject_name": case.name,
        "addressee": _addressee(case),
    }
    zone = case.organisation.timezone
    return {name: _spoken(value, zone) for name, value in {**known, **facts}.items()}


def _addressee(case: Case) -> str:
    """Whom we write to: the person, or whoever asks for them and gets our answer."""
    asker = askers.asker_of(case)
    is_theirs = asker is not None and (not askers.is_agents(case) or askers.goes_to_agent(case))
    return asker.name if asker and is_theirs else case.name


def letterhead(document: PolicyDocument) -> list[str]:
    """Who writes: legal name, office and postal address, each once."""
    contacts = document.contacts
    lines = [
        document.legal_name,
        contacts.officer_title,
        contacts.postal.removeprefix(document.legal_name).strip(" ,"),
        contacts.privacy_email,
    ]
    return [line for line in lines if line not in ("", UNSPECIFIED)]


def complaints(case: Case, document: PolicyDocument) -> list[Authority]:
    """Where this person can complain: the policy's authorities of the laws that bind, then those that only the laws name."""
    laws = binding_regimes(document.regimes, case.country or None, residence=document.residence_regimes)
    fitting = [one for one in document.authorities if not one.regimes or {law.id for law in laws} & set(one.regimes)]
    covered = {key for one in fitting for key in one.regimes}
    silent = [law for law in laws if law.id not in covered and law.authority.url]
    named = [Authority(key=law.id, name=law.authority.name, web=law.authority.url, regimes=(law.id,)) for law in silent]
    return [*fitting, *named] or list(document.authorities)


def _spoken(value: Any, zone: str) -> Any:
    """A date as people say it; anything else as it is."""
    if isinstance(value, datetime):
        value = clock.local_date(value, zone)
    return dateformat.format(value, "j F Y") if isinstance(value, date) else value


def _render(name: str, words: Mapping[str, Any], *, escape: bool) -> str:
    """Plain text must not be escaped, HTML always is: neither is left to the template."""
    template: Template = get_template(name).template  # type: ignore[attr-defined]  # the Django backend has it
    return str(template.render(Context(dict(words), autoescape=escape)))


def _subject_and_body(text: str) -> tuple[str, str]:
    first, _, body = text.strip().partition("\n")
    label, _, subject = first.partition(":")
    if label != "Subject" or not subject.strip():
        raise ValueError("A letter's template must begin with a line “Subject: …”.")
    paragraphs = [part.strip("\n") for part in body.split("\n\n") if part.strip()]
    return subject.strip()[:200], "\n\n".join(paragraphs) + "\n"


def _deliver(letter: Letter, token: int) -> None:
    case = letter.case
    if letter.is_formal and not letter.pdf_sealed:
        _print(letter, token)
    leases.renew(Letter, letter.pk, token)
    _mail(letter).send()
    with transaction.atomic():
        leases.check(Letter, letter.pk, token)
        sent_at = clock.now()
        Letter.objects.filter(pk=letter.pk).update(state=LetterState.SENT, sent_at=sent_at, error="", due_at=None, lease_until=None)
        if letter.kind in ACKNOWLEDGING:
            register.acknowledge(case.reference, sent_at)
    log.info("Posted a letter of %s", case.reference)


def _print(letter: Letter, token: int) -> None:
    """The PDF is made once. Where the machine lacks the libraries for it, the letter goes out as HTML."""
    try:  # loaded here: the web never renders, and loading it takes a second
        paper = import_module("requests_app.paper")
    except OSError:
        log.warning("PDF cannot be made here: Pango is missing. The letter of %s goes out as HTML.", letter.case.reference)
        return
    pdf = paper.pdf(letter.case.unseal(letter.html_sealed))
    with transaction.atomic():
        leases.check(Letter, letter.pk, token)
        letter.pdf_sealed = letter.case.seal(pdf)
        Letter.objects.filter(pk=letter.pk).update(pdf_sealed=letter.pdf_sealed)


def _mail(letter: Letter) -> EmailMessage:
    case = letter.case
    mail = EmailMessage(
        subject=letter.subject,
        body=case.unseal(letter.body_sealed),
        from_email=formataddr((case.organisation.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[case.unseal(letter.to_sealed)],
        reply_to=[case.policy.read().contacts.privacy_email],
        headers={"Message-ID": _message_id(letter), **TO_MACHINES, **_thread(case)},
    )
    if letter.pdf_sealed:
        mail.attach(f"{case.reference}.pdf", case.box.open_bytes(letter.pdf_sealed), "application/pdf")
    elif letter.html_sealed:
        mail.attach(f"{case.reference}.html", case.unseal(letter.html_sealed), "text/html")
    return mail


def _message_id(letter: Letter) -> str:
    """The same at every try, so that a mailbox that has it already keeps one."""
    return f"<{letter.message_id or crypto.keyed_digest('letter', str(letter.pk))[:32]}@{_host()}>"


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "habeas.invalid"


def letters_named(message_ids: Iterable[str]) -> QuerySet[Letter]:
    """Our letters among these message ids: what an answer refers to, what a bounce quotes."""
    tail = f"@{_host()}>"
    ours = [one.removeprefix("<").removesuffix(tail) for one in message_ids if one.endswith(tail)]
    return Letter.objects.filter(message_id__in=[one for one in ours if one][:MOST_NAMED])


def lost(cases: QuerySet[Case]) -> QuerySet[Letter]:
    """The letters of these cases that did not arrive, oldest first; until somebody has dealt with them."""
    return Letter.objects.filter(is_lost=True, case__in=cases).select_related("case__organisation", "case__owner").order_by("pk")


def _thread(case: Case) -> dict[str, str]:
    """A request that came by mail is answered where it was written. Nothing but a well-formed id is taken from it."""
    first = InboundMail.objects.filter(case=case, outcome=Outcome.OPENED).order_by("pk").first()
    named = str(first.content.get("message_id", "")) if first else ""
    return {"In-Reply-To": named, "References": named} if named else {}


def _put_off(letter: Letter, token: int, problem: str) -> None:
    attempts = Letter.objects.values_list("attempts", flat=True).get(pk=letter.pk)
    log.warning("A letter of %s could not be sent: %s, try %s", letter.case.reference, problem, attempts)
    if attempts >= MAX_ATTEMPTS:
        Letter.objects.filter(pk=letter.pk, lease_token=token).update(
            state=LetterState.FAILED, error=problem, due_at=None, lease_until=None
        )
        return
    Letter.objects.filter(pk=letter.pk, lease_token=token).update(error=problem)
    leases.release(Letter, letter.pk, token, again_in=min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT))
