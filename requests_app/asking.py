"""What each right is called on the public pages, and the questions that belong to it and to no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.organisations.promises import Category, PolicyDocument
from requests_app.rules.rights import Right

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise as Words
else:
    Words = Promise | str
LABELS: dict[Right, tuple[Words, Words]] = {
    Right.ACCESS: (_("Send me a copy of my data"), _("What we hold, why, and who else has it")),
    Right.DELETION: (_("Delete my data"), _("We tell you first what we must keep, and until when")),
    Right.CORRECTION: (_("Correct something"), _("You say what is wrong, and what is right")),
    Right.PORTABILITY: (_("Give me my data to take elsewhere"), _("What you gave us or made with us, as JSON")),
    Right.WITHDRAWAL: (_("Take back my consent"), _("You say what we may no longer do")),
    Right.OBJECTION: (_("Object to a use of my data"), _("You say which use, and, if you like, why")),
    Right.RESTRICTION: (_("Pause the use of my data"), _("We keep it, and do not use it meanwhile")),
    Right.OPT_OUT_SALE: (_("Do not sell or share my data"), _("We ask for no proof")),
    Right.LIMIT_SENSITIVE: (_("Limit the use of my sensitive data"), _("We ask for no proof")),
    Right.COMPLAINT: (_("Complain about how we treat my data"), _("A person reads it and answers")),
    Right.GRIEVANCE: (_("Send a grievance about my data"), _("A person reads it and answers")),
    Right.APPEAL: (_("Appeal against our answer"), _("Somebody looks at it again")),
}


@dataclass(frozen=True)
class Choice:
    """One use of data that can be named, in the policy's words."""

    key: str
    title: str
    hint: str


@dataclass(frozen=True)
class Question:
    """A page of one question: its heading, a sentence under it, the label of what is typed, and whether it must be."""

    heading: Words
    lead: Words
    label: Words = ""
    is_needed: bool = False
    missing: Words = ""


USES: Mapping[Right, Question] = {
    Right.OBJECTION: Question(
        _("Which use do you object to?"),
        _("Choose one or more. Each line names data, and under it what we use it for."),
        missing=_("Choose at least one use"),
    ),
    Right.RESTRICTION: Question(
        _("Which use should pause?"),
        _("Choose one or more. We keep the data, and do not use it meanwhile."),
        missing=_("Choose at least one use"),
    ),
    Right.WITHDRAWAL: Question(
        _("Which of these may we no longer use?"),
        _("You agreed to these uses, so you can say no again at any time. What we did before stays lawful."),
        missing=_("Choose at least one use"),
    ),
}
WORDS: Mapping[Right, Question] = {
    Right.OBJECTION: Question(_("Would you like to say why?"), _("It helps us to decide. You need not."), _("Your reason")),
    Right.RESTRICTION: Question(
        _("Would you like to say why?"),
        _("For example: the data is wrong, or you need it for a claim. It helps us to decide. You need not."),
        _("Your reason"),
    ),
    Right.COMPLAINT: Question(
        _("What would you like to complain about?"),
        _("Say what happened, and what you would like us to do. Leave out passwords and card numbers."),
        _("Your complaint"),
        is_needed=True,
        missing=_("Write what you would like to complain about"),
    ),
    Right.GRIEVANCE: Question(
        _("What is your grievance?"),
        _("Say what happened, and what you would like us to do. Leave out passwords and card numbers."),
        _("Your grievance"),
        is_needed=True,
        missing=_("Write what your grievance is"),
    ),
    Right.APPEAL: Question(
        _("Which answer should we look at again?"),
        _("Give its reference if you have it, and say what is wrong with our answer."),
        _("Your appeal"),
        is_needed=True,
        missing=_("Write which answer we should look at again"),
    ),
}
OBJECTIONABLE = frozenset({"legitimate_interest", "public_task", "unspecified"})


def choices_of(promises: PolicyDocument, right: Right) -> list[Choice]:
    """The uses that can be named for this right, from the policy alone: the same list for everybody."""
    held = [one for one in promises.categories if one.held and not one.processor]
    if right is Right.WITHDRAWAL:
        held = [one for one in held if "consent" in one.basis]
    elif right is Right.OBJECTION:
        held = [one for one in held if not one.basis or OBJECTIONABLE & set(one.basis)] or held
    elif right is not Right.RESTRICTION:
        return []
    return [Choice(one.key, one.title, _hint(one)) for one in held]


def kinds_of(promises: PolicyDocument) -> list[Choice]:
    """What can be named where somebody wants a part of a copy: every kind that is held here and is no secret."""
    held = [one for one in promises.categories if one.held and not one.processor and not one.secret]
    return [Choice(one.key, one.title, one.examples) for one in held]


def _hint(category: Category) -> str:
    return "; ".join(category.purposes) or category.examples


def portable_titles(promises: PolicyDocument) -> list[str]:
    """What goes along when somebody takes their data elsewhere."""
    return [one.title for one in promises.categories if one.portable and one.held]


def titles_of(promises: PolicyDocument, uses: tuple[str, ...]) -> list[str]:
    """The named uses as people call them."""
    return [one.title for one in promises.categories if one.key in uses]
