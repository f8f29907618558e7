"""Where the demos of the stories stand, and one of them that all stories share which disturb nobody.

By default a demo stands on SQLite and a folder of messages, as a newcomer's does. `HABEAS_TEST_STACK=servers` gives each its own
database on a private PostgreSQL and its own part of a private Redis.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
import redis
from playwright.sync_api import BrowserContext

from tests.processes import Demo, without_samples
from tests.servers import Server
from tests.stories.days import Days
from tests.stories.guests import Guest
from tests.stories.portal import PHONE, Desk, Visitor

Settings = dict[str, str]
STACK = os.environ.get("HABEAS_TEST_STACK") or "folder"
PARTS = count()
VISITORS = count(1)


@pytest.fixture(scope="session")
def stacks(request: pytest.FixtureRequest) -> Callable[[str], Settings]:
    """The settings of one more installation on the stack of this name."""

    def fresh(name: str) -> Settings:
        assert name in ("folder", "servers"), f"HABEAS_TEST_STACK is {name!r}; it may be folder or servers"
        if name == "folder":
            return {}
        return fresh_places(request.getfixturevalue("postgresql_server"), request.getfixturevalue("redis_server"))

    return fresh


def fresh_places(postgresql: Server, broker: Server) -> Settings:
    """An empty database and an empty part of the broker. Both go with their servers."""
    name = f"habeas_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as opened:
        opened.execute(f"CREATE DATABASE {name}")
    part = broker.url(str(next(PARTS) % 16), account="")
    with redis.Redis.from_url(part) as opened:
        opened.flushdb()
    return {"DATABASE_URL": postgresql.url(name), "REDIS_URL": part}


@pytest.fixture
def stack(stacks: Callable[[str], Settings]) -> Settings:
    """The settings of a fresh installation on the stack that was asked for."""
    return stacks(STACK)


@pytest.fixture(scope="session")
def demo(stacks: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A filled demo for all stories that leave it as they want to find it: each asks for other people.

    It believes a proxy on this machine, so that visitors come from addresses of their own: one may send so many requests an hour.
    """
    settings = stacks(STACK) | {"HABEAS_TRUSTED_PROXIES": "127.0.0.1"}
    with Demo(tmp_path_factory.mktemp("shared demo"), settings=settings) as running:
        running.wait_until_open()
        running.wait_until_filled()
        yield running


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    """The calendar of the demo below."""
    return Days(tmp_path_factory.mktemp("calendar") / "ahead")


@pytest.fixture(scope="module")
def quiet_demo(stacks: Callable[[str], Settings], days: Days, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo in which nobody has asked for anything yet, and in which weeks may pass. When all is told, its history still holds."""
    settings = stacks(STACK) | days.settings | {"HABEAS_TRUSTED_PROXIES": "127.0.0.1"}
    with Demo(without_samples(tmp_path_factory.mktemp("quiet demo")), settings=settings) as running:
        running.wait_until_open()
        running.wait_until_filled()
        yield running
        assert "lines hold" in running.manage("verify_log")


@pytest.fixture
def visitor(demo: Demo, new_browser: Callable[..., BrowserContext]) -> Callable[[str, str, str], Visitor]:
    """Somebody with a phone."""

    def one(organisation: str, address: str, name: str) -> Visitor:
        behind = {"X-Forwarded-For": f"203.0.113.{next(VISITORS)}"}
        page = new_browser(viewport=PHONE, extra_http_headers=behind).new_page()
        return Visitor(demo, page, organisation, address, name)

    return one


@pytest.fixture
def guest(visitor: Callable[[str, str, str], Visitor]) -> Callable[..., Guest]:
    """Somebody with a phone who asks for anything; words such as country or whom say what they answer on the way."""

    def one(organisation: str, who: tuple[str, str], **words: Any) -> Guest:
        asked = visitor(organisation, *who)
        return Guest(asked.demo, asked.page, organisation, *who, **words)

    return one


@pytest.fixture
def staff(demo: Demo, new_browser: Callable[..., BrowserContext]) -> Callable[[str], Desk]:
    """A member of staff, signed in."""
    return lambda name: Desk(demo, new_browser().new_page(), f"{name}@example.org").sign_in()
