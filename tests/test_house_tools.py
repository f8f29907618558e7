"""The linter, the formatter and the type checker have nothing to say."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def said_by(*words: str | Path) -> str:
    """What a tool prints when it is not content; nothing when it is."""
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_has_no_complaint() -> None:
    assert not said_by("ruff", "check", "--no-cache", ".")


def test_ruff_would_format_nothing_differently() -> None:
    assert not said_by("ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.story
def test_mypy_finds_every_type_sound() -> None:
    cache = Path(sys.prefix) / "mypy-cache"  # beside the installed packages: it changes when they do
    assert not said_by("mypy", "--cache-dir", cache, "portal", "requests_app", "exports", "start.py", "manage.py")
