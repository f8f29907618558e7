"""Builds the sample stores of Example Garden, a made-up tenant of Pyplan."""

import random
from datetime import date
from pathlib import Path

from examples.pyplan.tenant import Tenant

TENANT = Tenant("Example Garden", place=2, subnet="2001:db8:3::")


def build(folder: Path, *, people: int = 150, today: date) -> list[Path]:
    """Write both stores into the folder: the tables of every tenant, with rows of its own."""
    return TENANT.build(folder, people=people, today=today, draw=random.Random("garden"))
