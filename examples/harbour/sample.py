"""Builds the sample stores of Example Harbour, a made-up tenant of Pyplan."""

import random
from datetime import date
from pathlib import Path

from examples.pyplan.tenant import Tenant

TENANT = Tenant("Example Harbour", place=1, subnet="2001:db8:2::")


def build(folder: Path, *, people: int = 150, today: date) -> list[Path]:
    """Write both stores into the folder: the tables of every tenant, with rows of its own."""
    return TENANT.build(folder, people=people, today=today, draw=random.Random("harbour"))
