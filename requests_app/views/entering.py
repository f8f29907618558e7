"""A request that came by phone, by post or in person is typed in by a member of staff."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from requests_app import access
from requests_app.entry_forms import EntryForm
from requests_app.flows import entering, intake
from requests_app.views.staff import desk_page, posted, signed_in_at, user_of


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """The form, for whoever handles requests somewhere."""
    houses = access.handled_by(user_of(request))
    if not houses:
        raise Http404
    form = EntryForm(posted(request), houses=houses)
    if request.method == "POST" and form.is_valid():
        asked = form.application
        actor = access.actor_at(user_of(request), asked.organisation.pk, signed_in_at=signed_in_at(request))
        submission = entering.enter(asked, by=actor, note=form.cleaned_data["note"], seen=form.seen)
        return redirect("desk:case", intake.lead_case(submission).reference)
    return desk_page(request, "enter", houses=houses, status=422 if form.errors else 200, form=form, has_choice=len(houses) > 1)
