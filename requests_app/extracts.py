"""The register as tables that leave the house: the record of 11 CCR 7101, and every column. Codes, dates, counts; nobody's name."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from portal.kit import clock
from requests_app.models import RegisterEntry
from requests_app.rules.outcomes import Result, denial_of

Column = Callable[[RegisterEntry], Any]


def _day(moment: Any, entry: RegisterEntry) -> str:
    return clock.local_date(moment, entry.organisation.timezone).isoformat() if moment else ""


def _iso(day: Any) -> str:
    return day.isoformat() if day else ""


# 11 CCR 7101(b): date and nature of the request, manner in which it was made, date and nature of the response, basis of a denial.
RECORD_7101: Mapping[str, Column] = {
    "date_of_request": lambda entry: entry.received_on.isoformat(),
    "nature_of_request": lambda entry: entry.right,
    "manner_made": lambda entry: entry.channel,
    "date_of_response": lambda entry: _iso(entry.answered_on),
    "nature_of_response": lambda entry: entry.result.value,
    "basis_of_denial": lambda entry: _basis(entry),
}
COLUMNS: Mapping[str, Column] = {
    "reference": lambda entry: entry.reference,
    "organisation": lambda entry: entry.organisation.key,
    "right": lambda entry: entry.right,
    "channel": lambda entry: entry.channel,
    "regimes": lambda entry: " ".join(entry.regimes),
    "residence": lambda entry: entry.residence,
    "policy": lambda entry: entry.policy_version,
    "received": lambda entry: entry.received_on.isoformat(),
    "confirmed": lambda entry: _day(entry.confirmed_at, entry),
    "proof": lambda entry: entry.proof,
    "acknowledge_by": lambda entry: _iso(entry.ack_due_on),
    "acknowledged": lambda entry: _day(entry.acknowledged_at, entry),
    "due": lambda entry: _iso(entry.due_on),
    "extended": lambda entry: _day(entry.extended_at, entry),
    "extension_reason": lambda entry: entry.extension_reason,
    "pauses": lambda entry: "; ".join(f"{one['why']} {one['since']}/{one['until'] or ''}" for one in entry.pauses),
    "answered": lambda entry: _iso(entry.answered_on),
    "days": lambda entry: "" if entry.days_taken is None else entry.days_taken,
    "late": lambda entry: "yes" if entry.is_late else "no",
    "closed": lambda entry: _day(entry.closed_at, entry),
    "result": lambda entry: entry.result.value,
    "outcome": lambda entry: entry.outcome,
    "grounds": lambda entry: " ".join(entry.grounds),
    "automatic": lambda entry: "yes" if entry.is_automatic else "no",
    "agent": lambda entry: "yes" if entry.is_agent else "no",
    "guardian": lambda entry: "yes" if entry.is_guardian else "no",
    "appeal_of": lambda entry: entry.appeal_of,
    "duplicate_of": lambda entry: entry.duplicate_of,
    "backups_until": lambda entry: _iso(entry.backups_until),
    "backups_attested": lambda entry: _day(entry.backups_attested_at, entry),
    "content_destroyed": lambda entry: _day(entry.content_destroyed_at, entry),
    "counts": lambda entry: " ".join(f"{name}={entry.counts[name]}" for name in sorted(entry.counts)),
}
FORMS: Mapping[str, Mapping[str, Column]] = {"7101": RECORD_7101, "all": COLUMNS}


def rows(entries: Iterable[RegisterEntry], form: str) -> list[dict[str, Any]]:
    """Each entry in the columns of this form."""
    columns = FORMS[form]
    return [{name: column(entry) for name, column in columns.items()} for entry in entries]


def as_csv(entries: Iterable[RegisterEntry], form: str) -> str:
    """The same as comma-separated values (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(FORMS[form]))
    writer.writeheader()
    writer.writerows(rows(entries, form))
    return text.getvalue()


def _basis(entry: RegisterEntry) -> str:
    """The ground of a denial, also of one in part; codes of the laws' own files."""
    if entry.grounds:
        return " ".join(entry.grounds)
    return denial_of(entry.outcome, entry.grounds).value if entry.result is Result.DENIED else ""
