"""The folder as a broker. Kombu's own writes a message in place, and a reader that is quick finds half of it: the worker ends.

Here a message appears whole, by a rename, and whoever takes one renames it first. What cannot be read is passed over, and thrown
away once it has been unreadable for a while: a message is a hint about a row, and the dispatcher sends it again.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from json import JSONDecodeError
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads

UNREADABLE_SECONDS = 5.0


class Channel(filesystem.Channel):
    """Every file here is either absent or whole."""

    def get_table(self, exchange: str) -> list[Any]:
        """The queues of an exchange; none while the table is not there or is of no use."""
        try:
            return [exchange_queue_t(*row) for row in loads(self._exchange_file(exchange).read_text())]
        except (FileNotFoundError, JSONDecodeError, UnicodeDecodeError):
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bound = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._table_of(exchange) as rows:
            if bound not in rows:
                rows.insert(0, bound)

    def _delete(self, queue: str, exchange: str, *bound_by: Any, **kwargs: Any) -> None:
        """`bound_by` begins with the routing key and the pattern."""
        self._purge(queue)
        bound = exchange_queue_t(bound_by[0] or "", bound_by[1] or "", queue or "")
        with self._table_of(exchange) as rows:
            if bound in rows:
                rows.remove(bound)

    @contextmanager
    def _table_of(self, exchange: str) -> Iterator[list[Any]]:
        """The table for a change, by one process at a time."""
        file = self._exchange_file(exchange)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            rows = self.get_table(exchange)
            yield rows
            _write_whole(file, dumps(rows))

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # its two bases disagree
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        try:
            _write_whole(Path(self.data_folder_out, name), dumps(payload))
        except OSError as problem:
            raise ChannelError(f"The queue folder takes no message: {problem.strerror}") from problem

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for name in _names(Path(self.data_folder_in)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            file = Path(self.data_folder_in, name)
            try:
                message = loads(file.read_text())
                self._take(file)
            except FileNotFoundError:
                continue  # somebody else was quicker
            except (JSONDecodeError, UnicodeDecodeError, OSError):
                _forget_if_old(file)
                continue
            return message
        raise Empty

    def _take(self, file: Path) -> None:
        """Of several who have read it, one can move it away; for the others it is not there."""
        taken = Path(self.processed_folder, file.name)
        taken.parent.mkdir(parents=True, exist_ok=True)
        file.rename(taken)
        if not self.store_processed:
            taken.unlink(missing_ok=True)


class Transport(filesystem.Transport):
    """`filesystem://`, with the channel above."""

    Channel = Channel


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []  # it was wiped; the next writer makes it again


def _write_whole(file: Path, text: str) -> None:
    """Under a name that nobody looks for, and then under its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{uuid.uuid4()}.part")
    try:
        part.write_text(text)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _forget_if_old(file: Path) -> None:
    with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
        if time.time() - file.stat().st_mtime > UNREADABLE_SECONDS:
            file.unlink()
