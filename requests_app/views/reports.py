"""How the dates are kept, the figures of a year, and the register that they come from."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from requests_app import access, extracts, figures
from requests_app.figures import Year
from requests_app.flows import viewing
from requests_app.tally import tally
from requests_app.views.staff import desk_page, user_of
from requests_app.words import right_title

KINDS: dict[str, Promise | str] = {
    "delete": _("Delete"),
    "correct": _("Correct"),
    "know": _("Know"),
    "opt_out": _("Opt out of sale or sharing"),
    "limit": _("Limit the use of sensitive data"),
}


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """On time and late, by month and by right, for each organisation of the reader."""
    houses = access.organisations_of(user_of(request))
    tallies = [(tally(house), figures.years(house)) for house in houses]
    return desk_page(request, "reports", section="reports", tallies=tallies)


@require_safe
def year(request: HttpRequest, key: str, year: int) -> HttpResponse:
    """The figures of one calendar year, to publish or to print."""
    counted = _counted(request, key, year)
    words: dict[str, Any] = {
        "counted": counted,
        "rights": [(right_title(right), line) for right, line in counted.rights.items()],
        "kinds": [(KINDS[kind], line) for kind, line in counted.ccpa.items()],
        "kept": figures.performance(counted.entries),
        "complaints": figures.complaints(counted.entries),
        "said": None if counted.residence else figures.satisfaction(counted.organisation, year),
        "remarks": [] if counted.residence else figures.remarks(counted.organisation, year),
        "sources": () if counted.residence else figures.sources(counted.organisation, year),
        "years": figures.years(counted.organisation),
        "places": figures.places(counted.organisation, year),
    }
    return desk_page(request, "figures", section="reports", houses=[counted.organisation], **words)


@require_safe
def year_json(request: HttpRequest, key: str, year: int) -> HttpResponse:
    """The same figures for machines."""
    return _unkept(JsonResponse(_counted(request, key, year).to_json(), json_dumps_params={"ensure_ascii": False, "indent": 1}))


@require_safe
def register_csv(request: HttpRequest, key: str, year: int, form: str) -> HttpResponse:
    """The rows of the register: the six columns of a law's record, or all. That they were taken away is recorded."""
    if form not in extracts.FORMS:
        raise Http404
    counted = _counted(request, key, year)
    by = access.actor_at(user_of(request), counted.organisation.pk)
    viewing.took_register(counted.organisation.pk, year=year, form=form, rows=len(counted.entries), by=by)
    response = HttpResponse(extracts.as_csv(counted.entries, form), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="register-{key}-{year}-{form}.csv"'
    return _unkept(response)


def _counted(request: HttpRequest, key: str, year: int) -> Year:
    organisation = access.organisation_for(user_of(request), key)
    if not 1 <= year <= 9999:
        raise Http404
    place = request.GET.get("residence", "")
    return figures.year_of(organisation, year, residence=place if place in figures.places(organisation, year) else "")


def _unkept(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store, private"
    return response
