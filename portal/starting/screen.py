"""What the starter says. Everything goes to standard error: standard output belongs to the command that is run."""

import sys


class CannotStart(Exception):
    """A sentence for the person at the keyboard: what is wrong, what was not changed, what to do."""


def say(sentence: str = "") -> None:
    print(sentence, file=sys.stderr, flush=True)
