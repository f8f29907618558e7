"""How many small faults in the rules the tests of the rules would notice.

    python -m benchmarks.mutation [--sample 60] [--all] [--seed 1] [--minutes 20] [--only reckoning] [--json FILE]

A mutant is one module with one change: a comparison swapped, a number one too high, a condition turned round, `and` for `or`, plus for
minus, a statement left out. Each runs in a process of its own that sees the changed module instead of the file; no file is touched.
The process is forked from one that has loaded all but the rules and their tests, and tries the tests of that module first, so that most
cost a second. What all tests of the rules survive is printed with its line, to be explained or killed. With `--json` what was measured
before is not measured again: the run may be stopped at any time.
"""

import argparse
import copy
import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import holidays
import pytest
import yaml
from hypothesis import Phase, settings

import portal.organisations.promises  # noqa: F401  (a floor below the rules: loaded once)
from benchmarks.mutants import RULES, Changed, Mutant, mutants

ROOT = Path(__file__).resolve().parent.parent
# The rules are plain Python, so their tests run without Django, a database or anybody's fixtures; the one that needs a command is left out.
TESTS = ["--ignore=tests/rules/test_deadline_command.py", "--noconftest", "-c", "/dev/null", "--rootdir", ".", "-x", "-q"]
TESTS += ["-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=no"]
# Which tests are tried first; all others follow. The worked cases and the properties take longest.
FIRST = {
    "calendars": ("edges", "dates", "law_packs", "worked_cases"),
    "combining": ("clock", "edges"),
    "counting": ("dates",),
    "events": ("vocabulary",),
    "explaining": ("told", "dates", "clock"),
    "extensions": ("refusals_and_extensions", "edges"),
    "fees": ("proofs_and_fees",),
    "outcomes": ("edges",),
    "laws": ("law_packs", "vocabulary"),
    "reading": ("law_packs",),
    "reckoning": ("told", "dates", "clock"),
    "refusals": ("refusals_and_extensions",),
    "regimes": ("vocabulary", "clock"),
    "reminding": ("reminding",),
    "rights": ("vocabulary",),
    "states": ("states",),
    "verification": ("proofs_and_fees",),
    "wording": ("vocabulary",),
}
SLOW = ("worked_cases", "properties")
SECONDS, MEMORY = 120, 4 << 30


def outcome_of(mutant: Mutant | None) -> str:
    """killed, survived, or unended: a run that does not end in its time proves nothing. Without a mutant the tests must pass."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _tried(mutant)
        finally:
            os._exit(code)  # whatever happened: this process never goes on as the other one
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return "unended"
    return "survived" if status == 0 else "killed"


def _tried(mutant: Mutant | None) -> int:
    """The tests' own outcome, in a process that sees the changed module."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if mutant is not None:
        sys.meta_path.insert(0, Changed(mutant.module, mutant.number))
    return int(pytest.main([*_ordered(mutant.module if mutant else ""), *TESTS]))


def _ordered(module: str) -> list[str]:
    every = [path.stem.removeprefix("test_") for path in sorted((ROOT / "tests" / "rules").glob("test_*.py"))]
    quick = [name for name in every if name not in SLOW and name != "deadline_command"]
    return [f"tests/rules/test_{name}.py" for name in dict.fromkeys((*FIRST.get(module, ()), *quick, *SLOW))]


def warm_up() -> None:
    """Load once what no mutant changes: holidays, the parsed files of the laws, hypothesis without its search for a shorter example."""
    for code in ("DE", "US", "CA"):
        holidays.country_holidays(code, years=2026)
    known = {path.read_text(encoding="utf-8"): yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES.glob("regimes/*.yaml")}
    read = yaml.safe_load

    def remembered(text: Any) -> Any:
        return copy.deepcopy(known[text]) if isinstance(text, str) and text in known else read(text)

    yaml.safe_load = remembered
    settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), database=None, derandomize=True)
    settings.load_profile("mutants")


def measured(chosen: Sequence[Mutant], minutes: float) -> Iterator[tuple[Mutant, str]]:
    """Each with its outcome, as long as there is time."""
    until = time.monotonic() + 60 * minutes
    for mutant in chosen:
        if time.monotonic() > until:
            return
        yield mutant, outcome_of(mutant)


def _asked() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--sample", type=int, default=60)
    given.add_argument("--all", action="store_true", help="every possible mutant, in a random order")
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--minutes", type=float, default=20)
    given.add_argument("--only", help="one module, like reckoning")
    given.add_argument("--json", type=Path, help="where outcomes are kept; those in it are not measured again")
    return given.parse_args()


def main() -> int:
    options = _asked()
    os.chdir(ROOT)
    warm_up()
    every = [one for one in mutants() if options.only in (None, one.module)]
    count = len(every) if options.all else min(options.sample, len(every))
    chosen = random.Random(options.seed).sample(every, count)  # noqa: S311  (a sample, no secret)
    found = json.loads(options.json.read_text()) if options.json and options.json.exists() else []
    if outcome_of(None) != "survived":
        print("The tests of the rules fail without any fault. Nothing was measured.")
        return 1
    known = [{**one, "outcome": ""} for one in found]
    left = [one for one in chosen if {**asdict(one), "outcome": ""} not in known]
    for mutant, outcome in measured(left, options.minutes):
        found.append({**asdict(mutant), "outcome": outcome})
        if outcome != "killed":
            print(f"{outcome:8} {mutant.module}.py:{mutant.line}  {mutant.change}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1))
    now = [{**asdict(one), "outcome": ""} for one in every]
    counted = [one for one in found if {**one, "outcome": ""} in now]  # not what a module no longer has
    killed = sum(one["outcome"] == "killed" for one in counted)
    print(f"{killed} of {len(counted)} killed, {len(every)} possible")
    return 0


if __name__ == "__main__":
    sys.exit(main())
