"""The policy as a page and as JSON, with its versions; the accessibility statement; and the organisation's two colours."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from portal.organisations.models import Policy
from portal.organisations.promises import PolicyDocument
from requests_app import fates, journey
from requests_app.views.frame import Frame, framed, kept_a_while, shown

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@require_safe
@kept_a_while
def privacy(request: HttpRequest, org: str) -> HttpResponse:
    """What the organisation promises, drawn from the policy that its requests are decided by."""
    frame = framed(request, org)
    return shown(
        request,
        "privacy",
        versions=_versions(frame),
        ledger=fates.ledger(frame.promises, frame.today),
        rights=[promise for promise in frame.promises.rights.values() if promise.offered],
        by_form={right.value for right in journey.rights_by_form(frame.promises)},
    )


@require_safe
@kept_a_while
def privacy_json(request: HttpRequest, org: str) -> JsonResponse:
    """The same for machines: the document in force, and every version that was loaded."""
    frame = framed(request, org)
    versions = [_named(one) for one in _versions(frame)]
    current = {**_named(frame.policy), "document": for_everybody(frame.promises)}
    return JsonResponse({"organisation": org, "current": current, "versions": versions})


def for_everybody(promises: PolicyDocument) -> dict[str, Any]:
    """The document without what stands in it for officers only."""
    document = {key: value for key, value in promises.to_json().items() if key != "officer_notes"}
    document["categories"] = [{key: value for key, value in one.items() if key != "note"} for one in document["categories"]]
    return document


def _versions(frame: Frame) -> list[Policy]:
    return list(frame.organisation.policies.defer("document").order_by("-effective_on", "-pk"))


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
