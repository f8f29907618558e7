"""Sources that are people: what is asked of them, and what becomes of their answers. What a person says is attested, never proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from exports.archive.cover import Attached, Column
from exports.archive.parts import file_path
from exports.connectors.base import SourceWaiting
from exports.disclosure import Tally
from exports.flows.gathering import Gathered
from exports.flows.leasing import Held
from exports.flows.spooling import Spool
from exports.models import Asks, Because, HandFile, HandState, HandTask, Job, JobState, PartState, Said, SourceRun, Step
from exports.sources import BY_HAND, Source, sources_of
from portal.kit.clock import local_date, now
from portal.kit.sealing import SealedReader

COLUMNS = (
    Column("file", "string", "File", "Where the file lies in this package"),
    Column("name", "string", "Name", "What the file was called"),
    Column("size", "integer", "Size in bytes"),
    Column("sha256", "string", "Fingerprint"),
)


def asked(job: Job, source: Source, asks: Asks) -> HandTask:
    """The question to this person, made if there is none yet. Call it inside a transaction that holds the job."""
    found = job.hand_tasks.filter(source_key=source.key, asks=asks).first()
    if found is not None:
        return found
    task = HandTask(job=job, source_key=source.key, title=source.title, asks=asks, who=source.record.settings.get("who", ""))
    _put(task, source)
    return task


def _put(task: HandTask, source: Source) -> None:
    """Ask, or ask once more: what was said before no longer counts."""
    person = source.record.settings
    task.state, task.said, task.said_because, task.said_on, task.answered_at = HandState.OPEN, "", "", None, None
    task.said_by_link, task.name_sealed, task.words_sealed, task.mails, task.attempts = False, b"", b"", 0, 0
    task.expires_at = now() + timedelta(days=person.get("link_days", 30))
    if person.get("to"):
        task.to_sealed, task.due_at = task.seal(person["to"]), now()
        task.give_token()
    task.save()


def gather_by_hand(held: Held, job: Job, source: Source, step: Step) -> Gathered:
    """What the person handed in for this collection; raises SourceWaiting while there is no answer."""
    with held.writing():
        task = asked(job, source, Asks.LOOK)
    if task.state != HandState.ANSWERED:
        raise SourceWaiting(waiting_words(task))
    files = list(task.files.filter(collection=step.collection))
    tally = Tally(found=len(files), disclosed=len(files))
    with Spool(job, step) as spool:
        spool.add([_record(source, file, number) for number, file in enumerate(files, 1)])
    words = attested_words(task)
    facts = {"columns": [asdict(column) for column in COLUMNS], "withheld": [], "covered": [], "lookalikes": 0, "description": words}
    return Gathered(tally, spool.name, words, {**facts, "by_hand": True})


def _record(source: Source, file: HandFile, number: int) -> dict[str, Any]:
    name = file.task.unseal(file.name_sealed)
    return {"file": file_path(source.key, name_of(file, number)), "name": name, "size": file.size, "sha256": file.sha256}


def name_of(file: HandFile, number: int) -> str:
    """What the file is called in an archive: what somebody else called it could lead astray."""
    return f"{file.collection.rpartition('.')[2]}-{number}.{file.kind}"


def attachments(job: Job, step: Step) -> Iterator[Attached]:
    """The files of this collection, as an archive takes them."""
    for number, file in enumerate(HandFile.objects.filter(task__job=job, collection=step.collection, task__state=HandState.ANSWERED), 1):
        yield Attached(name_of(file, number), SealedReader(file.place, job.box).__iter__, file.size)


def waiting_words(task: HandTask) -> str:
    """That somebody was asked and has not answered."""
    zone = task.job.organisation.timezone
    words = {"who": task.who or _("A person"), "day": date_format(local_date(task.created_at, zone), "j F Y")}
    return _("%(who)s was asked on %(day)s and has not answered yet.") % words


def attested_words(task: HandTask) -> str:
    """What a person said, and that it is a person's word."""
    day = task.said_on or (local_date(task.answered_at, task.job.organisation.timezone) if task.answered_at else None)
    words = {"who": task.who or _("A person"), "day": date_format(day, "j F Y") if day else ""}
    if task.said == Said.DELETED:
        return _("%(who)s says that it was deleted on %(day)s. This was not proved by reading.") % words
    if task.said == Said.NOT_DONE:
        why = str(because_words()[task.said_because])
        return _("%(who)s says that it could not be deleted: %(why)s") % {**words, "why": why}
    if task.said == Said.NOTHING:
        return _("%(who)s looked on %(day)s and says that nothing is held.") % words
    return _("%(who)s looked it up by hand on %(day)s.") % words


