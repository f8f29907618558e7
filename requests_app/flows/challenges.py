"""One-time codes: made, mailed, counted, spent. What a proved code leads to is the caller's business.

Only keyed digests are kept. A code is for one case, one purpose and, where a browser is bound, one browser; it lives thirty minutes
and survives five tries. The newest one counts. Where no browser asked (a mail, a call) the person is invited by a link that lives for
days, and by no code. How often a mailbox is written to before anybody proved anything is capped without a word, so that nobody can be
flooded through our form and nobody learns anything from the cap. It counts for one organisation, so that nobody can be silenced at all
of them, and what was proved since does not count. What is sent only after a proof is held back by `check_resend` alone, which says so.
"""

from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.kit import clock, codes, crypto
from requests_app import askers, letters
from requests_app.models import Case, Challenge
from requests_app.models.challenge import Purpose
from requests_app.rules.verification import CODE_MINUTES, LINK_DAYS, MAX_ATTEMPTS, RESENDS, check_resend

DAY = timedelta(days=1)
PRESSED_TWICE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MAILS_AN_HOUR = 6  # to one mailbox from one organisation that nobody has proved to be wanted, whichever request they belong to
ANYBODY_CAUSES = (Purpose.CONFIRM, Purpose.AUTHORISE, Purpose.FOLLOW)
INVITING = (Purpose.CONFIRM, Purpose.AUTHORISE)  # their mails hold a link


class Outcome(StrEnum):
    """How a try ended; each has a page of its own words."""

    RIGHT = "right"
    WRONG = "wrong"
    REPLACED = "replaced"
    EXPIRED = "expired"
    USED = "used"
    LOCKED = "locked"
    FOREIGN = "foreign"


def address_of(case: Case, purpose: str = Purpose.CONFIRM) -> str:
    """Where a code of this purpose goes: the address of whoever must type it, exactly as it was typed in the form."""
    return askers.address_for(case, purpose)


@transaction.atomic
def issue(case: Case, purpose: Purpose, *, browser: str = "", to: str = "") -> Challenge:
    """Mails a new code, bound to a browser if one is given; `to` where the case knows several who may read it."""
    code, token, moment = codes.new_code(), codes.new_token(), clock.now()
    challenge = Challenge(case=case, purpose=purpose, link_hash=codes.digest(token), browser_hash=browser, created_at=moment)
    address = to or address_of(case, purpose)
    challenge.mailbox = mailbox_of(address)
    challenge.code_hash = code_digest(challenge, code)
    challenge.expires_at = moment + (timedelta(days=LINK_DAYS) if is_invitation(challenge) else timedelta(minutes=CODE_MINUTES))
    challenge.save()
    _mail(challenge, code, token, to=address)
    return challenge


@transaction.atomic
def issue_on_demand(case: Case, purpose: Purpose, *, browser: str = "", to: str = "") -> Challenge:
    """Another code because somebody pressed a button. Raises `CodeRefused` when one is fresh or there were too many."""
    moment = clock.now()
    sent = Challenge.objects.filter(case=case, purpose=purpose, created_at__gt=moment - DAY)
    check_resend(list(sent.values_list("created_at", flat=True)), moment)
    return issue(case, purpose, browser=browser, to=to)


def is_invitation(challenge: Challenge) -> bool:
    """Whether it went out for a request that no browser sent: its link does everything, its code is told to nobody."""
    return challenge.purpose in INVITING and not challenge.browser_hash


def code_digest(challenge: Challenge, code: str) -> str:
    """Keyed and bound to its challenge: a stolen table cannot be searched, and no code opens another door."""
    return crypto.keyed_digest("code", f"{challenge.link_hash}/{code}")


