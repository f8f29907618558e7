"""The archive: a fresh code each time, counted, closed in time, and honest about what is missing."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from exports.flows.packages import files_of
from exports.models import Archive, Job, SourceRun, Step
from portal.kit import clock
from portal.kit.sealing import SealedWriter
from portal.organisations.models import Organisation
from requests_app.models import Case, Challenge, Event, Letter
from requests_app.rules.states import State
from tests.public.walking import confirmed, fingerprint, mailed_code, page_of, post

ZIP = b"PK\x03\x04" + b"a life in rows " * 10_000


def answered(case: Case, **facts: Any) -> Archive:
    """The case as it is once its archive was released: with one source that could not be reached."""
    job = Job(organisation=case.organisation, policy=case.policy, kind="access", subject=case.subject, state="packed")
    job.identities = {"email": "rita@example.org"}
    job.save()
    shop = SourceRun.objects.create(job=job, source_key="shop", title="The shop", state="done", found=7, disclosed=6, withheld=1)
    Step.objects.create(run=shop, collection="customers", title="Customers", category="account", state="done", found=1, disclosed=1)
    Step.objects.create(run=shop, collection="orders", title="Orders", category="orders", state="done", found=6, disclosed=5, withheld=1)
    SourceRun.objects.create(job=job, source_key="mail", title="The mail archive", state="failed", error="It does not answer.")
    moment = clock.now()
    words = {"sealed_at": moment, "expires_at": moment + timedelta(days=14), "max_downloads": 2, "size": len(ZIP), **facts}
    archive = Archive.objects.create(job=job, path=f"{uuid.uuid4()}.sealed", **words)
    with SealedWriter(files_of(archive)[0], archive.box) as out:
        out.write(ZIP)
    Case.objects.filter(pk=case.pk).update(state=State.ANSWERED, job_id=job.pk, answered_at=moment, outcome="complete")
    return archive


def fetch(browser: Client, case: Case) -> Any:
    """A code is asked for, read in the mailbox and typed. A minute has passed since the last one."""
    with time_machine.travel(clock.now() + timedelta(minutes=2 * Challenge.objects.count()), tick=False):
        post(browser, page_of(case, "download/"), again="yes")
        return post(browser, page_of(case, "download/"), code=mailed_code("download"))


def test_the_page_says_what_is_inside_what_is_missing_and_until_when(rita: Client, northwind: Organisation) -> None:
    case = confirmed(rita)
    answered(case)
    page = rita.get(page_of(case, "download/")).content.decode()
    assert '<dt>Orders</dt><dd>Your orders</dd><dd class="num">5</dd>' in page
    assert "We could not reach: The mail archive." in page
    assert "0 of 2 times" in page
    assert "150 kB" in page
    assert "Your copy is ready." in rita.get(page_of(case)).content.decode()


def test_a_fresh_code_hands_the_archive_over_and_it_is_counted(rita: Client) -> None:
    case = confirmed(rita)
    archive = answered(case)
    handed = fetch(rita, case)
    assert b"".join(handed.streaming_content) == ZIP
    assert handed["Content-Type"] == "application/zip"
    assert handed["Content-Disposition"] == f'attachment; filename="{case.reference}.zip"'
    assert "no-store" in handed["Cache-Control"]
    archive.refresh_from_db()
    assert archive.downloads == 1
    assert Event.objects.get(code="archive.downloaded").facts == {"number": 1}


def test_looking_at_the_page_sends_no_code(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    before = fingerprint()
    rita.get(page_of(case, "download/"))
    rita.head(page_of(case, "download/"))
    assert fingerprint() == before
    assert not Letter.objects.filter(kind="download").exists()


def test_a_code_opens_one_download_only(rita: Client) -> None:
    case = confirmed(rita)
    archive = answered(case)
    fetch(rita, case)
    again = post(rita, page_of(case, "download/"), code=mailed_code("download"))
    assert again["Content-Type"].startswith("text/html")
    assert "was used already" in again.content.decode()
    archive.refresh_from_db()
    assert archive.downloads == 1


def test_the_code_that_let_somebody_in_does_not_download(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    post(rita, page_of(case, "download/"), again="yes")
    page = post(rita, page_of(case, "download/"), code=mailed_code("confirm"))
    assert "not the code we sent" in page.content.decode()


def test_after_the_last_download_the_page_says_why_there_is_no_more(rita: Client) -> None:
    case = confirmed(rita)
    archive = answered(case, downloads=1)
    fetch(rita, case)
    page = rita.get(page_of(case, "download/")).content.decode()
    assert "It was downloaded 2 times" in page
    assert "<button" not in page.split("<main")[1].split("</main")[0]
    post(rita, page_of(case, "download/"), code="22222222")
    archive.refresh_from_db()
    assert archive.downloads == 2


@pytest.mark.parametrize(("fact", "said"), [("revoked_at", "We withdrew it on"), ("expires_at", "It was there until")])
def test_a_closed_archive_is_not_handed_over_even_with_the_right_code(rita: Client, fact: str, said: str) -> None:
    case = confirmed(rita)
    archive = answered(case)
    post(rita, page_of(case, "download/"), again="yes")
    code = mailed_code("download")
    Archive.objects.update(**{fact: clock.now()})
    page = post(rita, page_of(case, "download/"), code=code)
    assert said in page.content.decode()
    archive.refresh_from_db()
    assert archive.downloads == 0


def test_an_archive_whose_file_is_gone_counts_no_download_and_spends_no_code(rita: Client) -> None:
    case = confirmed(rita)
    archive = answered(case)
    files_of(archive)[0].unlink()
    assert fetch(rita, case).status_code == 409
    archive.refresh_from_db()
    assert archive.downloads == 0
    assert not Challenge.objects.filter(purpose="download", used_at__isnull=False).exists()


def test_before_the_answer_there_is_no_download_page(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    Case.objects.filter(pk=case.pk).update(state=State.REVIEW)
    assert rita.get(page_of(case, "download/")).status_code == 404
    assert post(rita, page_of(case, "download/"), again="yes").status_code == 404


def test_five_wrong_codes_lock_the_download(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    post(rita, page_of(case, "download/"), again="yes")
    for _ in range(5):
        post(rita, page_of(case, "download/"), code="22222222")
    handed = post(rita, page_of(case, "download/"), code=mailed_code("download"))
    assert "fifth wrong try" in handed.content.decode()


def test_an_answer_that_found_nothing_says_so(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    Step.objects.update(found=0, disclosed=0)
    assert "We found nothing about you." in rita.get(page_of(case, "download/")).content.decode()
