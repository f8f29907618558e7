"""The portal keeps to periods of its own: what was kept long enough is destroyed, by its key first.

The register row and the history of a request stay. They hold codes, dates and counts.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet

from exports import api
from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.flows.moving import locked, record
from requests_app.models import Case, Challenge, Hold, InboundMail, Remark
from requests_app.rules.states import State

DESTROYED = "content.destroyed"
CODES_KEPT = timedelta(days=30)  # an old link must still lead to words, not to nothing
REMARKS_KEPT = timedelta(days=365)
SIGNS_KEPT = timedelta(days=365)  # security events: what a mail server said about a sender


def case_days(organisation: Organisation) -> int:
    """How many days after closing the content of a request is kept here."""
    return organisation.current_policy.read().case_days or int(settings.CASE_DAYS)


def due() -> QuerySet[Case]:
    """Closed requests whose content was kept long enough and on which there is no legal hold, oldest first."""
    rules = Q(pk__in=[])
    for organisation in Organisation.objects.all():
        rules |= Q(organisation=organisation, closed_at__lte=clock.now() - timedelta(days=case_days(organisation)))
    held = Hold.objects.filter(released_at__isnull=True).values("case")
    return Case.objects.filter(rules, state=State.CLOSED).exclude(key_sealed=b"").exclude(pk__in=held).order_by("closed_at", "pk")


@transaction.atomic
def destroy_content(case: Case) -> bool:
    """Forgets the key of a closed request and of what was gathered for it, and empties what was sealed with it.

    A deletion that has begun and is not finished keeps its content (the engine refuses): it is the only way to what is left.
    """
    case = locked(case)
    days = case_days(case.organisation)
    is_due = case.state == State.CLOSED.value and case.closed_at and case.closed_at <= clock.now() - timedelta(days=days)
    if not is_due or not case.key_sealed or case.holds.filter(released_at__isnull=True).exists():
        return False
    if case.job_id:
        api.destroy(case.job_id)
    counts = _emptied(case)
    case.key_sealed = case.name_sealed = case.details_sealed = case.asker_sealed = b""
    case.save()
    record(case, DESTROYED, by="system", days=days, **counts)
    return True


def _emptied(case: Case) -> dict[str, int]:
    """How much of each was emptied; letters keep their kind and day, messages and notes that there were some."""
    case.mails.update(key_sealed=b"", content_sealed=b"", sender_token="", flags=[], authentication={})
    case.challenges.all().delete()
    case.shortfalls.update(words_sealed=b"")
    case.holds.update(note_sealed=b"")
    case.tellings.update(answer_sealed=b"")
    letters = {"to_sealed": b"", "body_sealed": b"", "html_sealed": b"", "pdf_sealed": b"", "message_id": ""}
    return {
        "identifiers": case.identifiers.all().delete()[0],
        "letters": case.letters.update(**letters),
        "messages": case.messages.update(body_sealed=b""),
        "notes": case.notes.update(body_sealed=b""),
    }


def forget_notes() -> dict[str, int]:
    """Ended sessions, codes that nobody can use any more, and what was noted about senders a year ago. Says how many of each."""
    moment = clock.now()
    old = InboundMail.objects.filter(taken_at__lt=moment - SIGNS_KEPT).exclude(authentication={}, flags=[])
    codes = Challenge.objects.filter(expires_at__lt=moment - CODES_KEPT).exclude(case__state=State.ARRIVED)
    return {
        "sessions": Session.objects.filter(expire_date__lt=moment).delete()[0],
        "codes": codes.delete()[0],
        "signs": old.update(authentication={}, flags=[]),
        "remarks": Remark.objects.filter(month__lt=(moment - REMARKS_KEPT).date()).delete()[0],
    }
