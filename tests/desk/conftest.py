"""The desk's tests run without sources: the engine's door is played by `FakeEngine`."""

import pytest

from exports import api
from tests.desk.fake_engine import FakeEngine

DOOR = ("start_access", "start_erasure", "progress", "retry", "pack", "archive", "plan", "settle", "approve", "receipt")
DOOR = (*DOOR, "revoke_all", "destroy", "cancel")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Stands in for the engine and remembers what it was asked."""
    fake = FakeEngine()
    for name in DOOR:
        monkeypatch.setattr(api, name, getattr(fake, name))
    monkeypatch.setattr(api, "sources_left", lambda job_id: ())
    return fake
