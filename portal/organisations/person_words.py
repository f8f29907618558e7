"""Reads the `person` block of a source in sources.yaml: who is asked, where a machine cannot ask."""

from typing import Any

import yaml

from portal.organisations.kinds import record, text, whole
from portal.organisations.marked_yaml import Reading

MAILBOX = r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+"


def person_words(reading: Reading, node: yaml.Node, path: str) -> dict[str, Any] | None:
    """The block as plain values."""
    kinds = {
        "who": text(is_line=True),
        "to": text(pattern=MAILBOX, reason="is not one mail address"),
        "look": text(),
        "delete": text(),
        "link_days": whole(1, 365),
        "chase_days": whole(1, 90),
        "chasers": whole(0, 20),
    }
    found: dict[str, Any] | None = record(dict, kinds, needed=("who",))(reading, node, path)
    return found
