"""One process of the demo: `python -m portal.demo.child ROLE PIPE [words]`. The supervisor starts these."""

import os
import sys
from collections.abc import Callable
from typing import Any

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

from portal.celery import app as tasks
from portal.demo.lifeline import hold_on_to


class Web(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with threads: one process is enough for one machine, and SQLite takes one writer anyway."""

    def __init__(self, address: str, pipe: int) -> None:
        self.address, self.pipe = address, pipe
        super().__init__()

    def load_config(self) -> None:
        wanted = {
            "bind": self.address,
            "worker_class": "gthread",
            "threads": 8,
            "graceful_timeout": 5,
            "control_socket_disable": True,
            "post_fork": self.hold_on,
        }
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def hold_on(self, server: Any, worker: Any) -> None:
        hold_on_to(self.pipe)

    def load(self) -> Any:
        return get_wsgi_application()


def web(pipe: int, words: list[str]) -> None:
    """Answers at the address that the supervisor found free."""
    Web(words[0], pipe).run()


def worker(pipe: int, words: list[str]) -> None:
    """Does what the messages hint at. Threads, so that no process of its own can be left behind."""
    tasks.conf.worker_enable_remote_control = False
    alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    one = tasks.Worker(hostname=f"{words[0]}@demo", pool_cls="threads", concurrency=2, loglevel="WARNING", **alone)
    one.start()
    sys.exit(one.exitcode)  # which `worker_main` forgets: whoever watches must see that it ended by a fault


def beat(pipe: int, words: list[str]) -> None:
    """Sends again whatever is due. Keeps no schedule on disk."""
    tasks.start(["beat", "--loglevel", "WARNING"])


def samples(pipe: int, words: list[str]) -> None:
    """Builds the sample systems and plays the sample cases, then ends."""
    django.setup()
    call_command("demo_samples")


def post(pipe: int, words: list[str]) -> None:
    """Posts letters to visitors until the samples are played, then ends."""
    django.setup()
    call_command("demo_post")


ROLES: dict[str, Callable[[int, list[str]], None]] = {"web": web, "worker": worker, "beat": beat, "samples": samples, "post": post}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    hold_on_to(int(sys.argv[2]))
    ROLES[sys.argv[1]](int(sys.argv[2]), sys.argv[3:])
