"""The one road on which a case changes state: lock → rule → change → event. Always inside a transaction."""

import hashlib
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

import rfc8785
from django.db import connection, transaction

from portal.kit.clock import now
from requests_app.flows import noted
from requests_app.models import Case, Event, register
from requests_app.models.event import LOOKING
from requests_app.rules.rights import Right
from requests_app.rules.states import State, check_move


def locked(case: Case) -> Case:
    """The case as it stands now, locked until the transaction ends."""
    return Case.objects.select_for_update(of=("self",)).select_related("organisation", "policy").get(pk=case.pk)


def move(case: Case, to: State, *, by: str, **facts: Any) -> None:
    """Changes the state of a locked case and writes history. Raises `MoveRefused` with the reason."""
    old = State(case.state)
    check_move(old, to, Right(case.right))
    case.state_before, case.state = old.value, to.value
    case.save()
    record(case, f"case.{to.value}", by=by, was=old.value, **facts)


def record(case: Case, code: str, *, by: str, **facts: Any) -> Event:
    """Appends one line to the history. Facts are ids, codes, counts and dates; never personal data."""
    return append(code, organisation_id=case.organisation_id, reference=case.reference, by=by, facts=facts)


def append(code: str, *, organisation_id: int, reference: str, by: str, facts: Mapping[str, Any]) -> Event:
    """One line about a case, or, with no reference, about something that is none."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An event is written in the transaction of the change that it records.")
    last = _last_line()
    event = Event(
        organisation_id=organisation_id,
        position=last.position + 1 if last else 1,
        case_reference=reference,
        code=code,
        facts=dict(facts),
        actor=by,
        at=now(),
        previous=last.digest if last else "",
    )
    if code in LOOKING:
        event.salt = secrets.token_hex(16)
        event.content = content_digest(event)
    event.digest = line_digest(event)
    event.save()
    register.note(reference, code, event.facts, at=event.at, by=by)
    transaction.on_commit(partial(noted.write, event.position, event.digest, previous=event.previous), robust=True)
    return event


def _last_line() -> Event | None:
    """The newest line. Writers queue here: SQLite by its single writer, PostgreSQL by an advisory lock held to the commit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [0x68616265])
    return Event.objects.order_by("-position").first()


def line_digest(event: Event) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of everything that the line says, and of the line before it.

    A line about looking says who and what by `content` only, so that these can be forgotten and the line still holds.
    """
    said: dict[str, Any] = {
        "organisation": event.organisation_id,
        "position": event.position,
        "case": event.case_reference,
        "code": event.code,
        "at": event.at.isoformat(),
        "previous": event.previous,
    }
    said |= {"content": event.content} if event.code in LOOKING else {"facts": event.facts, "actor": event.actor}
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()


def content_digest(event: Event) -> str:
    """SHA-256 of who looked, at what, and a salt: without the salt nobody can try out who it was."""
    return hashlib.sha256(rfc8785.dumps({"actor": event.actor, "facts": event.facts, "salt": event.salt})).hexdigest()
