"""Mounted by portal/urls.py in a demo, and refused anywhere else."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import path

from portal.demo import pages

if settings.MODE == "production":
    raise ImproperlyConfigured("The outbox shows everybody's mail to everybody: it is for demos only.")

app_name = "outbox"
urlpatterns = [
    path("", pages.outbox, name="list"),
    path("<str:name>/", pages.message, name="message"),
    path("<str:name>/<int:number>/", pages.attachment, name="attachment"),
]
