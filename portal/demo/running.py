"""The whole product on one machine: from an empty folder to a page that answers, and until somebody says stop."""

import fcntl
import os
import shutil
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command

from portal.demo import play, samples, staff
from portal.demo.ports import answers, free_port
from portal.demo.supervisor import Child, Stopped, Supervisor
from portal.organisations.models import Membership

PATIENCE = 60.0
Say = Callable[[str], None]


def run(wanted_port: int, *, opens_browser: bool, say: Say) -> None:
    """Prepare, start, and look after the children until Ctrl-C."""
    if settings.MODE != "demo":
        raise CommandError(f"The demo runs with HABEAS_MODE=demo only; here it is {settings.MODE}. Nothing was started.")
    workers = _workers()
    with _the_only_one(settings.DATA / "demo.lock") as note:
        members = prepare()
        port = _settled_port(wanted_port, say)
        supervisor = Supervisor(settings.DATA / "logs", _environment(port))
        try:
            _open_the_house(supervisor, port)
            note(f"http://localhost:{port}/")
            say(welcome_text(port, members))
            if opens_browser:
                webbrowser.open(f"http://localhost:{port}/")
            _start_the_work(supervisor, workers, say)
            while True:
                _look_after(supervisor, say)
        except Stopped:
            say("\nStopping. Everything stays where it is; the next start goes on from here.")
        finally:
            supervisor.stop()


def prepare() -> list[Membership]:
    """Database, organisations and staff. What is there already is kept."""
    _empty_queue()
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    samples.load_organisations()
    return staff.welcome()


def welcome_text(port: int, members: list[Membership]) -> str:
    """What a newcomer needs: one address, who can sign in, where sent mail is read."""
    home = f"http://localhost:{port}"
    people = [f"    {m.user.email:<24}{m.get_role_display():<10}{m.organisation.name}" for m in members]
    return "\n".join(
        [
            "",
            "Habeas is running. Open this page:",
            "",
            f"    {home}/",
            "",
            "Ask for something as Rita: her address is rita.lindqvist@example.org, at every organisation.",
            *_unlisted(home, members),
            f"Mail that it sends is not posted; read it at {home}/outbox/",
            f"Staff sign in at {home}/desk/ with the password {staff.password()}",
            "",
            *people,
            "",
            f"Everything is written to {settings.DATA}. Ctrl-C stops it all.",
            *_arrivals(),
        ]
    )


def _unlisted(home: str, members: list[Membership]) -> list[str]:
    """Whoever has a processor is on no list of the portal: nobody is to read there who works for whom."""
    keys = dict.fromkeys(m.organisation.key for m in members if m.organisation.processor_id)
    return [f"Tenants of Pyplan are on no list; each has its own page: {', '.join(f'{home}/o/{key}/' for key in keys)}"] if keys else []


def _arrivals() -> list[str]:
    """On a first start the desk fills up while the page is already there."""
    return (
        [] if play.is_over() else ["The sample requests of the last months are being played now; the desk fills up in about half a minute."]
    )


def _open_the_house(supervisor: Supervisor, port: int) -> None:
    web = Child("web", ["web", f"127.0.0.1:{port}"])
    supervisor.start(web)
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if not web.is_alive or time.monotonic() > deadline:
            raise CommandError(f"The web process did not come up. The end of its log:\n{supervisor.tail('web')}")
        time.sleep(0.1)


def _start_the_work(supervisor: Supervisor, workers: int, say: Say) -> None:
    """First the sample requests, which play on days that are over; then the workers, who know no day but today.

    Meanwhile somebody posts what visitors are sent.
    """
    if not play.is_over():
        supervisor.start(Child("post", ["post"], runs_once=True))
    samples_child = Child("samples", ["samples"], runs_once=True)
    supervisor.start(samples_child)
    _wait_for_the_play(supervisor, samples_child, say)
    for number in range(1, workers + 1):
        supervisor.start(Child(f"worker-{number}", ["worker", f"worker-{number}"]))
    supervisor.start(Child("beat", ["beat"]))


def _wait_for_the_play(supervisor: Supervisor, child: Child, say: Say) -> None:
    """However slow the machine is: workers that begin too early take the play's work out of its hands. One that no longer moves is left."""
    seen, moved_at = play.progress(), time.monotonic()
    while child in supervisor.children and time.monotonic() - moved_at < PATIENCE:
        _look_after(supervisor, say)
        if (now := play.progress()) != seen:
            seen, moved_at = now, time.monotonic()


def _look_after(supervisor: Supervisor, say: Say) -> None:
    for sentence in supervisor.look_after():
        say(sentence)
    time.sleep(0.2)


def _workers() -> int:
    wanted = settings.ENV["HABEAS_WORKERS"]
    if not wanted.isdigit() or not 1 <= int(wanted) <= 64:
        raise CommandError(f"HABEAS_WORKERS is {wanted!r}; it may be a number from 1 to 64. Nothing was started.")
    return int(wanted)


def _settled_port(wanted: int, say: Say) -> int:
    port = free_port(wanted)
    if port is None:
        raise CommandError(f"Port {wanted} and the hundred after it are taken by other programs. Nothing was started. Try --port.")
    if port != wanted:
        say(f"Port {wanted} is taken by another program; using {port} instead.")
    return port


def _environment(port: int) -> dict[str, str]:
    given = {"HABEAS_BASE_URL": f"http://localhost:{port}", **os.environ, "PYTHONUNBUFFERED": "1"}
    return {**given, "HABEAS_DATA": str(settings.DATA), "PYTHONPATH": os.pathsep.join([str(settings.ROOT), *filter(None, sys.path)])}


def _empty_queue() -> None:
    """Messages are hints about rows; those of the last run would only be answered twice."""
    for folder in ("messages", "processed", "control"):
        shutil.rmtree(settings.QUEUE_FOLDER / folder, ignore_errors=True)
        (settings.QUEUE_FOLDER / folder).mkdir(parents=True)


@contextmanager
def _the_only_one(lock: Path) -> Iterator[Callable[[str], None]]:
    """One demo at a time per data folder. Yields the way to note its address for whoever comes second."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            file.seek(0)
            raise CommandError(
                f"Habeas is already running on this folder: {file.read().strip() or 'it is still starting'}. Nothing was started."
            ) from problem

        def note(address: str) -> None:
            file.truncate(0)
            file.write(address)
            file.flush()

        note("")
        yield note
