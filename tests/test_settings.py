"""The two settings that choose servers, read in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TELL = """
import json
from portal import settings
base = settings.DATABASES["default"]
print(json.dumps([base["ENGINE"].rpartition(".")[2], base.get("PASSWORD"), base["OPTIONS"], settings.CELERY_BROKER_URL]))
"""


def told(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HABEAS_", "DJANGO_"))}
    environment = inherited | {"HABEAS_DATA": str(folder), "DATABASE_URL": "", "REDIS_URL": ""} | given
    return subprocess.run([sys.executable, "-c", TELL], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_postgresql_keeps_its_password_and_its_options(tmp_path: Path) -> None:
    url = "postgres://habeas:p%40ss%2Fword@db.example.org:5433/habeas?sslmode=verify-full&connect_timeout=5"
    done = told(tmp_path, DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:6379/3")
    assert json.loads(done.stdout) == [
        "postgresql",
        "p@ss/word",
        {"sslmode": "verify-full", "connect_timeout": "5"},
        "redis://127.0.0.1:6379/3",
    ]


def test_a_database_that_cannot_keep_our_promises_is_refused(tmp_path: Path) -> None:
    done = told(tmp_path, DATABASE_URL="mysql://habeas:secret-word@127.0.0.1/habeas")
    assert done.returncode == 1
    assert "must begin with postgres://" in done.stderr
    assert "secret-word" not in done.stderr


def test_proxies_that_may_name_the_caller_are_addresses_and_networks(tmp_path: Path) -> None:
    assert told(tmp_path, HABEAS_TRUSTED_PROXIES="127.0.0.1, 10.0.3.0/24,fd00::/8").returncode == 0


@pytest.mark.parametrize(
    ("proxies", "reason"),
    [
        ("10.0.0.1/24", "'10.0.0.1/24' is neither an address nor a network"),
        ("127.0.0.1, proxy.example.org", "'proxy.example.org' is neither"),
        ("0.0.0.0/0", "'0.0.0.0/0' is everybody"),
    ],
)
def test_other_proxies_are_refused_by_name(tmp_path: Path, proxies: str, reason: str) -> None:
    done = told(tmp_path, HABEAS_TRUSTED_PROXIES=proxies)
    assert done.returncode == 1
    assert f"HABEAS_TRUSTED_PROXIES: {reason}" in done.stderr
    assert "Nothing was started." in done.stderr
    assert "Traceback" not in done.stderr


WRITES = """
import os, subprocess, sys
from portal import settings
(settings.DATA / "made").mkdir()
(settings.DATA / "made" / "here").touch()
subprocess.run([sys.executable, "-c", "import sys; open(sys.argv[1], 'w')", settings.DATA / "made" / "by a child"], check=True)
"""


def test_what_the_product_writes_is_for_its_owner_only(tmp_path: Path) -> None:
    environment = {**os.environ, "HABEAS_DATA": str(tmp_path), "HABEAS_MODE": "demo"}
    subprocess.run([sys.executable, "-c", WRITES], env=environment, cwd=ROOT, umask=0o022, check=True)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "made", *(tmp_path / "made").iterdir())}
    assert modes == {"made": 0o700, "here": 0o600, "by a child": 0o600}


def manage(folder: Path, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HABEAS_", "DJANGO_"))}
    environment = inherited | {"HABEAS_DATA": str(folder), "DATABASE_URL": "", "REDIS_URL": ""} | given
    return subprocess.run([sys.executable, "manage.py", *words], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.thorough
def test_the_first_command_of_a_new_installation_needs_no_other_before_it(tmp_path: Path) -> None:
    done = manage(tmp_path, "verify_log", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ok"]


def test_a_store_that_does_not_answer_is_told_in_one_line(tmp_path: Path) -> None:
    done = manage(tmp_path, "verify_log", DATABASE_URL="postgres://habeas:secret-word@127.0.0.1:1/habeas")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The store of this installation (DATABASE_URL) does not answer. Nothing was done.\n"
