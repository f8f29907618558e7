"""What our answers say: facts of the formal letters and of an archive's first page, from the policy and the engine's counts."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785
from django.conf import settings
from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from exports import api
from exports.api import ArchiveFacts, Cover, PlanLine, Progress, SourceProgress
from portal.kit import clock, crypto
from portal.organisations.promises import UNSPECIFIED, Category, PolicyDocument
from requests_app import undone
from requests_app.models import Case, Event
from requests_app.rules.regimes import binding_regimes
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof

# What was decided on a right that is not gathered; the letter begins with it.
DECISIONS: dict[str, Promise | str] = {
    "done": lazy("We have done what you asked."),
    "partly": lazy("We have done part of what you asked."),
    "nothing_to_do": lazy("There was nothing for us to change."),
}
BASES: dict[str, Promise | str] = {
    "consent": lazy("Your consent"),
    "contract": lazy("Contract"),
    "legal_obligation": lazy("A law asks for it"),
    "vital_interests": lazy("To protect somebody’s life"),
    "public_task": lazy("A public task"),
    "legitimate_interest": lazy("Our legitimate interest"),
    UNSPECIFIED: lazy("The policy does not say"),
}


KEYS = "{}/.well-known/habeas-keys.json"


@dataclass(frozen=True)
class PlaceRow:
    """One source in the table of a letter; counts are None where it was not reached."""

    title: str
    found: int | None
    disclosed: int | None
    withheld: int | None
    note: str


@dataclass
class ErasedRow:
    """One source in the table of a certificate."""

    title: str
    found: int = 0
    deleted: int = 0
    masked: int = 0
    kept: int = 0
    detached: int = 0
    not_done: int = 0
    how: str = ""


@dataclass(frozen=True)
class ProvedLine:
    """A line of the plan with the rows that were read back as planned, and those that were not."""

    line: PlanLine
    not_done: int


COLUMNS = {"delete": "deleted", "mask": "masked", "keep": "kept", "detach": "detached"}


def cover(case: Case, progress: Progress) -> Cover:
    """The words and facts of the archive's first page."""
    document = case.policy.read()
    zone = case.organisation.timezone
    return Cover(
        reference=case.reference,
        organisation_name=case.organisation.name,
        policy=document,
        policy_version=case.policy.version,
        requested_on=clock.local_date(case.received_at, zone),
        answered_on=clock.today(zone),
        greeting=case.name,
        due_on=case.due_on,
        right=case.right,
        gaps=tuple(undone.with_reasons(case, progress.gaps)),
        nothing=tuple(one.title for one in progress.sources if one.state == "nothing"),
        regimes=tuple(law.id for law in binding_regimes(document.regimes, case.country or None)),
        keys_url=KEYS.format(settings.BASE_URL),
        notes=tuple(f"{title}: {why}" for title, why in _not_portable(case, document)),
        language=case.submission.language,
    )


def access(case: Case, progress: Progress, archive: ArchiveFacts) -> dict[str, Any]:
    """What was searched, held back and why, how the data is used, who else has it."""
    document = case.policy.read()
    return {
        "name": case.name,
        "is_portable": case.right == Right.PORTABILITY.value,
        "records": progress.disclosed,
        "until": archive.expires_at,
        "places": [_place(source) for source in progress.sources],
        "totals": {"found": progress.found, "disclosed": progress.disclosed, "withheld": progress.withheld},
        "left_out": [*_left_out(case, progress), *_not_portable(case, document)],
        **undone.facts(case),
        "uses": [_use(category) for category in _given(case, document)],
        "origins": _said(category.origin for category in _given(case, document)),
        "recipients": document.recipients,
        "statements": document.statements,
        "signed_by": case.released_by,
    }


def done(case: Case, words: str, signed_by: str, *, outcome: str = "done") -> dict[str, Any]:
    """What was decided and done about a right that is not gathered."""
    told = [one for one in case.policy.read().recipients if case.right in one.told_on]
    return {
        "name": case.name,
        "opening": DECISIONS[outcome],
        "paragraphs": words.splitlines(),
        "recipients": told,
        "is_unproved": needs_no_proof(Right(case.right)),
        "signed_by": signed_by,
    }


