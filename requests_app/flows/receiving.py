"""A mail from the mailbox: a request, a word about one, news of a letter that came back, or something for an officer to look at.

One transaction per mail, once per mail. What it says is believed by nobody: it opens a case that is proved by a link, or it waits.
"""

from contextlib import suppress
from datetime import timedelta
from email.utils import parseaddr
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import F

from portal.kit import clock, crypto
from portal.organisations.models import Organisation
from requests_app import letters
from requests_app.access import staff_of
from requests_app.askers import ADDRESS, OWN
from requests_app.flows import challenges, conversation, intake, moving, returning
from requests_app.flows.intake import Application
from requests_app.mail.imap import Arrived
from requests_app.mail.natures import Nature
from requests_app.mail.reading import Mail, read
from requests_app.mail.subjects import reference_named, right_asked
from requests_app.mail.words import unkept_words
from requests_app.models import Case, InboundMail, Letter, Message
from requests_app.models.case import Channel
from requests_app.models.challenge import Purpose
from requests_app.models.letter import Author, Via
from requests_app.models.mail import Outcome
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.rules.verification import CodeRefused

PROVED_FIRST = F("verified_at").asc(nulls_last=True)
AN_HOUR = 10  # mails of one sender; what comes above is counted and stays in the mailbox
SAME = timedelta(days=30)  # as long as it is not confirmed, the same wish of the same sender is one request
KEPT = timedelta(days=30)  # what was set aside, and by whom it was sent


@transaction.atomic
def take(organisation: Organisation, arrived: Arrived) -> Outcome:
    """Handles one mail, once: the second time nothing happens, whichever folder it lies in by then."""
    mail = read(arrived.raw, is_cut=arrived.is_cut)
    original = mail.original if mail.message_id else sha256(arrived.raw).hexdigest()
    facts = {
        "place": arrived.place,
        "uid_validity": arrived.uid_validity,
        "uid": arrived.uid,
        "sender_token": crypto.blind_index("email", mail.sender),
        "received_at": min(arrived.received_at, clock.now()),
        "taken_at": clock.now(),
        "flags": list(mail.flags),
        "authentication": mail.authentication,
        "attachments": mail.attachments,
    }
    row, is_new = InboundMail.objects.get_or_create(organisation=organisation, token=crypto.keyed_digest("mail", original), defaults=facts)
    if is_new:
        row.outcome = _sort(row, mail)
        row.save()
    return Outcome(row.outcome)


def _sort(row: InboundMail, mail: Mail) -> Outcome:
    if mail.nature is Nature.BOUNCE:
        return _came_back(row, mail)
    if letters.letters_named([mail.message_id]).exists():
        return Outcome.OURS
    if mail.nature is Nature.AUTOMATIC:
        return Outcome.AUTOMATIC
    if _sent_within_an_hour(row) > AN_HOUR:
        return Outcome.CAPPED
    is_house = bool(mail.sender) and _is_of_the_house(row.organisation, mail.sender)
    if not mail.sender or is_house or mail.nature is not Nature.PERSON:
        return _list(row, mail, flag="house" if is_house else mail.nature.value if mail.nature is not Nature.PERSON else "")
    return _answerable(row, mail)


def _answerable(row: InboundMail, mail: Mail) -> Outcome:
    """A person with one address: a word about a request, a request, or neither."""
    promises = row.organisation.current_policy.read()
    right = right_asked(mail.subject, promises)
    case, knows_letter = _meant(row.organisation, mail)
    if case is not None and right in (None, Right(case.right)):
        return _about(row, mail, case, knows_letter=knows_letter)
    if right is None:
        return _list(row, mail)
    twin = _unproved_twin(row, right)
    return _join(row, mail, twin) if twin else _open(row, mail, right)


def _came_back(row: InboundMail, mail: Mail) -> Outcome:
    """Marks our letters that it quotes. Their ids are secrets, so nobody else can say so."""
    found = list(letters.letters_named(mail.ids).filter(bounced_at__isnull=True).select_related("case__organisation"))
    for letter in found:
        Letter.objects.filter(pk=letter.pk).update(bounced_at=row.received_at)
        returning.came_back(letter)
        row.case = letter.case
    return Outcome.BOUNCED if found else Outcome.AUTOMATIC


def _sent_within_an_hour(row: InboundMail) -> int:
    """Counted in the database, so that all workers count together."""
    since = clock.now() - timedelta(hours=1)
    return InboundMail.objects.filter(organisation=row.organisation, sender_token=row.sender_token, taken_at__gt=since).count()


def _is_of_the_house(organisation: Organisation, sender: str) -> bool:
    """Our own addresses and our staff: a colleague who passes something on is not the person it is about."""
    place = settings.MAILBOXES.get(organisation.key)
    own = {
        parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        organisation.current_policy.read().contacts.privacy_email,
        place.user if place else "",
    }
    is_own = sender.casefold() in {one.casefold() for one in own}
    return is_own or staff_of(organisation).filter(email__iexact=sender).exists()