def _mail(challenge: Challenge, code: str, token: str, *, to: str) -> None:
    if _is_flooded(challenge):
        return
    case, page = challenge.case, "allow" if challenge.purpose == Purpose.AUTHORISE else "confirm"
    link = f"{settings.BASE_URL}/o/{case.organisation.key}/{page}/{token}/" if challenge.purpose in INVITING else ""
    lives = {"days": LINK_DAYS} if is_invitation(challenge) else {"code": codes.shown(code), "minutes": CODE_MINUTES}
    letters.queue(case, challenge.purpose, to=to, facts={"link": link, **lives})


def mailbox_of(address: str) -> str:
    """Most mailboxes take capital letters as small ones: counted as one mailbox, though nobody is let in by it."""
    return crypto.blind_index("email", address.casefold())


def _is_flooded(challenge: Challenge) -> bool:
    """Whether this mailbox has had its share of mails that anybody can cause. The same query whoever asks."""
    if challenge.purpose not in ANYBODY_CAUSES:
        return False
    sent = Challenge.objects.filter(mailbox=challenge.mailbox, case__organisation_id=challenge.case.organisation_id)
    unproved = Q(purpose__in=INVITING, case__confirmed_at__isnull=True) | Q(purpose=Purpose.FOLLOW, used_at__isnull=True)
    return sent.filter(unproved, created_at__gt=challenge.created_at - HOUR).count() > MAILS_AN_HOUR


def newest(case: Case, purpose: Purpose) -> Challenge | None:
    """The challenge that counts."""
    return Challenge.objects.filter(case=case, purpose=purpose).order_by("-created_at", "-pk").first()


def try_code(case: Case, purpose: Purpose, typed: str, *, browser: str) -> Outcome:
    """One try. A wrong one is counted and stays counted; a right one is spent. Call it in the transaction of what follows."""
    with transaction.atomic():
        rows = Challenge.objects.select_for_update().filter(case=case, purpose=purpose)
        sent = list(rows.order_by("-created_at", "-pk")[: RESENDS + 1])
        if not sent:
            return Outcome.EXPIRED
        barrier = standing(sent[0], browser=browser)
        if barrier is not Outcome.RIGHT:
            return barrier
        return _compare(sent, codes.normalise_code(typed))


def standing(challenge: Challenge, *, browser: str) -> Outcome:
    """Whether a challenge can still be answered from this browser, without answering it."""
    if challenge.used_at:
        return Outcome.USED
    if challenge.attempts >= MAX_ATTEMPTS:
        return Outcome.LOCKED
    if challenge.expires_at <= clock.now():
        return Outcome.EXPIRED
    if challenge.browser_hash and not codes.same(challenge.browser_hash, browser):
        return Outcome.FOREIGN
    return Outcome.RIGHT


def _compare(sent: list[Challenge], code: str) -> Outcome:
    counts, *older = sent
    if codes.same(counts.code_hash, code_digest(counts, code)):
        spend(counts)
        return Outcome.RIGHT
    counts.attempts += 1
    counts.save(update_fields=["attempts"])
    if counts.attempts >= MAX_ATTEMPTS:
        return Outcome.LOCKED
    is_older = any(codes.same(one.code_hash, code_digest(one, code)) for one in older)
    return Outcome.REPLACED if is_older else Outcome.WRONG


def was_just_taken(case: Case, purpose: Purpose, typed: str, *, browser: str, within: timedelta = PRESSED_TWICE) -> bool:
    """Whether this code was right in this browser a moment ago: a button that was pressed twice, or one of several."""
    last = newest(case, purpose)
    if last is None or last.used_at is None or last.used_at < clock.now() - within:
        return False
    is_same_browser = bool(browser) and codes.same(last.browser_hash, browser)
    return is_same_browser and codes.same(last.code_hash, code_digest(last, codes.normalise_code(typed)))


def spend(challenge: Challenge) -> None:
    """Once only; the ones sent before it for the same purpose end with it."""
    Challenge.objects.filter(case_id=challenge.case_id, purpose=challenge.purpose, used_at__isnull=True).update(used_at=clock.now())
