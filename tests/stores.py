"""Sample stores for tests: built once a run, copied for each test that writes."""

import importlib
import shutil
from datetime import date
from pathlib import Path

import pytest

TODAY = date(2026, 12, 8)


def build_store(key: str, folder: Path, *, people: int = 40, today: date = TODAY) -> Path:
    """The sample store of one example organisation, as the demo builds it but smaller."""
    folder.mkdir(parents=True, exist_ok=True)
    importlib.import_module(f"examples.{key}.sample").build(folder, people=people, today=today)
    return folder


@pytest.fixture(scope="session")
def _mcpworks_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store("mcpworks", tmp_path_factory.mktemp("mcpworks"))


@pytest.fixture
def mcpworks_store(_mcpworks_original: Path, tmp_path: Path) -> Path:
    """MCPWorks' systems with forty people, free to be changed."""
    return Path(shutil.copytree(_mcpworks_original, tmp_path / "mcpworks"))
