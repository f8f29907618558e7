"""The desk's lists: what waits, what was searched for, what stands elsewhere, and how the sources are."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from exports import api
from portal.kit import clock
from requests_app import access, followups, holds, letters, queries
from requests_app.models import Case
from requests_app.pointers import pointers
from requests_app.rows import row_of
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.views.staff import desk_page, user_of
from requests_app.words import right_title, state_title

PEOPLE = {"ours": lazy("Mine and unassigned"), "mine": lazy("Mine"), "unassigned": lazy("Unassigned"), "everyone": lazy("Everyone")}
PROCESSED_ON_A_PAGE = 100
MOST_LETTERS = 100


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The list by urgency. It renews itself while it is looked at."""
    looked = queries.lens(request.GET)
    user = user_of(request)
    houses = access.organisations_of(user)
    zone = houses[0].timezone if houses else "UTC"
    cases = Case.objects.filter(organisation__in=houses).select_related("organisation", "owner")
    desk = queries.desk(cases, user, looked, zone=zone)
    groups = [(group, [row_of(case, desk.today) for case in group.rows]) for group in desk.groups]
    words: dict[str, Any] = {
        "desk": desk,
        "groups": groups,
        "looked": looked,
        "today": desk.today,
        "people": _people(looked, desk),
        "rights": _rights(looked, desk),
        "pointers": pointers(houses, cases, desk.today),
    }
    if not desk.shown and not looked.closed:
        first = queries.next_date(cases)
        words["first"] = row_of(first, desk.today) if first else None
    return desk_page(request, "queue", houses=houses, **words)


def _people(looked: queries.Lens, desk: queries.Desk) -> list[tuple[str, str, str, bool]]:
    """Address, words, count and whether it is the current one."""
    is_here = {who: who == looked.who and not looked.closed for who in PEOPLE}
    return [(looked.address(who=who, closed=""), str(words), counted(desk, who), is_here[who]) for who, words in PEOPLE.items()]


def _rights(looked: queries.Lens, desk: queries.Desk) -> list[tuple[str, str, str, bool]]:
    named = {
        "": _("All rights"),
        Right.ACCESS.value: right_title("access"),
        Right.DELETION.value: right_title("deletion"),
        queries.OTHER: _("Other"),
    }
    counts = {"": "", **{key: counted(desk, f"right_{key}") for key in ("access", "deletion", "other")}}
    return [(looked.address(right=key), words, counts[key], looked.right == key) for key, words in named.items()]


def counted(desk: queries.Desk, key: str) -> str:
    """A count; with a plus where there are more cases than were counted."""
    return f"{desk.counts[key]:,}{'+' if desk.is_cut_short else ''}"


@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """By reference or exact email address. A POST, so that no address stands in a log or a history."""
    typed = request.POST.get("find", "").strip()[:254]
    rows = queries.found(access.cases_for(user_of(request)), typed) if typed else []
    if len(rows) == 1:
        return redirect("desk:case", rows[0].reference)
    return desk_page(request, "search", typed=typed, rows=[row_of(case, clock.today(case.organisation.timezone)) for case in rows])


@require_safe
def lost(request: HttpRequest) -> HttpResponse:
    """Letters that did not arrive, on whatever request, closed ones too."""
    return desk_page(request, "lost", lost=letters.lost(access.cases_for(user_of(request)))[:MOST_LETTERS])


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """How each source was when it was last asked. Nothing is asked now."""
    houses = access.organisations_of(user_of(request))
    return desk_page(request, "sources", section="sources", known=[(house, api.sources(house), api.retention(house)) for house in houses])


@require_safe
def still_to_do(request: HttpRequest) -> HttpResponse:
    """What is left about requests that are answered or on hold."""
    houses = access.organisations_of(user_of(request))
    found = followups.followups(houses, clock.today(houses[0].timezone if houses else "UTC"))
    rows: list[tuple[Any, ...]] = [(one, _("Tell the recipients"), followups.names_untold(one), one.answered_at) for one in found.untold]
    for telling in found.late:
        recipient = telling.case.policy.read().recipient(telling.recipient)
        rows.append((telling.case, _("Not confirmed in time"), recipient.name if recipient else "", telling.answer_by))
    rows += [(one.case, _("On hold: must it stay any longer?"), holds.sentence(one), one.until) for one in found.held]
    return desk_page(request, "followups", rows=rows)


@require_safe
def processed(request: HttpRequest) -> HttpResponse:
    """For a processor's staff: that its customers' requests move. References, states and dates; no person, no content."""
    cases = access.processed_for(user_of(request)).exclude(state=State.CLOSED).order_by("organisation__name", "due_on", "pk")
    page = Paginator(cases, PROCESSED_ON_A_PAGE).get_page(request.GET.get("page"))
    rows = [(case, right_title(case.right), state_title(case.state)) for case in page]
    return desk_page(request, "processed", section="processed", rows=rows, page=page)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Keys, roles and the road of a request, for officers."""
    return desk_page(request, "help", section="help", back=reverse("desk:queue"))
