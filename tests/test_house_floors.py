"""Imports go down only. The contracts stand in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_imports_go_down_only(tmp_path: Path) -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    told = subprocess.run([linter, "--cache-dir", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout
    assert "0 broken" in told.stdout


def test_the_portal_package_stays_empty_at_its_root() -> None:
    """The ground floor lives in the same package: an import there would pull the roof in."""
    assert (ROOT / "portal" / "__init__.py").read_text().strip() == ""
