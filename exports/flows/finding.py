"""Rehearses a correction: finds the field in the person's own rows, and tries the new value in a transaction that is undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from exports import tagged
from exports.connectors.base import ColumnSchema, Correction, SourceBusy, SourceError, SourceRefused, SourceUnreachable
from exports.connectors.sql_values import strict_fit
from exports.corrections import Amendment, CorrectionLine, Spot, to_plain
from exports.flows.ground import Ground, ground_of
from exports.flows.leasing import Held
from exports.flows.sharing import Shared, spare_shared
from exports.models import Job, JobState, SourceRun
from exports.query import Query
from exports.sources import Source, surveying
from exports.values import same
from exports.verdicts import Fates, Place
from portal.kit import clock, crypto

MOST_SPOTS = 50
MOST_TRIED = 10
TRIES = 5


class _Undone(Exception):
    """The trial is over: nothing of it is kept."""


def find(held: Held) -> None:
    """Look for every wish of the job and store what stands there, sealed; the job then waits for a person."""
    job = held.job()
    with held.writing():
        Job.objects.filter(pk=job.pk).update(state=JobState.REHEARSING)
    wanted = [Amendment(**one) for one in tagged.loads(job.corrections)["wanted"]]
    with surveying(job.organisation, job.identities) as survey:
        ground = ground_of(survey, Fates(job.policy.read(), clock.today(job.organisation.timezone)))
        shared = spare_shared(ground)
        lines = tuple(_line(job, ground, shared, number=number, wish=wish) for number, wish in enumerate(wanted))
        sources = dict(survey.sources)
    tried = tuple(_tried(job, sources[line.source], line) if line.source in sources else line for line in lines)
    _keep(held, job, tried, sources=sources)


def _line(job: Job, ground: Ground, shared: dict[str, Shared], *, number: int, wish: Amendment) -> CorrectionLine:
    address, _dot, column = wish.key.rpartition(".")
    named = address.partition(".")[0]
    source = next((one for one in ground.survey.sources.values() if any(dataset.key == named for dataset in one.datasets)), None)
    home, title = (source.key, source.title) if source else ("", "")
    empty = CorrectionLine(number, wish.key, home, title, collection=address, table="", column=column, title="", place="", new=wish.new)
    place = ground.places.get(address)
    if place is None:
        is_silent = home not in ground.schemas
        gaps = [gap.sentence for gap in ground.gaps if gap.address == address or (is_silent and gap.source == home)]
        if gaps and is_silent and job.attempts < TRIES:
            raise SourceUnreachable(gaps[0])
        return replace(empty, problem=gaps[0] if gaps else _("Nothing that was proved leads there."))
    part = place.field(column)
    title = (part.title if part else "") or column.replace("_", " ").strip().capitalize()
    is_contact = bool(part and part.identity)
    line = replace(empty, table=place.table.name, title=title, place=place.title, old=wish.old, is_contact=is_contact)
    problem, new = _typed(place, ground.schemas[place.source].dialect, column, wish.new)
    if problem:
        return replace(line, problem=problem)
    return _with_spots(ground, place, replace(line, new=new), used=shared.get(address, Shared()))


def _typed(place: Place, dialect: str, column: str, text: str) -> tuple[str, Any]:
    """Why the field cannot take the new value, or the value as the field holds it."""
    live = place.table.columns.get(column)
    if live is None:
        return _("This field does not exist there any more."), None
    if not place.table.key:
        return _("The rows there have no key, so they cannot be told apart."), None
    if live.generated:
        return _("The database works this field out by itself."), None
    if column in place.table.key or column in place.table.primary_key or column in place.pointed_at:
        return _("Other records hang on this field, so it cannot be changed here."), None
    if any(column in key.columns for key in place.table.foreign_keys):
        return _("This field points at another record, so it cannot be changed here."), None
    value = strict_fit(text, live)
    if value is None or live.type in ("binary", "json"):
        return _("The new value does not fit: the field holds another kind of value there (%(kind)s).") % {"kind": live.type}, None
    if live.length is not None and live.type == "string" and len(str(value)) > live.length:
        return _("The new value is too long: the field holds %(most)d signs at most.") % {"most": live.length}, None
    return "", _plain(value, live) if dialect == "sqlite" else value


def _plain(value: Any, live: ColumnSchema) -> Any:
    """What has no type of its own in such a database is written as its text."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return int(value) if live.type == "boolean" else value


