"""What may stand in one line about a person, whichever door it came through: the form, the desk, the shell."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from portal.kit.signs import LONGEST_LINE, hidden_in_line
from requests_app.rules.errors import RuleError


class LineRefused(RuleError):
    """A name or an identifier that cannot be what anybody reads. Nothing was opened."""


def check_lines(name: str, identities: Mapping[str, str]) -> None:
    """Refuse hidden signs and what is too long. The sentence does not repeat what was typed."""
    for text in (name, *identities.values()):
        if hidden_in_line(text):
            raise LineRefused(_("There is a sign in the name or in an identifier that nobody can see. Nothing was opened."))
    longest = max((name, *(value for kind, value in identities.items() if kind != "email")), key=len)
    if len(longest) > LONGEST_LINE:
        said = _("A name or an identifier has %(used)d signs; %(most)d are the most. Nothing was opened.")
        raise LineRefused(said % {"used": len(longest), "most": LONGEST_LINE})
