"""The sample organisations, and the made-up systems that hold their people's data."""

import importlib
import shutil
from pathlib import Path

from django.conf import settings

from exports.flows.registering import load_organisation
from portal.kit import clock
from portal.organisations.models import Organisation

# A processor stands before those it works for.
KEYS = ("mcpworks", "cpzai", "mcpr", "pyplan", "bakery", "harbour", "garden")


def stores_of(key: str) -> Path:
    """Where the sample systems of an organisation lie."""
    return Path(settings.DATA / "samples" / key)


def load_organisations() -> None:
    """Read the example organisations' promises and sources; those that are loaded already stay as they are."""
    for key in KEYS:
        load_organisation(settings.ROOT / "examples" / key, stores=stores_of(key))


def build_stores() -> list[str]:
    """Build the systems that are not there yet. A half-built one is thrown away: the folder gets its name at the end."""
    return [key for key in KEYS if _build(key)]


def _build(key: str) -> bool:
    folder = stores_of(key)
    if folder.exists():
        return False
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    today = clock.today(Organisation.objects.get(key=key).timezone)
    importlib.import_module(f"examples.{key}.sample").build(part, today=today)
    part.rename(folder)
    return True
