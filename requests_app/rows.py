"""A case as a line of the desk: words and dates, nothing to decide."""

from dataclasses import dataclass
from datetime import date

from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import clock
from portal.kit.crypto import Sealed
from portal.kit.masking import mask_email
from requests_app.models import Case
from requests_app.models.case import Standing
from requests_app.queries import SOON
from requests_app.rules.states import State
from requests_app.steps import next_step
from requests_app.words import right_title, state_title


@dataclass(frozen=True)
class Row:
    reference: str
    name: str
    masked: str
    right: str
    verb: Promise | str
    address: str
    owner: str
    organisation: str
    on: date | None
    left: str
    tone: str


def row_of(case: Case, today: date) -> Row:
    """One line: who (masked), what, the next step, and how long is left."""
    step = next_step(case)
    left, tone = time_left(case, today)
    return Row(
        reference=case.reference,
        name=_("Not confirmed yet") if case.state == State.ARRIVED.value else name_of(case),
        masked=_masked(case),
        right=right_title(case.right),
        verb=step.verb if case.standing != Standing.OVER else state_title(case.state),
        address=step.address,
        owner=case.owner.name if case.owner else "",
        organisation=case.organisation.name,
        on=case.backups_until if case.standing == Standing.AFTER else case.due_on,
        left=left,
        tone=tone,
    )


def name_of(case: Case) -> str:
    """The name, until the content of the case is destroyed."""
    try:
        return case.name or _("No name given")
    except Sealed:
        return _("Content destroyed")


def _masked(case: Case) -> str:
    try:
        addresses = [one.value for one in getattr(case, "addresses", ())]
    except Sealed:
        return ""
    return mask_email(addresses[0]) if addresses else ""


def time_left(case: Case, today: date) -> tuple[str, str]:
    """“4 days late” and its tone: late, soon or none."""
    if case.standing == Standing.OVER:
        day = clock.local_date(case.answered_at, case.organisation.timezone) if case.answered_at else None
        return (_("answered %(day)s") % {"day": short(day)} if day else ""), ""
    if case.standing == Standing.AFTER:
        return (_("attest now"), "soon") if case.backups_until and case.backups_until <= today else (_("backups roll over"), "")
    if case.due_on is None:
        return _("no date"), ""
    if case.standing == Standing.THEM and case.due_on > today + SOON:
        asked = clock.local_date(getattr(case, "last_at", None) or case.received_at, case.organisation.timezone)
        return _("asked %(day)s") % {"day": short(asked)}, ""
    days = (case.due_on - today).days
    if days < 0:
        return ngettext("%(count)d day late", "%(count)d days late", -days) % {"count": -days}, "late"
    tone = "soon" if days <= SOON.days else ""
    return {0: _("today"), 1: _("tomorrow")}.get(days, _("%(count)d days") % {"count": days}), tone


def short(day: date) -> str:
    """8 Dec"""
    return dateformat.format(day, _("j M"))
