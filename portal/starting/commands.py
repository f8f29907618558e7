"""The words that `./start` understands. Each ends by becoming the program that it prepared."""

import os
import sys
from pathlib import Path

from portal.starting.debian import LETTERS, TESTS, Part, install_packages, line_for, may_install, missing
from portal.starting.environment import PRODUCT_LOCK, ROOT, data_folder, prepare, ready_python
from portal.starting.screen import CannotStart, say

USAGE = """Habeas: a portal where people ask for their data, and get it.

  ./start                          the whole product on this machine, with sample organisations
  ./start demo --port 9000         the same, at another port (--no-browser: do not open one)
  ./start test                     the whole test suite; words after it go to pytest
  ./start manage COMMAND …         one management command, such as: ./start manage deadline --help

Everything is written to one folder: HABEAS_DATA, or var/ here. docs/running.md has every setting."""


def main(words: list[str]) -> int:
    """Do what the words say; 0 is success, 1 a refusal with its reason, 2 words we do not know."""
    command, rest = (words[0], words[1:]) if words and not words[0].startswith("-") else ("demo", words)
    if command == "help" or words[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if command not in COMMANDS:
        say(f"start: {command!r} is not a word it knows.\n\n{USAGE}")
        return 2
    try:
        return COMMANDS[command](rest)
    except CannotStart as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("\nStopped before it was ready. Start again to go on from here.")
        return 130


def demo(words: list[str]) -> int:
    """The whole product on one machine."""
    is_new = ready_python(PRODUCT_LOCK) is None
    python = prepare(with_tests=False)
    _look_for_letters(try_to_install=is_new)
    return _become(python, ["manage.py", "demo", *words])


def manage(words: list[str]) -> int:
    """One management command in the product's environment."""
    return _become(prepare(with_tests=False), ["manage.py", *(words or ["help"])])


def test(words: list[str]) -> int:
    """The whole suite. On a build machine (CI=true) a part that cannot be tested is a failure."""
    python = prepare(with_tests=True)
    absent = _provide((*LETTERS, *TESTS))
    if absent and os.environ.get("CI", "").lower() == "true":
        raise CannotStart(f"Nothing was tested: CI=true and this machine lacks {', '.join(absent)}. To install:\n    {line_for(absent)}")
    if absent:
        say(f"NOT EVERYTHING WILL BE TESTED: this machine lacks {', '.join(absent)}. To test the rest too:\n    {line_for(absent)}")
    os.chdir(ROOT)
    spread = ["-n", "auto", "--dist", "worksteal"] if words[:1] in ([], ["-m"]) else []  # one chosen test needs no second process
    return _become(python, ["-m", "pytest", *spread, *words])


COMMANDS = {"demo": demo, "manage": manage, "test": test}


def _look_for_letters(*, try_to_install: bool) -> None:
    absent = _provide(LETTERS) if try_to_install else missing(LETTERS)
    if absent:
        say(f"Letters will be web pages, not PDF: this machine lacks {', '.join(absent)}. To change that:\n    {line_for(absent)}")


def _provide(parts: tuple[Part, ...]) -> list[str]:
    absent = missing(parts)
    if absent and may_install():
        say(f"  Installing {', '.join(absent)} from Debian")
        install_packages(absent)
        absent = missing(parts)
    return absent


def _become(python: Path, words: list[str]) -> int:
    environment = {**_compiled_beside(python), **os.environ, "HABEAS_DATA": str(data_folder()), "PYTHONUNBUFFERED": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    program = [str(python), *(str(ROOT / word) if word == "manage.py" else word for word in words)]
    sys.stdout.flush()
    os.execve(program[0], program, environment)  # signals and the exit code are then the program's own


def _compiled_beside(python: Path) -> dict[str, str]:
    """Compiled code lies with the environment, never in the checkout. Without it each of our processes spends seconds on compiling."""
    return {"PYTHONPYCACHEPREFIX": str(python.parent.parent / "compiled")}
