"""What a certificate of erasure says, all from the signed receipt: what went, what stays until when, and how it was checked."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785
from django.conf import settings
from django.utils import dateformat
from django.utils.translation import gettext as _

from exports import api
from exports.api import PlanLine
from portal.kit import crypto
from requests_app import undone
from requests_app.answers import KEYS
from requests_app.models import Case, Event

COLUMNS = {"delete": "deleted", "mask": "masked", "keep": "kept", "detach": "detached"}


ATTESTED = "attested by a person"


@dataclass
class ErasedRow:
    """One source in the table of a certificate."""

    title: str
    found: int = 0
    deleted: int = 0
    masked: int = 0
    kept: int = 0
    detached: int = 0
    not_done: int = 0
    how: str = ""


@dataclass(frozen=True)
class ProvedLine:
    """A line of the plan with the rows that were read back as planned, and those that were not."""

    line: PlanLine
    not_done: int


COLUMNS = {"delete": "deleted", "mask": "masked", "keep": "kept", "detach": "detached"}


def erasure(case: Case, receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the certificate, all from the receipt: what went, what stays until when, and how it was checked."""
    lines = api.plan(case.job_id).lines if case.job_id else ()
    places = erased_places(receipt, lines)
    zone = ZoneInfo(case.organisation.timezone)
    checked = receipt.get("verification", {})
    return {
        "name": case.name,
        "places": places,
        "totals": totals_of(places),
        "attested": [f"{one.title}: {one.words}" for one in api.asked_by_hand(case.job_id) if not one.is_open] if case.job_id else [],
        "kept": _kept(receipt, lines),
        **undone.facts(case, receipt.get("gaps", ())),
        "backups_until": case.backups_until,
        "recipients": [one for one in case.policy.read().recipients if case.right in one.told_on],
        "asked_how": _asked_how(case),
        "approved_on": _local(receipt.get("approved_at"), zone, _("j F Y, H:i")),
        "erased_on": _local(receipt.get("finished_at"), zone, _("j F Y")),
        "erased_at": _local(receipt.get("finished_at"), zone, _("j F Y, H:i")),
        "by_key_at": _local(checked.get("by_key_at"), zone, _("H:i")),
        "searched_at": _local(checked.get("searched_again_at"), zone, _("H:i")),
        "fingerprint": _grouped(hashlib.sha256(rfc8785.dumps(dict(receipt))).hexdigest()),
        "log_entry": Event.objects.filter(case_reference=case.reference).order_by("-position").values_list("position", flat=True).first(),
        "signing_key": crypto.key_id("receipt"),
        "keys_url": KEYS.format(settings.BASE_URL),
        "signed_by": case.released_by,
    }


def _local(moment: Any, zone: ZoneInfo, form: str) -> str:
    """A moment of the receipt in the organisation's own time."""
    return dateformat.format(datetime.fromisoformat(moment).astimezone(zone), form) if moment else ""


def _kept(receipt: Mapping[str, Any], lines: Sequence[PlanLine]) -> list[dict[str, Any]]:
    """What stays, until when and why, in the words of the plan."""
    known = {(line.source_key, line.category): line for line in lines}
    rows = []
    for one in receipt.get("kept", ()):
        line = known.get((one["source"], one["category"]))
        until = date.fromisoformat(one["until"]) if one.get("until") else None
        rows.append(
            {"title": line.title if line else one["category"], "rows": one["rows"], "until": until, "because": line.because if line else ""}
        )
    return rows


def _asked_how(case: Case) -> str:
    is_twice = Event.objects.filter(case_reference=case.reference, code="identity.second_code").exists()
    return _("confirmed by email and by a second code") if is_twice else _("confirmed by email")


def _grouped(digest: str) -> str:
    """A fingerprint in fours, as people compare them."""
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def erased_places(receipt: Mapping[str, Any], lines: Sequence[PlanLine]) -> list[ErasedRow]:
    """What the receipt proves, per source: rows as they were read back, each once, and apart from them those that are not done."""
    titles = {line.source_key: line.source_title for line in lines}
    places = []
    for one in receipt.get("sources", ()):
        if one["how"] == ATTESTED:
            continue  # a person's word has no numbers: it is said in words
        place = ErasedRow(titles.get(one["source"], one["source"]), not_done=one["not_done"], how=one["how"])
        place.found = sum(one["totals"].values()) + place.not_done
        for action, column in COLUMNS.items():
            setattr(place, column, one["totals"][action])
        places.append(place)
    return places


def proved_lines(receipt: Mapping[str, Any], lines: Sequence[PlanLine]) -> list[ProvedLine]:
    """The plan's lines with the numbers of the receipt, which holds those that have rows, in the same order."""
    found = zip((line for line in lines if line.rows), receipt.get("lines", ()), strict=True)
    return [ProvedLine(replace(line, rows=one["rows"]), one["not_done"]) for line, one in found]


def totals_of(places: Sequence[ErasedRow]) -> dict[str, int]:
    """The columns added up."""
    return {name: sum(getattr(place, name) for place in places) for name in (*COLUMNS.values(), "found", "not_done")}
