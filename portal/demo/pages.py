"""The outbox pages: mail that the demo sent. They exist in a demo only."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.demo.outbox import Mail, read_mail, sent_mail


@login_not_required
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """All mail, newest first."""
    _only_in_a_demo()
    return render(request, "outbox/list.html", {"mail": sent_mail()})


@login_not_required
@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One message as text, its links ready to be followed."""
    return render(request, "outbox/message.html", {"mail": _mail(name)})


@login_not_required
@require_safe
def attachment(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A file that came with a message, always as a download."""
    parts = _mail(name).attachments
    if not 0 <= number < len(parts):
        raise Http404
    response = HttpResponse(parts[number].get_content(), content_type=parts[number].get_content_type())
    response["Content-Disposition"] = f'attachment; filename="attachment-{number}"'
    return response


def _mail(name: str) -> Mail:
    _only_in_a_demo()
    found = read_mail(name)
    if found is None:
        raise Http404
    return found


def _only_in_a_demo() -> None:
    if settings.MODE != "demo":
        raise Http404