def _with_spots(ground: Ground, place: Place, line: CorrectionLine, *, used: Shared) -> CorrectionLine:
    """The rows that the identities lead to, as far as they can be shown, each with why it must stay."""
    asked = ground.survey.questions.query(place.address)
    reader, key = ground.reader(place.address), place.table.key
    total = reader.count(asked)
    spots: list[Spot] = []
    for batch in reader.read(Query(asked.collection, asked.where, (*key, line.column)), batch=MOST_SPOTS):
        spots += [_spot(row, key, line, used=used) for row in batch]
        if len(spots) >= MOST_SPOTS:
            break
    problem = "" if total else _("We hold nothing there about this person.")
    return replace(line, spots=tuple(spots[:MOST_SPOTS]), more=max(0, total - MOST_SPOTS), problem=problem)


def _spot(row: dict[str, Any], key: tuple[str, ...], line: CorrectionLine, *, used: Shared) -> Spot:
    own, current = tuple(row[name] for name in key), row[line.column]
    problem = _("Other people use this record too, so it stays as it is.") if own in used.keys else ""
    is_named = bool(line.old) and current is not None and str(current).strip().casefold() == line.old.strip().casefold()
    return Spot(own, current, is_done=current is not None and same(current, line.new), is_named=is_named, problem=problem)


def _tried(job: Job, source: Source, line: CorrectionLine) -> CorrectionLine:
    """Each row for itself: what the source's own rules say to the new value."""
    if line.problem:
        return line
    spots = list(line.spots)
    open_ones = [number for number, spot in enumerate(spots) if spot.can_change][:MOST_TRIED]
    for number in open_ones:
        try:
            spots[number] = replace(spots[number], problem=_refusal(source, line, spots[number]))
        except SourceError as problem:
            if isinstance(problem, SourceBusy | SourceUnreachable) and job.attempts < TRIES:
                raise
            return replace(line, problem=str(problem))
    return replace(line, spots=tuple(spots))


def _refusal(source: Source, line: CorrectionLine, spot: Spot) -> str:
    """What the source says when the value is written, in a transaction that is undone whatever it says."""
    try:
        with source.connector().writing() as writer:
            writer.write(Correction(line.table, spot.key, line.column, spot.current, line.new))
            raise _Undone
    except _Undone:
        return ""
    except SourceRefused as refusal:
        return str(refusal)


def _keep(held: Held, job: Job, lines: tuple[CorrectionLine, ...], *, sources: dict[str, Source]) -> None:
    stored = tagged.loads(job.corrections)
    content = tagged.dumps({"wanted": stored["wanted"], "lines": to_plain(lines), "accepted": {}})
    job.corrections = content
    touched = dict.fromkeys(line.source for line in lines if line.source in sources)
    gaps = [f"{line.source_title}: {line.problem}" for line in lines if line.problem and not line.table]
    with held.writing():
        SourceRun.objects.filter(job=job).delete()
        for key in touched:
            found = sum(len(line.spots) + line.more for line in lines if line.source == key)
            SourceRun.objects.create(job=job, source_key=key, title=sources[key].title, position=sources[key].position, found=found)
        Job.objects.filter(pk=job.pk).update(
            corrections_sealed=job.corrections_sealed,
            plan={"gaps": gaps, "lines": list(_counted(lines))},
            digest=crypto.keyed_digest("correction", content),
            state=JobState.PLANNED,
            approved_by="",
            approved_at=None,
            attempts=0,
        )


def _counted(lines: Iterable[CorrectionLine]) -> Iterable[dict[str, Any]]:
    """What may be known of the plan without its key: fields and counts."""
    return ({"line": line.number, "field": line.key, "rows": len(line.spots) + line.more} for line in lines)
