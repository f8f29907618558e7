"""Which port is free, and whether the portal answers there yet."""

import socket
import urllib.error
import urllib.request
from contextlib import closing

LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def is_free(port: int) -> bool:
    """Nobody listens there, on either loopback address: browsers try both for localhost."""
    return not any(_somebody_answers(family, address, port) for family, address in LOOPBACKS) and _may_listen(port)


def free_port(wanted: int) -> int | None:
    """The wanted port, or the next free one after it."""
    return next((port for port in range(wanted, min(wanted + 100, 65536)) if is_free(port)), None)


def answers(port: int) -> bool:
    """Whether the portal says that it is alive."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _somebody_answers(family: socket.AddressFamily, address: str, port: int) -> bool:
    with closing(socket.socket(family, socket.SOCK_STREAM)) as caller:
        caller.settimeout(0.5)
        try:
            return caller.connect_ex((address, port)) == 0
        except OSError:
            return False  # this machine does not have that loopback address


def _may_listen(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
