"""The policy as a page and as JSON, with its versions; the accessibility statement; and the organisation's two colours."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from portal.organisations.models import Policy
from portal.organisations.promises import PolicyDocument
from requests_app import fates, journey
from requests_app.differences import differences
from requests_app.reach import reach_of
from requests_app.rules.rights import Right
from requests_app.views.frame import Frame, framed, kept_a_while, promises_of, reply_by, shown

COMPARED: dict[Right, Promise | str] = {
    Right.ACCESS: gettext_lazy("A copy by"),
    Right.CORRECTION: gettext_lazy("A correction by"),
    Right.DELETION: gettext_lazy("A deletion by"),
}
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@require_safe
@kept_a_while
def privacy(request: HttpRequest, org: str) -> HttpResponse:
    """What the organisation promises, drawn from the policy that its requests are decided by."""
    frame = framed(request, org)
    return shown(
        request,
        "privacy",
        versions=_with_changes(_versions(frame)),
        ledger=fates.ledger(frame.promises, frame.today),
        rights=[promise for promise in frame.promises.rights.values() if promise.offered],
        by_form={right.value for right in journey.rights_by_form(frame.promises)},
    )


@require_safe
@kept_a_while
def privacy_json(request: HttpRequest, org: str) -> JsonResponse:
    """The same for machines: the document in force, and every version that was loaded."""
    frame = framed(request, org)
    versions = [{**_named(one), "changes": changes} for one, changes in _with_changes(_versions(frame))]
    current = {**_named(frame.policy), "document": for_everybody(frame.promises)}
    return JsonResponse({"organisation": org, "current": current, "versions": versions})


def for_everybody(promises: PolicyDocument) -> dict[str, Any]:
    """The document without what stands in it for officers only."""
    document = {key: value for key, value in promises.to_json().items() if key != "officer_notes"}
    document["categories"] = [{key: value for key, value in one.items() if key != "note"} for one in document["categories"]]
    return document


def _versions(frame: Frame) -> list[Policy]:
    return list(frame.organisation.policies.defer("document").order_by("-effective_on", "-pk"))


def _with_changes(versions: list[Policy]) -> list[tuple[Policy, list[str] | None]]:
    """Each version with what it changed, in words; None for the first one."""
    older = [promises_of(one) for one in versions[1:]]
    changed = [differences(before, promises_of(one)) for one, before in zip(versions, older, strict=False)]
    return list(zip(versions, [*changed, None], strict=True)) if versions else []


@require_safe
@kept_a_while
def laws(request: HttpRequest, org: str) -> HttpResponse:
    """Which law counts for whom, with the dates of today. Nobody has to say where they live to read it."""
    frame = framed(request, org)
    rights = [right for right in journey.rights_by_form(frame.promises) if right in COMPARED]
    found = reach_of(frame.promises, rights, lambda right, place: reply_by(frame, right, country=place))
    own = frame.promises.rights
    promised = [(journey.right_words(frame.promises, right), own[right.value]) for right in rights if own[right.value].days]
    titles = [COMPARED[right] for right in rights]
    return shown(request, "laws", reach=found, titles=titles, promised=promised)


def _named(policy: Policy) -> dict[str, Any]:
    return {"version": policy.version, "effective_on": policy.effective_on.isoformat(), "digest": policy.digest}


@require_safe
@kept_a_while
def accessibility(request: HttpRequest, org: str) -> HttpResponse:
    """Whom these pages are made for, what is known to be missing, and whom to tell."""
    framed(request, org)
    return shown(request, "accessibility")


@require_safe
@kept_a_while
def brand(request: HttpRequest, org: str) -> HttpResponse:
    """The organisation's colours as the two properties that the style sheet knows. Nothing else ever gets into it."""
    organisation = framed(request, org).organisation
    colours = {"--brand": organisation.brand, "--brand-deep": organisation.brand_deep}
    rules = "; ".join(f"{name}: {colour}" for name, colour in colours.items() if COLOUR.fullmatch(colour))
    return HttpResponse(f":root {{ {rules} }}\n" if rules else "", content_type="text/css")
