"""The history of a case in words. Facts are stored as codes and counts; they are worded here, when somebody reads them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.organisations.models import User
from requests_app import askers
from requests_app.holds import GROUNDS
from requests_app.models import Case, Event, Letter
from requests_app.models.case import AskedBy
from requests_app.models.event import LOOKING
from requests_app.models.letter import LetterState
from requests_app.notices import TITLES
from requests_app.rows import name_of
from requests_app.rules.reasons import EXTENSION_REASONS
from requests_app.rules.refusals import refusal_grounds
from requests_app.rules.regimes import binding_regimes
from requests_app.rules.rights import Right

Words = Promise | str
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# %(who)s is who did it; every other name is a fact of the line.
SAID: dict[str, Words] = {
    "case.arrived": lazy("%(who)s asked"),
    "case.open": lazy("The request is open"),
    "case.waiting": lazy("%(who)s asked a question, and the request waits for the answer"),
    "case.collecting": lazy("%(who)s started gathering"),
    "case.review": lazy("Gathering ended: %(found)s found, gaps: %(gaps)s"),
    "case.executing": lazy("%(who)s approved it, and it is being carried out"),
    "case.answered": lazy("The request is answered"),
    "case.refused": lazy("%(who)s refused: %(ground)s"),
    "case.withdrawn": lazy("%(who)s took the request back"),
    "case.expired": lazy("Nobody confirmed the address in time"),
    "question.chased": lazy("%(who)s reminded the person, time %(number)s"),
    "case.duplicate": lazy("%(who)s marked it as a duplicate of %(other)s"),
    "case.closed": lazy("The request is closed"),
    "case.extended": lazy("%(who)s took more time, until %(until)s: %(reason)s"),
    "identity.email_code": lazy("%(who)s confirmed the address"),
    "identity.asker_code": lazy("Whoever asks confirmed their own address"),
    "authority.given": lazy("%(who)s said that they may act"),
    "authority.denied": lazy("%(who)s said that nobody was asked to act"),
    "authority.seen": lazy("%(who)s saw, on %(on)s, that they may ask"),
    "fee.announced": lazy("%(who)s announced a fee: %(amount)s"),
    "fee.paid": lazy("The fee was paid: %(amount)s"),
    "fee.waived": lazy("%(who)s no longer asks for the fee: %(amount)s"),
    "identity.second_code": lazy("%(who)s confirmed again with a second code"),
    "owner.changed": lazy("%(who)s gave it to %(owner)s"),
    "note.added": lazy("%(who)s wrote a note"),
    "message.sent": lazy("%(who)s wrote to the person"),
    "message.received": lazy("%(who)s wrote to us"),
    "mail.joined": lazy("%(who)s asked for the same again by email"),
    "letter.bounced": lazy("A letter came back: “%(subject)s”"),
    "details.shown": lazy("%(who)s looked at personal details"),
    "source.retried": lazy("%(who)s asked a source again: %(source)s"),
    "restriction.announced": lazy("%(who)s told the person that the restriction ends on %(on)s"),
    "restriction.lifted": lazy("%(who)s lifted the restriction"),
    "recipient.confirmed": lazy("%(name)s confirmed it, noted by %(who)s"),
    "recipients.named": lazy("%(who)s told the person who was told, recipients: %(count)s"),
    "plan.agreed": lazy("%(who)s agreed with the plan; somebody else approves it"),
    "hold.set": lazy("%(who)s put a legal hold: %(ground)s"),
    "hold.released": lazy("%(who)s let go what was held: %(ground)s"),
    "hand.answered": lazy("%(who)s answered what was asked of a person: %(source)s"),
    "hand.asked_again": lazy("%(who)s wrote again to the person who was asked: %(source)s"),
    "hand.link_closed": lazy("%(who)s closed the link of the person who was asked: %(source)s"),
    "appeal.made": lazy("%(who)s appealed: %(appeal)s"),
    "appeal.linked": lazy("%(who)s said which request the appeal is about: %(appeal_of)s"),
    "source.closed": lazy("%(who)s closed a source for this request: %(source)s"),
    "gaps.accepted": lazy("%(who)s decided to answer in part"),
    "archive.released": lazy("%(who)s released the archive"),
    "archive.refused": lazy("The archive was not sent: it would not have been true (%(reason)s)"),
    "archive.downloaded": lazy("%(who)s downloaded the archive, time %(number)s"),
    "plan.settled": lazy("%(who)s chose dates in the plan"),
    "refusal.proposed": lazy("%(who)s proposed to refuse: %(ground)s"),
    "backups.attested": lazy("%(who)s attested that the backups are gone"),
    "recipient.told": lazy("%(who)s told %(name)s"),
    "identity.not_asked": lazy("No proof was asked for: the law forbids it here"),
    "uses.stopped": lazy("%(who)s recorded what stops, uses: %(count)s"),
    "access.revoked": lazy("What gave access is gone, rows: %(rows)s"),
    "correction.added": lazy("%(who)s wrote down a correction"),
    "content.destroyed": lazy("The content of the request was destroyed: it had been closed for %(days)s days"),
    "letter.failed": lazy("We gave up sending “%(letter)s”"),
    "letter.again": lazy("%(who)s sent “%(letter)s” again"),
    "letter.settled": lazy("%(who)s dealt with “%(letter)s”, which did not arrive"),
    "reminder.due": lazy("Staff were reminded: %(kind)s, %(about)s"),
    "contact.changed": lazy("The contact address was corrected; we wrote to the old one"),
}
REHEARSAL: dict[str, Words] = {
    "case.collecting": lazy("%(who)s started the rehearsal"),
    "case.review": lazy("The rehearsal ended; nothing was deleted"),
}
LOOKED_UP: dict[str, Words] = {
    "case.collecting": lazy("%(who)s started to look up what stands there"),
    "case.review": lazy("It was looked up; nothing was changed"),
    "case.executing": lazy("%(who)s decided, and it is being carried out"),
}
REHEARSED: dict[str, dict[str, Words]] = {
    Right.DELETION.value: REHEARSAL,
    Right.WITHDRAWAL.value: REHEARSAL,
    Right.CORRECTION.value: LOOKED_UP,
}
AGAIN: Words = lazy("%(who)s opened the request again")
LOOKED: dict[str, Words] = {
    "thread": lazy("%(who)s read the messages"),
    "letter": lazy("%(who)s read “%(letter)s”"),
    "receipt": lazy("%(who)s read the receipt"),
}
LOCKED: Words = lazy("%(who)s downloaded the archive, time %(number)s, locked with a password")
FORGOTTEN: Words = lazy("Somebody of the staff looked; who it was is forgotten after two years")
UNHEARD: Words = lazy("Nobody answered our question by the last day")
TAKEN: Words = lazy("%(who)s took it")
ASKED_FOR: dict[str, Words] = {
    AskedBy.GUARDIAN.value: lazy("%(who)s asked for somebody they care for"),
    AskedBy.AGENT.value: lazy("Somebody asked for %(who)s"),
}
TAKEN_IN: Words = lazy("%(who)s took the request in")
DONE_SO_FAR: Words = lazy("It was done and read again; the answer is still to be written")
NOT_DONE: Words = lazy("It ended %(outcome)s and came back for a decision")


@dataclass(frozen=True)
class Line:
    """One line of history; a letter has an address where it is read."""

    at: datetime
    words: str
    address: str = ""
    reads: str = ""


def chronicle(case: Case) -> list[Line]:
    """What happened, newest first: events and letters in one list."""
    events = list(Event.objects.filter(case_reference=case.reference).exclude(code__startswith="clock."))
    people = {str(user.pk): user.name for user in User.objects.filter(pk__in=_staff(events))}
    asker = askers.asker_of(case)
    person = asker.name if asker and not askers.is_agents(case) else name_of(case)
    known = {"person": person, "system": _("The portal"), "shell": _("The command line"), "": _("nobody"), **people}
    said = SAID | REHEARSED.get(case.right, {})
    known |= {f"letter {letter.pk}": letter.subject for letter in case.letters.all()} | _codes(case, events)
    lines = [Line(event.at, worded(event, known, said)) for event in events]
    lines += [_letter_line(case, letter) for letter in case.letters.all()]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _codes(case: Case, events: Iterable[Event]) -> dict[str, str]:
    """What the codes of grounds and reasons mean, for the lines that name one."""
    said = {f"ground {code}": str(words) for code, words in GROUNDS.items()} | {
        f"reason {code}": w for code, w in EXTENSION_REASONS.items()
    }
    if any(event.code in ("refusal.proposed", "case.refused") for event in events):
        document = case.policy.read()
        laws = binding_regimes(document.regimes, case.country or None, residence=document.residence_regimes)
        said |= {f"ground {ground.code}": ground.title for ground in refusal_grounds(laws, Right(case.right))}
    return said


def worded(event: Event, known: Mapping[str, str], said: Mapping[str, Words] = SAID) -> str:
    """The sentence of one line. A code of a newer version is shown as it is."""
    coded = {name: known.get(f"{name} {value}", value) for name, value in event.facts.items() if name in ("ground", "reason")}
    days = {name: _day(event.facts[name]) for name in ("on", "until", "about") if name in event.facts}
    facts: dict[str, Any] = {**event.facts, **coded, **days, "who": known.get(event.actor, _("Somebody"))}
    if "owner" in facts:
        facts["owner"] = known.get(str(facts["owner"]), _("somebody"))
    if "letter" in facts:
        facts["letter"] = known.get(f"letter {facts['letter']}", _("a letter"))
    if event.code == "reminder.due":
        facts["kind"] = TITLES.get(str(facts.get("kind")), "")
    sentence = str(_sentence(event, facts, said))
    try:
        return sentence % facts
    except KeyError:
        return sentence.partition(":")[0] % {"who": facts["who"]}


def _day(stored: Any) -> Any:
    """A date as pages write it; what is no date stays as it is."""
    return date_format(date.fromisoformat(stored), "j M Y") if DAY.fullmatch(str(stored)) else stored


def _sentence(event: Event, facts: Mapping[str, Any], said: Mapping[str, Words]) -> Words:
    if event.code == "owner.changed" and event.actor == str(event.facts.get("owner")):
        return TAKEN
    if event.code == "case.arrived" and facts.get("asked_by") in ASKED_FOR:
        return ASKED_FOR[str(facts["asked_by"])]
    if event.code == "case.arrived" and event.actor != "person":
        return TAKEN_IN
    if event.code == "case.open" and facts.get("again"):
        return AGAIN
    if event.code == "case.expired" and "about" in facts:
        return UNHEARD
    if event.code == "archive.downloaded" and facts.get("locked"):
        return LOCKED
    if event.code in LOOKING and not event.salt:
        return FORGOTTEN
    if event.code == "case.viewed":
        return LOOKED.get(str(facts.get("what")), event.code)
    if event.code == "case.review" and "outcome" in facts:
        return NOT_DONE if facts["outcome"] != "complete" else DONE_SO_FAR
    return said.get(event.code, event.code.replace("%", "%%"))


def _staff(events: Iterable[Event]) -> set[str]:
    named = {event.actor for event in events} | {str(event.facts.get("owner", "")) for event in events}
    return {key for key in named if key.isdigit()}


def _letter_line(case: Case, letter: Letter) -> Line:
    sentences = {
        LetterState.QUEUED.value: _("We are writing “%(subject)s”"),
        LetterState.SENT.value: _("We wrote “%(subject)s”"),
        LetterState.FAILED.value: _("We could not send “%(subject)s”"),
    }
    at = letter.sent_at or letter.created_at
    address = reverse("desk:letter", args=[case.reference, letter.pk])
    return Line(at, sentences[letter.state] % {"subject": letter.subject}, address, letter.subject)
