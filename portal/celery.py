"""The Celery app. Messages carry a row's id and are hints: the database is the queue."""

import gc
import os

from celery import Celery
from celery.signals import worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("habeas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types
@worker_process_init.connect  # type: ignore[untyped-decorator]
def settle(**_signal: object) -> None:
    """What a worker has loaded stays. Without this, rows by the hundred thousand make it look through all of that again and again:
    40% of an erasure of 100,000 rows."""
    gc.collect()
    gc.freeze()
