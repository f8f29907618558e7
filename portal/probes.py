"""What machines ask: are you alive, are you ready, how are you, with which keys do you sign."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exports.api import is_behind
from exports.models import Job, JobState
from portal.kit import crypto
from requests_app.models import Case, Letter


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers too, and no erasure has to be run again before anybody is served."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if is_behind():
        return HttpResponse("restored from a backup: erasures are run again first\n", content_type="text/plain", status=503)
    return HttpResponse("ready\n", content_type="text/plain")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts and ages only, in the Prometheus text format."""
    moment = timezone.now()
    oldest = Job.objects.filter(due_at__lte=moment).aggregate(at=Min("due_at"))["at"]
    values = {
        "habeas_cases_open": Case.objects.filter(closed_at__isnull=True, is_test=False).count(),
        "habeas_jobs_failed": Job.objects.filter(state=JobState.FAILED).count(),
        "habeas_queue_age_seconds": int((moment - oldest).total_seconds()) if oldest else 0,
        "habeas_letters_waiting": Letter.objects.filter(state="queued").count(),
        "habeas_letters_failed": Letter.objects.filter(state="failed").count(),
    }
    body = "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items())
    return HttpResponse(body, content_type="text/plain; version=0.0.4")


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116."""
    expires = (timezone.now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    body = f"Contact: mailto:{settings.DEFAULT_FROM_EMAIL}\nExpires: {expires}\nCanonical: {settings.BASE_URL}/.well-known/security.txt\n"
    return HttpResponse(body, content_type="text/plain")


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys that archives and receipts are signed with."""
    return JsonResponse(crypto.public_keys())
