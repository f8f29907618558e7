"""How the dates are kept."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from requests_app import access
from requests_app.tally import tally
from requests_app.views.staff import desk_page, user_of


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """On time and late, by month and by right, for each organisation of the reader."""
    tallies = [tally(house) for house in access.organisations_of(user_of(request))]
    return desk_page(request, "reports", section="reports", tallies=tallies)
