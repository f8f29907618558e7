"""Undocumented things fail the build."""

import re
import tomllib
from pathlib import Path

import pytest

from portal.env import SETTINGS
from portal.starting.commands import COMMANDS
from portal.starting.debian import LETTERS, TESTS
from tests.test_house_style import ROOT, named, tracked

DEPENDENCIES = (ROOT / "docs" / "dependencies.md").read_text()
RUNNING = (ROOT / "docs" / "running.md").read_text()
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)")


def wanted_packages() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [re.split(r"[\[<>=~;]", line)[0] for line in (*project["dependencies"], *project["optional-dependencies"]["test"])]


@pytest.mark.parametrize("package", wanted_packages())
def test_every_dependency_has_its_reason(package: str) -> None:
    assert re.search(rf"^\| {re.escape(package)} \| \S", DEPENDENCIES, re.MULTILINE)


def test_no_reason_is_left_of_a_dependency_that_is_gone() -> None:
    python_tables = DEPENDENCIES.split("## From the operating system")[0]
    assert set(re.findall(r"^\| ([a-z0-9-]+) \|", python_tables, re.MULTILINE)) - {"package"} == set(wanted_packages())


@pytest.mark.parametrize("package", [part.package for part in (*LETTERS, *TESTS)])
def test_every_part_of_the_operating_system_has_its_reason(package: str) -> None:
    assert package in DEPENDENCIES


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_explained(setting: object) -> None:
    name = getattr(setting, "name", "")
    assert re.search(rf"^\| `{name}` \| \S", RUNNING, re.MULTILINE)


@pytest.mark.parametrize("word", COMMANDS)
def test_every_word_of_the_starter_is_explained(word: str) -> None:
    assert f"./start {word}" in RUNNING


@pytest.mark.parametrize("page", tracked("*.md"), ids=named)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    broken = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert not broken
