"""A sample case and the people around it, and what each of them can do. Every act goes through the flows that the pages use."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from examples.people import Person
from exports import api
from portal.demo.samples import stores_of
from portal.kit import clock
from portal.organisations.models import Membership, Organisation
from requests_app import letters, tasks
from requests_app.access import Actor, actor_for
from requests_app.flows import (
    answering,
    closing,
    conversation,
    delivery,
    erasing,
    fulfilment,
    intake,
    triage,
    verification,
    withdrawal,
)
from requests_app.flows.challenges import Outcome
from requests_app.flows.intake import Application
from requests_app.models import Case, Letter
from requests_app.models.letter import LetterState
from requests_app.rules.rights import GATHERED, Right

BROWSER = "demo"
NAMESPACE = uuid.UUID("5b0b8d7e-6a6c-4c55-9b63-6a0a4f6d2c11")
CODE = re.compile(r"^\s+([0-9A-Z]{4}-[0-9A-Z]{4})\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One request of one person."""

    key: str
    organisation: Organisation
    person: Person
    right: Right
    country: str = ""
    copy_first: bool = False

    @property
    def name(self) -> str:
        return f"{self.organisation.key}/{self.key}"

    @property
    def submission_id(self) -> uuid.UUID:
        return uuid.uuid5(NAMESPACE, self.name)

    @property
    def cases(self) -> list[Case]:
        """The cases that were sent together, the copy first."""
        found = Case.objects.filter(submission_id=self.submission_id).order_by("pk")
        return list(found.select_related("organisation", "policy", "submission", "owner"))

    @property
    def case(self) -> Case:
        return self.cases[-1]

    def staff(self, role: str) -> Actor:
        """Who has that role here, just signed in."""
        member = Membership.objects.select_related("user").filter(organisation=self.organisation, role=role).order_by("pk")[0]
        return actor_for(member.user, self.case, signed_in_at=clock.now())


Act = Callable[[Stage], object]


class OutOfTune(Exception):
    """The play expects something that the product no longer does."""


def asks(stage: Stage) -> None:
    """The person sends the form."""
    application = Application(
        organisation=stage.organisation,
        policy=stage.organisation.current_policy,
        right=stage.right,
        name=stage.person.name,
        identities={"email": stage.person.email},
        country=stage.country,
        copy_first=stage.copy_first,
        received_at=clock.now(),
        key=stage.submission_id,
    )
    intake.submit(application, browser=BROWSER)
    _post(stage)


def confirms(stage: Stage) -> None:
    """The person types the code from the first mail."""
    _must(verification.confirm_by_code(stage.case, _code(stage, "confirm"), browser=BROWSER))
    _post(stage)


def confirms_again(stage: Stage) -> None:
    """And the second one, for a deletion."""
    _must(verification.confirm_again(stage.case, _code(stage, "confirm_again"), browser=BROWSER))
    _post(stage)


def workers_work(stage: Stage) -> None:
    """Whatever goes on by itself: searches, rehearsals, packing, letters."""
    for _round in range(8):
        before = [(case.state, case.job_id) for case in stage.cases]
        for case in stage.cases:
            tasks.settle_case(case.pk)
            case.refresh_from_db()
            if case.job_id:
                api.run(case.job_id)
                tasks.settle_case(case.pk)
        _post(stage)
        if before == [(case.state, case.job_id) for case in stage.cases]:
            return


def while_away(store: str, act: Act) -> Act:
    """Something happens while one of the organisation's systems cannot be reached."""

    def without(stage: Stage) -> None:
        here = stores_of(stage.organisation.key) / store
        away = here.with_suffix(".away")
        here.rename(away)
        try:
            act(stage)
        finally:
            away.rename(here)

    return without


def takes(role: str) -> Act:
    """An officer or a lead takes the case."""

    def act(stage: Stage) -> None:
        actor = stage.staff(role)
        triage.assign(stage.case, actor.user, by=actor)

    return act


def notes(text: str) -> Act:
    return lambda stage: triage.note(stage.case, text, by=stage.staff("officer"))


