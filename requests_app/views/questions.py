"""The questions that belong to one right and to no other: uses, words, corrections. Nothing is looked up: the same pages for everybody."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from exports import api
from portal.organisations.promises import PolicyDocument
from requests_app import asking, journey
from requests_app.journey import Draft, Journey
from requests_app.rules.rights import Right
from requests_app.views import visits
from requests_app.views.frame import Frame, posted, shown
from requests_app.wish_forms import EVERYTHING, OUTLINE, SOME, ExtentForm, ThingForm, UsesForm, ValuesForm, WordsForm
from requests_app.wishes import OTHER


def go_on(request: HttpRequest, frame: Frame, draft: Draft) -> HttpResponse:
    """Keeps the answers and leads to the next question."""
    key = frame.organisation.key
    journey.keep_draft(request.session, key, draft)
    visits.browser_of(request)  # made before it is needed: two presses of the last button must find the same secret
    return redirect("public:ask", key, Journey(frame.promises, draft).next)


def by_yourself(promises: PolicyDocument, right: str) -> str:
    """What people can do without asking, as the policy says it; shown before the question."""
    promise = promises.rights.get(right)
    return (promise.self_service or "") if promise else ""


def ask_first(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """What there is to know before asking, and nothing else."""
    if request.method == "POST":
        trip.draft.first_seen = True
        return go_on(request, frame, trip.draft)
    right = Right(trip.draft.right)
    return shown(
        request,
        "first",
        journey=trip,
        heading=journey.right_words(frame.promises, right),
        right=right.value,
        hint=by_yourself(frame.promises, right.value),
        ends=_ends(frame, right),
    )


def _ends(frame: Frame, right: Right) -> tuple[str, ...]:
    """What of an access ends with it: by its titles in the dataset files, whoever asks."""
    return api.revocable(frame.organisation) if right is Right.WITHDRAWAL else ()


def ask_uses(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """Which of the uses that the policy names."""
    right = Right(trip.draft.right)
    question, choices = asking.USES[right], asking.choices_of(frame.promises, right)
    form = UsesForm(question, choices, posted(request), initial={"uses": trip.draft.uses})
    if request.method == "POST" and form.is_valid():
        trip.draft.uses = form.cleaned_data["uses"]
        return go_on(request, frame, trip.draft)
    return shown(
        request,
        "uses",
        form=form,
        problems=form.errors,
        journey=trip,
        question=question,
        choices=choices,
        chosen=form["uses"].value() or (),
        hint=by_yourself(frame.promises, right.value),
        ends=_ends(frame, right),
    )


def ask_extent(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """Everything, some kinds, or a description."""
    draft, kinds = trip.draft, asking.kinds_of(frame.promises)
    before = SOME if draft.kinds else OUTLINE if draft.outline else EVERYTHING
    form = ExtentForm(kinds, posted(request), initial={"extent": before, "kinds": draft.kinds})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        draft.kinds = said["kinds"] if said["extent"] == SOME else []
        draft.outline = said["extent"] == OUTLINE
        return go_on(request, frame, draft)
    chosen = {"extent": form["extent"].value(), "kinds": form["kinds"].value() or ()}
    return shown(request, "extent", form=form, problems=form.errors, journey=trip, kinds=kinds, chosen=chosen)


def ask_words(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """The person's own words."""
    question = asking.WORDS[Right(trip.draft.right)]
    form = WordsForm(question, posted(request), initial={"words": trip.draft.words})
    if request.method == "POST" and form.is_valid():
        trip.draft.words, trip.draft.words_seen = form.cleaned_data["words"], True
        return go_on(request, frame, trip.draft)
    return shown(request, "words", form=form, problems=form.errors, journey=trip, question=question)


def _things(frame: Frame) -> dict[str, list[tuple[str, str, str]]]:
    """What can be wrong, under the policy's headings: key, title, hint."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for one in api.correctable(frame.organisation, frame.promises):
        groups.setdefault(one.topic, []).append((one.key, one.title, one.place))
    return groups


def ask_which(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """Which thing is wrong."""
    groups = _things(frame)
    listed = [(key, title) for things in groups.values() for key, title, _place in things]
    form = ThingForm([*listed, (OTHER, _("Something else"))], posted(request), initial={"thing": trip.draft.thing})
    if request.method == "POST" and form.is_valid():
        trip.draft.thing, trip.draft.more_seen = form.cleaned_data["thing"], False
        return go_on(request, frame, trip.draft)
    return shown(
        request,
        "which",
        form=form,
        problems=form.errors,
        journey=trip,
        groups=groups,
        chosen=form["thing"].value(),
        hint=by_yourself(frame.promises, Right.CORRECTION.value),
    )


def ask_values(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """What it says now, and what it should say."""
    draft = trip.draft
    if not draft.thing:
        return redirect("public:ask", frame.organisation.key, journey.WHICH if not draft.corrections else journey.MORE)
    titles = {key: f"{title} ({place})" for things in _things(frame).values() for key, title, place in things}
    form = ValuesForm(draft.thing, posted(request))
    if request.method == "POST" and form.is_valid():
        typed = {name: value for name, value in form.cleaned_data.items() if name != "what"}
        title = titles.get(draft.thing) or form.cleaned_data.get("what", "")
        draft.corrections = [*draft.corrections, {"thing": draft.thing, "title": title, **typed}]
        draft.thing = ""
        return go_on(request, frame, draft)
    return shown(request, "values", form=form, problems=form.errors, journey=trip, title=titles.get(draft.thing, ""))


def ask_more(request: HttpRequest, frame: Frame, trip: Journey) -> HttpResponse:
    """What was noted so far; one more, one less, or go on."""
    draft = trip.draft
    if request.method != "POST":
        may_add = len(draft.corrections) < journey.MOST_CORRECTIONS
        return shown(request, "corrections", journey=trip, corrections=draft.corrections, may_add=may_add)
    if "remove" in request.POST:
        draft.corrections = [one for number, one in enumerate(draft.corrections) if str(number) != request.POST["remove"]]
        return go_on(request, frame, draft)
    if "another" in request.POST and len(draft.corrections) < journey.MOST_CORRECTIONS:
        journey.keep_draft(request.session, frame.organisation.key, draft)
        return redirect("public:ask", frame.organisation.key, journey.WHICH)
    draft.more_seen = True
    return go_on(request, frame, draft)


QUESTIONS: dict[str, Callable[[HttpRequest, Frame, Journey], HttpResponse]] = {
    journey.FIRST: ask_first,
    journey.USES: ask_uses,
    journey.EXTENT: ask_extent,
    journey.WORDS: ask_words,
    journey.WHICH: ask_which,
    journey.VALUES: ask_values,
    journey.MORE: ask_more,
}
