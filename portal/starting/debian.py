"""What Habeas uses of the operating system, and how to install it where the machine is Debian and we are root."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.starting.screen import say

POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass(frozen=True)
class Part:
    """One thing from the operating system: how to see that it is there, and the Debian package that brings it."""

    package: str
    library: str = ""
    program: str = ""
    pattern: str = ""

    def is_here(self) -> bool:
        if self.library:
            return _loads(self.library)
        return bool(shutil.which(self.program)) or any(Path("/").glob(self.pattern.lstrip("/")) if self.pattern else ())


LETTERS = (
    Part("libpango-1.0-0", library="libpango-1.0.so.0"),
    Part("libpangoft2-1.0-0", library="libpangoft2-1.0.so.0"),
    Part("libharfbuzz-subset0", library="libharfbuzz-subset.so.0"),
)
TESTS = (
    Part("chromium", program="chromium"),
    Part("fonts-liberation", pattern="/usr/share/fonts/truetype/liberation*/LiberationSans-Regular.ttf"),
    Part("postgresql", program="postgres", pattern="/usr/lib/postgresql/*/bin/postgres"),
    Part("mariadb-server", program="mariadbd", pattern="/usr/sbin/mariadbd"),
    Part("redis-server", program="redis-server"),
    Part("dovecot-imapd", pattern="/usr/lib/dovecot/imap"),
)


def missing(parts: Iterable[Part]) -> list[str]:
    """The packages of those parts that this machine does not have."""
    return [part.package for part in parts if not part.is_here()]


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def line_for(packages: Iterable[str]) -> str:
    """The one line that installs these packages on Debian."""
    return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install -y {' '.join(packages)}"


def install_packages(packages: list[str]) -> bool:
    """Refresh the package lists, then install. A failed refresh is said and survived: the old lists may do."""
    if not _apt("update"):
        say("          apt-get update failed; going on with the package lists that are there")
    with nothing_new_runs():
        return _apt("install", "-y", "--no-install-recommends", *packages)


@contextmanager
def nothing_new_runs() -> Iterator[None]:
    """Debian starts a database server as soon as it is installed, unless this file says no; ours are private and end with the tests."""
    try:
        descriptor = os.open(POLICY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
    except OSError:  # the machine has its own policy, or may not have one
        yield
        return
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write("#!/bin/sh\nexit 101\n")
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _apt(*words: str) -> bool:
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", *words]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=quiet, check=False)
    if done.returncode:
        say("\n".join(f"          {line}" for line in done.stderr.splitlines()[-3:]))
    return done.returncode == 0


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
