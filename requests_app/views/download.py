"""The archive: what is inside, what is missing, until when, and a fresh code for each download."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from exports.api import Progress
from requests_app.flows import challenges, delivery
from requests_app.flows.challenges import Outcome
from requests_app.forms import CodeForm, LockForm
from requests_app.models import Case
from requests_app.models.challenge import Purpose
from requests_app.rules.verification import CodeRefused
from requests_app.views import visits
from requests_app.views.confirming import WORDS
from requests_app.views.frame import Frame, framed, shown, unkept
from requests_app.views.tracking import followed, not_yours

LOCKED = "locked"


@dataclass(frozen=True)
class Topic:
    """One heading of the archive: the kinds of data under it, in the words of the policy, and how many records."""

    title: str
    kinds: str
    count: int


@sensitive_post_parameters("lock-password")
@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def download(request: HttpRequest, org: str, reference: str) -> HttpResponseBase:
    """Looking sends nothing; one button mails a code, the other takes it and hands the archive over."""
    frame = framed(request, org)
    case = followed(request, org, reference)
    facts = delivery.archive_of(case) if case else None
    if case is None or facts is None:
        return not_yours(request, reference)
    if request.method != "POST" or not facts.available:
        return _page(request, frame, case, CodeForm())
    if not visits.is_within_limits(request, "code", org):
        return shown(request, "limited", 429)
    return _send_code(request, frame, case) if "again" in request.POST else _hand_over(request, frame, case)


def _send_code(request: HttpRequest, frame: Frame, case: Case) -> HttpResponse:
    is_another = _has_code(case)
    try:
        delivery.send_code(case, browser=visits.browser_of(request))
    except CodeRefused as refusal:
        return _page(request, frame, case, CodeForm(), refusal=str(refusal))
    return _page(request, frame, case, CodeForm(), was_sent=is_another)


@sensitive_variables("form", "password")
def _hand_over(request: HttpRequest, frame: Frame, case: Case) -> HttpResponseBase:
    form = LockForm(request.POST) if LOCKED in request.POST else CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, frame, case, form)
    facts = delivery.archive_of(case)
    parts = {str(part.number): part for part in facts.parts} if facts else {}
    part = parts.get(request.POST.get("part", "1"))
    if part is None:
        return _page(request, frame, case, form)
    code, password = form.cleaned_data["code"], form.cleaned_data.get("password", "")
    browser = visits.browser_of(request)
    outcome, pieces = delivery.redeem(case, code, browser=browser, part=part.number, password=password)
    if outcome is not Outcome.RIGHT or pieces is None:
        form.add_error("code", str(WORDS[outcome]))
        return _page(request, frame, case, form)
    name = f"{case.reference}-part-{part.number}-of-{len(parts)}" if len(parts) > 1 else case.reference
    return _file(f"{name}-{LOCKED}" if password else name, part.locked_size if password else part.size, pieces)


def _file(name: str, size: int, pieces: Iterator[bytes]) -> HttpResponseBase:
    """The length, so that the browser can say how far it is. A code is for one download: a part of one cannot be asked for."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Content-Length": str(size), "Accept-Ranges": "none"}
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)


def _page(request: HttpRequest, frame: Frame, case: Case, form: CodeForm, **words: object) -> HttpResponse:
    facts, found = delivery.archive_of(case), delivery.contents_of(case)
    is_locking = isinstance(form, LockForm)
    return shown(
        request,
        "download",
        case=case,
        form=CodeForm() if is_locking else form,
        lock=form if is_locking else LockForm(),
        tried=form,
        problems=form.errors,
        archive=facts,
        gaps=[one.title for one in found.sources if one.state == "failed"] if found else [],
        topics=topics(frame, found) if found else [],
        has_code=_has_code(case),
        address=challenges.address_of(case, Purpose.DOWNLOAD),
        is_used_up=bool(facts and facts.downloads >= facts.max_downloads),
        **words,
    )


def _has_code(case: Case) -> bool:
    """Whether a code was mailed that still works; the page then shows the field for it."""
    challenge = challenges.newest(case, Purpose.DOWNLOAD)
    return bool(challenge and challenges.standing(challenge, browser=challenge.browser_hash) is Outcome.RIGHT)


def topics(frame: Frame, found: Progress) -> list[Topic]:
    """Counts by topic of the policy, in its order; what was found but held back is not counted as inside."""
    counts: dict[str, int] = {}
    kinds: dict[str, list[str]] = {}
    for step in (step for source in found.sources for step in source.collections if step.disclosed):
        category = frame.promises.category(step.category)
        title = category.topic if category else step.title
        counts[title] = counts.get(title, 0) + step.disclosed
        kinds.setdefault(title, []).append(category.title if category else "")
    return [Topic(title, "; ".join(filter(None, dict.fromkeys(kinds[title]))), count) for title, count in counts.items()]
