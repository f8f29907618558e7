"""The reminders of a request in words: what was said to whom, what was passed over, what is still to come."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.organisations.models import User
from requests_app.answers import spoken
from requests_app.flows import reminding
from requests_app.models import Case, Event, Reminder
from requests_app.notices import TITLES
from requests_app.rules.reminding import reminders


def reminded(case: Case) -> list[str]:
    """One sentence each, in the order of their days."""
    rows = list(case.reminders.prefetch_related("notices__to"))
    sentences = [_made(case, row) for row in rows]
    if case.is_test:
        return sentences
    made = {(row.kind, row.about_on) for row in rows}
    coming = [
        one
        for one in reminders(reminding.every_date_of(case), reminding.days_of(case.organisation))
        if (one.kind.value, one.about) not in made
    ]
    words = _("%(title)s, %(about)s: to be said on %(day)s")
    return sentences + [words % {"title": TITLES[one.kind], "about": spoken(one.about), "day": spoken(one.on)} for one in coming]


def attested(case: Case) -> dict[str, Any] | None:
    """Who said that the backups have rolled over, when, and since when; None while nobody has."""
    line = Event.objects.filter(case_reference=case.reference, code="backups.attested").order_by("-position").first()
    if line is None:
        return None
    who = User.objects.filter(pk=line.actor).values_list("name", flat=True).first() if line.actor.isdigit() else None
    on = clock.local_date(line.at, case.organisation.timezone)
    return {"who": who or _("The command line"), "on": on, "until": date.fromisoformat(line.facts["until"])}


def _made(case: Case, row: Reminder) -> str:
    facts = {"title": TITLES[row.kind], "about": spoken(row.about_on)}
    if row.is_passed_over:
        return _("%(title)s, %(about)s: passed over, because something more urgent was due") % facts
    names = ", ".join(notice.to.name for notice in row.notices.all())
    facts |= {"day": spoken(clock.local_date(row.made_at, case.organisation.timezone)), "names": names}
    return (
        _("%(title)s, %(about)s: said on %(day)s to %(names)s") if names else _("%(title)s, %(about)s: nobody here could be told")
    ) % facts
