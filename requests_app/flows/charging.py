"""A fee for a further request: announced with its reasons, before the work that it is for. The clock runs on all the while.

It is asked for only where the policy speaks of free requests, the person has used theirs, and every law that binds allows it.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from requests_app import letters
from requests_app.access import Actor
from requests_app.charges import Price, price_of
from requests_app.flows.moving import locked, record
from requests_app.flows.triage import address_of, must_be_moving
from requests_app.models import Case, Event
from requests_app.models.letter import Author
from requests_app.rules.fees import FEE_GROUNDS, Circumstance, FeeRefused
from requests_app.rules.rights import Right
from requests_app.rules.states import State, is_over
from requests_app.rules.wording import listing

ANNOUNCED, WAIVED, PAID = "fee.announced", "fee.waived", "fee.paid"
AMOUNT = re.compile(r"[A-Z]{3} [0-9]{1,4}(\.[0-9]{2})?")
NOTHING_FOUND = Circumstance()
AT_WORST = Circumstance(is_excessive=True, is_further_copy=True)  # whatever an officer could find
GIVEN = ("given", "partly", "nothing_held", "erased", "done", "nothing_to_do")


@dataclass(frozen=True)
class Standing:
    """What the desk knows about a fee: earlier requests, what the laws say, and what was announced."""

    earlier: int
    price: Price
    amount: str = ""
    ended: str = ""

    @property
    def may_announce(self) -> bool:
        return bool(self.earlier) and self.price.rule.is_allowed and not self.amount


def standing_of(case: Case, found: Circumstance = NOTHING_FOUND) -> Standing | None:
    """Whether a fee could be asked for; None where the policy speaks of none, or before the person is proved."""
    price = price_of(case.policy.read(), Right(case.right), case.country)
    if price is None or case.confirmed_at is None:
        return None
    earlier = len(earlier_of(case, months=price.months))
    found = replace(found, earlier_requests=earlier)
    weighed = price_of(case.policy.read(), Right(case.right), case.country, found) or price
    lines = {line.code: line for line in Event.objects.filter(case_reference=case.reference, code__in=(ANNOUNCED, WAIVED, PAID))}
    amount = str(lines[ANNOUNCED].facts["amount"]) if ANNOUNCED in lines else ""
    ended = next((code for code in (PAID, WAIVED) if code in lines), "")
    return Standing(earlier, weighed, amount, ended)


def asked_for(case: Case) -> str:
    """The amount that the person was asked for and that is neither paid nor dropped; empty where there is none."""
    lines = {line.code: line for line in Event.objects.filter(case_reference=case.reference, code__in=(ANNOUNCED, WAIVED, PAID))}
    is_asked = set(lines) == {ANNOUNCED} and not is_over(State(case.state))
    return str(lines[ANNOUNCED].facts["amount"]) if is_asked else ""


def earlier_of(case: Case, *, months: int) -> list[Case]:
    """Requests for the same right from the same proved address that were answered in the months before this one."""
    tokens = list(case.identifiers.filter(kind="email", verified_at__isnull=False).values_list("token", flat=True))
    same = Case.objects.filter(organisation=case.organisation_id, right=case.right, is_test=False, outcome__in=GIVEN)
    theirs = same.filter(identifiers__kind="email", identifiers__token__in=tokens, identifiers__verified_at__isnull=False)
    since = _months_before(case.received_at, months)
    return list(
        theirs.filter(received_at__gt=since, received_at__lt=case.received_at).exclude(pk=case.pk).distinct().order_by("-received_at")
    )


def _months_before(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=years, month=month + 1, day=min(moment.day, monthrange(years, month + 1)[1]))


@dataclass(frozen=True)
class Fee:
    """The amount, like “CAD 10.00”, what it is for, and how it can be paid; the person reads all three."""

    amount: str
    why: str
    how: str


@transaction.atomic
def announce(case: Case, fee: Fee, *, by: Actor, found: Circumstance = NOTHING_FOUND) -> None:
    """Tells the person the amount, the reason, how to pay and how to object. Raises `FeeRefused` where a law or the policy forbids it."""
    case = locked(case)
    must_be_moving(case)
    standing = _allowed(standing_of(case, found), fee, by=by)
    grounds = list(standing.price.rule.grounds)
    record(case, ANNOUNCED, by=by.key, amount=fee.amount, grounds=grounds, earlier=standing.earlier)
    said = _("We would like to ask %(amount)s for this request.\n\nWhat it is for: %(why)s\n\nHow to pay: %(how)s") % vars(fee)
    case.messages.create(author=Author.OFFICER, author_name=by.name, body_sealed=case.seal(said), at=clock.now())
    facts = {
        "amount": fee.amount,
        "why": fee.why.strip(),
        "how": fee.how.strip(),
        "months": standing.price.months,
        "grounds": [FEE_GROUNDS[one] for one in grounds],
        "sentences": standing.price.rule.sentences,
    }
    letters.queue(case, "fee", to=address_of(case), facts=facts)


def _allowed(standing: Standing | None, fee: Fee, *, by: Actor) -> Standing:
    if not by.handles:
        raise FeeRefused(_("Only an officer or a lead can announce a fee. Nothing was sent."))
    if standing is None:
        raise FeeRefused(_("The policy speaks of no fee for this, or the person is not proved yet. The request is free of charge."))
    if standing.amount:
        raise FeeRefused(_("A fee was announced for this request already. Nothing was sent."))
    if not standing.earlier:
        raise FeeRefused(_("This is the first request in the free period, so it is free of charge. Nothing was sent."))
    if not standing.price.rule.is_allowed:
        laws = listing(standing.price.rule.forbidden_by) or _("this right itself")
        raise FeeRefused(_("No fee can be asked for: it is not allowed by %(laws)s. The request goes on, free of charge.") % {"laws": laws})
    if not AMOUNT.fullmatch(fee.amount):
        raise FeeRefused(_("Write the amount like “CAD 10.00”. Nothing was sent."))
    if not fee.why.strip() or not fee.how.strip():
        raise FeeRefused(_("Say what the fee is for and how it can be paid: the person reads it. Nothing was sent."))
    return standing


@transaction.atomic
def settle(case: Case, *, waived: bool, by: Actor) -> None:
    """The fee that was announced was paid, or is not asked for any more. The request goes on either way."""
    case = locked(case)
    standing = standing_of(case)
    if not by.handles or standing is None or not standing.amount or standing.ended:
        raise FeeRefused(_("There is no fee to settle on this request. Nothing was changed."))
    record(case, WAIVED if waived else PAID, by=by.key, amount=standing.amount)
    if waived:
        letters.queue(case, "fee_waived", to=address_of(case), facts={"amount": standing.amount})
