"""What a sweep would do, collection by collection: asked of the sources, reading only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import rfc8785
from django.utils.translation import ngettext

from exports import tagged
from exports.connectors.base import Reader, SourceError
from exports.flows import handles, on_hold
from exports.flows.aging import Aging, aging_of
from exports.flows.erase import moves_of
from exports.flows.ground import Gap
from exports.flows.plots import Land, Plot, plots_of
from exports.models import Handle, HandleAction, Job
from exports.query import Key
from exports.questions import home_of
from exports.retention import period_before
from exports.sources import Source, sources_of
from portal.organisations.models import Organisation
from portal.organisations.promises import PolicyDocument

CLAIM = "legal_claims"


@dataclass(frozen=True)
class SweepLine:
    """One collection: `due` rows are older than the cutoff, `held` ones of them stay for now, `late` ones broke the promise.

    `on_hold` counts those held ones that a legal hold or a legal claim keeps.
    """

    source: str
    collection: str
    title: str
    category: str
    period: str
    cutoff: str
    action: str
    due: int = 0
    held: int = 0
    undated: int = 0
    late: int = 0
    on_hold: int = 0
    blocked: str = ""
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows go or become anonymous."""
        return 0 if self.blocked else max(0, self.due - self.held)


@dataclass(frozen=True)
class Outlook:
    """The plan of a sweep. `gaps` are promises about age that cannot be kept now; `digest` stands for the rules, not the counts."""

    organisation: str
    policy: str
    moment: str
    lines: tuple[SweepLine, ...]
    gaps: tuple[Gap, ...]
    digest: str
    unread: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        lines = [{**asdict(line), "notes": list(line.notes), "rows": line.rows} for line in self.lines]
        totals = {name: sum(line.rows for line in self.lines if line.action == name) for name in ("delete", "anonymise")}
        totals |= {"held": sum(line.held for line in self.lines), "on_hold": sum(line.on_hold for line in self.lines)}
        return {**asdict(self), "lines": lines, "gaps": [gap.sentence for gap in self.gaps], "totals": totals, "unread": dict(self.unread)}


def outlook(organisation: Organisation, policy: PolicyDocument, moment: datetime, *, pulse: Callable[[], object] = bool) -> Outlook:
    """Ask every source how many rows are too old at this moment; `pulse` is called now and then."""
    aging = aging_of(sources_of(organisation), policy)
    lines: list[SweepLine] = []
    gaps = list(aging.gaps)
    unread: dict[str, str] = {}
    rules: list[Any] = [[gap.source, gap.address] for gap in gaps]
    for source in aged_sources(organisation, aging):
        try:
            with sweeping(source, aging, moment) as (reader, plots, missing):
                gaps += [Gap(source.key, address, sentence) for address, sentence in missing]
                for plot in plots:
                    pulse()
                    line, held = _line(reader, plot, plots, policy)
                    lines.append(line)
                    gaps += [Gap(source.key, plot.address, sentence) for sentence in (*held, *([plot.blocked] if plot.blocked else ()))]
                    rules.append(_rule(plot))
        except SourceError as problem:
            unread[source.key] = str(problem)
            gaps.append(Gap(source.key, "", f"{source.title}: {problem}"))
    digest = hashlib.sha256(rfc8785.dumps([policy.version, rules])).hexdigest()
    return Outlook(organisation.key, policy.version, moment.isoformat(), tuple(lines), tuple(gaps), digest, unread)


def aged_sources(organisation: Organisation, aging: Aging) -> tuple[Source, ...]:
    """The sources in which something ages; the others are not opened."""
    named = {one.source for one in aging.aged}
    return tuple(source for source in sources_of(organisation) if source.key in named)


@contextmanager
def sweeping(source: Source, aging: Aging, moment: datetime) -> Iterator[tuple[Reader, list[Plot], list[tuple[str, str]]]]:
    """A reading session of one source with its plots in order, and what of it cannot be swept."""
    aged = tuple(one for one in aging.aged if one.source == source.key)
    with source.connector().reading() as reader:
        plots, missing = plots_of(Land(reader.describe(), aged, _described(source), moment))
        held = on_hold.rows_at(source, [one.collection for one in aged])
        for plot in plots:
            plot.claimed = frozenset({*_claimed(source, plot.address), *held.get(plot.address, ())})
        yield reader, plots, missing


def _described(source: Source) -> frozenset[str]:
    names = set()
    for dataset in source.datasets:
        schema = home_of(dataset, source.key).schema
        names |= {f"{schema}.{c.name}" if schema else c.name for c in dataset.collections}
    return frozenset(names)


def _line(reader: Reader, plot: Plot, plots: list[Plot], policy: PolicyDocument) -> tuple[SweepLine, list[str]]:
    one = plot.aged
    line = SweepLine(one.source, plot.address, one.title, one.category.key, one.period, plot.cutoff.isoformat(), one.action)
    if plot.blocked:
        return SweepLine(**{**asdict(line), "blocked": plot.blocked, "notes": tuple(plot.notes)}), []
    due = reader.count(plot.due())
    held = {key: reader.count(plot.held_by(key, plots)) for key in plot.holders} if due else {}
    undated = plot.undated(reader)
    late = reader.count(plot.due(period_before(plot.cutoff, policy.expiry_within))) if due and policy.expiry_within else 0
    kept = plot.on_hold(reader) if due else 0
    counts = {"due": due, "held": min(due, kept + sum(held.values())), "undated": undated, "late": late, "on_hold": kept}
    strange = [_held_by_stranger(plot, key.collection, held[key]) for key in plot.strangers if held.get(key)]
    gaps = [*strange, *([_undated(plot, undated)] if undated else ())]
    return SweepLine(**{**asdict(line), **counts, "notes": tuple(plot.notes)}), gaps


def _held_by_stranger(plot: Plot, other: str, count: int) -> str:
    words = {"title": plot.aged.title, "other": other, "count": count}
    return (
        ngettext(
            "%(count)d row of “%(title)s” stays: '%(other)s' points at it, and no dataset describes that table.",
            "%(count)d rows of “%(title)s” stay: '%(other)s' points at them, and no dataset describes that table.",
            count,
        )
        % words
    )


def _undated(plot: Plot, count: int) -> str:
    words = {"title": plot.aged.title, "count": count}
    return (
        ngettext(
            "The age of %(count)d row of “%(title)s” cannot be told, so it stays.",
            "The age of %(count)d rows of “%(title)s” cannot be told, so they stay.",
            count,
        )
        % words
    )


def _rule(plot: Plot) -> list[Any]:
    masks = [[name, mask.strategy, tagged.dumps(mask.value)] for name, mask in sorted(plot.masks.items())]
    return [plot.aged.source, plot.address, plot.aged.action, plot.aged.period, plot.cutoff.isoformat(), masks, bool(plot.blocked)]


def _claimed(source: Source, address: str) -> tuple[Key, ...]:
    """Rows of erased persons that are kept for a legal claim: a hold stands above a period."""
    waiting = Handle.objects.filter(
        job__organisation=source.record.organisation, source_key=source.key, collection=address, action=HandleAction.KEEP, basis=CLAIM
    )
    found: list[Key] = []
    for job in Job.objects.filter(pk__in=waiting.values("job_id")):
        moves = [move for move in moves_of(job) if move.address == address and move.source == source.key and move.basis == CLAIM]
        found += [key for move in moves for handle in handles.opened(job, move) for key in handle.keys]
    return tuple(found)
