"""The web door for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

import portal.celery  # noqa: F401  (the task app must exist before any task is sent)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
