"""The Celery app. Messages carry a row's id and are hints: the database is the queue."""

import gc
import os
from importlib import import_module
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun, worker_process_init, worker_ready
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# What may be done while erasures that the ledger knows are still to be run again. All else waits: its rows stay due.
AT_ONCE = frozenset(["exports.dispatch", "exports.run_job"])


class Waiting(Task):  # type: ignore[misc]  # Celery has no types
    """A task that does nothing while this store is older than the ledger of erasures."""

    def __call__(self, *args: Any, **words: Any) -> Any:
        if self.name not in AT_ONCE and import_module("exports.api").is_behind():  # models can be imported only once Django is set up
            return None
        return self.run(*args, **words)


app = Celery("habeas", task_cls=Waiting)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf["CELERY_DB_REUSE_MAX"] = 1 << 30  # Celery would close the database before and after each task: `look_after_connections` does less
app.autodiscover_tasks()


@task_prerun.connect  # type: ignore[untyped-decorator]  # Celery has no types
@task_postrun.connect  # type: ignore[untyped-decorator]
def look_after_connections(sender: Task, **_signal: object) -> None:
    """As between two requests: what is old or broken is closed, what is young serves the next task too."""
    if not sender.request.is_eager:
        close_old_connections()


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types
@worker_process_init.connect  # type: ignore[untyped-decorator]
def settle(**_signal: object) -> None:
    """What a worker has loaded stays. Without this, rows by the hundred thousand make it look through all of that again and again:
    40% of an erasure of 100,000 rows."""
    gc.collect()
    gc.freeze()
