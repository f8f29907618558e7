"""A download that is locked with a password: as fresh, counted and closed in time as any other, and the password is kept nowhere."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import time_machine
from django.apps import apps
from django.conf import LazySettings, settings
from django.core import mail
from django.db import connection
from django.test import Client

from exports import api
from exports.models import Archive
from portal.kit import clock, crypto
from portal.organisations.models import Organisation
from requests_app.chronicle import chronicle
from requests_app.models import Case, Challenge, Event
from requests_app.views import visits
from tests.public.test_downloading import ZIP, answered
from tests.public.test_downloading_parts import PARTS, in_parts
from tests.public.walking import confirmed, fingerprint, mailed_code, page_of, post

PASSWORD = "correct battery (staple) 7"
PROPOSED = re.compile(r'name="lock-password" value="([^"]*)"')


def with_code(browser: Client, case: Case) -> str:
    post(browser, page_of(case, "download/"), again="yes")
    return mailed_code("download")


def lock(browser: Client, case: Case, code: str, password: str = PASSWORD, **fields: str) -> Any:
    return post(browser, page_of(case, "download/"), **{"locked": "yes", "lock-code": code, "lock-password": password, **fields})


def inside(content: bytes, password: str = PASSWORD) -> dict[str, bytes]:
    with pyzipper.AESZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name, pwd=password.encode()) for name in package.namelist()}


def test_the_file_comes_locked_and_holds_the_ordinary_one(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    handed = lock(rita, case, with_code(rita, case))
    content = b"".join(handed.streaming_content)
    assert inside(content) == {"your-copy.zip": ZIP}
    assert handed["Content-Length"] == str(len(content))
    assert handed["Accept-Ranges"] == "none"
    assert handed["Content-Disposition"] == f'attachment; filename="{case.reference}-locked.zip"'
    assert "no-store" in handed["Cache-Control"]


def test_it_counts_as_any_download_and_history_says_that_it_was_locked(rita: Client) -> None:
    case = confirmed(rita)
    archive = answered(case)
    lock(rita, case, with_code(rita, case))
    archive.refresh_from_db()
    assert archive.downloads == 1
    assert Event.objects.get(code="archive.downloaded").facts == {"number": 1, "locked": True}
    assert "downloaded the archive, time 1, locked with a password" in "\n".join(line.words for line in chronicle(case))


def test_each_part_can_be_locked_with_one_code(rita: Client) -> None:
    case = confirmed(rita)
    archive = in_parts(case)
    code = with_code(rita, case)
    for number in (1, 3):
        handed = lock(rita, case, code, part=str(number))
        content = b"".join(handed.streaming_content)
        assert inside(content) == {f"your-copy-part-{number}-of-3.zip": PARTS[number - 1]}
        assert handed["Content-Disposition"] == f'attachment; filename="{case.reference}-part-{number}-of-3-locked.zip"'
        assert handed["Content-Length"] == str(len(content))
    archive.refresh_from_db()
    assert archive.downloads == 2


@pytest.mark.parametrize("code", ["", "AAAA-AAAA", "confirm", "used"])
def test_without_a_fresh_code_nothing_is_handed_over_and_what_was_typed_stays(rita: Client, code: str) -> None:
    case = confirmed(rita)
    archive = answered(case)
    fresh = with_code(rita, case)
    if code == "used":
        lock(rita, case, fresh)
        with time_machine.travel(clock.now() + timedelta(minutes=2)):
            post(rita, page_of(case, "download/"), again="yes")
    typed = {"confirm": mailed_code("confirm"), "used": fresh}.get(code, code)
    page = lock(rita, case, typed).content.decode()
    assert '<a href="#lock-code">' in page
    assert "<details open>" in page
    assert PROPOSED.findall(page) == [PASSWORD]
    archive.refresh_from_db()
    assert archive.downloads == (1 if code == "used" else 0)


@pytest.mark.parametrize("password", ["", "too short", "hasło z ogonkami", "ends with a space "])
def test_a_password_that_would_not_do_spends_no_code(rita: Client, password: str) -> None:
    case = confirmed(rita)
    answered(case)
    code = with_code(rita, case)
    page = lock(rita, case, code, password)
    assert "text/html" in page["Content-Type"]
    assert '<a href="#lock-password">' in page.content.decode()
    assert not Challenge.objects.filter(purpose="download", used_at__isnull=False).exists()
    assert inside(b"".join(lock(rita, case, code).streaming_content)) == {"your-copy.zip": ZIP}


@pytest.mark.parametrize("fact", ["revoked_at", "expires_at"])
def test_an_archive_that_is_closed_is_not_handed_over_locked_either(rita: Client, fact: str) -> None:
    case = confirmed(rita)
    archive = answered(case)
    code = with_code(rita, case)
    Archive.objects.update(**{fact: clock.now()})
    assert "can no longer be downloaded" in lock(rita, case, code).content.decode()
    with pytest.raises(api.ArchiveUnavailable):
        api.open_locked(archive.job_id, password=PASSWORD)


def test_the_last_download_is_the_last_locked_or_not(rita: Client) -> None:
    case = confirmed(rita)
    answered(case, downloads=1)
    lock(rita, case, with_code(rita, case))
    page = lock(rita, case, "22222222").content.decode()
    assert "It was downloaded 2 times" in page
    assert "<details" not in page


def test_looking_changes_nothing_and_proposes_another_password_each_time(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    with_code(rita, case)
    before = fingerprint()
    proposed = [PROPOSED.findall(rita.get(page_of(case, "download/")).content.decode())[0] for _ in range(3)]
    assert fingerprint() == before
    assert len(set(proposed)) == 3
    assert rita.get(page_of(case, "download/"), {"locked": "yes", "lock-password": PASSWORD}).content.decode().count(PASSWORD) == 0


def test_the_browser_is_told_to_keep_no_password(rita: Client) -> None:
    case = confirmed(rita)
    answered(case)
    with_code(rita, case)
    field = re.search(r'<input[^>]*name="lock-password"[^>]*>', rita.get(page_of(case, "download/")).content.decode())
    assert field
    assert 'type="text"' in field[0]
    assert 'autocomplete="off"' in field[0]


def test_another_site_cannot_have_it_locked(northwind: Organisation) -> None:
    case = confirmed(Client())
    answered(case)
    strict = Client(enforce_csrf_checks=True)
    assert lock(strict, case, "K7MX9QTF").status_code == 403


def test_tries_are_limited_as_ordinary_ones_are(rita: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(visits.BY_ADDRESS, "code", (3, 3600))
    case = confirmed(rita)
    answered(case)
    assert [lock(rita, case, "22222222").status_code for _ in range(4)] == [200, 200, 429, 429]


def test_the_password_lies_nowhere_afterwards(
    rita: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    sealed: list[Any] = []
    kept: Callable[..., bytes] = crypto.Box.seal
    monkeypatch.setattr(crypto.Box, "seal", lambda box, content, **words: sealed.append(content) or kept(box, content, **words))
    case = confirmed(rita)
    answered(case)
    caplog.set_level("DEBUG")
    code = with_code(rita, case)
    lock(rita, case, "AAAA-AAAA")  # a try that fails
    content = b"".join(lock(rita, case, code).streaming_content)
    assert inside(content) == {"your-copy.zip": ZIP}
    assert sealed  # the watch was on
    assert not [one for one in sealed if PASSWORD in str(one)]
    assert PASSWORD not in repr(rows()) + caplog.text + repr(dict(rita.session.items()))
    written = [path for folder in (settings.DATA, settings.ARCHIVE_FOLDER) for path in Path(folder).rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]


def rows() -> list[Any]:
    found: list[Any] = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            found += cursor.fetchall()
    return found


def test_a_failure_is_reported_without_the_password(
    rita: Client, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody may have errors mailed to them with all that the form held: not with this."""
    settings.ADMINS = [("Ida", "ida@northwind.example")]

    def fail(reader: object, *_: object) -> None:
        raise RuntimeError("the disk is on fire")

    case = confirmed(rita)
    answered(case)
    code = with_code(rita, case)
    monkeypatch.setattr("exports.flows.packages.locked", fail)
    rita.raise_request_exception = False
    assert lock(rita, case, code).status_code == 500
    report = str(mail.outbox[-1].message())
    assert "lock-password" in report
    assert PASSWORD not in report + caplog.text
