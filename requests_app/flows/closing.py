"""How cases end: extended or refused on the way, expired when never confirmed, closed, opened again, backups attested."""

from collections.abc import Collection
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from exports import api
from portal.kit import clock
from requests_app import answers, askers, letters
from requests_app.access import DECIDES, Actor, must_lead, staff_of
from requests_app.flows import recipients, shortfalls, timing
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of, keep_note, must_be_moving
from requests_app.models import Case, Event
from requests_app.models.challenge import Purpose
from requests_app.models.note import NoteKind
from requests_app.rules.deadlines import EXTENSION_NOTIFIED, Clock
from requests_app.rules.extensions import check_extension, check_new_date
from requests_app.rules.laws import Regime
from requests_app.rules.reasons import EXTENSION_REASONS
from requests_app.rules.refusals import check_refusal, ground_named, refusal_letter
from requests_app.rules.regimes import binding_regimes
from requests_app.rules.rights import GATHERED, Right
from requests_app.rules.states import State, is_over

NEVER_CONFIRMED = timedelta(days=14)
KEPT_OPEN = timedelta(days=30)  # after the last word, for questions about it
PROPOSED = "refusal.proposed"


@transaction.atomic
def extend(case: Case, reason: str, *, by: Actor, until: date | None = None) -> None:
    """Takes longer, once, inside the first period, for a reason that the laws accept; the person is told in the same breath.

    Where no law sets a longest date (Switzerland, New Zealand, Singapore, South Korea) the new one must be named.
    """
    case = locked(case)
    must_be_moving(case)
    today = clock.today(case.organisation.timezone)
    first_due = case.due_on
    counted = Clock.from_json(case.clock)
    latest = check_extension(counted, today=today, already=case.extended_at is not None, reason=reason)
    check_new_date(until, clock=counted, latest=latest)
    case.extended_at, case.extension_reason = clock.now(), reason
    timing.note(case, EXTENSION_NOTIFIED, by=by.key, reason=reason, until=until)
    timing.set_clock(case)
    case.save()
    record(case, "case.extended", by=by.key, reason=reason, until=case.due_on.isoformat() if case.due_on else "")
    words = {"first_due": first_due, "due": case.due_on, "reason": EXTENSION_REASONS[reason]}
    letters.queue(case, "extended", to=address_of(case), facts=words)


def laws_of(case: Case) -> list[Regime]:
    """The laws that bind on this case."""
    document = case.policy.read()
    return binding_regimes(document.regimes, case.country or None, residence=document.residence_regimes)


@transaction.atomic
def propose_refusal(case: Case, ground: str, evidence: str, *, by: Actor) -> None:
    """One person writes down why; a second one, a lead, decides."""
    case = locked(case)
    must_be_moving(case)
    named = ground_named(laws_of(case), Right(case.right), ground)
    keep_note(case, evidence, by=by, kind=NoteKind.EVIDENCE)
    record(case, PROPOSED, by=by.key, ground=named.code)


