"""Signs that nobody can see. They make a name say something else than what is read, or a line end where none ends."""

import unicodedata
from itertools import pairwise

LONGEST_LINE = 200
LINE_ENDS = frozenset("\n\r\t")
UNSEEN = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
# They turn the direction of the text around them: what an officer reads would not be what was typed.
TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# In a few lines of text they are spelling, or come along with a paste, and mislead nobody; in a name they make two that look like one.
NO_WIDTH = frozenset("\u200e\u200f\u061c\u200b\u2060\ufeff\u00ad\u180e\u034f\u2061\u2062\u2063\u2064\u3164\u115f\u1160\uffa0")
# Between letters of Persian or Hindi, and within an emoji, they are spelling; between those of our own scripts they only hide.
JOINERS = frozenset("\u200c\u200d")
HARDLY_JOINED = ("LATIN", "GREEK", "CYRILLIC", "DIGIT")


def hidden_in_line(line: str) -> bool:
    """Whether a name or a title holds a sign that nobody can see."""
    return any(_is_unseen(sign) or _only_hides(before, sign) for before, sign in pairwise(f" {line}"))


def hidden_in_text(text: str) -> bool:
    """The same for text of several lines."""
    return any(sign not in LINE_ENDS and _is_unseen(sign) for sign in text)


def _is_unseen(sign: str) -> bool:
    return sign in TURNS_TEXT or unicodedata.category(sign) in UNSEEN


def _only_hides(before: str, sign: str) -> bool:
    if sign in JOINERS:
        return not (unicodedata.category(before)[0] in "LMS" and not unicodedata.name(before, "DIGIT").startswith(HARDLY_JOINED))
    return sign in NO_WIDTH