def asks_back(text: str, about: str = "clarification") -> Act:
    def act(stage: Stage) -> None:
        triage.ask(stage.case, text, by=stage.staff("officer"), about=about)
        _post(stage)

    return act


def says(text: str) -> Act:
    """The person writes into the thread."""
    return lambda stage: conversation.say(stage.case, text)


def writes(text: str) -> Act:
    """The officer writes into the thread."""

    def act(stage: Stage) -> None:
        triage.write(stage.case, text, by=stage.staff("officer"))
        _post(stage)

    return act


def extends(reason: str) -> Act:
    def act(stage: Stage) -> None:
        closing.extend(stage.case, reason, by=stage.staff("lead"))
        _post(stage)

    return act


def refuses(ground: str, evidence: str) -> Act:
    """An officer proposes, the lead decides."""

    def act(stage: Stage) -> None:
        closing.propose_refusal(stage.case, ground, evidence, by=stage.staff("officer"))
        closing.refuse(stage.case, ground, evidence, by=stage.staff("lead"))
        _post(stage)

    return act


def answers(text: str, outcome: str = "done") -> Act:
    def act(stage: Stage) -> None:
        answering.answer(stage.case, text, by=stage.staff("lead"), outcome=outcome)
        _post(stage)

    return act


def releases(stage: Stage) -> None:
    """The lead lets the copy go out; it is packed, sealed and read back."""
    for case in stage.cases:
        if case.right in GATHERED and case.state == "review":
            fulfilment.release(case, by=stage.staff("lead"))
    workers_work(stage)


def fetches(stage: Stage) -> None:
    """The person downloads the archive with a fresh code."""
    delivery.send_code(stage.case, browser=BROWSER)
    outcome, pieces = delivery.redeem(stage.case, _code(stage, "download"), browser=BROWSER)
    _must(outcome)
    if not pieces or not sum(map(len, pieces)):
        raise OutOfTune(f"the archive of {stage.key} is empty")
    _post(stage)


def settles(choice: str) -> Act:
    """Where the policy says two things, the officer chooses."""

    def act(stage: Stage) -> None:
        lines = _plan(stage).lines
        erasing.settle_plan(stage.case, {line.key: choice for line in lines if line.choices}, by=stage.staff("officer"))
        workers_work(stage)

    return act


def approves(stage: Stage) -> None:
    """The lead approves exactly this plan; it is carried out and proved."""
    erasing.approve(stage.case, digest=_plan(stage).digest, typed=stage.case.reference, by=stage.staff("lead"))
    workers_work(stage)


def attests(text: str) -> Act:
    def act(stage: Stage) -> None:
        closing.attest_backups(stage.case, text, by=stage.staff("lead"))
        _post(stage)

    return act


def withdraws(stage: Stage) -> None:
    withdrawal.withdraw(stage.case)
    _post(stage)


def time_runs_out(stage: Stage) -> None:
    """Nobody ever confirmed."""
    closing.expire(stage.case)
    _post(stage)


def closes(stage: Stage) -> None:
    for case in stage.cases:
        closing.close(case, by="system")


def _plan(stage: Stage) -> api.PlanView:
    job_id = stage.case.job_id
    if job_id is None:
        raise OutOfTune(f"{stage.key} has no plan")
    return api.plan(job_id)


def _code(stage: Stage, kind: str) -> str:
    """What the person reads in their newest mail of this kind."""
    letter = stage.case.letters.filter(kind=kind).order_by("-pk")[0]
    found = CODE.search(stage.case.unseal(letter.body_sealed))
    if not found:
        raise OutOfTune(f"no code in the letter “{kind}” of {stage.key}")
    return found.group(1)


def _post(stage: Stage) -> None:
    for letter in Letter.objects.filter(case__submission_id=stage.submission_id, state=LetterState.QUEUED):
        letters.post(letter.pk)


def _must(outcome: Outcome) -> None:
    if outcome is not Outcome.RIGHT:
        raise OutOfTune(f"a code was {outcome}")
