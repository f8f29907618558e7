"""The portal's doors as a demo has them: with the outbox."""

from django.urls import include, path

from portal.urls import handler404, handler500
from portal.urls import urlpatterns as doors

__all__ = ["handler404", "handler500", "urlpatterns"]
urlpatterns = [path("outbox/", include("portal.demo.urls")), *doors]
