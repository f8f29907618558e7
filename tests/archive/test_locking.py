"""A locked archive: opened by tools that have never heard of this product, checked where it lies, and refused by name."""

import io
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
import pyzipper
from django.core.management import call_command
from django.core.management.base import CommandError

from exports.archive import locking
from exports.archive.checking import Report, check_archive, main
from exports.archive.locking import Inner, inner_name, locked, password_fault
from exports.archive.together import check_together
from exports.archive.unlocking import opened
from portal.kit import codes
from portal.kit.crypto import public_keys, sign
from tests.archive.samples import a_cover, accounts, orders, sealed, visits
from tests.archive.test_parts import long, written
from tests.processes import ROOT

PASSWORD = "4821-9937-0156-2748"
NAME = inner_name(1, 1)


@pytest.fixture(scope="module")
def ordinary() -> bytes:
    return sealed(a_cover(), [accounts(), orders(), visits()], lambda content: sign(content, "archive"))[0]


def lock(content: bytes, name: str = NAME, password: str = PASSWORD) -> bytes:
    pieces = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    return b"".join(locked(Inner(name, len(content), date(2026, 12, 9)), lambda: pieces, password))


@pytest.fixture
def path(ordinary: bytes, tmp_path: Path) -> Path:
    target = tmp_path / "locked.zip"
    target.write_bytes(lock(ordinary))
    return target


@pytest.fixture
def key(tmp_path: Path) -> str:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return str(tmp_path / "password")


def kinds(report: Report) -> list[str]:
    return [problem.kind for problem in report.problems]


def test_an_outside_judge_opens_it_and_finds_the_ordinary_file_unchanged(path: Path, ordinary: bytes) -> None:
    with pyzipper.AESZipFile(path) as package:
        package.setpassword(PASSWORD.encode())
        assert package.namelist() == [NAME]
        assert package.read(NAME) == ordinary
        assert package.testzip() is None
        member = package.getinfo(NAME)
        assert (member.wz_aes_version, member.wz_aes_strength, member.compress_type) == (2, 3, zipfile.ZIP_STORED)


@pytest.mark.parametrize("password", ["4821-9937-0156-2749", "", "x"])
def test_the_judge_gets_nothing_with_another_password(path: Path, password: str) -> None:
    with pyzipper.AESZipFile(path) as package, pytest.raises(RuntimeError, match="password"):
        package.read(NAME, pwd=password.encode())


def test_without_the_password_nothing_tells_what_is_inside(path: Path, ordinary: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(ordinary)) as package:
        names = {Path(name).name for name in package.namelist()}
    content = path.read_bytes()
    assert not [name for name in names if name.encode() in content]
    assert NAME.encode() in content
    assert PASSWORD.encode() not in content


def test_two_locked_files_of_one_archive_have_nothing_in_common_but_their_form(ordinary: bytes) -> None:
    one, other = lock(ordinary), lock(ordinary)
    assert one != other
    assert len(one) == len(other)