def because_words() -> dict[str, str]:
    """Why something could not be deleted, in words."""
    return {
        Because.LAW: _("a law says that it must be kept."),
        Because.SYSTEM: _("the place where it is stored does not allow it."),
        Because.OTHER: _("for a reason of its own."),
    }


def people_of(job: Job, sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources of a deletion at which a person must delete: those that hold something of what it is about."""
    if job.collections:
        return ()
    wanted = set(job.categories)
    return tuple(
        source
        for source in sources
        if source.is_by_hand
        and source.key not in job.left_out
        and (not wanted or wanted & {collection.category for dataset in source.datasets for collection in dataset.collections})
    )


def ask_for_deletions(held: Held, job: Job) -> None:
    """Each person of the plan is asked once, and once more when they said that they could not; who has answered is believed."""
    planned = set((job.plan or {}).get("by_hand", ()))
    if not planned:
        return
    people = {source.key: source for source in sources_of(job.organisation, kind=BY_HAND) if source.key in planned}
    for run in SourceRun.objects.filter(job=job, source_key__in=people, state__in=(PartState.PENDING, PartState.RUNNING)):
        with held.writing():
            task = asked(job, people[run.source_key], Asks.DELETE)
            if task.said == Said.NOT_DONE and _is_told(job, task):
                _put(task, people[run.source_key])
            _conclude(run, task)


def take_words(job: Job) -> None:
    """What people said meanwhile counts at once. Call it inside the transaction that ends the job."""
    tasks = {task.source_key: task for task in job.hand_tasks.filter(asks=Asks.DELETE, state=HandState.ANSWERED)}
    for run in SourceRun.objects.filter(job=job, source_key__in=set(tasks) - set(job.left_out), state=PartState.FAILED):
        _conclude(run, tasks[run.source_key])


def _conclude(run: SourceRun, task: HandTask) -> None:
    """The source is as far as its person says."""
    is_done = task.state == HandState.ANSWERED and task.said != Said.NOT_DONE
    words = attested_words(task) if task.state == HandState.ANSWERED else waiting_words(task)
    run.state = PartState.FAILED if not is_done else PartState.NOTHING if task.said == Said.NOTHING else PartState.DONE
    run.error, run.since = ("", None) if is_done else (words[:400], run.since or task.created_at)
    run.finished_at = now()
    run.save(update_fields=["state", "error", "since", "finished_at"])


def _is_told(job: Job, task: HandTask) -> bool:
    """A receipt has said already what this person answered."""
    told = ((job.receipt or {}).get("receipt") or {}).get("attested", ())
    return any(one["source"] == task.source_key and one["answered_at"] == _moment(task) for one in told)


def _moment(task: HandTask) -> str | None:
    return task.answered_at.isoformat(timespec="seconds") if task.answered_at else None


def attested(job: Job) -> list[dict[str, Any]]:
    """What a receipt says of people's words: never who they are."""
    return [
        {
            "source": task.source_key,
            "said": task.said,
            "on": task.said_on.isoformat() if task.said_on else None,
            "because": task.said_because,
            "answered_at": _moment(task),
            "by": "a person through a link" if task.said_by_link else "a person at the desk",
        }
        for task in job.hand_tasks.filter(asks=Asks.DELETE, state=HandState.ANSWERED).order_by("source_key")
    ]


def late_answers(job: Job) -> bool:
    """Whether somebody answered while the search was closing their source as unanswered; then those steps are due again."""
    answered = job.hand_tasks.filter(asks=Asks.LOOK, state=HandState.ANSWERED).values("source_key")
    runs = SourceRun.objects.filter(job=job, source_key__in=answered)
    steps = Step.objects.filter(run__in=runs, state=PartState.FAILED)
    if not steps:
        return False
    steps.update(state=PartState.PENDING, note="")
    runs.update(state=PartState.PENDING, finished_at=None)
    Job.objects.filter(pk=job.pk).update(state=JobState.COLLECTING)
    return True
