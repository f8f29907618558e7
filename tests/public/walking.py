"""Walking through the public pages as a person does: by HTTP, with what stands in the mailbox."""

import hashlib
import re
from typing import Any

from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from requests_app.flows import following
from requests_app.models import Case, Letter
from tests.people import RITA

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
LINK = re.compile(r"http://testserver(/o/\S+/confirm/\S+/)")
QUOTED = re.compile(r"'(?:[^']|'')*'|\b\d+\b")
TRACK, TRACK_CODE = "/o/northwind/track/", "/o/northwind/track/code/"
FOUND = {"name": "Rita Lindqvist", "email": RITA, "country": "DE"}


def mailed(kind: str) -> str:
    """The newest letter of a kind, as it stands in the mailbox."""
    letter = Letter.objects.filter(kind=kind).order_by("-pk")[0]
    return letter.case.unseal(letter.body_sealed)


def mailed_code(kind: str) -> str:
    return CODE.findall(mailed(kind))[0]


def mailed_link(kind: str = "confirm") -> str:
    return LINK.findall(mailed(kind))[0]


def post(browser: Client, path: str, **fields: Any) -> HttpResponse:
    return browser.post(path, fields)


def answer(browser: Client, *, right: str = "access", org: str = "northwind", copy: str = "no", **found: str) -> None:
    """Every question up to the check."""
    post(browser, f"/o/{org}/ask/right/", right=right)
    post(browser, f"/o/{org}/ask/find-you/", **{**FOUND, **found})
    if right == "deletion":
        post(browser, f"/o/{org}/ask/keep-and-delete/", copy=copy)


def send(browser: Client, org: str = "northwind") -> HttpResponse:
    """The last button of the check, with what its form holds."""
    page = browser.get(f"/o/{org}/ask/check/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)
    return post(browser, f"/o/{org}/ask/check/", key=key[1] if key else "")


def ask(browser: Client, **answers: str) -> Case:
    """A request that was sent and waits for its code."""
    answer(browser, **answers)
    assert send(browser, answers.get("org", "northwind")).status_code == 302
    return Case.objects.order_by("-pk")[0]


def confirmed(browser: Client, **answers: str) -> Case:
    """A request that was sent and confirmed, twice where that is asked."""
    case = ask(browser, **answers)
    org = answers.get("org", "northwind")
    post(browser, f"/o/{org}/code/", code=mailed_code("confirm"))
    if Letter.objects.filter(kind="confirm_again", case=case).exists():
        post(browser, f"/o/{org}/code/", code=mailed_code("confirm_again"))
    case.refresh_from_db()
    return case


def page_of(case: Case, tail: str = "") -> str:
    return f"/o/{case.organisation.key}/request/{case.reference}/{tail}"


def fingerprint() -> str:
    """A digest of every row of every table but the sessions."""
    parts = hashlib.sha256()
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table != "django_session":
                cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
                parts.update(repr((table, cursor.fetchall())).encode())
    return parts.hexdigest()


def shapes(asked: CaptureQueriesContext) -> list[str]:
    """What was asked of the database, without the values."""
    return [QUOTED.sub("?", query["sql"]) for query in asked.captured_queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def without_tokens(page: str) -> str:
    """A page without the line that differs for every browser."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def let_in(case: Case, email: str = RITA) -> Client:
    """A new browser that found the case by the code that was mailed."""
    browser = Client()
    post(browser, TRACK, reference=case.reference, email=email)
    following.settle_due()
    entered = post(browser, TRACK_CODE, code=mailed_code("follow"))
    assert entered.status_code == 302
    return browser
