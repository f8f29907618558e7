"""What the benchmarks share: databases on a private server, and the engine in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from tests.processes import descendants
from tests.servers import Server

# Django must be set up before benchmarks.engine can be read.
START = "import django; django.setup(); from benchmarks.engine import main; main()"


def by_engine(what: str, url: str, profile: str = "") -> dict[str, Any]:
    """What the engine told about its work, in a process of its own, so that its memory is its own too."""
    with tempfile.TemporaryDirectory(prefix="habeas-benchmark-") as folder:
        words = [sys.executable, "-c", START, what, url, profile]
        done = subprocess.run(words, env=surroundings(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def surroundings(folder: str) -> dict[str, str]:
    """The settings of an installation of its own in this folder."""
    ours = {"HABEAS_MODE": "test", "HABEAS_DATA": folder, "HABEAS_BASE_URL": "http://localhost"}
    return {**os.environ, **ours, "DJANGO_SETTINGS_MODULE": "portal.settings"}


def database(server: Server, name: str, how: str = "") -> str:
    """The address of a new database."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as opened:
        opened.execute(f"CREATE DATABASE {name} {how}")
    return server.url(name)


def python(program: str, environment: Mapping[str, str], *words: str) -> str:
    """What a program said that ran with these settings, in a process of its own; it must end well."""
    command = [sys.executable, "-c", f"import django; django.setup(); {program}", *words]
    done = subprocess.run(command, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{program} ended with {done.returncode}")
    return done.stdout


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of all that it started, those included that have ended and were looked after."""
    return sum(_used(one) for one in (pid, *descendants(pid)))


def of_server(server: Server) -> float:
    """CPU seconds of a database server and of all its processes that have ended."""
    time.sleep(0.5)  # for the last one to end
    (pid, *_rest) = (server.folder / "data" / "postmaster.pid").read_text().splitlines()
    return cpu_of(int(pid))


def _used(pid: int) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, parts)) / os.sysconf("SC_CLK_TCK")
