"""The one address that an answer may go to: the one in `From`, if there is exactly one. Names beside it are never believed."""

import re
from collections.abc import Callable, Sequence

from requests_app import addresses

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
COMMENT = re.compile(r"\([^()]*\)")
INSIDE = re.compile(r"[^\s@<>,;:\"()]{1,64}@[^\s@<>,;:\"()]{1,255}")


def sender_of(froms: Sequence[str], reply_to: str, decoded: Callable[[str], str]) -> tuple[str, list[str]]:
    """The exact address, or nothing where it cannot be told; and codes for what an officer should know."""
    if len(froms) != 1:
        return "", ["no_sender" if not froms else "many_senders"]
    bare = COMMENT.sub(" ", QUOTED.sub(" ", froms[0])).strip()
    address = _address(bare)
    if not addresses.is_address(address):
        return "", ["many_senders" if bare.count("@") > 1 else "no_sender"]
    flags = []
    if any(one.casefold() != address.casefold() for one in INSIDE.findall(decoded(froms[0]))):
        flags.append("other_address_in_name")
    if reply_to and {one.casefold() for one in INSIDE.findall(reply_to)} != {address.casefold()}:
        flags.append("reply_to_differs")
    return address, flags


def _address(bare: str) -> str:
    """What stands between the only pair of brackets at the end, or the whole if there is none. Empty where that is not clear."""
    if "<" not in bare:
        return bare if ">" not in bare else ""
    name, _open, rest = bare.partition("<")
    if not rest.endswith(">") or rest.count(">") != 1 or "<" in rest or ("," in name and "@" in name) or ";" in name:
        return ""
    return rest[:-1].strip()
