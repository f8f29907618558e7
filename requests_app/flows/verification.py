"""What proves that a request comes from whoever reads the mailbox it names, and what happens once it is proved.

A link is never consent: looking at it changes nothing, a button confirms what can do no harm, and what cannot be undone is confirmed
only by a code that is typed in the browser that asked. A request that an officer opened has no such browser: there the browser that
presses the button becomes the bound one and is sent a code of its own.
"""

from enum import StrEnum

from django.db import transaction

from portal.kit import clock
from requests_app import askers, letters
from requests_app.flows import challenges, moving, timing
from requests_app.flows.challenges import Outcome
from requests_app.models import Case, Challenge, Event
from requests_app.models.challenge import Purpose
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.rules.verification import EMAIL_CODE, SAME_BROWSER, SECOND_CODE, is_high_risk, required_proofs

# A code is typed in the browser that asked; a link proves the mailbox only.
PROVED_BY = {"email_code": {EMAIL_CODE, SAME_BROWSER}, "email_link": {EMAIL_CODE}}
SECOND_LINE = "identity.second_code"


class LinkLeads(StrEnum):
    """Where pressing the button behind a link leads."""

    CONFIRMED = "confirmed"
    TO_A_CODE = "to_a_code"
    BACK = "back"


def send_code(case: Case, *, browser: str) -> Challenge:
    """Another first or second code, whichever is wanted next, for this browser. Raises `CodeRefused` when it is too soon."""
    purpose = Purpose.CONFIRM_AGAIN if wants_second_code(case) else Purpose.CONFIRM
    return challenges.issue_on_demand(case, purpose, browser=browser)


def invite(case: Case) -> Challenge:
    """For a request that came by mail or that an officer opened: the mailbox gets a link that no browser is bound to yet."""
    return challenges.issue(case, Purpose.CONFIRM)


def may_invite_again(challenge: Challenge) -> bool:
    """Whether somebody who holds an old link of such a request can have a new one."""
    return challenges.is_invitation(challenge) and challenge.used_at is None and challenge.case.state == State.ARRIVED.value


def invite_again(challenge: Challenge) -> Challenge:
    """A new link to the same mailbox. Raises `CodeRefused` when it is too soon."""
    return challenges.issue_on_demand(challenge.case, Purpose.CONFIRM)


@transaction.atomic
def confirm_by_code(case: Case, typed: str, *, browser: str) -> Outcome:
    """The first code, typed where the request was made: every case that was sent together is confirmed."""
    outcome = challenges.try_code(case, Purpose.CONFIRM, typed, browser=browser)
    if outcome is Outcome.RIGHT:
        _confirm(case, how="email_code", browser=browser)
    return outcome


@transaction.atomic
def confirm_again(case: Case, typed: str, *, browser: str) -> Outcome:
    """The second code of a deletion, typed on the page that says what goes."""
    outcome = challenges.try_code(case, Purpose.CONFIRM_AGAIN, typed, browser=browser)
    if outcome is Outcome.RIGHT:
        moving.record(case, SECOND_LINE, by="person")
    return outcome


def was_just_confirmed(case: Case, typed: str, *, browser: str) -> bool:
    """Whether this code has just confirmed the case from this browser: the second press of one button ends where the first did."""
    return any(challenges.was_just_taken(case, one, typed, browser=browser) for one in (Purpose.CONFIRM, Purpose.CONFIRM_AGAIN))


def leads(challenge: Challenge, *, browser: str) -> LinkLeads:
    """What the button behind this link would do in this browser; changes nothing."""
    if not _is_high_risk(challenge.case):
        return LinkLeads.CONFIRMED
    return LinkLeads.BACK if challenge.browser_hash else LinkLeads.TO_A_CODE


@transaction.atomic
def confirm_by_link(challenge: Challenge, *, browser: str) -> Outcome:
    """The button behind the link was pressed: confirm, or bind this browser and mail it a code."""
    rows = Challenge.objects.select_for_update(of=("self",)).select_related("case__organisation", "case__policy", "case__submission")
    challenge = rows.get(pk=challenge.pk)
    outcome, leading = challenges.standing(challenge, browser=challenge.browser_hash), leads(challenge, browser=browser)
    if outcome is not Outcome.RIGHT:
        return outcome
    if leading is LinkLeads.BACK:
        return Outcome.FOREIGN
    if leading is LinkLeads.CONFIRMED:
        challenges.spend(challenge)
        _confirm(challenge.case, how="email_link", browser=browser)
    else:  # not spent: a machine that pressed first must not shut the person out
        challenges.issue(challenge.case, Purpose.CONFIRM, browser=browser)
    return Outcome.RIGHT


def proofs(case: Case) -> set[str]:
    """What was proved about who asks, in the words of `rules.verification`; or how an officer made sure."""
    ways = case.identifiers.filter(verified_at__isnull=False).values_list("verified_how", flat=True)
    proved = {proof for way in ways for proof in PROVED_BY.get(way, {way})}
    is_twice = Event.objects.filter(case_reference=case.reference, code=SECOND_LINE).exists()
    return proved | {SECOND_CODE} if is_twice else proved


def missing_proofs(case: Case) -> set[str]:
    """What the law of the house and the policy of the case still ask for."""
    promise = case.policy.read().rights.get(case.right)
    wanted = set(required_proofs(Right(case.right), promise.verification if promise else ())) - proofs(case)
    return wanted | {askers.AUTHORITY} if askers.lacks_authority(case) else wanted


def is_proved(case: Case) -> bool:
    """Whether everything that this right needs was proved. A deletion is approved only then."""
    return not missing_proofs(case)


def wants_second_code(case: Case) -> bool:
    """Whether the person has a second code to type."""
    return bool(case.confirmed_at) and SECOND_CODE in missing_proofs(case)


def _is_high_risk(case: Case) -> bool:
    return any(is_high_risk(Right(right)) for right in case.submission.cases.values_list("right", flat=True))


def _confirm(lead: Case, *, how: str, browser: str) -> None:
    for row in Case.objects.filter(submission_id=lead.submission_id, confirmed_at__isnull=True).order_by("pk"):
        case = moving.locked(row)
        if State(case.state) not in (State.ARRIVED, State.WAITING):
            continue
        prove(case, askers.own_kind(case), how=how)
        if not askers.is_agents(case) or case.authorised_at:
            open_up(case, browser=browser)


def prove(case: Case, kind: str, *, how: str) -> None:
    """A mailbox of a locked case is proved. The person's own may seed a search from here on; an asker's never does."""
    case.identifiers.filter(kind=kind).update(verified_at=clock.now(), verified_how=how)
    code = "identity.asker_code" if kind == askers.ADDRESS else "identity.email_code"
    moving.record(case, code, by="person", how=how)


def open_up(case: Case, *, browser: str) -> None:
    """Everybody who must confirm has done so: a promise that counts from the confirmed request starts."""
    case.confirmed_at = clock.now()
    timing.set_clock(case)
    _open(case)
    letters.queue(case, "received", to=askers.reader_address(case))
    if wants_second_code(case):
        challenges.issue(case, Purpose.CONFIRM_AGAIN, browser=browser)


def _open(case: Case) -> None:
    if State(case.state) is State.ARRIVED:
        moving.move(case, State.OPEN, by="person")
    else:
        case.save()
