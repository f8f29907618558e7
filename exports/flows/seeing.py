"""What was last seen of each source: its newest run, and the jobs that wait for it."""

from __future__ import annotations

from exports.facts import SourceState
from exports.models import DataSource, PartState, SourceRun
from portal.organisations.models import Organisation


def sources(organisation: Organisation) -> tuple[SourceState, ...]:
    """Every source of the organisation in its order, with the newest answer or failure."""
    known = DataSource.objects.filter(organisation=organisation)
    return tuple(_seen(organisation, source) for source in known)


def _seen(organisation: Organisation, source: DataSource) -> SourceState:
    runs = SourceRun.objects.filter(job__organisation=organisation, source_key=source.key, started_at__isnull=False)
    last = runs.order_by("-started_at", "-pk").first()
    has_failed = last is not None and last.state == PartState.FAILED
    collections = sum(len(dataset.get("collections", ())) for dataset in source.datasets)
    waiting = runs.filter(state=PartState.FAILED).exclude(job__reference="").values_list("job__reference", flat=True) if has_failed else ()
    return SourceState(
        key=source.key,
        title=source.title,
        collections=collections,
        note=source.note,
        state=last.state if last else "",
        seen_at=(last.finished_at or last.started_at) if last else None,
        since=last.since if last and has_failed else None,
        error=last.error if last and has_failed else "",
        waiting=tuple(dict.fromkeys(waiting)),
    )
