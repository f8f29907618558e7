"""Mail that is not a request yet: an officer opens one from it, with its true date, or says why it is none."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.crypto import Sealed
from requests_app.access import Actor
from requests_app.flows import moving, receiving
from requests_app.mail.words import REASONS
from requests_app.models import Case, InboundMail
from requests_app.models.mail import Outcome
from requests_app.rules.errors import RuleError
from requests_app.rules.rights import Right


class SortingRefused(RuleError):
    """Something that cannot be done with this mail. Nothing was changed."""


@transaction.atomic
def open_request(mail: InboundMail, right: Right, *, by: Actor) -> Case:
    """Opens a request from a mail. It counts from the day on which the mail arrived; its sender is sent a link."""
    row = _locked(mail, by)
    content = _content(row)
    if not content.get("sender"):
        raise SortingRefused(
            _("This email names no single sender, so nobody can be written to. Enter the request by hand. Nothing was changed.")
        )
    text = receiving.spoken(content["subject"], content["text"], row.attachments)
    asked = receiving.application(row, right, sender=content["sender"], by=by.key)
    case = receiving.open_case(row, asked, text=text, message_id=content["message_id"])
    row.settled_at, row.reason = clock.now(), ""
    row.save()
    return case


@transaction.atomic
def set_aside(mail: InboundMail, reason: str, *, by: Actor) -> None:
    """Says why a mail is no request. It can still be opened for 30 days; then its content is destroyed."""
    row = _locked(mail, by)
    if reason not in REASONS:
        raise SortingRefused(_("Choose why it is not a request. Nothing was changed."))
    row.outcome, row.reason, row.settled_at = Outcome.SET_ASIDE, reason, clock.now()
    row.save()
    facts = {"reason": reason, "mail": row.pk, "received_at": row.received_at.isoformat()}
    moving.append("mail.set_aside", organisation_id=row.organisation_id, reference="", by=by.key, facts=facts)


def _locked(mail: InboundMail, by: Actor) -> InboundMail:
    if not by.handles:
        raise SortingRefused(_("Only an officer or a lead can decide what a mail is. Nothing was changed."))
    row = InboundMail.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=mail.pk)
    if row.outcome not in (Outcome.LISTED, Outcome.SET_ASIDE):
        raise SortingRefused(_("Somebody has opened a request from this email meanwhile. Nothing was changed."))
    return row


def _content(row: InboundMail) -> dict[str, str]:
    try:
        content = row.content
    except Sealed:
        content = {}
    if not content:
        raise SortingRefused(_("The content of this email was destroyed 30 days after it was set aside. Nothing was changed."))
    return content
