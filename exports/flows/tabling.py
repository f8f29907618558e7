"""The spool of a step as an archive takes it: one table, or the parts of a collection that is too large for one file."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.conf import settings
from django.utils.translation import gettext as _

from exports.archive.cover import Column, Slice, Table, Withheld
from exports.disclosure import SECRET, STAFF
from exports.flows.by_hand import attachments
from exports.flows.spooling import Span, records_of, sizes_of
from exports.flows.writing import ready_of
from exports.models import Job, Step
from portal.organisations.policy import PolicyDocument

LARGEST = 100_000_000  # bytes of one file of JSON: what programs open without trouble
SHARE = 4  # of the largest archive: so that archives are filled well


def tables_of(job: Job, step: Step, *, policy: PolicyDocument) -> list[Table]:
    """The step's table, cut between blocks where its JSON would be too large for one file."""
    whole = _table(job, step, policy=policy)
    sizes = sizes_of(job, step.spool)
    cuts = _cuts([size for _count, size in sizes], min(LARGEST, settings.ARCHIVE_MOST // SHARE))
    if len(cuts) < 2:
        return [_filled(job, step, replace(whole, size=sum(size for _count, size in sizes)))]
    held_back = step.found - step.disclosed
    tables = []
    for number, span in enumerate(cuts, 1):
        count, size = (sum(column) for column in zip(*sizes[slice(*span)], strict=True))
        part = replace(whole, disclosed=count, found=count, size=size, slice=Slice(number, len(cuts), step.disclosed))
        first = replace(part, found=count + held_back)
        rest = replace(part, withheld=(), covered=(), files=())
        tables.append(_filled(job, step, first if number == 1 else rest, span=span))
    return tables


def _cuts(sizes: list[int], most: int) -> list[Span]:
    """Runs of blocks, from and to, none larger than this unless a single block is."""
    starts, weight = [0], 0
    for number, size in enumerate(sizes):
        if weight and weight + size > most:
            starts.append(number)
            weight = 0
        weight += size
    return list(zip(starts, [*starts[1:], len(sizes)], strict=True))


def _filled(job: Job, step: Step, table: Table, *, span: Span | None = None) -> Table:
    ready = ready_of(job, step, columns=table.columns, span=span)
    return replace(table, rows=partial(records_of, job, step, span), ready=ready)


def _table(job: Job, step: Step, *, policy: PolicyDocument) -> Table:
    run = step.run
    category = next((known for known in policy.categories if known.key == step.category), None)
    withheld = [Withheld(one["what"], _reason(one["why"]), one["count"]) for one in step.facts.get("withheld", ())]
    if step.withheld:
        withheld.append(Withheld(step.title, _("Whole records are secrets that protect an account."), step.withheld))
    return Table(
        source=run.source_key,
        source_title=run.title,
        collection=step.facts.get("name") or step.collection,
        title=step.title,
        columns=tuple(Column(**column) for column in step.facts["columns"]),
        rows=tuple,
        found=step.found,
        disclosed=step.disclosed,
        topic=category.topic if category else "",
        description=step.facts.get("description", ""),
        withheld=withheld,
        covered=[Withheld(one["what"], _reason(one["why"]), one["count"]) for one in step.facts.get("covered", ())],
        categories=tuple(step.facts.get("categories") or ((category.key,) if category else ())),
        files=tuple(attachments(job, step)) if step.facts.get("by_hand") else (),
    )


def _reason(why: str) -> str:
    if why == SECRET:
        return _("This protects an account or could be misused, so it is never sent to anybody.")
    if why == STAFF:
        return _("This names a member of staff.")
    return _("This is about another person.")
