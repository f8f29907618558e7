"""The sample staff. They exist in a demo only; one password opens all of them."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from portal.env import kept_secret
from portal.organisations.models import Membership, Organisation, Role, User

# Name, role; the address is the first name at example.org.
AT = {
    "mcpworks": (("Ada Lindgren", Role.LEAD), ("Otto Brandt", Role.OFFICER), ("Priya Raman", Role.AUDITOR)),
    "cpzai": (("Lena Castell", Role.LEAD), ("Mateo Ruiz", Role.OFFICER), ("Nora Whitfield", Role.AUDITOR)),
    "mcpr": (("Ines Duarte", Role.LEAD), ("Kofi Boateng", Role.OFFICER), ("Yuki Hayashi", Role.AUDITOR)),
    "pyplan": (("Pilar Sosa", Role.LEAD), ("Bruno Keller", Role.OFFICER), ("Tessa Vogel", Role.AUDITOR)),
    "bakery": (("Grace Hollis", Role.LEAD), ("Henry Cole", Role.OFFICER), ("Alma Reyes", Role.AUDITOR)),
    "harbour": (("Frieda Hansen", Role.LEAD), ("Emil Krause", Role.OFFICER), ("Klara Weber", Role.AUDITOR)),
    "garden": (("Claire Tremblay", Role.LEAD), ("Liam Roy", Role.OFFICER), ("Maya Dhillon", Role.AUDITOR)),
}
# Wherever an organisation decides for itself. Those that name a processor are their own staff's alone.
EVERYWHERE = (("Sam Okafor", Role.ADMIN),)


def password() -> str:
    """The one password of this demo: made once for this data folder."""
    return f"demo-{kept_secret(settings.DATA / 'keys', 'demo-password', 4)}"


def address(name: str) -> str:
    """ada@example.org for Ada Lindgren."""
    return f"{name.split()[0].lower()}@example.org"


@transaction.atomic
def welcome() -> list[Membership]:
    """Make sure that everybody is there with their role; those who are there keep what they have."""
    encoded = ""
    for organisation in Organisation.objects.all():
        everywhere = () if organisation.processor_id else EVERYWHERE
        for name, role in (*AT.get(organisation.key, ()), *everywhere):
            user = User.objects.filter(email=address(name)).first()
            if user is None:
                encoded = encoded or make_password(password())
                user = User.objects.create(email=address(name), name=name, password=encoded)
            Membership.objects.get_or_create(user=user, organisation=organisation, defaults={"role": role})
    return list(Membership.objects.select_related("user", "organisation").order_by("organisation__name", "pk"))
