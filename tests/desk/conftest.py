"""The desk's tests run without sources: the engine's door is played by `FakeEngine`."""

import pytest

from exports import api
from tests.desk.fake_engine import FakeEngine

DOOR = ("start_access", "start_erasure", "progress", "retry", "pack", "archive", "plan", "settle", "approve", "receipt")
DOOR = (*DOOR, "revoke_all", "destroy", "cancel", "leave_out", "hold", "sources_left", "sources_silent")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Stands in for the engine and remembers what it was asked."""
    fake = FakeEngine()
    for name in DOOR:
        monkeypatch.setattr(api, name, getattr(fake, name))
    return fake
