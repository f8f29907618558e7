"""Pyplan's own sample: nothing. What the connector holds stands in its customers' stores, and they decide about it."""

from datetime import date
from pathlib import Path


def build(folder: Path, *, people: int = 0, today: date) -> list[Path]:
    """There is no store of its own to write."""
    return []
