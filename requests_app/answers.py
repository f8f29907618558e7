"""What our answers say: facts of the formal letters and of an archive's first page, from the policy and the engine's counts."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from exports.api import ArchiveFacts, Cover, PlanLine, Progress, SourceProgress
from portal.kit import clock
from portal.organisations.promises import UNSPECIFIED, Category, PolicyDocument
from requests_app import undone
from requests_app.models import Case
from requests_app.rules.laws import Regime
from requests_app.rules.regimes import binding_regimes
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof
from requests_app.wishes import wish_of

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


def cover(case: Case, progress: Progress) -> Cover:
    """The words and facts of the archive's first page."""
    document = case.policy.read()
    zone = case.organisation.timezone
    laws = binding_regimes(document.regimes, case.country or None, residence=document.residence_regimes)
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
        regimes=tuple(law.id for law in laws),
        keys_url=KEYS.format(settings.BASE_URL),
        notes=tuple(f"{title}: {why}" for title, why in [*_not_portable(case, document), *_not_asked(case, document)]),
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
        "left_out": [*_left_out(case, progress), *_not_portable(case, document), *_not_asked(case, document)],
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
        **undone.facts(case),
        "signed_by": signed_by,
    }


def refusal(case: Case, sentences: Sequence[str], signed_by: str, *, may_appeal: bool = False) -> dict[str, Any]:
    """Why not, where that stands, where to appeal and where to complain."""
    return {"name": case.name, "sentences": sentences, "signed_by": signed_by, "may_appeal": may_appeal}


def appeal(case: Case, words: str, signed_by: str, *, laws: Sequence[Regime]) -> dict[str, Any]:
    """What was decided on an appeal, why, and where the person can go with it."""
    is_overturned = case.outcome == "overturned"
    stands, falls = _("We have looked at it again. Our decision stands."), _("We have looked at it again. You are right, and we go on.")
    return {
        "name": case.name,
        "first": case.appeal_of.reference if case.appeal_of else "",
        "opening": falls if is_overturned else stands,
        "is_overturned": is_overturned,
        "paragraphs": words.strip().splitlines(),
        "sentences": list(dict.fromkeys(law.authority.complain for law in laws)),
        "signed_by": signed_by,
    }


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
    closed = {one.title for one in undone.undone(case)}  # the letter says of these apart what could not be done, and why
    return [*rows, *(gap for gap in progress.gaps if gap[0] not in closed), *case.policy.read().not_held]


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
    if case.right == Right.PORTABILITY.value:
        return [category for category in held if category.portable]
    chosen = wish_of(case).uses if case.right == Right.ACCESS.value else ()
    return [category for category in held if category.key in chosen] if chosen else held


def _not_asked(case: Case, document: PolicyDocument) -> list[tuple[str, str]]:
    """What somebody who wanted a part of a copy did not ask for, by its names."""
    given = _given(case, document)
    if case.right != Right.ACCESS.value or not wish_of(case).uses:
        return []
    rest = [one for one in document.categories if one.held and not one.processor and one not in given]
    return [(one.title, _("You did not ask for it. You can at any time.")) for one in rest]


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
