"""GET of public pages from gunicorn, started as docs/running.md says: requests a second, beside the CPU seconds of both sides.

python -m benchmarks.pages [--store sqlite|postgresql] [--workers 2] [--seconds 10] [--path /o/shop/]

`wrk` asks where the machine has it; otherwise plain Python does, on kept connections in two processes, which costs more CPU.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.processes import cpu_of, database, of_server, python, surroundings
from tests.processes import eventually, free_port
from tests.servers import Server, running_postgresql

PREPARE = """from django.core.management import call_command; call_command("migrate", verbosity=0)
from tests.people import an_organisation; an_organisation("shop")"""
CONNECTIONS = 16
PATHS = ["/o/shop/", "/o/shop/legal/privacy", "/static/css/portal.css"]
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def main() -> None:
    """Each page in turn, from the same gunicorn."""
    asked = _words()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="habeas-benchmark-"))
        environment, server = surroundings(folder), None
        if asked.store == "postgresql":
            server = stack.enter_context(running_postgresql({}))
            environment["DATABASE_URL"] = database(server, "store")
        python(PREPARE, environment)
        port, web = stack.enter_context(_gunicorn(environment, Path(folder), asked.workers))
        for path in asked.path or PATHS:
            for _process in range(asked.workers):
                _load(port, path, 1.0)  # what is done once is done
            _measure(asked, path, port=port, web=web, server=server)


def _measure(asked: argparse.Namespace, path: str, *, port: int, web: int, server: Server | None) -> None:
    before, served, client = cpu_of(web), of_server(server) if server else 0.0, _children()
    began = time.perf_counter()
    count = _load(port, path, asked.seconds)
    seconds = time.perf_counter() - began
    used, spent = cpu_of(web) - before, _children() - client
    database_used = (of_server(server) if server else 0.0) - served
    print(
        f"{path:28} {count / seconds:6.0f} requests a second; for each {1000 * used / count:.2f} ms CPU of gunicorn, "
        f"{1000 * database_used / count:.2f} of PostgreSQL, {1000 * spent / count:.2f} of who asked; "
        f"{2 * count / (used + database_used):.0f} a second would fill two cores; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


@contextmanager
def _gunicorn(environment: Mapping[str, str], folder: Path, workers: int) -> Iterator[tuple[int, int]]:
    """Its port and its process id."""
    port = free_port()
    words = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8", "--workers", str(workers)]
    with (folder / "web.log").open("wb") as log:
        web = subprocess.Popen([sys.executable, "-m", "gunicorn", "portal.wsgi", *words], env=dict(environment), stdout=log, stderr=log)
    try:
        if not eventually(lambda: _answers(port), within=60):
            sys.exit((folder / "web.log").read_text())
        yield port, web.pid
    finally:
        web.terminate()
        web.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
            return _ask(one, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    except OSError:
        return False


def _load(port: int, path: str, seconds: float) -> int:
    """How many answers came in about so many seconds; each must be 200."""
    if wrk := shutil.which("wrk"):
        words = [
            wrk,
            "--timeout",
            "20s",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{max(1, round(seconds))}s",
            "-H",
            "Accept-Encoding: gzip",
            "-H",
            "Host: localhost",
        ]
        said = subprocess.run([*words, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in said or "Socket errors" in said:
            sys.exit(said)
        found = re.search(r"(\d+) requests in", said)
        return int(found.group(1)) if found else sys.exit(said)
    with ProcessPoolExecutor(2) as pool:
        return sum(pool.map(_ask_for_a_while, [port] * 2, [path] * 2, [seconds] * 2))


def _ask_for_a_while(port: int, path: str, seconds: float) -> int:
    counts: list[int] = []
    threads = [threading.Thread(target=_one_connection, args=(port, path, seconds, counts)) for _ in range(CONNECTIONS // 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < len(threads):
        sys.exit("Some were not answered by 200")
    return sum(counts)


def _one_connection(port: int, path: str, seconds: float, counts: list[int]) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    until, count = time.monotonic() + seconds, 0
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        while time.monotonic() < until:
            if not _ask(one, request):
                return
            count += 1
    counts.append(count)


def _ask(one: socket.socket, request: bytes) -> bool:
    """Whether the whole answer came, and was 200."""
    one.sendall(request)
    got = one.recv(65536)
    while b"\r\n\r\n" not in got:
        if not (more := one.recv(65536)):
            return False
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    missing = int(length.group(1)) - len(body) if length else 0
    while missing > 0:
        missing -= len(one.recv(min(missing, 65536))) or missing
    return head.startswith(b"HTTP/1.1 200")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ask gunicorn for public pages.")
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--path", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
