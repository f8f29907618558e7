"""How the organisation uses what it holds: the policy document in the words of the first page (GDPR Art. 15(1), and its like)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from exports.archive.cover import Cover
from exports.archive.parts import Part
from portal.organisations.policy import UNSPECIFIED, Authority, Category, Recipient

BASES: dict[str, str | Promise] = {
    "consent": _("You agreed to it."),
    "contract": _("We need it to give you what you signed up for."),
    "legal_obligation": _("The law says that we must."),
    "legitimate_interest": _("We have a fair reason to. You can object."),
    "vital_interests": _("To protect somebody's life or health."),
    "public_task": _("It is part of a public task."),
    UNSPECIFIED: _("Our policy does not say."),
}
RIGHTS: dict[str, str | Promise] = {
    "access": _("Get a copy of your data"),
    "portability": _("Take your data elsewhere"),
    "correction": _("Have something corrected"),
    "deletion": _("Have your data deleted"),
    "restriction": _("Pause the use of your data"),
    "objection": _("Object to a use of your data"),
    "withdrawal": _("Take back your consent"),
    "opt_out_sale": _("Say no to the sale of your data"),
    "limit_sensitive": _("Limit the use of sensitive data"),
    "complaint": _("Complain to us"),
    "grievance": _("Raise a grievance"),
    "appeal": _("Appeal against our answer"),
}


@dataclass(frozen=True)
class Use:
    """One kind of data: what it is, what for, why we may, how long, where from, who else has it."""

    key: str
    title: str
    examples: str
    purposes: tuple[str, ...]
    basis: tuple[str, ...]
    retention: str
    origin: str
    recipients: str
    is_secret: bool


def said(text: str) -> str:
    """The policy's words, or the sentence that it does not say."""
    return gettext("Our policy does not say.") if not text or text == UNSPECIFIED else text


def present(cover: Cover, parts: Iterable[Part]) -> list[Category]:
    """The policy's categories that this archive touches, in the policy's order; all that are held when it holds no record."""
    keys = {key for part in parts if part.table.found for key in part.table.categories}
    held = [category for category in cover.policy.categories if category.held]
    return [category for category in held if category.key in keys] or held


def uses(cover: Cover, parts: Sequence[Part]) -> list[Use]:
    """The table of uses."""
    return [_use(cover, category) for category in present(cover, parts)]


def recipients(cover: Cover, parts: Sequence[Part]) -> list[Recipient]:
    """Everybody else who has it: those named by the categories, and those outside our control."""
    named = {key for category in present(cover, parts) for key in category.recipients}
    return [who for who in cover.policy.recipients if who.key in named or who.outside_control or not named]


def rights(cover: Cover) -> list[tuple[str, str]]:
    """The rights that the policy promises: what one may ask, and how one can do it without asking."""
    promises = (promise for promise in cover.policy.rights.values() if promise.offered)
    return [(promise.title or str(RIGHTS.get(promise.right, promise.right)), promise.self_service or "") for promise in promises]


def authorities(cover: Cover) -> Sequence[Authority]:
    """Where to complain."""
    return cover.authorities or cover.policy.authorities


def _use(cover: Cover, category: Category) -> Use:
    who = [found.name for key in category.recipients if (found := cover.policy.recipient(key))]
    basis = (category.basis_words,) if category.basis_words else tuple(str(BASES[code]) for code in category.basis if code in BASES)
    return Use(
        key=category.key,
        title=category.title,
        examples=category.examples,
        purposes=category.purposes or (said(""),),
        basis=basis or (said(""),),
        retention=said(category.retention),
        origin=said(category.origin),
        recipients=" · ".join(who),
        is_secret=category.secret,
    )
