"""Where one came from, told from the address that refused: never from what a browser says about it."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

# Where the button stands whose act was refused; every other act on a case stands on the page of the case.
STANDS_ON = {"settle": "plan", "approve": "plan", "correct_decide": "correct", "mail_open": "mail_page", "mail_aside": "mail_page"}


def way_back(request: HttpRequest) -> tuple[str, str] | None:
    """The address of the page at the desk that an act belongs to, and the words of the link."""
    match = request.resolver_match
    if match is None or match.namespace != "desk":
        return None
    target = STANDS_ON.get(match.url_name or "", "case" if "reference" in match.kwargs else "")
    if not target or target == match.url_name:
        return None
    if target == "mail_page":
        return reverse("desk:mail_page", kwargs=match.kwargs), _("Back to the email")
    reference = match.kwargs["reference"]
    words = {"plan": _("Back to the plan of %(reference)s"), "correct": _("Back to the corrections of %(reference)s")}
    sentence = words.get(target, _("Back to the request %(reference)s"))
    return reverse(f"desk:{target}", args=[reference]), sentence % {"reference": reference}
