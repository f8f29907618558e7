"""A store full of cases, made by the database itself from one real case, and how long an officer's lists take on it.

The copies share the sealed columns and the key of the first case, so every row opens. There is no history and no register of them:
no list of the desk reads these.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.processes import cpu_of
from portal.kit import clock, codes, crypto
from portal.organisations.models import Organisation, User
from requests_app.models import Case, Identifier, Letter, Message, Submission, Telling
from requests_app.models.letter import Author, LetterState
from tests.people import a_case, a_member, an_organisation, at_desk

DICE = "(hashint4({}::int) & 2147483647)"
LOT = f"{DICE.format('n')} % 100"
# Of a hundred cases seventy are closed, five answered with backups to attest, twenty our move, five the person's.
STATES = f"""CASE WHEN {LOT} < 70 THEN 'closed' WHEN {LOT} < 75 THEN 'answered' WHEN {LOT} < 85 THEN 'open' WHEN {LOT} < 93 THEN 'review'
  WHEN {LOT} < 95 THEN 'collecting' WHEN {LOT} < 98 THEN 'waiting' ELSE 'arrived' END"""
RIGHTS = "(ARRAY['access', 'access', 'deletion', 'correction'])[1 + {} % 4]".format(DICE.format("n + 7"))
SIGN = f"substr('{codes.SIGNS}', 1 + (n / {{}}) % {len(codes.SIGNS)}, 1)"
REFERENCE = "'DR-' || {} || {} || {} || {} || '-' || {} || 'Q'".format(*(SIGN.format(len(codes.SIGNS) ** place) for place in range(5)))
RARE = "rare@example.org"
TIMES = 10


def main() -> None:
    """Words: `fill` and how many cases, for an empty store; or `look` and the database server's process. Prints JSON."""
    what, number = sys.argv[1], int(sys.argv[2])
    if what == "fill":
        call_command("migrate", verbosity=0)
        northwind = an_organisation("northwind")
        fill(northwind, a_member("Otto", "officer", northwind), number)
    else:
        looked = looks(Organisation.objects.get(), User.objects.get())
        print(json.dumps({name: measured(look, number) for name, look in looked.items()}))


def fill(organisation: Organisation, officer: User, count: int) -> None:
    """As many cases, each with a submission, an address and a letter, every fourth with a message, answered deletions with a recipient who
    was told; then what autovacuum would do."""
    case = a_case(organisation)
    address = case.identifiers.get()
    message = Message.objects.create(case=case, author=Author.PERSON, body_sealed=case.seal("Where is it?"), at=clock.now())
    letter = Letter.objects.create(
        case=case, kind="received", to_sealed=case.seal(RARE), subject="-", body_sealed=case.seal("x" * 600), created_at=clock.now()
    )
    Letter.objects.update(state=LetterState.SENT)
    numbers, cases = f"generate_series(1, {count}) n", f"requests_app_case c WHERE c.id <> {case.pk}"
    submission = "md5('submission' || n)::uuid"
    _copy(Submission, case.submission_id, numbers, id=submission)
    _copy(Case, case.pk, numbers, submission_id=submission, reference=REFERENCE, state=STATES, right=RIGHTS, **_dates(officer))
    rare = f"'{crypto.blind_index('email', RARE)}'"
    token = f"CASE WHEN c.id % {max(1, count // 3)} = 7 THEN {rare} ELSE md5('token' || c.id) END"
    _copy(Identifier, address.pk, cases, case_id="c.id", token=token)
    _copy(Letter, letter.pk, cases, case_id="c.id", message_id="md5('letter' || c.id)")
    author = f"CASE WHEN {DICE.format('c.id')} % 8 < 2 THEN 'person' ELSE 'officer' END"
    _copy(Message, message.pk, f"{cases} AND c.id % 4 = 0", case_id="c.id", author=author)
    told = Telling.objects.create(case=case, recipient="-", how="letter", told_by="-", told_at=clock.now(), answered_at=clock.now())
    _copy(Telling, told.pk, f"{cases} AND c.right = 'deletion' AND c.answered_at IS NOT NULL", case_id="c.id", answer_by="current_date")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _dates(officer: User) -> dict[str, str]:
    days = f"{DICE.format('n + 3')} % 90"
    return {
        "due_on": f"CASE WHEN {DICE.format('n + 5')} % 50 > 0 THEN current_date - 3 + {days} END",
        "owner_id": f"CASE WHEN {DICE.format('n + 9')} % 3 = 0 THEN {officer.pk} END",
        "received_at": f"now() - {days} * interval '1 day'",
        "answered_at": f"CASE WHEN {LOT} < 75 THEN now() - {days} * interval '12 hours' END",
        "closed_at": f"CASE WHEN {LOT} < 70 THEN now() - {days} * interval '6 hours' END",
        "backups_until": f"CASE WHEN {LOT} BETWEEN 70 AND 74 THEN current_date + {days} END",
    }


def _copy(model: type[models.Model], pk: object, rows: str, **changes: str) -> None:
    """The row with this key once for each of these rows, with these columns changed."""
    fields = [one for one in model._meta.concrete_fields if not one.generated and (not one.primary_key or one.column in changes)]
    columns = ", ".join(f'"{one.column}"' for one in fields)
    values = ", ".join(changes.get(one.column, f't."{one.column}"') for one in fields)
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM (SELECT * FROM {table} WHERE {key} = '{pk}') t, {rows}")


def looks(organisation: Organisation, officer: User) -> Mapping[str, Callable[[], Any]]:
    """What an officer asks of the desk."""
    browser = at_desk(officer)
    first = browser.get("/desk/").content.decode()
    more = re.findall(r'<td colspan="6"><a href="([^"]+)"', first)
    second = next((address.replace("&amp;", "&") for address in more if "group=on_time" in address), "")
    far = clock.today(organisation.timezone) + timedelta(days=60)
    known = Case.objects.filter(state="review").latest("pk").reference
    listed = {
        "first page": "",
        "everyone’s": "?who=everyone",
        "deletions of everyone": "?who=everyone&right=deletion",
        "those that wait, everyone’s": "?who=everyone&group=waiting",
        "closed": "?who=everyone&closed=1",
        "second page of a group": second,
        "deep page of a group": f"?who=everyone&group=on_time&after={far.isoformat()}.1",
    }
    asked = {name: _getting(browser, address) for name, address in listed.items()}
    return {**asked, "search by number": _searching(browser, known, 302), "search by address": _searching(browser, RARE, 200)}


def _getting(browser: Client, address: str) -> Callable[[], Any]:
    return lambda: _is(browser.get(f"/desk/{address}"), 200)


def _searching(browser: Client, words: str, status: int) -> Callable[[], Any]:
    return lambda: _is(browser.post("/desk/search/", {"find": words}), status)


def _is(response: Any, status: int) -> None:
    if response.status_code != status:
        sys.exit(f"{response.status_code} instead of {status}")


def measured(look: Callable[[], Any], server: int) -> dict[str, float]:
    """Of one page: milliseconds until it was there (the median), CPU milliseconds of it and of the database server, questions asked."""
    look()
    times, used, served = list[float](), time.process_time(), cpu_of(server)
    for _time in range(TIMES):
        began = time.perf_counter()
        look()
        times.append(1000 * (time.perf_counter() - began))
    cpu = 1000 * (time.process_time() - used + cpu_of(server) - served) / TIMES
    with CaptureQueriesContext(connection) as caught:
        look()
    return {"median": median(times), "cpu": cpu, "queries": len(caught)}
