"""Takes a person's answer: whole or not at all, once, checked before anything is kept. What waited for it can then go on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from exports.models import Asks, Because, HandFile, HandState, HandTask, Job, JobState, PartState, Said
from exports.refusals import EngineRefusal, JobNotReady
from exports.sources import sources_of
from portal.kit import crypto
from portal.kit.clock import now, today
from portal.kit.sealing import SealedWriter

MOST_FILES = 20
MOST_BYTES = 20_000_000
LONGEST_NAME = 120
# How a file of each kind begins; a text is what can be read as UTF-8.
ZIP = b"PK\x03\x04"
KINDS: dict[str, bytes] = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "docx": ZIP, "xlsx": ZIP}
TEXTS = ("txt", "csv", "json", "eml")
SAME = {"jpeg": "jpg"}
TAKES = {
    Asks.LOOK: (JobState.COLLECTING, JobState.COLLECTED),
    Asks.DELETE: (JobState.EXECUTING, JobState.PROVING, JobState.FINISHED),
}


@dataclass(frozen=True)
class HandedIn:
    """One file with the collection (`dataset.collection`) that it belongs to."""

    collection: str
    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class HandAnswer:
    """`said` is held, nothing, deleted or not_done (`because` law, system or other); `on` the day of a deletion; `name` who says so;
    `by_link`: not somebody at the desk."""

    said: str
    name: str = field(repr=False)
    on: date | None = None
    words: str = field(default="", repr=False)
    files: Sequence[HandedIn] = ()
    by_link: bool = False
    because: str = ""


def answer(task_id: UUID, given: HandAnswer) -> None:
    """Keep the answer; raises EngineRefusal, and then nothing was kept."""
    task = HandTask.objects.select_related("job__organisation").get(pk=task_id)
    _check(task, given)
    written: list[HandFile] = []
    kept = False
    try:
        with transaction.atomic():
            job = Job.objects.select_for_update().get(pk=task.job_id)
            task = HandTask.objects.select_for_update().get(pk=task_id)
            _must_be_open(task, job)
            for one in given.files:
                written.append(_written(task, one))
            HandFile.objects.bulk_create(written)
            _keep(task, given)
        kept = True
    finally:
        for file in () if kept else written:
            file.place.unlink(missing_ok=True)


def open_by_token(token: str) -> HandTask | None:
    """The open task of a link, if the link is still good. It changes nothing and tells nobody why not."""
    found = HandTask.objects.select_related("job__organisation", "job__policy").filter(token_digest=crypto.keyed_digest("hand", token))
    task = found.filter(state=HandState.OPEN, expires_at__gt=now()).exclude(token_digest="").exclude(job__key_sealed=b"").first()
    return task if task is not None and is_wanted(task, task.job) else None


def is_wanted(task: HandTask, job: Job) -> bool:
    """Whether an answer would still change anything: not once the copy is packed, the job is over, or a lead goes on without it."""
    return job.state in TAKES[Asks(task.asks)] and task.source_key not in job.left_out


def count_opening(task_id: UUID) -> None:
    """Somebody looked behind the link with a press of a button."""
    HandTask.objects.filter(pk=task_id).update(opened=F("opened") + 1)


def close_link(task_id: UUID) -> None:
    """Nobody gets in by the link any more, and nobody is written to; the desk can still answer."""
    HandTask.objects.filter(pk=task_id, state=HandState.OPEN).update(token_digest="", token_sealed=b"", to_sealed=b"", due_at=None)


def collections_of(task: HandTask) -> dict[str, str]:
    """Where a file may belong: address and title of each collection of the source."""
    source = next((one for one in sources_of(task.job.organisation) if one.key == task.source_key), None)
    datasets = source.datasets if source else ()
    return {one.address: one.title or one.name for dataset in datasets for one in dataset.collections if not one.skipped}


def _must_be_open(task: HandTask, job: Job) -> None:
    if task.state != HandState.OPEN:
        raise JobNotReady(_("This was answered already, or is not needed any more. Nothing was kept."))
    if not is_wanted(task, job):
        raise JobNotReady(_("The request was answered meanwhile, so this can no longer be added. Nothing was kept."))


def _check(task: HandTask, given: HandAnswer) -> None:
    """Refuse what cannot be meant, before anything is written."""
    allowed = (Said.HELD, Said.NOTHING) if task.asks == Asks.LOOK else (Said.DELETED, Said.NOTHING, Said.NOT_DONE)
    if given.said not in allowed:
        raise EngineRefusal(_("Choose one of the answers. Nothing was kept."))
    if not given.name.strip() or len(given.name) > LONGEST_NAME:
        raise EngineRefusal(_("Enter your name: what you say is kept with it. Nothing was kept."))
    if given.said == Said.DELETED and (given.on is None or given.on > today(task.job.organisation.timezone)):
        raise EngineRefusal(_("Enter the day on which it was deleted, today or earlier. Nothing was kept."))
    if given.said == Said.NOT_DONE:
        _check_reason(given)
    _check_files(task, given)


def _check_reason(given: HandAnswer) -> None:
    if given.because not in Because:
        raise EngineRefusal(_("Choose why it could not be deleted. Nothing was kept."))
    if not given.words.strip():
        raise EngineRefusal(_("Write what stands in the way: somebody has to decide what follows from it. Nothing was kept."))


def _check_files(task: HandTask, given: HandAnswer) -> None:
    if given.said == Said.HELD and not given.files:
        raise EngineRefusal(_("Choose the files that you found, or say that nothing is held. Nothing was kept."))
    if given.said != Said.HELD and given.files:
        raise EngineRefusal(_("You chose files and said something else. Nothing was kept."))
    if len(given.files) > MOST_FILES or sum(len(one.content) for one in given.files) > MOST_BYTES:
        words = {"files": MOST_FILES, "size": MOST_BYTES // 1_000_000}
        raise EngineRefusal(_("At most %(files)d files with %(size)d MB together can be sent at once. Nothing was kept.") % words)
    known = collections_of(task)
    if any(one.collection not in known for one in given.files):
        raise EngineRefusal(_("Choose what each file belongs to. Nothing was kept."))
    for one in given.files:
        kind_of(one)


def kind_of(one: HandedIn) -> str:
    """The kind of a file, by its name and by its first bytes, which must agree; raises EngineRefusal."""
    ending = one.name.rpartition(".")[2].lower()
    kind = SAME.get(ending, ending)
    if kind in KINDS and one.content.startswith(KINDS[kind]):
        return kind
    if kind in TEXTS and _is_text(one.content):
        return kind
    kinds = ", ".join([*KINDS, *TEXTS])
    raise EngineRefusal(
        _("A file is none of the kinds that can be taken (%(kinds)s), or is not what it is called. Nothing was kept.") % {"kinds": kinds}
    )


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _written(task: HandTask, one: HandedIn) -> HandFile:
    digest = hashlib.sha256(one.content).hexdigest()
    path = f"{task.job_id}/hand-{crypto.keyed_digest('hand', f'{task.pk}{one.name}{digest}')[:32]}.file"
    file = HandFile(task=task, collection=one.collection, name_sealed=task.seal(one.name), kind=kind_of(one), size=len(one.content))
    file.sha256, file.path = digest, path
    with SealedWriter(file.place, task.job.box) as out:
        out.write(one.content)
    return file


def _keep(task: HandTask, given: HandAnswer) -> None:
    task.state, task.said, task.said_on, task.said_by_link = HandState.ANSWERED, Said(given.said), given.on, given.by_link
    task.said_because = given.because if given.said == Said.NOT_DONE else ""
    task.name_sealed, task.words_sealed = task.seal(given.name.strip()), task.seal(given.words.strip())
    task.answered_at, task.due_at, task.token_digest, task.token_sealed = now(), None, "", b""
    task.save()


def can_go_on(task_id: UUID) -> bool:
    """Whether the source of an answered task waits only to be asked again. A deletion that still runs takes the answer by itself."""
    task = HandTask.objects.select_related("job").get(pk=task_id)
    if task.asks == Asks.DELETE and task.job.state != JobState.FINISHED:
        return False
    return task.job.runs.filter(source_key=task.source_key, state=PartState.FAILED).exists()
