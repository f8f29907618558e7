"""Who works at an organisation, and as what. Accounts are made here by whoever runs the installation, never from the web."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit.signs import hidden_in_line
from portal.organisations.models import Membership, Organisation, User

LONGEST_NAME = 120


class StaffRefused(Exception):
    """Somebody cannot be given this place. Nothing was changed."""


def members_of(organisation: Organisation) -> list[Membership]:
    """Everybody who belongs there, by name."""
    return list(organisation.memberships.select_related("user").order_by("user__name", "user__email"))


@transaction.atomic
def appoint(organisation: Organisation, email: str, role: str, *, name: str = "") -> Membership:
    """Gives somebody a role, or another one than before. Who is new has no password yet: a link by email lets them choose one."""
    user = User.objects.filter(email__iexact=email).first() or _newcomer(email, name.strip())
    if not user.is_active:
        raise StaffRefused(_("This account is switched off. Nothing was changed."))
    member, _is_new = Membership.objects.update_or_create(user=user, organisation=organisation, defaults={"role": role})
    return member


@transaction.atomic
def dismiss(organisation: Organisation, email: str) -> None:
    """Takes somebody's place there away. Their account and what history says of them stay."""
    gone, _by_model = Membership.objects.filter(organisation=organisation, user__email__iexact=email).delete()
    if not gone:
        raise StaffRefused(_("Nobody with this address works there. Nothing was changed."))


def _newcomer(email: str, name: str) -> User:
    try:
        validate_email(email)
    except ValidationError as problem:
        raise StaffRefused(_("“%(email)s” is no email address. Nothing was changed.") % {"email": email}) from problem
    if not name or len(name) > LONGEST_NAME or hidden_in_line(name):
        raise StaffRefused(_("Nobody has this address yet. Give the name that everybody reads, with --name. Nothing was changed."))
    return User.objects.create_user(email, name=name)
