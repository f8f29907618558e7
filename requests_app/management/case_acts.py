"""The acts that `manage case` knows: their words, what they take, and the flow that each calls."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from exports import api
from portal.organisations.models import User
from requests_app import letters
from requests_app.access import Actor
from requests_app.flows import closing, erasing, fulfilment, lifting, recipients, triage, waiting, withdrawal
from requests_app.flows.searching import PLANNED, NotYet
from requests_app.management import lead_acts, right_acts
from requests_app.models import Case, Letter
from requests_app.models.letter import LetterState
from requests_app.rules.rights import Right
from requests_app.steps import next_step
from requests_app.tasks import settle_case

Options = dict[str, Any]
Do = Callable[[Case, Actor, Options], dict[str, Any] | None]


@dataclass(frozen=True)
class Act:
    """One act: its sentence, its arguments, and the flow."""

    words: str
    do: Do
    takes: Sequence[tuple[str, dict[str, Any]]] = field(default_factory=tuple)
    changes: bool = True


def facts_of(case: Case) -> dict[str, Any]:
    """What the shell is told about a case: nothing personal."""
    return {
        "reference": case.reference,
        "organisation": case.organisation.key,
        "right": case.right,
        "state": case.state,
        "outcome": case.outcome,
        "received_at": case.received_at.isoformat(),
        "due_on": case.due_on.isoformat() if case.due_on else None,
        "owner": case.owner.name if case.owner else None,
        "released_at": case.released_at.isoformat() if case.released_at else None,
        "answered_at": case.answered_at.isoformat() if case.answered_at else None,
        "backups_until": case.backups_until.isoformat() if case.backups_until else None,
        "job": str(case.job_id) if case.job_id else None,
        "next_step": str(next_step(case).verb),
    }


def in_words(facts: dict[str, Any]) -> str:
    """The facts as lines."""
    return "\n".join(f"{name:14} {value}" for name, value in facts.items() if value not in (None, "", []))


def _show(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    if case.job_id is None:
        return {}
    progress = api.progress(case.job_id)
    sources = [{"key": s.key, "state": s.state, "found": s.found, "withheld": s.withheld, "covered": s.covered} for s in progress.sources]
    return {"job_state": progress.state, "found": progress.found, "gaps": [list(gap) for gap in progress.gaps], "sources": sources}


def _plan(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    return {"plan": api.plan(_job(case)).to_json(), "barriers": erasing.barriers(case)}


def _job(case: Case) -> Any:
    if case.job_id is None or case.right not in (*PLANNED, Right.CORRECTION):
        raise NotYet("There is no plan for this request yet. Nothing was changed.")
    return case.job_id


def _settle(case: Case, actor: Actor, options: Options) -> None:
    pairs = [word.rpartition("=") for word in options["choice"]]
    if any(not equals or choice not in ("now", "later") for _line, equals, choice in pairs):
        raise CommandError("A choice has the form LINE=now or LINE=later. Nothing was changed.", returncode=2)
    erasing.settle_plan(case, {line: choice for line, _equals, choice in pairs}, by=actor)


def _approve(case: Case, actor: Actor, options: Options) -> None:
    erasing.approve(case, digest=options["digest"], typed=case.reference, by=actor)


def _assign(case: Case, actor: Actor, options: Options) -> None:
    owner = User.objects.filter(email__iexact=options["email"]).first() if options["email"] else None
    if options["email"] and owner is None:
        raise NotYet("Nobody here has this address. Nothing was changed.")
    triage.assign(case, owner, by=actor)


def _refuse(case: Case, actor: Actor, options: Options) -> None:
    decide = closing.propose_refusal if options["propose"] else closing.refuse
    decide(case, options["ground"], options["evidence"], by=actor)


def _work(case: Case, actor: Actor, options: Options) -> None:
    """What a worker would do for this case, here and now, until it needs a person."""
    for _round in range(3):
        if case.job_id:
            api.run(case.job_id)
        settle_case(case.pk)
        case.refresh_from_db()
    for pk in Letter.objects.filter(case=case, state=LetterState.QUEUED).values_list("pk", flat=True):
        letters.post(pk)


def _receipt(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    signed = api.receipt(_job(case))
    if signed is None:
        raise NotYet("There is no receipt yet.")
    return {"receipt": signed}


def _archive(case: Case, actor: Actor, options: Options) -> dict[str, Any]:
    known = api.archive(case.job_id) if case.job_id else None
    if known is None:
        raise NotYet("There is no archive for this request.")
    return {"archive": {name: str(value) if value is not None else None for name, value in asdict(known).items()}}


TEXT = ("text", {"metavar": "TEXT"})
ACTS: dict[str, Act] = {
    "show": Act("say where it stands", _show, changes=False),
    "plan": Act("print the plan of a deletion", _plan, changes=False),
    "receipt": Act("print the signed receipt of a deletion", _receipt, changes=False),
    "archive": Act("say what is known of the archive", _archive, changes=False),
    "start": Act("gather, or rehearse a deletion", lambda case, actor, _o: fulfilment.start(case, by=actor.key)),
    "gather": Act("ask every source again", lambda case, actor, _o: fulfilment.gather_again(case, by=actor)),
    "retry": Act(
        "ask one failed source again",
        lambda case, actor, o: fulfilment.retry(case, o["source"], by=actor),
        [("source", {"metavar": "SOURCE"})],
    ),
    "close_source": Act(
        "go on without a source that refuses for good; the answer is in part",
        lead_acts.close_source,
        [("source", {"metavar": "SOURCE"}), *lead_acts.WHY],
    ),
    "answer_in_part": Act("answer a deletion that nothing can finish", lead_acts.answer_in_part, lead_acts.WHY),
    "release": Act("let the archive go out", lambda case, actor, _o: fulfilment.release(case, by=actor)),
    "settle": Act("choose dates in the plan", _settle, [("choice", {"nargs": "+", "metavar": "LINE=now|later"})]),
    "approve": Act("carry out exactly this plan", _approve, [("digest", {"metavar": "DIGEST"})]),
    "extend": Act(
        "take more time",
        lambda case, actor, o: closing.extend(case, o["reason"], until=o["until"], by=actor),
        [
            ("reason", {"metavar": "REASON"}),
            ("--until", {"type": date.fromisoformat, "metavar": "DATE", "help": "the new date; needed where no law sets a longest one"}),
        ],
    ),
    "chase": Act("remind the person of the question", lambda case, actor, _o: waiting.chase(case, by=actor)),
    "refuse": Act(
        "refuse on a ground",
        _refuse,
        [
            ("ground", {"metavar": "GROUND"}),
            ("--evidence", {"default": "", "help": "what shows it"}),
            ("--propose", {"action": "store_true", "help": "propose it; somebody else decides"}),
        ],
    ),
    "answer": Act(
        "answer a right that is not gathered",
        right_acts.answer,
        [
            TEXT,
            ("--outcome", {"default": "done", "choices": ["done", "partly", "nothing_to_do"]}),
            ("--stop", {"action": "append", "default": [], "metavar": "USE", "help": "a use that ends: a category of the policy"}),
        ],
    ),
    "corrections": Act("print what should be corrected and what stands there; recorded", right_acts.corrections),
    "add_correction": Act(
        "write down a correction that came another way",
        right_acts.add,
        [
            ("thing", {"metavar": "FIELD", "help": "dataset.collection.field, or other"}),
            ("new", {"metavar": "NEW"}),
            ("--old", {"default": ""}),
            ("--evidence", {"default": ""}),
            ("--title", {"default": "", "help": "for other: what it is"}),
        ],
    ),
    "correct": Act(
        "decide on each correction",
        right_acts.correct,
        [("digest", {"metavar": "DIGEST"}), ("decision", {"nargs": "+", "metavar": "NUMBER=accept|by_hand|refuse"})],
    ),
    "tell": Act("write to a recipient of the data, or note it", lead_acts.tell, lead_acts.TELL),
    "confirmed": Act("note that a recipient confirmed it", lead_acts.confirmed, [("recipient", {"metavar": "RECIPIENT"}), TEXT]),
    "recipients": Act("print who must be told, and where it stands", lead_acts.listed, changes=False),
    "name_recipients": Act("tell the person who was told", lambda case, actor, _o: recipients.name_to_person(case, by=actor)),
    "agree": Act("be the first of two people on exactly this plan", lead_acts.agree, [("digest", {"metavar": "DIGEST"})]),
    "hold": Act("keep a line of the plan, or everything, for now", lead_acts.hold, lead_acts.HOLD),
    "let_go": Act("end a hold", lead_acts.let_go, [("number", {"type": int, "metavar": "NUMBER"}), TEXT]),
    "holds": Act("print what is held", lead_acts.holds, changes=False),
    "appeal": Act("open an appeal that came another way; prints it", lead_acts.appeal, [TEXT]),
    "about": Act("say which request an appeal is about", lead_acts.about, [("other", {"metavar": "REFERENCE"})]),
    "decide_appeal": Act("uphold or overturn", lead_acts.decide_appeal, [("verdict", {"choices": ["upheld", "overturned"]}), TEXT]),
    "authority": Act(
        "write down what showed that they may ask for somebody else, and that the address is theirs",
        right_acts.authority,
        [TEXT, ("--on", {"default": "", "metavar": "DATE", "help": "when it was seen; today"}), ("--to-agent", {"action": "store_true"})],
    ),
    "announce_fee": Act("announce a fee, where the policy and every law allow one", right_acts.announce_fee, right_acts.FEE),
    "settle_fee": Act(
        "note that a fee was paid, or no longer ask for it",
        right_acts.settle_fee,
        [("outcome", {"choices": ["paid", "waived"]})],
    ),
    "join": Act("mark it as a duplicate of another", right_acts.join, [("other", {"metavar": "REFERENCE"})]),
    "assign": Act("give it to somebody", _assign, [("email", {"nargs": "?", "default": "", "metavar": "EMAIL"})]),
    "note": Act("write a note for colleagues", lambda case, actor, o: _said(triage.note(case, o["text"], by=actor)), [TEXT]),
    "message": Act("write to the person", lambda case, actor, o: _said(triage.write(case, o["text"], by=actor)), [TEXT]),
    "ask": Act(
        "ask the person, and wait",
        lambda case, actor, o: _said(triage.ask(case, o["text"], about=o["about"], by=actor)),
        [TEXT, ("--about", {"default": "clarification", "choices": list(triage.QUESTIONS)})],
    ),
    "resume": Act("go on without an answer", lambda case, actor, _o: _said(triage.resume(case, by=actor.key))),
    "withdraw": Act(
        "end it because the person says so",
        lambda case, actor, o: withdrawal.withdraw_for(case, o["text"], by=actor),
        [("text", {"metavar": "TEXT", "help": "how they said it; for colleagues"})],
    ),
    "announce_lift": Act("tell the person that a restriction ends", lead_acts.announce_lift, lead_acts.LIFT),
    "lift": Act("lift a restriction, once the person was told", lambda case, actor, _o: lifting.lift(case, by=actor)),
    "close": Act("close it", lambda case, actor, _o: closing.close(case, by=actor.key)),
    "attest": Act("attest that the backups are gone", lambda case, actor, o: closing.attest_backups(case, o["text"], by=actor), [TEXT]),
    "reopen": Act("take a closed request up again", lambda case, actor, o: closing.reopen(case, o["text"], by=actor), [TEXT]),
    "work": Act("do here what a worker would do", _work),
}


def _said(_row: object) -> None:
    """The row stays where it is: the shell prints the case."""
