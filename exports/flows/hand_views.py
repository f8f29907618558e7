"""What the floors above see of a question to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from exports.flows import answering_by_hand, hand_mail
from exports.flows.answering_by_hand import HandAnswer, collections_of
from exports.flows.by_hand import attested_words, waiting_words
from exports.models import Asks, HandState, HandTask
from exports.sources import sources_of
from portal.kit.crypto import Sealed


def asked_by_hand(job_id: UUID) -> tuple[HandView, ...]:
    """What people were asked for this job, because no machine can ask their place."""
    tasks = HandTask.objects.select_related("job__organisation").filter(job_id=job_id)
    return tuple(view_of(task) for task in tasks.order_by("created_at"))


def by_link(token: str) -> HandView | None:
    """The question behind a link, or None when the link is not good (any more). Changes nothing."""
    task = answering_by_hand.open_by_token(token)
    return view_of(task) if task else None


def count_opening(task_id: UUID) -> None:
    """Somebody pressed the button behind the link."""
    answering_by_hand.count_opening(task_id)


def answer_by_hand(task_id: UUID, given: HandAnswer) -> bool:
    """Keep a person's answer; True when its source waits only to be asked again (`retry`). Refusals keep nothing."""
    answering_by_hand.answer(task_id, given)
    return answering_by_hand.can_go_on(task_id)


def ask_by_hand_again(task_id: UUID) -> None:
    """Send a fresh link by mail now; the old one is closed."""
    hand_mail.ask_again(task_id)


def close_link(task_id: UUID) -> None:
    """Close the link: from now on only the desk can answer."""
    answering_by_hand.close_link(task_id)


@dataclass(frozen=True)
class HandView:
    """One question. `looks_for` and `name` are personal data; `words` is where it stands, as a sentence without any."""

    id: UUID
    job_id: UUID
    source_key: str
    title: str
    asks: str
    who: str
    is_open: bool
    is_mailed: bool
    words: str
    mails: int
    opened: int
    expires_at: datetime
    said: str = ""
    said_on: date | None = None
    name: str = field(default="", repr=False)
    told: str = field(default="", repr=False)
    instructions: str = ""
    looks_for: Mapping[str, str] = field(default_factory=dict, repr=False)
    collections: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_deletion(self) -> bool:
        """Whether something must be deleted, not looked up."""
        return self.asks == Asks.DELETE


def view_of(task: HandTask) -> HandView:
    """The task as it stands now."""
    source = next((one for one in sources_of(task.job.organisation) if one.key == task.source_key), None)
    person = source.record.settings if source else {}
    return HandView(
        id=task.pk,
        job_id=task.job_id,
        source_key=task.source_key,
        title=task.title,
        asks=task.asks,
        who=task.who,
        is_open=task.state == HandState.OPEN,
        is_mailed=bool(task.to_sealed),
        words=waiting_words(task) if task.state == HandState.OPEN else attested_words(task),
        mails=task.mails,
        opened=task.opened,
        expires_at=task.expires_at,
        said=task.said,
        said_on=task.said_on,
        name=_unsealed(task, task.name_sealed),
        told=_unsealed(task, task.words_sealed),
        instructions=person.get("delete" if task.asks == Asks.DELETE else "look", ""),
        looks_for=_looks_for(task),
        collections=collections_of(task),
    )


def _looks_for(task: HandTask) -> dict[str, str]:
    try:
        return task.job.identities if task.state == HandState.OPEN else {}
    except Sealed:
        return {}


def _unsealed(task: HandTask, sealed: bytes | memoryview) -> str:
    try:
        return task.unseal(sealed)
    except Sealed:
        return ""
