"""A copy in several files: one list, one code for all of them in one browser, each counted."""

from datetime import timedelta
from pathlib import Path

import pytest
import pyzipper
import time_machine
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from exports.flows.packages import files_of
from exports.models import Archive
from portal.kit import clock
from portal.kit.sealing import SealedWriter
from portal.organisations.models import Organisation
from requests_app.models import Case
from tests.browsers import assert_accessible
from tests.public.test_downloading import ZIP, answered
from tests.public.walking import confirmed, mailed_code, page_of, post

PARTS = [ZIP, b"second " * 100_000, b"third " * 1000]


def in_parts(case: Case) -> Archive:
    further = [{"path": f"{case.pk}.{number}.sealed", "size": len(PARTS[number - 1]), "sha256": "0" * 64} for number in (2, 3)]
    archive = answered(case, further=further, max_downloads=4)
    for path, content in zip(files_of(archive), PARTS, strict=True):
        with SealedWriter(path, archive.box) as out:
            out.write(content)
    return archive


def content(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_one_code_opens_every_part_in_the_same_browser_and_each_is_counted(rita: Client) -> None:
    case = confirmed(rita)
    archive = in_parts(case)
    path = page_of(case, "download/")
    post(rita, path, again="yes")
    code = mailed_code("download")
    for number in (2, 1, 3):
        handed = post(rita, path, code=code, part=str(number))
        assert content(handed) == PARTS[number - 1]
        assert handed["Content-Disposition"] == f'attachment; filename="{case.reference}-part-{number}-of-3.zip"'
        assert handed["Content-Length"] == str(len(PARTS[number - 1]))
    archive.refresh_from_db()
    assert archive.downloads == 3


@pytest.mark.parametrize("part", ["0", "4", "x", ""])
def test_a_part_that_is_not_there_is_not_handed_out_and_spends_nothing(rita: Client, part: str) -> None:
    case = confirmed(rita)
    in_parts(case)
    path = page_of(case, "download/")
    post(rita, path, again="yes")
    assert "text/html" in post(rita, path, code=mailed_code("download"), part=part)["Content-Type"]
    assert content(post(rita, path, code=mailed_code("download"), part="1")) == ZIP


def test_a_code_that_was_used_opens_nothing_in_another_browser_with_other_letters_or_later(rita: Client) -> None:
    case = confirmed(rita)
    archive = in_parts(case)
    path = page_of(case, "download/")
    post(rita, path, again="yes")
    code = mailed_code("download")
    content(post(rita, path, code=code, part="1"))
    assert "text/html" in post(rita, path, code="AAAA-AAAA", part="2")["Content-Type"]
    assert post(Client(), path, code=code, part="2")["Content-Type"] != "application/zip"
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        assert "application/zip" not in post(rita, path, code=code, part="2")["Content-Type"]
    archive.refresh_from_db()
    assert archive.downloads == 1


def test_a_copy_in_one_file_still_takes_a_fresh_code_each_time(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    path = page_of(case, "download/")
    post(rita, path, again="yes")
    code = mailed_code("download")
    content(post(rita, path, code=code))
    assert "text/html" in post(rita, path, code=code)["Content-Type"]


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_the_list_of_parts_can_be_seen_and_used(page: Page, live: str, rita: Client, northwind: Organisation, tmp_path: Path) -> None:
    case = confirmed(rita)
    in_parts(case)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": rita.cookies[name].value, "url": live}])
    page.goto(live + page_of(case, "download/"))
    assert "3 ZIP files, together" in page.inner_text("main")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
    page.get_by_role("button", name="Send me a code").click()
    page.fill("#code", mailed_code("download"))
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
    for number in (1, 2, 3):
        with page.expect_download() as handed:
            page.get_by_role("button", name=f"Download part {number} of 3").click()
        handed.value.save_as(tmp_path / handed.value.suggested_filename)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == [f"{case.reference}-part-{number}-of-3.zip" for number in (1, 2, 3)]
    assert [path.read_bytes() for path in files] == PARTS
    page.get_by_text("Lock the file with a password").click()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
    password = page.input_value("#lock-password")
    page.fill("#lock-code", mailed_code("download"))
    with page.expect_download() as handed:
        page.get_by_role("button", name="Download part 2 of 3, locked").click()
    assert handed.value.suggested_filename == f"{case.reference}-part-2-of-3-locked.zip"
    assert page.input_value("#lock-password") == password  # it stays to be written down
    with pyzipper.AESZipFile(handed.value.path()) as locked:
        assert locked.read("your-copy-part-2-of-3.zip", pwd=password.encode()) == PARTS[1]
