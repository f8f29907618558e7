"""Fixtures for everybody: the people, and what the machine must have."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

import portal.celery  # noqa: F401  (as manage.py and wsgi.py do: else a hint would look for a broker of its own)
from portal.organisations.models import Organisation, User
from tests.people import a_member, an_organisation

pytest_plugins = ["tests.browsers", "tests.servers", "tests.stores", "tests.mail.servers"]
PEER_DATA = Path(os.environ.get("HABEAS_PEER_DATA") or Path(__file__).resolve().parents[2] / "shared" / "peer-data")
OUTSIDE = {"peer-data"}  # never installed: whoever has it names its folder
LEFT_OUT = pytest.StashKey[dict[str, int]]()


@pytest.fixture(autouse=True)
def _empty_limits() -> Iterator[None]:
    """Limits are counted in the cache: no test may use up another's."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _empty_ledger() -> Iterator[None]:
    """The ledger outlives the main store, and a test's store ends with the test."""
    yield
    shutil.rmtree(settings.LEDGER_FOLDER, ignore_errors=True)


@pytest.fixture
def northwind(db: None) -> Organisation:
    return an_organisation("northwind")


@pytest.fixture
def southwind(db: None) -> Organisation:
    """Somebody else's organisation on the same installation."""
    return an_organisation("southwind")


@pytest.fixture
def otto(northwind: Organisation) -> User:
    """Officer at Northwind."""
    return a_member("Otto", "officer", northwind)


@pytest.fixture
def ada(northwind: Organisation) -> User:
    """Lead at Northwind: may also release, erase and refuse."""
    return a_member("Ada", "lead", northwind)


@pytest.fixture
def priya(northwind: Organisation) -> User:
    """Auditor at Northwind: may look."""
    return a_member("Priya", "auditor", northwind)


@pytest.fixture
def mallory(southwind: Organisation) -> User:
    """Lead at Southwind: must see nothing of Northwind."""
    return a_member("Mallory", "lead", southwind)


def machine_has(part: str) -> bool:
    """Whether this machine can run the tests that need this part."""
    if part == "peer-data":
        return PEER_DATA.is_dir()
    if part == "postgresql":
        return bool(shutil.which("postgres")) or any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return shutil.which(part, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin") is not None


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that needs what the machine lacks is taken out of the run, and the end of the run says so. What has no mark is fast."""
    left_out: dict[str, int] = {}
    kept: list[pytest.Item] = []
    for item in items:
        absent = [part for part in _needs(item) if not machine_has(part)]
        left_out.update({part: left_out.get(part, 0) + 1 for part in absent})
        (config.hook.pytest_deselected(items=[item]) if absent else kept.append(item))
    for item in kept:
        if not any(item.iter_markers("story")) and not any(item.iter_markers("thorough")):
            item.add_marker("thorough" if _needs(item) else "fast")
    items[:] = kept
    config.stash[LEFT_OUT] = left_out


def _needs(item: pytest.Item) -> set[str]:
    marked = {str(part) for mark in item.iter_markers("needs") for part in mark.args}
    return marked | ({"chromium"} if "page" in getattr(item, "fixturenames", ()) else set())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On a build machine a part of the machine that could not be tested is a failure."""
    left_out = session.config.stash.get(LEFT_OUT, {})
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = left_out  # each worker collects the same tests; the first among them tells
    elif set(left_out) - OUTSIDE and os.environ.get("CI", "").lower() == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """With several workers the one who reports has collected nothing itself: it is told."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for part, count in config.stash.get(LEFT_OUT, {}).items():
        terminalreporter.write_line(f"NOT TESTED: {count} tests need {part}, which this machine does not have.", red=True, bold=True)
