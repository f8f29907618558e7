"""Private servers for tests: made in a folder of their own, on a free port, under an unprivileged account, gone with the test run."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
import pytest
import redis

from tests.processes import eventually, free_port

NOBODY = "nobody"
ACCOUNT = "habeas"
PASSWORD = f"s3cr3t-{secrets.token_hex(8)}"  # no test may ever read it in a sentence
ENOUGH = 60.0
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


@dataclass(frozen=True)
class Server:
    """A running server. `scheme` is how its addresses begin."""

    scheme: str
    port: int
    folder: Path

    def url(self, database: str = "", *, account: str = ACCOUNT, password: str = PASSWORD) -> str:
        """The address of one of its databases."""
        return f"{self.scheme}://{account}:{password}@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A private PostgreSQL that forgets quickly."""
    with running_postgresql(FORGETFUL) as server:
        yield server


@contextmanager
def running_postgresql(more: Mapping[str, str]) -> Iterator[Server]:
    """A private PostgreSQL with these settings; `habeas` is its superuser."""
    with made_postgresql() as server, started(server, more):
        yield server


@contextmanager
def made_postgresql() -> Iterator[Server]:
    """The same, not running: it may be started and stopped as often as one likes."""
    with _folder("postgresql") as folder:
        (folder / "password").write_text(PASSWORD)
        words = ["--username", ACCOUNT, "--pwfile", folder / "password", "--auth", "scram-sha-256", "--no-sync"]
        _run(folder, [_program("initdb"), "--pgdata", folder / "data", "--encoding", "UTF8", "--locale", "C.UTF-8", *words])
        yield Server("postgresql", free_port(), folder)


@contextmanager
def started(server: Server, more: Mapping[str, str]) -> Iterator[None]:
    """That PostgreSQL runs until the block ends."""
    settings = {"listen_addresses": "127.0.0.1", "port": server.port, "unix_socket_directories": server.folder, **more}
    told = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def answers() -> None:
        psycopg.connect(server.url("postgres"), connect_timeout=2).close()

    with _running([_program("postgres"), "-D", server.folder / "data", *told], folder=server.folder, answers=answers):
        yield


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """A private MariaDB; `habeas` may do everything there."""
    with _folder("mariadb") as folder:
        words = ["--no-defaults", f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        _run(folder, [_program("mariadb-install-db"), *words])
        first = f"CREATE USER '{ACCOUNT}'@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO '{ACCOUNT}'@'%' WITH GRANT OPTION;\n"
        (folder / "first.sql").write_text(first)
        port = free_port()
        settings = {
            "datadir": folder / "data",
            "socket": folder / "socket",
            "pid-file": folder / "pid",
            "bind-address": "127.0.0.1",
            "port": port,
            "init-file": folder / "first.sql",
            "innodb-flush-log-at-trx-commit": 0,
            "innodb-flush-method": "nosync",
            "innodb-buffer-pool-size": "64M",
        }
        told = [f"--{name}={value}" for name, value in settings.items()]
        server = Server("mariadb", port, folder)

        def answers() -> None:
            pymysql.connect(host="127.0.0.1", port=port, user=ACCOUNT, password=PASSWORD, connect_timeout=2).close()

        with _running([_program("mariadbd"), "--no-defaults", "--skip-name-resolve", *told], folder=folder, answers=answers):
            yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """A private Redis that keeps nothing on disk."""
    with running_redis() as server:
        yield server


@contextmanager
def running_redis() -> Iterator[Server]:
    """A private Redis that keeps nothing on disk."""
    with _folder("redis") as folder:
        port = free_port()
        words = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder, "--requirepass", PASSWORD]
        server = Server("redis", port, folder)

        def answers() -> None:
            with redis.Redis.from_url(server.url("0", account="")) as opened:
                opened.ping()

        with _running([_program("redis-server"), *words], folder=folder, answers=answers):
            yield server


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Not pytest's own: the account that the server runs under must be able to enter it."""
    folder = Path(tempfile.mkdtemp(prefix=f"habeas-{name}-"))
    (folder / "data").mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[object], *, folder: Path, answers: Callable[[], None]) -> Iterator[None]:
    _give_away(folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(_as_nobody(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)

    def is_ready() -> bool:
        if process.poll() is not None:
            return True
        try:
            answers()
        except (OSError, psycopg.Error, pymysql.MySQLError, redis.RedisError):
            return False
        return True

    try:
        ready = eventually(is_ready, within=ENOUGH) and process.poll() is None
        assert ready, (folder / "log").read_text(errors="replace")[-2000:]
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(folder: Path, command: list[object]) -> None:
    _give_away(folder)
    done = subprocess.run(_as_nobody(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]


def _as_nobody(command: list[object]) -> list[str]:
    """These servers refuse to run as root; and whoever kills the test run takes them along."""
    drop = ["--reuid", NOBODY, "--regid", str(pwd.getpwnam(NOBODY).pw_gid), "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig", "TERM", *drop, *map(str, command)]


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, NOBODY)


def _program(name: str) -> str:
    """Debian keeps servers off the ordinary path."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(newest[-1]) if newest else shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")
    assert found, f"{name} is not here"
    return found
