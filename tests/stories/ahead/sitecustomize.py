"""Python reads a module of this name before anything else, wherever PYTHONPATH leads it here: the processes of a demo live on a later day.

How far ahead stands in the file that STORY_AHEAD names, in nanoseconds. All processes share it, so that the day turns for all at once.
"""

import mmap
import os
import sys
from importlib import import_module
from importlib.util import find_spec

STRANGERS = ("pytest", "dateutil.parser")  # what the machine would load and nobody here needs


def live_ahead(place: str) -> None:
    """From now on every clock of this process shows so much more."""
    with open(place, "rb") as file:
        shared = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    sys.modules.update(dict.fromkeys(STRANGERS))  # type: ignore[arg-type]  # None: cannot be imported
    machine, clocks = import_module("time_machine"), import_module("_time_machine")
    for name in STRANGERS:
        del sys.modules[name]
    traveller = machine.travel(0, tick=True).start()
    traveller.time_ns = lambda: clocks.original_time_ns() + int.from_bytes(shared[:8], "little")


if os.environ.get("STORY_AHEAD") and find_spec("time_machine"):  # not every Python that a start asks for its version has it
    live_ahead(os.environ["STORY_AHEAD"])
