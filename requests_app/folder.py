"""A case as its page shows it: the work, the dates, the rail. Reads only; what may be done is the flows' to decide."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from exports import api
from exports.api import EngineRefusal, Progress
from portal.kit import clock
from portal.kit.crypto import Sealed
from portal.kit.masking import mask_email, mask_text
from requests_app import answers, askers, certificate, decided, letters, particulars
from requests_app.access import Actor
from requests_app.acts import acts_of, primary_of
from requests_app.flows import charging, contacts, duplicates, shortfalls, verification
from requests_app.flows.searching import PLANNED
from requests_app.letters import TO_OTHERS
from requests_app.mail.words import doubt_words
from requests_app.models import Case, Event, Identifier
from requests_app.models.case import AskedBy, Standing
from requests_app.reminded import attested, reminded
from requests_app.rows import name_of, time_left
from requests_app.rules.deadlines import Clock, Deadline
from requests_app.rules.events import EVENTS
from requests_app.rules.extensions import Reason
from requests_app.rules.refusals import RefusalGround
from requests_app.rules.rights import GATHERED, Right
from requests_app.rules.states import MAY_WAIT, State
from requests_app.rules.verification import needs_no_proof
from requests_app.rules.wording import listing
from requests_app.steps import OPEN, next_step
from requests_app.wishes import wish_of
from requests_app.words import right_title, state_title


@dataclass(frozen=True)
class Known:
    """One identifier on the rail."""

    title: str
    masked: str
    value: str
    is_proved: bool


def heading(case: Case) -> dict[str, Any]:
    """What stands on top of every page about a case."""
    return {"right_words": right_title(case.right), "name": name_of(case), "today": clock.today(case.organisation.timezone)}


def folder(case: Case, actor: Actor) -> dict[str, Any]:
    """Everything on the page of a case but its history."""
    today = clock.today(case.organisation.timezone)
    is_gathered = case.right in GATHERED or case.state == State.COLLECTING
    progress = api.progress(case.job_id) if case.job_id and case.state != State.REFUSED and is_gathered else None
    left, tone = time_left(case, today)
    return {
        **heading(case),
        **_clock(case),
        **_found(case, progress),
        **_planned(case),
        **_told(case),
        "case": case,
        "actor": actor,
        "step": next_step(case),
        "heading_words": next_step(case).verb if case.state in (State.OPEN, State.REVIEW) else state_title(case.state),
        "is_moving": case.standing in (Standing.US, Standing.THEM),
        "state_words": state_title(case.state),
        "left": left,
        "tone": tone,
        "primary": primary_of(case, actor),
        "acts": acts_of(case, actor),
        "known": _known(case),
        "flags": _flags(case),
        "twins": duplicates.twins_of(case),
        "joined_to": duplicates.joined_to(case),
        "appeals": list(case.appeals.all()),
        **decided.standing_words(case),
        "wish": particulars.wish_words(case),
        "is_copy": case.right in GATHERED,
        "closable": dict(shortfalls.open_sources(case)) if actor.decides else {},
        "closed_sources": [(one, _opened(case, one.words_sealed)) for one in case.shortfalls.all()],
        "notes": [(note, _opened(case, note.body_sealed)) for note in case.notes.select_related("author")],
        "proofs": proofs_of(case),
        "place": _place(case),
        **_asked(case),
        "recipients": decided.recipient_rows(case),
        "by_hand": api.asked_by_hand(case.job_id) if case.job_id else (),
    }


def _asked(case: Case) -> dict[str, Any]:
    """Who asks, whether they may, and whether it may cost something."""
    is_moving = case.standing in (Standing.US, Standing.THEM)
    return {
        "fee": charging.standing_of(case, charging.AT_WORST) if is_moving else None,
        "asker": askers.asker_of(case),
        "lacks_authority": askers.lacks_authority(case),
        "age": case.policy.read().minimum_age if case.asked_by == AskedBy.CHILD else None,
    }


def _told(case: Case) -> dict[str, Any]:
    """What did not reach the person, what staff were told, and what somebody attested."""
    lost = letters.lost(Case.objects.filter(pk=case.pk))
    return {"lost": lost, "secret_kinds": letters.SECRET_KINDS, "reminders": reminded(case), "attested": attested(case)}


PLANLESS = frozenset({State.COLLECTING, State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.DUPLICATE})


def _planned(case: Case) -> dict[str, Any]:
    """The rehearsal of a deletion, or what was done, added up per source."""
    if case.right not in PLANNED or case.job_id is None or case.state in PLANLESS:
        return {"plan": None}
    try:
        view = api.plan(case.job_id)
        receipt = api.receipt(case.job_id)
    except EngineRefusal:
        return {"plan": None}
    people = {task.source_key: task for task in api.asked_by_hand(case.job_id) if task.is_deletion}
    left_at = [(key, title, people.get(key)) for key, title in api.sources_left(case.job_id)]
    left = {"left_at": left_at, "silent": api.sources_silent(case.job_id)}
    if receipt is None:
        figures = {name: view.totals.get(action, 0) for action, name in certificate.COLUMNS.items()}
        return {"plan": view, "figures": figures, "outcome": "", "stopped": api.progress(case.job_id).error, **left}
    signed = receipt["receipt"]
    places = [one for one in certificate.erased_places(signed, view.lines) if one.found or case.right == Right.DELETION]
    words = {"plan": view, "places": places, "figures": certificate.totals_of(places), "outcome": signed["outcome"]}
    told = tuple(f"{title}:" for _key, title, task in left_at if task)  # the words of a person stand with what can be done there
    return {**words, **left, "not_searched": [gap for gap in signed["gaps"] if not gap.startswith(told)]}


def _found(case: Case, progress: Progress | None) -> dict[str, Any]:
    """What the sources answered, what is held back, what is covered, what is missing."""
    if progress is None:
        return {"progress": None}
    steps = [(source, step) for source in progress.sources for step in source.collections]
    broken = [source for source in progress.sources if source.state == "failed"]
    silent = [(title, sentence) for title, sentence in progress.gaps if title not in {source.title for source in broken}]
    return {
        "progress": progress,
        "answered": sum(source.state in ("done", "nothing") for source in progress.sources),
        "broken": broken,
        "gaps": silent,
        "held": [(source, step) for source, step in steps if step.withheld or step.secrets],
        "covered": [(source, step) for source, step in steps if step.covered],
    }


def _clock(case: Case) -> dict[str, Any]:
    """Every rule that binds, earliest first, and what else there is to say about the date."""
    if not case.clock:
        return {"rules": []}
    counted = Clock.from_json(case.clock)
    return {
        "rules": [(rule, _starts(rule), _is_binding(rule, counted)) for rule in counted.all if rule.undated != "no_right"],
        "extended_until": counted.extended_due,
        "is_extended": case.extended_at is not None,
        "target_on": case.target_on,
        "explanation": counted.explanation,
    }


def _is_binding(rule: Deadline, counted: Clock) -> bool:
    return rule.due is not None and rule.due == counted.due


def _starts(rule: Deadline) -> str:
    named = {"received": _("received"), "confirmed": _("confirmed")}
    return named.get(rule.start_event, EVENTS.get(rule.start_event, ""))


def _known(case: Case) -> list[Known]:
    titles = {kind.kind: kind.title for kind in case.policy.read().identities} | {askers.ADDRESS: _("Address of whoever asks")}
    return [_known_one(case, one, titles.get(one.kind, one.kind)) for one in case.identifiers.all()]


def _known_one(case: Case, one: Identifier, title: str) -> Known:
    value = _opened(case, one.value_sealed)
    return Known(title, mask_email(value) if "@" in value else mask_text(value), value, one.verified_at is not None)


def _opened(case: Case, sealed: bytes | memoryview) -> str:
    try:
        return case.unseal(bytes(sealed))
    except Sealed:
        return _("Content destroyed")


FLAGS: dict[str, Promise | str] = {
    "mixed_scripts": lazy("It mixes letters of several alphabets, as look-alike addresses do."),
    "beyond_ascii": lazy("It uses letters beyond plain Latin."),
    "changes_under_nfkc": lazy("It looks like another address once its letters are written the usual way."),
}


def _flags(case: Case) -> list[str]:
    """What to look at twice in the address: how it is written, what came back from it, what its mail looked like."""
    arrived = Event.objects.filter(case_reference=case.reference, code="case.arrived").first()
    flags = [str(FLAGS.get(code, code)) for code in (arrived.facts.get("address_flags", ()) if arrived else ())]
    if any(letter.bounced_at for letter in case.letters.all() if letter.kind not in TO_OTHERS):
        flags.append(_("A letter to it came back: its mail server did not take it."))
    if when := contacts.changed_at(case):
        day = answers.spoken(clock.local_date(when, case.organisation.timezone))
        flags.append(_("Their contact address was changed by a correction on %(day)s. Make sure that it was them.") % {"day": day})
    doubts = [doubt for mail in case.mails.all() for doubt in doubt_words(mail.flags, mail.authentication)]
    return [*flags, *dict.fromkeys(doubts)]


def _place(case: Case) -> str:
    return dict(case.policy.read().countries).get(case.country, case.country)


def proofs_of(case: Case) -> str:
    """How the asker proved who they are, in one line."""
    if case.confirmed_at is None:
        return _("Not confirmed yet")
    if needs_no_proof(Right(case.right)):
        return _("No proof may be asked for")
    when = {"day": answers.spoken(clock.local_date(case.confirmed_at, case.organisation.timezone))}
    if askers.lacks_authority(case):
        return _("Whoever asks confirmed their own address on %(day)s; whether they may ask is open") % when
    if verification.missing_proofs(case):
        return _("Confirmed %(day)s; a further proof is missing") % when
    if "second_code" in verification.proofs(case):
        return _("Confirmed %(day)s, and again with a second code") % when
    return _("Confirmed %(day)s") % when


def may_ask(case: Case) -> bool:
    """Whether a question may make this case wait."""
    return State(case.state) in MAY_WAIT and not case.released_at


def is_decidable(case: Case) -> bool:
    """Whether the plan of this case can be approved or changed now."""
    if case.right == Right.CORRECTION:
        is_looked_up = case.state == State.REVIEW and not particulars.has_failed(case)
        return is_looked_up or (case.state == State.OPEN and not wish_of(case).for_engine)
    return case.state == State.REVIEW and case.right in PLANNED and not particulars.is_revoked(case)


def backups_on(case: Case, days: int | None) -> date | None:
    """When the last backup would have rolled over if it were done today."""
    return clock.today(case.organisation.timezone) + timedelta(days=days) if days else None


def reach(reason: Reason) -> str:
    """How far a reason reaches, and who accepts it."""
    laws = listing(reason.accepted_by)
    if reason.until is None:
        return _("Accepted by %(laws)s") % {"laws": laws}
    return _("Until %(day)s. Accepted by %(laws)s.") % {"day": answers.spoken(reason.until), "laws": laws}


def weight(ground: RefusalGround) -> str:
    """What a ground takes: evidence, a second person, and where it stands."""
    wants = [_("needs evidence")] if ground.needs_evidence else []
    wants += [_("needs a second person")] if ground.needs_second_person else []
    return "; ".join([ground.citation, *wants])


def question_of(case: Case) -> str:
    """The heading of the page on which a right is decided."""
    return str(OPEN[Right(case.right)][0])


def said(case: Case) -> list[tuple[Any, str]]:
    """The thread with the person, opened."""
    return [(one, _opened(case, one.body_sealed)) for one in case.messages.all()]


def receipt(case: Case) -> dict[str, Any]:
    """The signed receipt and the table that it proves; not found while there is none."""
    signed = api.receipt(case.job_id) if case.job_id and case.right in PLANNED else None
    if signed is None or case.job_id is None:
        raise Http404
    lines = certificate.proved_lines(signed["receipt"], api.plan(case.job_id).lines)
    facts = certificate.erasure(case, signed["receipt"])
    facts.pop("name")
    return {**facts, "signed": signed, "outcome": signed["receipt"]["outcome"], "lines": lines, "gaps": signed["receipt"]["gaps"]}


def signed_receipt(case: Case) -> dict[str, Any]:
    """What proves what was changed, whatever the right; not found while there is none."""
    signed = api.receipt(case.job_id) if case.job_id else None
    if signed is None:
        raise Http404
    return signed