@pytest.mark.parametrize("large", [0, 10**9])
def test_the_size_is_known_before_the_first_byte(ordinary: bytes, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(locking, "LARGE", large)
    made = lock(ordinary)
    assert Inner(NAME, len(ordinary)).locked_size == len(made)
    with pyzipper.AESZipFile(io.BytesIO(made)) as package:
        assert package.read(NAME, pwd=PASSWORD.encode()) == ordinary


def test_it_is_made_piece_by_piece_as_it_is_taken() -> None:
    read: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield bytes(locking.PIECE)

    made = locked(Inner(NAME, 100 * locking.PIECE), pieces, PASSWORD)
    assert read == []  # not even for the checksum, before somebody takes the first byte
    next(made)
    assert len(read) <= 100 + 2
    next(made)
    assert len(read) <= 100 + 3


def test_it_is_checked_where_it_lies_and_its_signature_holds(path: Path) -> None:
    report = check_archive(path, public_keys(), PASSWORD)
    assert report.problems == []
    assert (report.locked, report.reference, report.records) == (True, "DR-3X9P-7W", 6)
    assert report.signature.startswith("archive-")
    assert sorted(one.name for one in path.parent.iterdir()) == ["locked.zip"]  # nothing was unpacked beside it


def test_any_place_of_it_can_be_read_by_itself(path: Path, ordinary: bytes) -> None:
    chance = Random(7)
    with opened(path, PASSWORD) as file:
        for _ in range(50):
            start, length = chance.randrange(len(ordinary) + 20), chance.randrange(70)
            assert file.seek(start) == start
            assert file.read(length) == ordinary[start : start + length]
        assert file.seek(-10, io.SEEK_END) == len(ordinary) - 10
        assert file.read() == ordinary[-10:]


def test_a_file_that_is_not_locked_needs_no_password_and_minds_none(ordinary: bytes, tmp_path: Path) -> None:
    (tmp_path / "plain.zip").write_bytes(ordinary)
    report = check_archive(tmp_path / "plain.zip", public_keys(), PASSWORD)
    assert (report.problems, report.locked) == ([], False)


def test_no_password_a_wrong_one_and_damage_are_told_apart(path: Path) -> None:
    assert kinds(check_archive(path)) == ["locked"]
    assert kinds(check_archive(path, password="not the right one")) == ["password"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert kinds(check_archive(path, password=PASSWORD)) == ["altered"]


@pytest.mark.parametrize("place", ["local header", "seal", "longer"])
def test_damage_anywhere_is_noticed(path: Path, ordinary: bytes, place: str) -> None:
    content = path.read_bytes()
    directory = content.rindex(b"PK\x01\x02")
    changed = {
        "local header": b"XX" + content[2:],
        "seal": content[: directory - 3] + bytes([content[directory - 3] ^ 1]) + content[directory - 2 :],
        "longer": content.replace(struct.pack("<L", len(ordinary) + 28), struct.pack("<L", len(ordinary) + 29)),
    }[place]
    assert changed != content
    path.write_bytes(changed)
    report = check_archive(path, password=PASSWORD)
    assert set(kinds(report)) <= {"altered", "unreadable"}
    assert not report.is_sound


@pytest.mark.parametrize(("bits", "method"), [(128, pyzipper.ZIP_STORED), (256, pyzipper.ZIP_DEFLATED)])
def test_what_another_program_locked_in_another_way_is_not_opened(path: Path, ordinary: bytes, bits: int, method: int) -> None:
    with pyzipper.AESZipFile(path, "w", compression=method) as package:
        package.setpassword(PASSWORD.encode())
        package.setencryption(pyzipper.WZ_AES, nbits=bits)
        package.writestr(NAME, ordinary)
    assert kinds(check_archive(path, password=PASSWORD)) == ["unsafe"]


@pytest.mark.parametrize("inner", [b"", b"no archive"])
def test_something_tiny_that_is_no_archive_is_said_to_be_none(tmp_path: Path, inner: bytes) -> None:
    path = tmp_path / "tiny.zip"
    path.write_bytes(lock(inner))
    assert kinds(check_archive(path, password=PASSWORD)) == ["unreadable"]


def test_locked_parts_are_checked_together(tmp_path: Path) -> None:
    paths = written(tmp_path, [accounts(), *long(), orders()])[0]
    assert len(paths) > 2
    for number, one in enumerate(paths, 1):
        one.write_bytes(lock(one.read_bytes(), inner_name(number, len(paths))))
    assert not [problem for report in check_together(paths, password=PASSWORD) for problem in report.problems]
    assert ["missing"] in [kinds(report) for report in check_together(paths[:-1], password=PASSWORD)]
    assert [kinds(report) for report in check_together(paths)] == [["locked"]] * len(paths)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short one", "12 signs or more"),
        ("x" * 100, "99 signs or fewer"),
        ("żółta łódka podwodna", "English keyboard"),
        ("a tab\tin the middle", "English keyboard"),
        ("ends with a space ", "ends with a space"),
        ("aaaaaaaaaaaaaaaa", "try this password first"),
        ("qwertyuiop123", "try this password first"),
    ],
)
def test_a_password_that_would_not_do_is_refused_without_being_repeated(password: str, said: str) -> None:
    fault = password_fault(password)
    assert said in fault
    assert password not in fault


def test_what_we_propose_is_long_typed_easily_and_never_the_same() -> None:
    proposed = [codes.new_password() for _ in range(50)]
    assert len(set(proposed)) == 50
    assert {password_fault(one) for one in proposed} == {""}
    assert {len(one.replace("-", "")) for one in proposed if one.replace("-", "").isdigit()} == {20}


def test_the_command_opens_it_with_a_file_that_holds_the_password(path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_archive", str(path), password_file=key)
    assert "Every file is as it was made." in capsys.readouterr().out
    assert main([str(path), "--password-file", key]) == 0


@pytest.mark.parametrize(
    ("content", "said"), [(None, "locked with a password and none was given"), ("wrong wrong wrong", "does not open it")]
)
def test_the_command_refuses_by_name_and_never_calls_it_altered(path: Path, content: str | None, said: str) -> None:
    words = {}
    if content is not None:
        (path.parent / "other").write_text(content)
        words = {"password_file": str(path.parent / "other")}
    with pytest.raises(CommandError, match=said) as refusal:
        call_command("verify_archive", str(path), **words)
    assert refusal.value.returncode == 1
    assert "Do not rely on it" not in str(refusal.value)
    assert "wrong wrong" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"two\nlines\n", b"\n", b"\xff\xfe secret", b"long" * 2000])
def test_a_file_that_holds_no_password_is_wrong_usage_and_is_not_quoted(path: Path, content: bytes) -> None:
    (path.parent / "none").write_bytes(content)
    with pytest.raises(CommandError, match="one line and nothing else") as refusal:
        call_command("verify_archive", str(path), password_file=str(path.parent / "none"))
    assert refusal.value.returncode == 2
    assert "secret" not in str(refusal.value)


def test_alone_it_reads_the_password_from_standard_input(path: Path) -> None:
    words = [sys.executable, "-m", "exports.archive.checking", str(path), "--password-file", "-", "--json"]
    judged = subprocess.run(words, cwd=ROOT, input=f"{PASSWORD}\n", capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr
    assert '"locked": true' in judged.stdout
