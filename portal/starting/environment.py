"""The Python environment: made once in the data folder, filled from a hash-locked list, stamped with that list's digest.

A stamped environment is used as it is, with no installer run at all.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.starting.debian import install_packages, may_install
from portal.starting.screen import CannotStart, say

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCT_LOCK, TEST_LOCK, INSTALLER_LOCK = "requirements.lock", "requirements-test.lock", "requirements-uv.lock"
STAMP = "habeas-locks"


def data_folder() -> Path:
    """Where everything is written: HABEAS_DATA, else var/ in the checkout."""
    return Path(os.environ.get("HABEAS_DATA", "").strip() or ROOT / "var").absolute()


def digest(lock: str) -> str:
    """The fingerprint of a lock file, as it stands in an environment's stamp."""
    content = (ROOT / lock).read_bytes()
    return f"{lock} {hashlib.sha256(content).hexdigest()} python{sys.version_info[0]}.{sys.version_info[1]}"


def ready_python(lock: str) -> Path | None:
    """The interpreter of an environment that holds exactly this lock: ours, or the checkout's own when ours is elsewhere."""
    for folder in (data_folder() / "venv", ROOT / "var" / "venv"):
        if _python(folder).exists() and digest(lock) in _stamped(folder):
            return _python(folder)
    return None


def prepare(*, with_tests: bool) -> Path:
    """Make the environment, or bring it up to its lock, and return its interpreter."""
    wanted = TEST_LOCK if with_tests else PRODUCT_LOCK
    if ready := ready_python(wanted):
        return ready
    folder = data_folder() / "venv"
    with _only_one_at_a_time():
        if ready := ready_python(wanted):  # another start has made it while we waited
            return ready
        locks = [PRODUCT_LOCK, TEST_LOCK] if with_tests or _has_tests(folder) else [PRODUCT_LOCK]
        say("Setting up Habeas. The first time takes about a minute and needs the network; later starts do not.")
        _make(folder)
        _fill(_python(folder), locks[-1])
        (folder / STAMP).write_text("\n".join(digest(lock) for lock in locks) + "\n")
    return _python(folder)


def _make(folder: Path) -> None:
    if _works(_python(folder)):
        return
    say(f"  1 of 2  Making a Python environment in {folder}")
    if not _has_venv():
        raise CannotStart(
            f"The Python at {sys.executable} cannot make environments: its venv module is not installed. Nothing was changed.\n"
            "On Debian and Ubuntu this line installs it, then start again:\n    sudo apt-get install -y python3-venv"
        )
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)


def _has_venv() -> bool:
    if importlib.util.find_spec("ensurepip"):
        return True
    if may_install():
        say("          Python's venv module is missing; installing the Debian package python3-venv")
        install_packages(["python3-venv"])
        importlib.invalidate_caches()
    return importlib.util.find_spec("ensurepip") is not None


def _fill(python: Path, lock: str) -> None:
    count = sum("==" in line for line in (ROOT / lock).read_text().splitlines())
    say(f"  2 of 2  Fetching the {count} packages of {lock}, each checked against its hash")
    pip: list[str | Path] = [python, "-m", "pip", "-qq", "--disable-pip-version-check", "install", "--require-hashes", "-r"]
    uv: list[str | Path] = [python, "-m", "uv", "--quiet", "pip", "install", "--python", python, "--require-hashes", "-r"]
    if _runs([*pip, ROOT / INSTALLER_LOCK]) and _runs([*uv, ROOT / lock]):
        return
    say("          The fast installer did not manage it; trying again with pip, which is slower")
    if not _runs([*pip, ROOT / lock]):
        raise CannotStart(
            "The packages could not be fetched; the reason stands above. Habeas was not started.\n"
            "If this machine reaches the package registry through a proxy or a mirror, set it for pip and start again."
        )


def _runs(command: list[str | Path]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode == 0


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    asked = "import sys, pip; print(*sys.version_info[:2])"
    answer = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False).stdout
    return answer.split() == [str(part) for part in sys.version_info[:2]]


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _stamped(folder: Path) -> list[str]:
    try:
        return (folder / STAMP).read_text().splitlines()
    except FileNotFoundError:
        return []


def _has_tests(folder: Path) -> bool:
    return any(line.startswith(TEST_LOCK) for line in _stamped(folder))


@contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / ".setting-up").open("w")
    except OSError as problem:
        raise CannotStart(f"The data folder {folder} cannot be written to ({problem.strerror}). Nothing was changed.") from problem
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