def refusal(case: Case, sentences: Sequence[str], signed_by: str) -> dict[str, Any]:
    """Why not, where that stands, and where to complain."""
    return {"name": case.name, "sentences": sentences, "signed_by": signed_by}


def erasure(case: Case, receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the certificate, all from the receipt: what went, what stays until when, and how it was checked."""
    lines = api.plan(case.job_id).lines if case.job_id else ()
    places = erased_places(receipt, lines)
    zone = ZoneInfo(case.organisation.timezone)
    checked = receipt.get("verification", {})
    return {
        "name": case.name,
        "places": places,
        "totals": totals_of(places),
        "kept": _kept(receipt, lines),
        **undone.facts(case, receipt.get("gaps", ())),
        "backups_until": case.backups_until,
        "recipients": [one for one in case.policy.read().recipients if case.right in one.told_on],
        "asked_how": _asked_how(case),
        "approved_on": _local(receipt.get("approved_at"), zone, _("j F Y, H:i")),
        "erased_on": _local(receipt.get("finished_at"), zone, _("j F Y")),
        "erased_at": _local(receipt.get("finished_at"), zone, _("j F Y, H:i")),
        "by_key_at": _local(checked.get("by_key_at"), zone, _("H:i")),
        "searched_at": _local(checked.get("searched_again_at"), zone, _("H:i")),
        "fingerprint": _grouped(hashlib.sha256(rfc8785.dumps(dict(receipt))).hexdigest()),
        "log_entry": Event.objects.filter(case_reference=case.reference).order_by("-position").values_list("position", flat=True).first(),
        "signing_key": crypto.key_id("receipt"),
        "keys_url": KEYS.format(settings.BASE_URL),
        "signed_by": case.released_by,
    }


def _local(moment: Any, zone: ZoneInfo, form: str) -> str:
    """A moment of the receipt in the organisation's own time."""
    return dateformat.format(datetime.fromisoformat(moment).astimezone(zone), form) if moment else ""


def _kept(receipt: Mapping[str, Any], lines: Sequence[PlanLine]) -> list[dict[str, Any]]:
    """What stays, until when and why, in the words of the plan."""
    known = {(line.source_key, line.category): line for line in lines}
    rows = []
    for one in receipt.get("kept", ()):
        line = known.get((one["source"], one["category"]))
        until = date.fromisoformat(one["until"]) if one.get("until") else None
        rows.append(
            {"title": line.title if line else one["category"], "rows": one["rows"], "until": until, "because": line.because if line else ""}
        )
    return rows


def _asked_how(case: Case) -> str:
    is_twice = Event.objects.filter(case_reference=case.reference, code="identity.second_code").exists()
    return _("confirmed by email and by a second code") if is_twice else _("confirmed by email")


def _grouped(digest: str) -> str:
    """A fingerprint in fours, as people compare them."""
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def erased_places(receipt: Mapping[str, Any], lines: Sequence[PlanLine]) -> list[ErasedRow]:
    """What the receipt proves, per source: rows as they were read back, each once, and apart from them those that are not done."""
    titles = {line.source_key: line.source_title for line in lines}
    places = []
    for one in receipt.get("sources", ()):
        place = ErasedRow(titles.get(one["source"], one["source"]), not_done=one["not_done"], how=one["how"])
        place.found = sum(one["totals"].values()) + place.not_done
        for action, column in COLUMNS.items():
            setattr(place, column, one["totals"][action])
        places.append(place)
    return places


def proved_lines(receipt: Mapping[str, Any], lines: Sequence[PlanLine]) -> list[ProvedLine]:
    """The plan's lines with the numbers of the receipt, which holds those that have rows, in the same order."""
    found = zip((line for line in lines if line.rows), receipt.get("lines", ()), strict=True)
    return [ProvedLine(replace(line, rows=one["rows"]), one["not_done"]) for line, one in found]


def totals_of(places: Sequence[ErasedRow]) -> dict[str, int]:
    """The columns added up."""
    return {name: sum(getattr(place, name) for place in places) for name in (*COLUMNS.values(), "found", "not_done")}


def _place(source: SourceProgress) -> PlaceRow:
    if source.state == "failed":
        return PlaceRow(source.title, None, None, None, source.error or _("Not reached"))
    if not source.found:
        return PlaceRow(source.title, 0, 0, 0, _("We found nothing about you here"))
    topics = ", ".join(dict.fromkeys(step.title for step in source.collections if step.found and step.title))
    covered = ngettext("%(count)d passage covered", "%(count)d passages covered", source.covered) % {"count": source.covered}
    note = "; ".join(part for part in (topics, covered if source.covered else "") if part)
    return PlaceRow(source.title, source.found, source.disclosed, source.withheld, note)


def _left_out(case: Case, progress: Progress) -> list[tuple[str, str]]:
    """What is not in the copy, and why: counts first, then places that did not answer, then what is never held."""
    rows = []
    why = _("Secrets and numbers that somebody could misuse are never handed out. The copy names them, one by one.")
    if progress.withheld:
        rows.append((ngettext("%(count)d record", "%(count)d records", progress.withheld) % {"count": progress.withheld}, why))
    if progress.secrets:
        what = ngettext("%(count)d secret value", "%(count)d secret values", progress.secrets) % {"count": progress.secrets}
        rows.append((what, f"{_secrets(progress)}. {why}"))
    if progress.covered:
        what = ngettext("%(count)d passage", "%(count)d passages", progress.covered) % {"count": progress.covered}
        rows.append((what, _("They are about other people, so we have covered them.")))
    return [*rows, *undone.with_reasons(case, progress.gaps), *case.policy.read().not_held]


def _secrets(progress: Progress) -> str:
    """The titles of the values that are left out, each with its number."""
    counted: Counter[str] = Counter()
    for source in progress.sources:
        for step in source.collections:
            counted.update(dict(step.secrets))
    return ", ".join(f"{title} ({count})" for title, count in counted.items())


def _given(case: Case, document: PolicyDocument) -> list[Category]:
    """The kinds of data that an answer is about."""
    held = [category for category in document.categories if category.held and not category.processor]
    return [category for category in held if category.portable] if case.right == Right.PORTABILITY.value else held


def _not_portable(case: Case, document: PolicyDocument) -> list[tuple[str, str]]:
    """What we hold that is not taken elsewhere: each kind by its name, with the reason."""
    if case.right != Right.PORTABILITY.value:
        return []
    why = _("You did not give it to us or make it with us on the ground of a contract or your consent. A copy of your data holds it.")
    secret = _("It protects an account and is never handed out.")
    for_others = _("We hold it for another organisation, which decides about it. Ask there.")
    rest = [category for category in document.categories if category.held and not category.portable]
    return [(one.title, for_others if one.processor else secret if one.secret else why) for one in rest]


def _use(category: Category) -> dict[str, str]:
    basis = category.basis_words or "; ".join(str(BASES.get(code, code)) for code in category.basis) or str(BASES[UNSPECIFIED])
    stays = _("The policy does not say") if category.retention == UNSPECIFIED else category.retention
    purposes = "; ".join(category.purposes) or _("The policy does not say")
    return {"title": category.title, "purposes": purposes, "basis": basis, "retention": stays}


def _said(words: Any) -> list[str]:
    """Each statement once, without those that the policy leaves open."""
    return [word for word in dict.fromkeys(words) if word and word != UNSPECIFIED]


def spoken(day: date) -> str:
    """14 October 2026"""
    return dateformat.format(day, _("j F Y"))


def by_source(lines: Sequence[PlanLine]) -> list[tuple[str, list[PlanLine]]]:
    """The lines of a plan under the titles of their sources."""
    grouped: dict[str, list[PlanLine]] = defaultdict(list)
    for line in lines:
        grouped[line.source_title].append(line)
    return list(grouped.items())
