"""The two settings that choose servers, read in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

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