@transaction.atomic
def refuse(case: Case, ground: str, evidence: str, *, by: Actor) -> None:
    """Refuses for a coded ground, in a letter that says why and where to complain. What was gathered is destroyed."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can refuse a request."))
    laws, right = laws_of(case), Right(case.right)
    named = ground_named(laws, right, ground)
    proposer = _proposer(case, ground, other_than=by)
    shown = evidence.strip() or (evidence_of(case, other_than=by) if proposer else "")
    check_refusal(named, evidence=shown, decided_by=by.key, agreed_by=proposer)
    case.refusal_ground, case.outcome, case.answered_at = named.code, "refused", clock.now()
    move(case, State.REFUSED, by=by.key, ground=named.code)
    if evidence.strip():
        keep_note(case, evidence, by=by, kind=NoteKind.EVIDENCE)
    if case.job_id:
        api.destroy(case.job_id)
    facts = answers.refusal(case, refusal_letter(laws, named), by.name, may_appeal=any(Right.APPEAL in law.rights for law in laws))
    letters.queue(case, "refused", to=address_of(case), facts=facts, formal=True)


def _proposer(case: Case, ground: str, *, other_than: Actor) -> str:
    """Who else proposed this very refusal."""
    lines = Event.objects.filter(case_reference=case.reference, code=PROPOSED).exclude(actor=other_than.key).order_by("-position")
    return next((line.actor for line in lines if line.facts.get("ground") == ground), "")


def evidence_of(case: Case, *, other_than: Actor) -> str:
    """What somebody else wrote down last to show a ground for refusing."""
    notes = case.notes.filter(kind=NoteKind.EVIDENCE).exclude(author__isnull=False, author=other_than.user)
    written = notes.order_by("-pk").first()
    return case.unseal(written.body_sealed) if written else ""


@transaction.atomic
def expire(case: Case) -> bool:
    """Ends a case that nobody confirmed in 14 days, and says so to the address that was typed. It counts as not verifiable.

    The days count from the last link or code: a mail that we read late must not end before it was answered. A case without an
    address never ends by itself.
    """
    case = locked(case)
    asked_at = case.challenges.filter(purpose=Purpose.CONFIRM).aggregate(last=Max("created_at"))["last"] or case.received_at
    if case.state != State.ARRIVED.value or asked_at > clock.now() - NEVER_CONFIRMED:
        return False
    if not case.identifiers.filter(kind="email").exists():
        return False
    case.outcome, case.answered_at = "not_verifiable", clock.now()
    move(case, State.EXPIRED, by="system")
    letters.queue(case, "expired", to=address_of(case))
    return True


@transaction.atomic
def close(case: Case, *, by: str) -> None:
    """Nothing more will happen: the archive is gone, backups are attested, the last letter is out."""
    case = locked(case)
    if case.backups_until:
        raise NotYet(_("Backups may still hold the data. Attest that they are gone, then close. Nothing was changed."))
    case.closed_at = clock.now()
    move(case, State.CLOSED, by=by)


def close_if_done(case: Case) -> bool:
    """For the sweep: closes what has had its last word for 30 days, whose archive is gone and whose recipients were told."""
    ended = case.answered_at or case.received_at
    archive = api.archive(case.job_id) if case.job_id and case.right in GATHERED else None
    if ended > clock.now() - KEPT_OPEN or case.backups_until or (archive and archive.available) or recipients.untold(case):
        return False
    close(case, by="system")
    return True


@transaction.atomic
def reopen(case: Case, reason: str, *, by: Actor) -> None:
    """A lead takes a closed case up again and says why."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can open a request again."))
    _reopen(case, reason, by=by)
    if case.identifiers.filter(kind__in=["email", askers.ADDRESS]).exists():
        letters.queue(case, "reopened", to=address_of(case))


def take_up_again(case: Case, reason: str, *, by: Actor) -> None:
    """Inside the transaction that overturned what was decided: the case is closed, if it is not yet, and opened again."""
    case = locked(case)
    if case.state != State.CLOSED.value:
        case.closed_at = clock.now()
        move(case, State.CLOSED, by=by.key)
    _reopen(case, reason, by=by)


def leads_but(case: Case, keys: Collection[str]) -> list[str]:
    """The leads who are none of these, by name."""
    return [user.name for user in staff_of(case.organisation, roles=DECIDES) if str(user.pk) not in keys]


def _reopen(case: Case, reason: str, *, by: Actor) -> None:
    if not case.key_sealed:
        raise NotYet(_("The content of this request was destroyed, so it cannot be opened again. The person can ask anew."))
    keep_note(case, reason, by=by, kind=NoteKind.REOPENING)
    move(case, State.OPEN, by=by.key, again=True)
    case.closed_at = case.answered_at = case.released_at = None
    case.released_by = case.outcome = case.refusal_ground = ""
    case.job_id = None
    case.save()
    shortfalls.take_back(case)


@transaction.atomic
def attest_backups(case: Case, text: str, *, by: Actor, today: date | None = None) -> None:
    """Somebody says, with their name, that no backup holds the data any more; the person is told."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can attest that backups are gone."))
    if not is_over(State(case.state)) or case.backups_until is None:
        raise NotYet(_("This request has no backups to attest. Nothing was changed."))
    if (today or clock.today(case.organisation.timezone)) < case.backups_until:
        raise NotYet(_("The last backup has not rolled over yet. Attest it on its date or later. Nothing was changed."))
    keep_note(case, text, by=by, kind=NoteKind.BACKUPS)
    record(case, "backups.attested", by=by.key, until=case.backups_until.isoformat())
    case.backups_until = None
    case.save()
    letters.queue(case, "backups_gone", to=address_of(case))
