"""A small host over HTTP for tests, on the loopback: it keeps its rows in SQLite, answers in pages, and misbehaves on demand."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

TOKEN = "s3cr3t-token"  # no test may ever read it in a sentence


@dataclass
class Asked:
    """One call as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Said:
    """One answer. `cut`: the connection breaks in the middle of the body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: bool = False


Behaviour = Callable[[Asked], Said | None]


class Host:
    """Tables of an SQLite file, each at its own path. `behaviour` may answer first; `after` may change what was answered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[Asked] = []
        self.behaviour: Behaviour = lambda asked: None
        self.after: Callable[[Asked, Said], Said] = lambda asked, said: said
        self.port = 0
        self.most = 1000  # records of one page, whatever is asked for

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def calls(self, method: str) -> list[str]:
        """The paths that were asked for in this way."""
        return [one.path for one in self.asked if one.method == method]

    def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        said = self.behaviour(asked)
        return self.after(asked, said if said is not None else self._plain(asked))

    def _plain(self, asked: Asked) -> Said:
        if asked.path in ("", "/", "/ping"):
            return Said(200, {"ok": True})
        table, *key = [unquote(part) for part in asked.path.strip("/").split("/")]
        with closing(sqlite3.connect(self.path)) as opened:
            opened.row_factory = sqlite3.Row
            opened.execute("PRAGMA foreign_keys = ON")
            names = [(row["name"], row["pk"]) for row in opened.execute(f"PRAGMA table_info({table})")]
            if not names:
                return Said(404, {"error": "no such place"})
            if not key:
                return self._listed(opened, table, asked, {name for name, _pk in names})
            where = " AND ".join(f"CAST({name} AS TEXT) = ?" for name, pk in sorted(names, key=lambda one: one[1]) if pk)
            try:
                return self._one(opened, asked, f"{table} WHERE {where}", key)
            except sqlite3.IntegrityError:
                return Said(409, {"error": f"rita@example.org may not: {key}"})

    def _one(self, opened: sqlite3.Connection, asked: Asked, place: str, key: list[str]) -> Said:
        found = opened.execute(f"SELECT * FROM {place}", key).fetchone()
        if found is None:
            return Said(404, {"error": "not here"})
        if asked.method == "DELETE":
            opened.execute(f"DELETE FROM {place}", key)
        elif asked.method == "PATCH":
            table, where = place.split(" WHERE ")
            sets = ", ".join(f"{name} = ?" for name in asked.body)
            opened.execute(f"UPDATE {table} SET {sets} WHERE {where}", [*asked.body.values(), *key])
        opened.commit()
        return Said(204) if asked.method == "DELETE" else Said(200, dict(found))

    def _listed(self, opened: sqlite3.Connection, table: str, asked: Asked, names: set[str]) -> Said:
        wanted = {name: value for name, value in asked.query.items() if name in names}
        where = " AND ".join(f"CAST({name} AS TEXT) = ? COLLATE NOCASE" for name in wanted) or "1"
        rows = [dict(row) for row in opened.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY 1, 2", list(wanted.values()))]
        size = min(int(asked.query.get("per", "1000")), self.most)
        start = int(asked.query.get("offset") or asked.query.get("cursor") or (int(asked.query.get("page", "1")) - 1) * size)
        body: dict[str, Any] = {"items": rows[start : start + size], "total": len(rows)}
        headers = {}
        if start + size < len(rows):
            address = f"{self.base}/{table}?{urlencode({**wanted, 'per': size, 'offset': start + size})}"
            body |= {"next": str(start + size), "next_url": address}
            headers["Link"] = f'<{address}>; rel="next"'
        return Said(200, body, headers)


@contextmanager
def serving(path: Path) -> Iterator[Host]:
    """The host, until the block ends."""
    host = Host(path)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            body = json.loads(text) if text and "json" in self.headers.get("Content-Type", "") else text.decode()
            said = host.answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body))
            raw = said.raw if said.raw is not None else b"" if said.body is None else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw) + (10 if said.cut else 0)))
            self.end_headers()
            self.wfile.write(raw)
            if said.cut:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

        def log_message(self, *words: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        host.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
