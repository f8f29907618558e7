"""The Celery app. Messages carry a row's id and are hints: the database is the queue."""

import gc
import os
from importlib import import_module
from typing import Any

from celery import Celery, Task
from celery.signals import worker_process_init, worker_ready

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
app.autodiscover_tasks()


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types
@worker_process_init.connect  # type: ignore[untyped-decorator]
def settle(**_signal: object) -> None:
    """What a worker has loaded stays. Without this, rows by the hundred thousand make it look through all of that again and again:
    40% of an erasure of 100,000 rows."""
    gc.collect()
    gc.freeze()
