"""The figures of a calendar year, from the register alone: so they stay what they were when the requests themselves are gone.

One rule for all of them: a year counts the requests that were *received* in it (first arrival on any channel, local day of the
organisation), whatever became of them and whenever. Test requests are left out. On time is an answer on or before the date that held
when it went out. What nobody confirmed counts as denied (not verifiable) and not among the days, because nobody was answered.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from statistics import fmean, median
from typing import Any

from exports import api
from exports.api import SourceTimes
from portal.kit import clock, crypto
from portal.organisations.models import Organisation
from requests_app.models import OpinionCount, RegisterEntry, Remark
from requests_app.models.opinion import REMARK, Opinion
from requests_app.rules.outcomes import COMPLIED, Denial, Result, denial_of
from requests_app.rules.rights import Right

# The five kinds of 11 CCR 7102(a)(1), in the law's own order; “know” is access and portability here.
CCPA_KINDS: dict[str, tuple[Right, ...]] = {
    "delete": (Right.DELETION,),
    "correct": (Right.CORRECTION,),
    "know": (Right.ACCESS, Right.PORTABILITY),
    "opt_out": (Right.OPT_OUT_SALE,),
    "limit": (Right.LIMIT_SENSITIVE,),
}
COMPLAINTS = frozenset({Right.COMPLAINT, Right.GRIEVANCE})
RULE = "Requests received in the calendar year, counted on the organisation's local days. Test requests are left out."


@dataclass(frozen=True)
class Line:
    """The figures of some requests: of one right, of one kind, or of all."""

    received: int = 0
    whole: int = 0
    part: int = 0
    denied: int = 0
    denied_as: dict[str, int] = field(default_factory=dict)
    withdrawn: int = 0
    duplicate: int = 0
    open: int = 0
    on_time: int = 0
    late: int = 0
    days_of: int = 0  # how many answers the two numbers below are of
    median_days: float | None = None
    mean_days: float | None = None

    @property
    def complied(self) -> int:
        return self.whole + self.part

    @property
    def undecided(self) -> int:
        """Taken back by the person, or answered under another reference."""
        return self.withdrawn + self.duplicate


@dataclass(frozen=True)
class Year:
    """All figures of one organisation for one year; `residence` is empty for everybody."""

    organisation: Organisation
    year: int
    residence: str
    entries: Sequence[RegisterEntry]
    rights: dict[str, Line]
    ccpa: dict[str, Line]
    together: Line

    def to_json(self) -> dict[str, Any]:
        """The whole, in values that JSON knows."""
        return {
            "organisation": self.organisation.key,
            "year": self.year,
            "residence": self.residence or "everybody",
            "rule": RULE,
            "rights": {right: asdict(line) for right, line in self.rights.items()},
            "ccpa_7102": {kind: {**asdict(line), "complied": line.complied} for kind, line in self.ccpa.items()},
            "together": asdict(self.together),
            "performance": performance(self.entries),
            "complaints": complaints(self.entries),
            **self._of_everybody(),
            "operation": operation(self.entries, clock.today(self.organisation.timezone)),
        }

    def _of_everybody(self) -> dict[str, Any]:
        """What nobody can tell by where people live."""
        if self.residence:
            return {}
        times = sources(self.organisation, self.year)
        return {"satisfaction": satisfaction(self.organisation, self.year), "sources": [asdict(one) for one in times]}


def years(organisation: Organisation) -> list[int]:
    """The calendar years that have requests, newest first."""
    dates = RegisterEntry.objects.filter(organisation=organisation).dates("received_on", "year", order="DESC")
    return [day.year for day in dates]


def places(organisation: Organisation, year: int) -> list[str]:
    """The places where people of that year said they live."""
    return sorted({entry.residence for entry in entries_of(organisation, year) if entry.residence})


def entries_of(organisation: Organisation, year: int, *, residence: str = "") -> list[RegisterEntry]:
    """The rows of a year, tests left out, in the order of their arrival."""
    rows = RegisterEntry.objects.filter(organisation=organisation, is_test=False)
    rows = rows.filter(received_on__gte=date(year, 1, 1), received_on__lte=date(year, 12, 31))
    return list(rows.filter(residence=residence) if residence else rows)


def year_of(organisation: Organisation, year: int, *, residence: str = "") -> Year:
    """The figures of a year; with a `residence` (a place code such as US-CA) those of people who said that they live there."""
    rows = entries_of(organisation, year, residence=residence)
    rights = {right.value: [row for row in rows if row.right == right.value] for right in Right}
    ccpa = {kind: [row for row in rows if row.right in rights] for kind, rights in CCPA_KINDS.items()}
    return Year(
        organisation=organisation,
        year=year,
        residence=residence,
        entries=rows,
        rights={right: line_of(some) for right, some in rights.items() if some},
        ccpa={kind: line_of(some) for kind, some in ccpa.items()},
        together=line_of(rows),
    )


def line_of(rows: Iterable[RegisterEntry]) -> Line:
    """The figures of these rows."""
    rows = list(rows)
    results = Counter(row.result for row in rows)
    days = [row.days_taken for row in rows if row.days_taken is not None and _is_answered(row)]
    answered = [row for row in rows if _is_answered(row)]
    denials = Counter(denial_of(row.outcome, row.grounds).value for row in rows if row.result is Result.DENIED)
    return Line(
        received=len(rows),
        **{result.value: results[result] for result in Result},
        denied_as={kind.value: denials[kind.value] for kind in Denial},
        on_time=sum(not row.is_late for row in answered),
        late=sum(row.is_late for row in answered),
        days_of=len(days),
        median_days=float(median(days)) if days else None,
        mean_days=round(fmean(days), 1) if days else None,
    )


def _is_answered(row: RegisterEntry) -> bool:
    """Whether somebody got an answer to the matter itself: done or refused, not merely never confirmed."""
    return row.result in COMPLIED or (row.result is Result.DENIED and row.ending != "expired")


def performance(rows: Iterable[RegisterEntry]) -> dict[str, Any]:
    """What a regulator asks about dates: on time, why late or longer, how much was held back (ICO toolkit, “Monitoring”)."""
    answered = [row for row in rows if _is_answered(row)]
    late = [row for row in answered if row.is_late]
    return {
        "answered": len(answered),
        "on_time": len(answered) - len(late),
        "percent_on_time": round(100 * (len(answered) - len(late)) / len(answered), 1) if answered else None,
        "extended": dict(Counter(row.extension_reason for row in answered if row.extension_reason)),
        "waited_for_the_person": sum(bool(row.pauses) for row in answered),
        "late_although_extended": sum(row.extended_at is not None for row in late),
        "late_with_sources_asked_again": sum(bool(row.counts.get("sources_asked_again")) for row in late),
        "with_something_held_back": sum(bool(row.counts.get("withheld") or row.counts.get("covered")) for row in answered),
        "with_something_kept": sum(bool(row.counts.get("kept")) for row in answered),
        "acknowledged_in_time": sum(_is_acknowledged(row) for row in answered if row.ack_due_on),
        "with_a_date_to_acknowledge": sum(row.ack_due_on is not None for row in answered),
    }


def complaints(rows: Iterable[RegisterEntry]) -> dict[str, Any]:
    """Complaints to us and appeals against our decisions: received, acknowledged, decided (DPA 2018 s 164A)."""
    rows = list(rows)
    made = [row for row in rows if row.right in COMPLAINTS]
    appeals = [row for row in rows if row.right == Right.APPEAL]
    return {
        "received": len(made),
        "acknowledged_in_30_days": sum(_days_to_acknowledge(row) in range(31) for row in made),
        "upheld": sum(row.result in COMPLIED for row in made),
        "not_upheld": sum(row.result is Result.DENIED for row in made),
        "appeals": len(appeals),
        "appeals_that_changed_our_decision": sum(row.result in COMPLIED for row in appeals),
        "linked": {row.reference: row.appeal_of for row in [*made, *appeals] if row.appeal_of},
    }


def operation(rows: Iterable[RegisterEntry], today: date) -> dict[str, Any]:
    """How the work goes: what is oldest, what is at risk, where people get lost, what came back."""
    rows = list(rows)
    waiting = [row for row in rows if not row.ending]
    hours = [(row.confirmed_at - row.received_at).total_seconds() / 3600 for row in rows if row.confirmed_at]
    given = [row for row in rows if row.outcome == "given"]
    return {
        "oldest_open_days": max(((today - row.received_on).days for row in waiting), default=None),
        "at_risk_in_7_days": sum(row.due_on is not None and 0 <= (row.due_on - today).days <= 7 for row in waiting),
        "overdue": sum(row.due_on is not None and row.due_on < today for row in waiting),
        "median_hours_to_confirm": round(median(hours), 1) if hours else None,
        "asked": len(rows),
        "confirmed": sum(row.confirmed_at is not None for row in rows),
        "never_confirmed": sum(row.ending == "expired" and row.confirmed_at is None for row in rows),
        "never_answered_us": sum(row.outcome == "unanswered" for row in rows),
        "released_by_itself": sum(row.is_automatic for row in given),
        "archives_given": len(given),
        "archives_never_opened": sum(not row.counts.get("downloads") for row in given),
        "backups_to_attest": sum(row.backups_until is not None and row.backups_attested_at is None for row in rows),
        "reopened": sum(bool(row.counts.get("reopened")) for row in rows),
        **{name: _sum(rows, name) for name in ("reminders", "chasers", "bounced", "undelivered", "told", "sources_asked_again")},
        "by_agents": sum(row.is_agent for row in rows),
        "by_guardians": sum(row.is_guardian for row in rows),
        "channels": dict(Counter(row.channel for row in rows)),
    }


def satisfaction(organisation: Organisation, year: int) -> dict[str, Any]:
    """What people said when we had answered (ICO toolkit, “Monitoring”): of requests received in the year. Nobody has to say anything."""
    counts = dict(OpinionCount.objects.filter(organisation=organisation, year=year).values_list("opinion", "count"))
    said = {one.value: counts.get(one.value, 0) for one in Opinion}
    everybody = sum(said.values())
    percent = round(100 * said[Opinion.YES] / everybody, 1) if everybody else None
    return {"said_something": everybody, **said, "percent_yes": percent}


def remarks(organisation: Organisation, year: int) -> list[tuple[str, str]]:
    """The sentences that people added in the year, with what they said of it; they belong to nobody and are kept for a year."""
    box = crypto.installation_box("remarks")
    rows = Remark.objects.filter(organisation=organisation, month__year=year)
    return [(row.get_opinion_display(), box.unseal(row.words_sealed, context=REMARK)) for row in rows]


def sources(organisation: Organisation, year: int) -> tuple[SourceTimes, ...]:
    """How long each source took to answer the copies of the year, and how often it did not. Test requests are left out."""
    tests = RegisterEntry.objects.filter(organisation=organisation, is_test=True).values_list("reference", flat=True)
    return api.source_times(organisation, date(year, 1, 1), date(year, 12, 31), leave_out=list(tests))


def _sum(rows: Iterable[RegisterEntry], name: str) -> int:
    return sum(int(row.counts.get(name, 0)) for row in rows)


def _days_to_acknowledge(row: RegisterEntry) -> int | None:
    if row.acknowledged_at is None:
        return None
    return (clock.local_date(row.acknowledged_at, row.organisation.timezone) - row.received_on).days


def _is_acknowledged(row: RegisterEntry) -> bool:
    """Acknowledged by its own date."""
    if row.acknowledged_at is None or row.ack_due_on is None:
        return False
    return clock.local_date(row.acknowledged_at, row.organisation.timezone) <= row.ack_due_on
