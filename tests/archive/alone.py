"""What every offline check owes an outsider: it tells wrong usage apart, and runs without the product around it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.kit.crypto import public_keys
from tests.processes import ROOT


def assert_wrong_usage(command: str, main: Callable[[list[str]], int], words: list[str]) -> None:
    """Exit code 2, by the command and by the module alike."""
    with pytest.raises(CommandError) as refusal:
        call_command(command, *words)
    assert refusal.value.returncode == 2
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2


def said_alone(module: str, path: Path, folder: Path) -> str:
    """What the module says of a good file in a process that has neither Django nor the product."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps(public_keys()))
    program = (
        f"import sys; from exports.archive.{module} import main; code = main(sys.argv[1:]);"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('django', 'portal')]; sys.exit(code)"
    )
    judged = subprocess.run([sys.executable, "-c", program, str(path), "--keys", str(keys)], cwd=ROOT, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr
    return judged.stdout
