"""The Celery app. Messages carry a row's id and are hints: the database is the queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("habeas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
