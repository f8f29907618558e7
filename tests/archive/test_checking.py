"""The offline check names what is wrong, and is not itself a way in."""

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from exports.archive.checking import Report, check_archive, main
from portal.kit.crypto import public_keys, sign
from tests.archive.alone import assert_wrong_usage, said_alone
from tests.archive.samples import a_cover, accounts, orders, sealed, visits

ROOT = Path(__file__).resolve().parents[2]
BAG = "DR-3X9P-7W"
Files = dict[str, bytes]


def sign_archive(content: bytes) -> str:
    return sign(content, "archive")


@pytest.fixture(scope="module")
def genuine() -> bytes:
    return sealed(a_cover(), [accounts(), orders(), visits()], sign_archive)[0]


@pytest.fixture
def path(genuine: bytes, tmp_path: Path) -> Path:
    target = tmp_path / "archive.zip"
    target.write_bytes(genuine)
    return target


def rewritten(path: Path, change: Callable[[Files], Any]) -> Path:
    """The same zip after somebody has been at it."""
    with zipfile.ZipFile(path) as package:
        files = {member.filename: package.read(member) for member in package.infolist()}
    change(files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return path


def kinds(report: Report) -> set[tuple[str, str]]:
    return {(problem.kind, problem.file) for problem in report.problems}


def test_a_genuine_archive_is_sound_and_its_signature_holds(path: Path) -> None:
    report = check_archive(path, public_keys())
    assert report.problems == []
    assert (report.reference, report.records) == (BAG, 6)
    assert report.signature.startswith("archive-")


def test_packing_anew_with_the_same_contents_is_no_offence(path: Path) -> None:
    assert check_archive(rewritten(path, lambda files: None), public_keys()).is_sound


@pytest.mark.parametrize(
    "name", ["data/index.html", "data/records/shop-orders.json", "data/tables/shop-accounts.csv", "data/request.jsonld"]
)
def test_one_altered_byte_is_named(path: Path, name: str) -> None:
    def alter(files: Files) -> None:
        files[f"{BAG}/{name}"] = bytes([files[f"{BAG}/{name}"][0] ^ 1]) + files[f"{BAG}/{name}"][1:]

    assert kinds(check_archive(rewritten(path, alter))) == {("altered", name)}


def test_a_byte_altered_in_the_packed_stream_is_named(path: Path) -> None:
    with zipfile.ZipFile(path) as package:
        member = package.getinfo(f"{BAG}/data/index.html")
    content = bytearray(path.read_bytes())
    content[member.header_offset + 30 + len(member.filename) + member.compress_size // 2] ^= 0xFF
    path.write_bytes(content)
    assert ("altered", "data/index.html") in kinds(check_archive(path))


def test_a_missing_file_is_named(path: Path) -> None:
    report = check_archive(rewritten(path, lambda files: files.pop(f"{BAG}/data/records/shop-orders.json")))
    assert kinds(report) == {("missing", "data/records/shop-orders.json"), ("count", "bag-info.txt")}


def test_a_file_that_was_put_in_is_named(path: Path) -> None:
    report = check_archive(rewritten(path, lambda files: files.update({f"{BAG}/data/note.txt": b"hello"})))
    assert {("extra", "data/note.txt"), ("unlisted", "data/note.txt")} <= kinds(report)


def test_a_tag_file_that_was_put_in_is_named(path: Path) -> None:
    report = check_archive(rewritten(path, lambda files: files.update({f"{BAG}/read-me.txt": b"hello"})))
    assert kinds(report) == {("extra", "read-me.txt")}


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt", "bagit.txt", "bag-info.txt", "data/datapackage.json"])
def test_a_missing_list_is_named(path: Path, name: str) -> None:
    assert ("missing", name) in kinds(check_archive(rewritten(path, lambda files: files.pop(f"{BAG}/{name}"))))


def test_lists_that_were_made_to_fit_fail_by_the_signature(genuine: bytes, path: Path) -> None:
    """Somebody who alters a record and computes every list anew lacks the key."""
    forged = sealed(a_cover(greeting="Mallory"), [accounts(), orders(), visits()], lambda content: _old_signature(genuine))[0]
    path.write_bytes(forged)
    assert check_archive(path).is_sound
    assert kinds(check_archive(path, public_keys())) == {("signature", "tagmanifest-sha256.txt.jws")}


def _old_signature(genuine: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(genuine)) as package:
        return package.read(f"{BAG}/tagmanifest-sha256.txt.jws").decode()


@pytest.mark.parametrize(
    "jws", ["", "a.b.c", "..", "e30..x", "!!..??", "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJFZERTQSIsImtpZCI6IngifQ..AAAA"]
)
def test_a_signature_of_another_kind_or_key_is_refused(path: Path, jws: str) -> None:
    report = check_archive(rewritten(path, lambda files: files.update({f"{BAG}/tagmanifest-sha256.txt.jws": jws.encode()})), public_keys())
    assert (report.signature, kinds(report)) == ("refused", {("signature", "tagmanifest-sha256.txt.jws")})


def test_a_signature_that_was_taken_away_is_missed(path: Path) -> None:
    report = check_archive(rewritten(path, lambda files: files.pop(f"{BAG}/tagmanifest-sha256.txt.jws")), public_keys())
    assert kinds(report) == {("signature", "tagmanifest-sha256.txt.jws")}


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/passwd", f"{BAG}/../../x", f"{BAG}/data/a\\b", f"{BAG}/./x", f"{BAG}//x", "C:/x", f"{BAG}/data/é", "x"]
)
def test_names_that_could_lead_out_are_refused_before_anything_is_read(path: Path, name: str) -> None:
    report = check_archive(rewritten(path, lambda files: files.update({name: b""})))
    assert {problem.kind for problem in report.problems} == {"unsafe"}
    assert report.files == 0


def test_links_are_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as package:
        link = zipfile.ZipInfo(f"{BAG}/data/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, "/etc/passwd")
    assert kinds(check_archive(path)) == {("unsafe", f"{BAG}/data/link")}


def test_two_files_of_one_name_are_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(f"{BAG}/data/INDEX.html", "other")
    assert kinds(check_archive(path)) == {("unsafe", f"{BAG}/data/INDEX.html")}


def test_members_that_share_their_bytes_are_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(f"{BAG}/data/one", "a" * 100)
        package.writestr(f"{BAG}/data/two", "b" * 100)
        package.getinfo(f"{BAG}/data/two").header_offset = package.getinfo(f"{BAG}/data/one").header_offset
    assert ("unsafe", f"{BAG}/data/two") in kinds(check_archive(path))


def test_a_member_that_claims_the_impossible_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(f"{BAG}/data/bomb", "a" * 100)
        package.getinfo(f"{BAG}/data/bomb").file_size = 1 << 33
    assert ("unsafe", f"{BAG}/data/bomb") in kinds(check_archive(path))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "x.zip"
    target.write_bytes(content)
    assert not check_archive(target).is_sound


@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_an_archive_that_is_cut_short_is_unreadable(path: Path, part: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    assert {problem.kind for problem in check_archive(path).problems} == {"unreadable"}


def test_nothing_is_written_while_checking(path: Path, tmp_path: Path) -> None:
    check_archive(path, public_keys())
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_says_what_it_found(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_archive", str(path))
    assert "Every file is as it was made. Signed with the key archive-" in capsys.readouterr().out


def test_the_command_fails_and_names_the_file_also_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewritten(path, lambda files: files.update({f"{BAG}/data/portal.css": b"body{}"}))
    with pytest.raises(CommandError, match=r"altered: data/portal\.css") as refusal:
        call_command("verify_archive", str(path), json=True)
    assert refusal.value.returncode == 1
    told = json.loads(capsys.readouterr().out)
    assert told["sound"] is False
    assert "data/portal.css" in {problem["file"] for problem in told["problems"]}


def test_several_archives_are_one_list_in_json(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(b"")
    with pytest.raises(CommandError):
        call_command("verify_archive", str(path), str(damaged), json=True)
    assert [one["sound"] for one in json.loads(capsys.readouterr().out)] == [True, False]


@pytest.mark.parametrize("words", [["no-such-file"], [__file__, "--keys", __file__], [__file__, "--keys", "no-such-file"]])
def test_wrong_usage_is_told_apart(words: list[str]) -> None:
    assert_wrong_usage("verify_archive", main, words)


def test_the_check_runs_alone_without_django(path: Path, tmp_path: Path) -> None:
    assert "Signed with the key archive-" in said_alone("checking", path, tmp_path)


@pytest.mark.parametrize("around", [lambda whole: whole + b"x", lambda whole: b"x" + whole, lambda whole: whole[:-2] + b"\1\0x"])
def test_something_hidden_around_the_zip_is_said(path: Path, around: Callable[[bytes], bytes]) -> None:
    path.write_bytes(around(path.read_bytes()))
    (problem,) = check_archive(path, public_keys()).problems
    assert (problem.kind, problem.sentence) == ("unsafe", "It holds bytes before its first file or after its last.")
