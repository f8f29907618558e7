"""Two people: which plan of a deletion one person may not approve alone, who has agreed with it, and what is still waited for."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from exports import api
from exports.api import EngineRefusal
from requests_app.access import Actor
from requests_app.flows.moving import locked, record
from requests_app.flows.searching import PLANNED, NotYet
from requests_app.flows.verification import PROVED_BY
from requests_app.models import Case, Event
from requests_app.rules.states import State

AGREED, PROPOSED = "plan.agreed", "refusal.proposed"


def why_two(case: Case) -> str:
    """Why the plan of this case takes two people; empty where one is enough."""
    if case.job_id is None or case.right not in PLANNED or case.state != State.REVIEW.value:
        return ""
    ways = case.identifiers.filter(verified_at__isnull=False).values_list("verified_how", flat=True)
    if any(way not in PROVED_BY for way in ways):
        return _("An officer, not a code, made sure who is asking, so two people approve this deletion.")
    bound = case.policy.read().second_person_rows
    try:
        totals = api.plan(case.job_id).totals
    except EngineRefusal:
        return ""  # there is no plan, so there is nothing to approve either
    rows = totals.get("delete", 0) + totals.get("mask", 0)
    if bound is not None and rows > bound:
        return _("%(rows)d rows would go, more than the %(bound)d that one person may approve alone.") % {"rows": rows, "bound": bound}
    return ""


@transaction.atomic
def agree(case: Case, digest: str, *, by: Actor) -> None:
    """The first of two people says that exactly this plan is right; somebody else, a lead, approves it."""
    case = locked(case)
    if not by.handles:
        raise NotYet(_("Only an officer or a lead can agree with a plan. Nothing was changed."))
    if not why_two(case):
        raise NotYet(_("This plan needs no second person. Nothing was changed."))
    if case.job_id is None or digest != api.plan(case.job_id).digest:
        raise NotYet(_("The plan has changed since it was shown. Read it again; nothing was changed."))
    if by.key not in _agreed(case, digest):
        record(case, AGREED, by=by.key, plan=digest)


def check_second(case: Case, digest: str, *, by: Actor) -> None:
    """Inside the approval: refuses one person where two are needed, by a sentence for the same person and one for the first."""
    why = why_two(case)
    if not why:
        return
    others = _agreed(case, digest) - {by.key}
    if others:
        return
    if by.key in _agreed(case, digest):
        raise NotYet(_("%(why)s You have agreed with it yourself, so somebody else must approve it. Nothing was deleted.") % {"why": why})
    raise NotYet(_("%(why)s Somebody else must agree with exactly this plan first. Nothing was deleted.") % {"why": why})


@dataclass(frozen=True)
class Second:
    """What a plan needs of two people, as one of them sees it: why, whether they have agreed, and whether they may approve now."""

    needed: str
    mine: bool
    is_ready: bool


def standing(case: Case, digest: str, *, by: Actor) -> Second:
    """Where the two steps stand for this member of staff."""
    agreed = _agreed(case, digest)
    return Second(why_two(case), by.key in agreed, bool(agreed - {by.key}))


def _agreed(case: Case, digest: str) -> set[str]:
    lines = Event.objects.filter(case_reference=case.reference, code=AGREED)
    return {line.actor for line in lines if line.facts.get("plan") == digest}


@dataclass(frozen=True)
class FirstStep:
    """The first of two steps: the code of its line, who made it, and the ground that was proposed."""

    code: str
    actor: str
    ground: str = ""


def proposal_of(case: Case) -> FirstStep | None:
    """The newest proposal to refuse since the request was last opened."""
    lines = Event.objects.filter(case_reference=case.reference)
    since = lines.filter(code="case.open", facts__again=True).order_by("-position").values_list("position", flat=True).first() or 0
    line = lines.filter(code=PROPOSED, position__gt=since).order_by("-position").first()
    return FirstStep(PROPOSED, line.actor, str(line.facts.get("ground", ""))) if line else None


def waited_for(case: Case) -> Sequence[FirstStep]:
    """Who has made the first of two steps, for a case on which the second is still to come."""
    if State(case.state) not in (State.ARRIVED, State.OPEN, State.WAITING, State.REVIEW):
        return []
    proposed = proposal_of(case)
    found = [proposed] if proposed else []
    if case.job_id and case.right in PLANNED and case.state == State.REVIEW.value and why_two(case):
        found += [FirstStep(AGREED, actor) for actor in sorted(_agreed(case, api.plan(case.job_id).digest))]
    return found
