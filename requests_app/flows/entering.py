"""A request that came by phone, by post or in person: a member of staff takes it in, with the day on which it really came."""

from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from requests_app.access import Actor
from requests_app.flows import authority, intake, triage
from requests_app.flows.intake import Application
from requests_app.models import Submission
from requests_app.models.case import Channel
from requests_app.models.note import NoteKind
from requests_app.rules.errors import RuleError

BY_HAND = (Channel.PHONE, Channel.POST, Channel.IN_PERSON, Channel.MAIL)


class EntryRefused(RuleError):
    """A request that cannot be taken in like this. Nothing was opened."""


@dataclass(frozen=True)
class Evidence:
    """What an officer saw that shows that somebody may ask for the person, and when. Copies are not kept."""

    what: str
    seen_on: date
    to_agent: bool = False


@transaction.atomic
def enter(application: Application, *, by: Actor, note: str = "", seen: Evidence | None = None) -> Submission:
    """Opens the cases, keeps the note, and mails a link if there is an address. Without one the case waits for an officer.

    Who asks for somebody else proves their own mailbox, and the person is asked whether an agent may act, as at the public door. What
    an officer has seen settles that they may ask; a person who is asked can still say no.
    """
    if not by.handles:
        raise EntryRefused(_("Only an officer or a lead can take in a request. Nothing was opened."))
    if application.channel not in BY_HAND:
        raise EntryRefused(_("Say how the request came: by phone, by post, in person or by email. Nothing was opened."))
    if application.received_at and application.received_at > clock.now():
        raise EntryRefused(_("A request cannot have arrived in the future. Nothing was opened."))
    submission = intake.submit(replace(application, by=by.key))
    if note.strip():
        triage.keep_note(intake.lead_case(submission), note, by=by, kind=NoteKind.NOTE)
    if seen:
        authority.record_seen(intake.lead_case(submission), seen.what, seen_on=seen.seen_on, by=by, to_agent=seen.to_agent)
    return submission
