"""Fixtures of the engine."""

from pathlib import Path

import pytest

from portal.organisations.models import Organisation
from tests.engine.shop import Shop


@pytest.fixture
def shop(northwind: Organisation, tmp_path: Path) -> Shop:
    return Shop(northwind, tmp_path)
