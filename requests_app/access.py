"""The only road to a case for staff: by membership of the organisation. Missing and forbidden look the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.organisations.models import Membership, Organisation, Role, User
from requests_app.models import Case, InboundMail
from requests_app.models.mail import Outcome
from requests_app.rules.errors import RuleError

HANDLES = frozenset({Role.OFFICER.value, Role.LEAD.value})
DECIDES = frozenset({Role.LEAD.value})
FRESH = timedelta(minutes=10)


class OnlyALead(RuleError):
    """An act that only a lead may do."""


class SignInAgain(RuleError):
    """An irreversible act needs a sign-in of the last ten minutes."""


@dataclass(frozen=True)
class Actor:
    """Who acts on a case: a member of staff with their role there, or somebody with the shell of the machine."""

    key: str  # what history remembers
    name: str
    role: str
    user: User | None = None
    signed_in_at: datetime | None = None

    @property
    def handles(self) -> bool:
        return self.role in HANDLES

    @property
    def decides(self) -> bool:
        return self.role in DECIDES

    @property
    def is_fresh(self) -> bool:
        """Signed in within the last ten minutes. Whoever has the shell has more than that."""
        return self.user is None or (self.signed_in_at is not None and self.signed_in_at > clock.now() - FRESH)


SHELL = Actor("shell", "The command line", Role.LEAD.value)
SYSTEM = Actor("system", "The portal", Role.LEAD.value)


def roles_of(user: User) -> Mapping[int, str]:
    """Organisation id → role, of the organisations that are in use."""
    rows = Membership.objects.filter(user=user, organisation__is_active=True)
    return dict(rows.values_list("organisation_id", "role"))


def organisations_of(user: User) -> list[Organisation]:
    """Where this member of staff belongs, in alphabetical order."""
    return list(Organisation.objects.filter(memberships__user=user, is_active=True))


def organisation_for(user: User, key: str) -> Organisation:
    """One of them. Missing and forbidden look the same."""
    return get_object_or_404(Organisation, memberships__user=user, is_active=True, key=key)


def cases_for(user: User) -> QuerySet[Case]:
    """Every case that this member of staff may see."""
    return Case.objects.filter(organisation__in=roles_of(user)).select_related("organisation", "owner")


def case_for(user: User, reference: str, *, to_change: bool = False) -> Case:
    """The case of this reference. Auditors and admins may look, not touch; strangers learn nothing."""
    role_there = roles_of(user)
    case = (
        Case.objects.filter(reference=reference, organisation__in=role_there)
        .select_related("organisation", "owner", "policy", "submission")
        .first()
    )
    if case is None or (to_change and role_there[case.organisation_id] not in HANDLES):
        raise Http404
    return case


def actor_for(user: User, case: Case, *, signed_in_at: datetime | None = None) -> Actor:
    """This member of staff with their role at the organisation of the case."""
    return actor_at(user, case.organisation_id, signed_in_at=signed_in_at)


def actor_at(user: User, organisation_id: int, *, signed_in_at: datetime | None = None) -> Actor:
    """This member of staff with their role at an organisation."""
    return Actor(str(user.pk), user.name, roles_of(user).get(organisation_id, ""), user, signed_in_at)


def handled_by(user: User) -> list[Organisation]:
    """Where this member of staff may take requests in."""
    places = [pk for pk, role in roles_of(user).items() if role in HANDLES]
    return list(Organisation.objects.filter(pk__in=places).order_by("name"))


def mails_for(user: User) -> QuerySet[InboundMail]:
    """Every mail that this member of staff may see while it is not a request."""
    return mails_at(list(roles_of(user)), Outcome.LISTED, Outcome.SET_ASIDE).select_related("organisation")


def mails_at(houses: Sequence[Organisation | int], *outcomes: Outcome) -> QuerySet[InboundMail]:
    """The mail of these organisations that became this."""
    return InboundMail.objects.filter(outcome__in=outcomes, organisation__in=houses)


def mail_for(user: User, pk: int, *, to_change: bool = False) -> InboundMail:
    """One of them. Missing and forbidden look the same."""
    mail = mails_for(user).filter(pk=pk).first()
    if mail is None or (to_change and roles_of(user)[mail.organisation_id] not in HANDLES):
        raise Http404
    return mail


def must_lead(actor: Actor, case: Case, sentence: str) -> None:
    """Refuses, by this sentence, what only a lead may do, and names the leads."""
    if actor.decides:
        return
    leads = staff_of(case.organisation, roles=DECIDES).values_list("name", flat=True)
    who = _("You are signed in as %(name)s. Nothing was changed.") % {"name": actor.name}
    ask = (
        _("These can do it: %(names)s.") % {"names": ", ".join(leads)}
        if leads
        else _("Nobody here is a lead yet; an admin can make somebody one.")
    )
    raise OnlyALead(f"{sentence} {who} {ask}")


def staff_of(organisation: Organisation, *, roles: frozenset[str] = HANDLES) -> QuerySet[User]:
    """Who may own a case of this organisation."""
    return User.objects.filter(memberships__organisation=organisation, memberships__role__in=roles, is_active=True).order_by("name")


def processed_for(user: User) -> QuerySet[Case]:
    """Cases of organisations that name one of the user's as their processor: for status only, never for content."""
    return Case.objects.filter(organisation__processor__in=roles_of(user), organisation__is_active=True).select_related("organisation")
