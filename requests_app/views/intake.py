"""From the start page to the request that is sent: one question a page."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.organisations.models import Organisation
from requests_app import asking, fates, journey
from requests_app.charges import price_of
from requests_app.flows import intake
from requests_app.flows.intake import Application
from requests_app.forms import FindYouForm, RightForm
from requests_app.journey import Draft, Journey
from requests_app.models.case import AskedBy
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof
from requests_app.views import visits
from requests_app.views.frame import Frame, framed, kept_a_while, posted, reply_by, shown, unkept
from requests_app.views.questions import QUESTIONS, by_yourself, go_on
from requests_app.views.whom import ask_asker, ask_whom, whom_choices

START: dict[Right, Promise | str] = {
    Right.ACCESS: gettext_lazy("What we hold, why, and who else has it. As pages to read and JSON to reuse."),
    Right.DELETION: gettext_lazy("We show you what goes and what we must keep, before you decide."),
}
AFTER_THE_FIRST = (journey.WHOM, journey.ASKER, journey.FIND_YOU, journey.KEEP, journey.CHECK, *QUESTIONS)


@require_safe
@kept_a_while
def home(request: HttpRequest) -> HttpResponse:
    """The organisations of this installation, or the only one. Whose processor somebody is, the list does not tell."""
    listed = Organisation.objects.filter(is_active=True, policies__isnull=False, processor__isnull=True)
    organisations = list(listed.distinct())
    if len(organisations) == 1:
        return redirect("public:start", organisations[0].key)
    return shown(request, "home", organisations=organisations)


@require_safe
@kept_a_while
def start(request: HttpRequest, org: str) -> HttpResponse:
    """What can be asked here and the date it is answered by. Asks nothing of the session: the same page for everybody."""
    frame = framed(request, org)
    rights = journey.rights_by_form(frame.promises)
    dates = [day for right in rights if (day := reply_by(frame, right))]
    others = [promise for key, promise in frame.promises.rights.items() if promise.offered and key not in rights]
    return shown(
        request,
        "start",
        rights=rights,
        offers=[_offer(frame, right) for right in rights],
        reply_by=max(dates, default=None),
        others=others,
        free_months=next((promise.free_months for promise in frame.promises.rights.values() if promise.free_months), None),
    )


def _offer(frame: Frame, right: Right) -> tuple[str, str, str]:
    """A right on the start page: what it is called, what it gives, and what people can do by themselves."""
    hint = START.get(right, asking.LABELS[right][1])
    return journey.right_words(frame.promises, right), str(hint), by_yourself(frame.promises, right.value)


@require_http_methods(["GET", "HEAD", "POST"])
@unkept
def ask(request: HttpRequest, org: str, step: str) -> HttpResponse:
    """One question. A page whose turn has not come leads to the one that is next."""
    frame = framed(request, org)
    draft = journey.open_draft(request.session, org)
    trip = Journey(frame.promises, draft, step)
    page = PAGES.get(step)
    if page is None or not trip.is_open(step):
        return _sent_already(request, org, trip) or redirect("public:ask", org, trip.next)
    return page(request, frame, trip)


def _sent_already(request: HttpRequest, org: str, trip: Journey) -> HttpResponse | None:
    """After the last button, the same button again and the way back lead on to where that button led."""
    sent = visits.asked(request.session, org)
    is_the_same = sent is not None and request.POST.get("key") == sent[0]
    is_going_back = sent is not None and request.method != "POST" and not trip.draft.right and trip.here in AFTER_THE_FIRST
    return redirect("public:code", org) if is_the_same or is_going_back else None


def _ask_right(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    rights = journey.rights_by_form(frame.promises)
    choices = [(right.value, journey.right_words(frame.promises, right)) for right in rights]
    form = RightForm(choices, posted(request), initial={"right": trip.draft.right})
    if request.method == "POST" and form.is_valid():
        trip.draft.right = form.cleaned_data["right"]
        return go_on(request, frame, trip.draft)
    hints = {right.value: asking.LABELS[right][1] for right in rights}
    return shown(request, "right", form=form, problems=form.errors, journey=trip, hints=hints, chosen=form["right"].value())


def _ask_who(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    of_another = trip.draft.is_for_another
    form = FindYouForm(frame.promises, posted(request), initial=trip.draft.found, of_another=of_another)
    if request.method == "POST" and form.is_valid():
        trip.draft.found = {name: value for name, value in form.cleaned_data.items() if value}
        return go_on(request, frame, trip.draft)
    may_be_another = journey.WHOM not in trip.steps and not needs_no_proof(Right(trip.draft.right))
    words = {"of_another": of_another, "may_be_another": may_be_another}
    return shown(request, "find_you", form=form, problems=form.errors, journey=trip, **words)


def _ask_keep(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    if request.method == "POST":
        trip.draft.keep_seen = True
        trip.draft.copy_first = request.POST.get("copy") == "yes" and frame.promises.offers(Right.ACCESS.value)
        return go_on(request, frame, trip.draft)
    ledger = fates.ledger(frame.promises, frame.today)
    return shown(request, "keep_and_delete", journey=trip, ledger=ledger, offers_copy=frame.promises.offers(Right.ACCESS.value))


def _check(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    if request.method == "POST" and request.POST.get("key") == trip.draft.key:
        return _send(request, frame, trip.draft)
    found, countries = trip.draft.found, dict(frame.promises.countries)
    others = [(kind.title, found.get(kind.kind, "")) for kind in frame.promises.identities if kind.kind != "email"]
    return shown(
        request,
        "check",
        journey=trip,
        draft=trip.draft,
        right=journey.right_words(frame.promises, Right(trip.draft.right)),
        price=price_of(frame.promises, Right(trip.draft.right), _place(found)),
        others=others,
        asker=trip.draft.asker,
        whom={value: title for value, title, _hint in whom_choices(frame.promises)}.get(trip.draft.whom, ""),
        wish=trip.draft.wish,
        uses=asking.titles_of(frame.promises, trip.draft.wish.uses),
        portable=asking.portable_titles(frame.promises) if trip.draft.right == Right.PORTABILITY else (),
        asks_country=bool(countries),
        country=countries.get(found.get("country", ""), _("Somewhere else") if found.get("country") else ""),
        reply_by=reply_by(frame, Right(trip.draft.right), country=_place(found)),
    )


def _send(request: HttpRequest, frame: Frame, draft: Draft) -> HttpResponse:
    key = frame.organisation.key
    if not visits.is_within_limits(request, "send", key):
        return shown(request, "limited", 429)
    kinds = {"email", *(kind.kind for kind in frame.promises.identities)}
    application = Application(
        organisation=frame.organisation,
        policy=frame.policy,
        right=Right(draft.right),
        name=draft.found["name"],
        identities={kind: value for kind, value in draft.found.items() if kind in kinds},
        country=_place(draft.found),
        asker=draft.asker,
        is_child=draft.whom == AskedBy.CHILD.value,
        copy_first=draft.copy_first,
        wish=draft.wish,
        language=get_language() or "en",
        key=uuid.UUID(draft.key),
    )
    submission = intake.submit(application, browser=visits.browser_of(request))
    visits.remember_asked(request, key, submission, intake.lead_case(submission))
    journey.drop_draft(request.session, key)
    return redirect("public:code", key)


def _place(found: dict[str, str]) -> str:
    country = found.get("country", "")
    return "" if country == "other" else country


PAGES: dict[str, Callable[[HttpRequest, Frame, Journey], HttpResponse]] = {
    journey.RIGHT: _ask_right,
    journey.FIND_YOU: _ask_who,
    journey.KEEP: _ask_keep,
    journey.CHECK: _check,
    journey.WHOM: ask_whom,
    journey.ASKER: ask_asker,
    **QUESTIONS,
}