def _meant(organisation: Organisation, mail: Mail) -> tuple[Case | None, bool]:
    """The request that it answers, and whether it knows the secret id of one of our letters; or the one that its subject names."""
    answered = letters.letters_named(mail.refers).filter(case__organisation=organisation).select_related("case").order_by("-pk").first()
    if answered is not None:
        return answered.case, True
    reference = reference_named(mail.subject)
    named = Case.objects.filter(organisation=organisation, reference=reference).first() if reference else None
    return named, False


def _about(row: InboundMail, mail: Mail, case: Case, *, knows_letter: bool) -> Outcome:
    """From the address of the request it joins the thread; from any other one an officer looks at it."""
    known = case.identifiers.filter(kind__in=(OWN, ADDRESS), token=row.sender_token).order_by(PROVED_FIRST).first()
    may_write = known is not None and (known.verified_at is not None or knows_letter)
    if not may_write or not case.key_sealed or State(case.state) is State.CLOSED:
        row.about = case.reference
        return _list(row, mail)
    is_proved = knows_letter and known is not None and known.verified_at is not None
    conversation.say(case, _said(mail), via=Via.MAIL, at=row.received_at, is_proved=is_proved)
    return _settle(row, mail, case, Outcome.REPLIED)


def _unproved_twin(row: InboundMail, right: Right) -> Case | None:
    """The same sender has asked for the same and has not confirmed yet."""
    same = Case.objects.filter(organisation=row.organisation, right=right, state=State.ARRIVED, received_at__gt=clock.now() - SAME)
    return same.filter(identifiers__kind="email", identifiers__token=row.sender_token).order_by("-pk").first()


def _join(row: InboundMail, mail: Mail, twin: Case) -> Outcome:
    case = moving.locked(twin)
    _first_words(case, _said(mail), row)
    with suppress(CodeRefused):  # a link was sent just now, or too many were
        challenges.issue_on_demand(intake.lead_case(case.submission), Purpose.CONFIRM)
    moving.record(case, "mail.joined", by="person")
    return _settle(row, mail, case, Outcome.JOINED)


def _open(row: InboundMail, mail: Mail, right: Right) -> Outcome:
    open_case(row, application(row, right, sender=mail.sender), text=_said(mail), message_id=mail.message_id)
    return Outcome.OPENED


def application(row: InboundMail, right: Right, *, sender: str, by: str = "person") -> Application:
    """What this mail asks, from the address exactly as it stands there. The name beside it is not taken."""
    return Application(
        organisation=row.organisation,
        policy=row.organisation.current_policy,
        right=right,
        name="",
        identities={"email": sender},
        channel=Channel.MAIL.value,
        received_at=row.received_at,
        by=by,
    )


def open_case(row: InboundMail, asked: Application, *, text: str, message_id: str) -> Case:
    """Opens the request with the mail as its first words; the sender is sent a link in answer. The caller saves the row."""
    case = intake.lead_case(intake.submit(asked))
    _first_words(case, text, row)
    row.destroy()
    row.case, row.outcome, row.sender_token = case, Outcome.OPENED, crypto.blind_index("email", asked.identities["email"])
    row.keep({"message_id": message_id})
    return case


def _first_words(case: Case, text: str, row: InboundMail) -> None:
    words = case.seal(text)
    Message.objects.create(case=case, author=Author.PERSON, via=Via.REQUEST, body_sealed=words, at=row.received_at)


def _settle(row: InboundMail, mail: Mail, case: Case, outcome: Outcome) -> Outcome:
    row.case = case
    row.keep({"message_id": mail.message_id})
    return outcome


def _list(row: InboundMail, mail: Mail, *, flag: str = "") -> Outcome:
    """An officer will look at it. Until then it lies under a key of its own."""
    row.flags = [*row.flags, *([flag] if flag else [])]
    row.keep({"sender": mail.sender, "subject": mail.subject, "text": mail.text, "message_id": mail.message_id})
    return Outcome.LISTED


def _said(mail: Mail) -> str:
    return spoken(mail.subject, mail.text, mail.attachments)


def spoken(subject: str, text: str, attachments: int) -> str:
    """Subject, text, and that attachments were not kept."""
    return "\n\n".join(part for part in (subject, text, unkept_words(attachments)) if part)


def forget_old() -> int:
    """Destroys what was set aside long ago, and who sent what was settled. The rows stay, as proof that nothing was lost."""
    before = clock.now() - KEPT
    settled = InboundMail.objects.exclude(outcome=Outcome.LISTED)
    aside = settled.filter(outcome=Outcome.SET_ASIDE, settled_at__lt=before).exclude(content_sealed=b"")
    forgotten = aside.update(key_sealed=b"", content_sealed=b"")
    settled.filter(taken_at__lt=before).exclude(sender_token="").exclude(outcome=Outcome.SET_ASIDE, settled_at__gte=before).update(
        sender_token=""
    )
    return forgotten
