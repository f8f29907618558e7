"""What the benchmarks share: databases on a private server, and the engine in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

import psycopg

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
