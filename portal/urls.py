"""Every door of the web. `public` and `open` need no sign-in; everything else does."""

from django.conf import settings
from django.urls import include, path

from portal import probes

handler400 = "portal.errors.unreadable"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.failed"

open_doors = (
    [
        path("healthz", probes.healthz, name="healthz"),
        path("readyz", probes.readyz, name="readyz"),
        path("metrics", probes.metrics, name="metrics"),
        path(".well-known/security.txt", probes.security_txt, name="security"),
        path(".well-known/habeas-keys.json", probes.keys, name="keys"),
    ],
    "open",
)

urlpatterns = [
    path("", include(open_doors)),
    path("desk/account/", include("allauth.urls")),
    path("desk/", include("requests_app.desk_urls")),
    path("", include("requests_app.public_urls")),
]
if settings.MODE == "demo":
    urlpatterns.insert(0, path("outbox/", include("portal.demo.urls")))
