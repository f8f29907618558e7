"""Asking for somebody else, as a person does: Anna asks, Mia is whom it is about."""

from django.http import HttpResponse
from django.test import Client

from requests_app.models import Case, Letter
from tests.public.walking import mailed_code, post, send

MIA, ANNA = "mia@example.org", "anna@example.org"
GUARDIAN = {"own_name": "Anna Mensah", "own_email": ANNA, "capacity": "parent"}
AGENT = {"own_name": "Fair Data Ltd", "own_email": ANNA}
THEIRS = {"name": "Mia Mensah", "email": MIA, "country": "DE"}
SEEN = {"text": "Birth certificate, shown in a call.", "seen_on": "2026-11-20", "shows": ["may", "theirs"]}


def ask_for(browser: Client, whom: str, *, right: str = "access", org: str = "northwind") -> Case:
    """Everything up to the code, for Mia."""
    post(browser, f"/o/{org}/ask/right/", right=right)
    post(browser, f"/o/{org}/ask/whom/", whom=whom)
    post(browser, f"/o/{org}/ask/about-you/", **(AGENT if whom == "agent" else GUARDIAN))
    post(browser, f"/o/{org}/ask/find-you/", **THEIRS)
    if right == "deletion":
        post(browser, f"/o/{org}/ask/keep-and-delete/", copy="no")
    assert send(browser, org).status_code == 302
    return Case.objects.order_by("-pk")[0]


def proved_by(browser: Client, case: Case) -> Case:
    """Whoever asks types their own code."""
    post(browser, f"/o/{case.organisation.key}/code/", code=mailed_code("confirm"))
    case.refresh_from_db()
    return case


def opened(browser: Client, org: str = "northwind") -> HttpResponse:
    """The page behind the link that the person was mailed."""
    letter = Letter.objects.filter(kind="authorise").order_by("pk")[0]
    link = next(line for line in letter.case.unseal(letter.body_sealed).splitlines() if "/allow/" in line)
    browser.get(link.removeprefix("http://testserver"))
    return browser.get(f"/o/{org}/allow/")


def allowed(browser: Client, case: Case, *, answer: str = "person") -> Case:
    """The person says yes in their own browser."""
    opened(browser)
    post(browser, "/o/northwind/allow/", yes="yes")
    post(browser, "/o/northwind/allow/", code=mailed_code("authorise"), answer=answer)
    case.refresh_from_db()
    return case
