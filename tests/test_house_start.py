"""The starter's parts. The whole start is a story of its own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.starting import commands, debian, environment
from portal.starting.debian import Part
from portal.starting.screen import CannotStart

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a lock of its own and nothing installed."""
    root = tmp_path / "a check out"
    root.mkdir()
    for lock in (environment.PRODUCT_LOCK, environment.TEST_LOCK, environment.INSTALLER_LOCK):
        (root / lock).write_text("django==5.2.19 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(environment, "ROOT", root)
    monkeypatch.delenv("HABEAS_DATA", raising=False)
    return root


def an_environment(folder: Path, *locks: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / environment.STAMP).write_text("\n".join(environment.digest(lock) for lock in locks))
    return folder / "bin" / "python"


def test_an_old_python_can_read_the_first_file_to_say_that_it_is_old() -> None:
    text = (ROOT / "start.py").read_text()

    tree = ast.parse(text, feature_version=(3, 4))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign)]
    assert text.index("version_info < (3, 11)") < text.index("import main")


def test_without_a_new_python_the_starter_says_what_to_install(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    for tool in ("dirname", "readlink"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")

    told = subprocess.run(["/bin/sh", ROOT / "start"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)

    assert told.returncode == 1
    assert "needs Python 3.11 or newer. This machine has Python 3.9.2" in told.stderr
    assert "apt-get install -y python3 python3-venv" in told.stderr


def test_a_stamped_environment_is_used_as_it_is(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = an_environment(checkout / "var" / "venv", environment.PRODUCT_LOCK)

    assert environment.prepare(with_tests=False) == python
    assert capsys.readouterr() == ("", "")


def test_a_changed_lock_makes_the_stamp_worthless(checkout: Path) -> None:
    an_environment(checkout / "var" / "venv", environment.PRODUCT_LOCK)
    with (checkout / environment.PRODUCT_LOCK).open("a") as lock:
        lock.write("celery==5.7.0\n")

    assert environment.ready_python(environment.PRODUCT_LOCK) is None


def test_the_checkouts_environment_serves_a_data_folder_elsewhere(checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = an_environment(checkout / "var" / "venv", environment.PRODUCT_LOCK)
    monkeypatch.setenv("HABEAS_DATA", str(tmp_path / "else where"))

    assert environment.ready_python(environment.PRODUCT_LOCK) == python
    assert environment.ready_python(environment.TEST_LOCK) is None
    assert not (tmp_path / "else where").exists()


def test_a_data_folder_that_cannot_be_made_is_a_sentence(checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HABEAS_DATA", str(tmp_path / "file" / "data"))

    with pytest.raises(CannotStart, match=r"cannot be written to .* Nothing was changed"):
        environment.prepare(with_tests=False)


def test_packages_that_cannot_be_fetched_leave_no_stamp(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = an_environment(checkout / "var" / "venv")
    monkeypatch.setattr(environment, "_works", lambda found: found == python)
    monkeypatch.setattr(environment, "_runs", lambda command: False)

    with pytest.raises(CannotStart, match="could not be fetched"):
        environment.prepare(with_tests=False)
    assert environment.ready_python(environment.PRODUCT_LOCK) is None


def test_an_unknown_word_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["strat"]) == 2
    assert "'strat' is not a word it knows" in capsys.readouterr().err


def test_what_is_missing_is_named_by_its_debian_package() -> None:
    here, gone = Part("libc6", library="libc.so.6"), Part("libnowhere1", library="libnowhere.so.1")
    unknown, pattern = Part("nowhere", program="nowhere-to-be-found"), Part("files", pattern=f"{ROOT}/start*")

    assert debian.missing([here, gone, unknown, pattern]) == ["libnowhere1", "nowhere"]


def test_what_is_installed_does_not_start_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(debian, "POLICY", policy)

    with debian.nothing_new_runs():
        assert subprocess.run([policy], check=False).returncode == 101
    assert not policy.exists()
    policy.write_text("#!/bin/sh\nexit 0\n")
    with debian.nothing_new_runs():
        assert "exit 0" in policy.read_text()
    assert policy.exists()


def test_a_build_machine_that_cannot_test_everything_tests_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(commands, "prepare", lambda *, with_tests: Path(sys.executable))
    monkeypatch.setattr(commands, "_provide", lambda parts: ["chromium"])

    assert commands.main(["test"]) == 1
    assert "Nothing was tested: CI=true and this machine lacks chromium" in capsys.readouterr().err


def test_anywhere_else_what_is_missing_is_said_and_the_rest_is_tested(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(commands, "prepare", lambda *, with_tests: Path(sys.executable))
    monkeypatch.setattr(commands, "_provide", lambda parts: ["chromium"])
    monkeypatch.setattr(commands, "_become", lambda python, words: ran.append(words) or 0)
    monkeypatch.setattr(os, "chdir", lambda folder: None)

    assert commands.main(["test", "tests/rules"]) == 0
    assert "NOT EVERYTHING WILL BE TESTED" in capsys.readouterr().err
    assert ran == [["-m", "pytest", "tests/rules"]]


def test_standard_output_belongs_to_the_command_alone(tmp_path: Path) -> None:
    ours = {**os.environ, "HABEAS_MODE": "demo", "HABEAS_DATA": str(tmp_path / "da ta"), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    shown = subprocess.run([ROOT / "start", "manage", "version"], env=ours, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.strip().startswith("5.2")
    assert len(shown.stdout.splitlines()) == 1
