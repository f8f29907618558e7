"""An appeal against what we decided: a request of its own with its own date, decided by somebody who had no part in the first decision."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from requests_app import answers, askers, letters
from requests_app.access import Actor, must_lead
from requests_app.flows import closing, timing, verification
from requests_app.flows.intake import free_reference
from requests_app.flows.moving import locked, move, record
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of, deciders_of
from requests_app.models import Case, Submission
from requests_app.models.case import Channel
from requests_app.models.letter import Author
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.wishes import Wish, sealed_details

# Not all that was asked was done: there is something to appeal against.
AGAINST = frozenset({"refused", "partly", "not_verifiable", "unanswered"})
OVER = frozenset({State.REFUSED.value, State.ANSWERED.value, State.EXPIRED.value, State.CLOSED.value})
UPHELD, OVERTURNED = "upheld", "overturned"


def may_appeal(case: Case) -> bool:
    """Whether a law on this case gives an appeal against how it ended, and nobody has made one yet."""
    if case.right == Right.APPEAL.value or case.state not in OVER or case.outcome not in AGAINST or not case.key_sealed:
        return False
    is_given = case.policy.read().offers(Right.APPEAL.value) or any(Right.APPEAL in law.rights for law in closing.laws_of(case))
    return is_given and not case.appeals.exclude(outcome=OVERTURNED).exists()  # one that was right opens the way to another


@transaction.atomic
def appeal(case: Case, words: str, *, by: str, channel: Channel = Channel.FORM, is_proved: bool = False) -> Case:
    """Opens an appeal. Its date counts from today, by the laws on the first request. `is_proved`: a code has just opened the page."""
    case = locked(case)
    if not may_appeal(case):
        raise NotYet(_("There is nothing to appeal against here, or the appeal is made already. Nothing was changed."))
    if not words.strip():
        raise NotYet(_("Write what you do not agree with. Nothing was sent."))
    moment = clock.now()
    submission = Submission.objects.create(
        organisation=case.organisation,
        policy=case.policy,
        channel=channel,
        received_at=moment,
        language=case.submission.language,
        country=case.country,
    )
    facts = {"received_at": moment, "country": case.country, "is_test": case.is_test, "appeal_of": case}
    opened = Case(
        reference=free_reference(),
        submission=submission,
        organisation=case.organisation,
        policy=case.policy,
        right=Right.APPEAL.value,
        **facts,
    )
    opened.name_sealed = opened.seal(case.name)
    for known in ("asked_by", "authorised_at", "authorised_how", "answers_asker"):
        setattr(opened, known, getattr(case, known))
    opened.asker_sealed = opened.seal(case.unseal(case.asker_sealed)) if case.asker_sealed else b""
    opened.details_sealed = sealed_details(opened, Wish(words=words.strip()), [])
    timing.set_clock(opened)
    opened.save()
    record(opened, "case.arrived", by=by, right=opened.right, channel=channel, appeal_of=case.reference)
    record(case, "appeal.made", by=by, appeal=opened.reference)
    _identify(opened, case, is_proved=is_proved)
    return opened


def _identify(opened: Case, case: Case, *, is_proved: bool) -> None:
    """The same person, as far as the first request knew; whoever proved nothing yet is sent a link."""
    for one in case.identifiers.all():
        is_new = is_proved and one.kind == askers.own_kind(case) and one.verified_at is None
        known = {"verified_at": clock.now() if is_new else one.verified_at, "verified_how": "email_code" if is_new else one.verified_how}
        value = case.unseal(one.value_sealed)
        opened.identifiers.create(kind=one.kind, value_sealed=opened.seal(value), token=one.token, **known)
    if opened.identifiers.filter(verified_at__isnull=False).exists():
        opened.confirmed_at = opened.received_at
        timing.set_clock(opened)
        move(opened, State.OPEN, by="system")
        letters.queue(opened, "received", to=address_of(opened))
    elif opened.identifiers.filter(kind=askers.own_kind(opened)).exists():
        verification.invite(opened)


def may_decide(case: Case, actor: Actor) -> bool:
    """Whether this member of staff had no part in the first decision."""
    return case.appeal_of is None or actor.key not in deciders_of(case.appeal_of)


def appealable(case: Case) -> Sequence[Case]:
    """For an appeal that came without its reference: ended requests of the same proved address that it may be about."""
    tokens = list(case.identifiers.filter(verified_at__isnull=False).values_list("token", flat=True))
    ended = Case.objects.filter(organisation=case.organisation_id, state__in=OVER, outcome__in=AGAINST, identifiers__token__in=tokens)
    found = ended.exclude(right=Right.APPEAL).select_related("organisation", "policy").distinct().order_by("-received_at")
    return [one for one in found if not one.appeals.exclude(outcome=OVERTURNED).exists()]


@transaction.atomic
def link(case: Case, reference: str, *, by: Actor) -> None:
    """Says which request an appeal is about."""
    case = locked(case)
    known = {one.reference: one for one in appealable(case)} if case.right == Right.APPEAL.value and case.appeal_of is None else {}
    if reference not in known:
        raise NotYet(_("This is no ended request of the same confirmed address that can be appealed against. Nothing was changed."))
    case.appeal_of = known[reference]
    case.save()
    record(case, "appeal.linked", by=by.key, appeal_of=reference)
    record(known[reference], "appeal.made", by=by.key, appeal=case.reference)


@transaction.atomic
def decide(case: Case, verdict: str, words: str, *, by: Actor) -> None:
    """Upholds the first decision or overturns it. The letter says which, why, and where else the person can go."""
    case = locked(case)
    must_lead(by, case, _("Only a lead can decide an appeal."))
    first = _first(case, verdict, words)
    if not may_decide(case, by):
        raise NotYet(
            _("You had a part in the decision that is appealed against, so somebody else must decide. Nothing was changed. %(who)s")
            % {"who": deciders_words(case)}
        )
    if case.state == State.OPEN.value:
        move(case, State.EXECUTING, by=by.key)
    case.answered_at, case.outcome = clock.now(), verdict
    move(case, State.ANSWERED, by=by.key, outcome=verdict, appeal_of=first.reference)
    case.messages.create(author=Author.OFFICER, author_name=by.name, body_sealed=case.seal(words.strip()), at=clock.now())
    facts = answers.appeal(case, words, by.name, laws=closing.laws_of(case))
    letters.queue(case, "appeal_decided", to=address_of(case), facts=facts, formal=True)
    if verdict == OVERTURNED:
        closing.take_up_again(first, _("The appeal %(reference)s overturned the decision.") % {"reference": case.reference}, by=by)


def _first(case: Case, verdict: str, words: str) -> Case:
    """The request that the appeal is about, once everything is there to decide."""
    if case.right != Right.APPEAL.value or case.appeal_of is None:
        raise NotYet(_("Say first which request this appeal is about. Nothing was changed."))
    if verdict not in (UPHELD, OVERTURNED):
        raise NotYet(_("Choose whether the decision stands. Nothing was changed."))
    if not words.strip():
        raise NotYet(_("Write why: the person reads it in our letter. Nothing was sent."))
    if not verification.is_proved(case):
        raise NotYet(_("The person has not yet proved who is asking. Nothing was changed."))
    return case.appeal_of


def deciders_words(case: Case) -> str:
    """Who could decide it, in a sentence."""
    if case.appeal_of is None:
        return ""
    names = closing.leads_but(case, deciders_of(case.appeal_of))
    return _("These can: %(names)s.") % {"names": ", ".join(names)} if names else _("Nobody else here is a lead; an admin can make one.")
