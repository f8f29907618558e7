"""Mail that is not a request yet: read it, open a request from it, or say why it is none."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from portal.kit.crypto import Sealed
from portal.kit.masking import mask_email
from portal.organisations.models import Organisation
from requests_app import access
from requests_app.entry_forms import AsideForm, OpenForm
from requests_app.flows import sorting, viewing
from requests_app.mail.words import REASONS, UNREAD, flag_words, unkept_words, verdict_words
from requests_app.models import InboundMail, Mailbox
from requests_app.models.mail import Outcome
from requests_app.rules.rights import Right
from requests_app.views.staff import desk_page, signed_in_at, user_of

MOST = 200
ASIDE = 50


@dataclass(frozen=True)
class Line:
    """One mail in the list."""

    mail: InboundMail
    sender: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Box:
    """How the mailbox of one organisation is."""

    house: Organisation
    mailbox: Mailbox | None
    error: str


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Everything that waits, oldest first: its date runs if it is a request."""
    houses = access.organisations_of(user_of(request))
    mails = access.mails_for(user_of(request))
    listed = mails.filter(outcome=Outcome.LISTED)
    aside = mails.filter(outcome=Outcome.SET_ASIDE).exclude(content_sealed=b"").order_by("-settled_at")
    return desk_page(
        request,
        "mail",
        section="mail",
        houses=houses,
        lines=[_line(mail) for mail in listed[:MOST]],
        count=listed.count(),
        aside=[_line(mail) for mail in aside[:ASIDE]],
        boxes=_boxes(houses),
    )


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail, and what can be done with it."""
    return _page(request, access.mail_for(user_of(request), pk))


@require_POST
def open_request(request: HttpRequest, pk: int) -> HttpResponse:
    """A request, from the day on which the mail arrived."""
    mail = access.mail_for(user_of(request), pk, to_change=True)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _page(request, mail, opens=form)
    case = sorting.open_request(mail, Right(form.cleaned_data["right"]), by=_actor(request, mail))
    return redirect("desk:case", case.reference)


@require_POST
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Not a request, for a reason."""
    mail = access.mail_for(user_of(request), pk, to_change=True)
    form = AsideForm(request.POST)
    if not form.is_valid():
        return _page(request, mail, sets_aside=form)
    sorting.set_aside(mail, form.cleaned_data["reason"], by=_actor(request, mail))
    return redirect("desk:mail")


def _actor(request: HttpRequest, mail: InboundMail) -> access.Actor:
    return access.actor_at(user_of(request), mail.organisation_id, signed_in_at=signed_in_at(request))


def _page(request: HttpRequest, mail: InboundMail, *, opens: OpenForm | None = None, sets_aside: AsideForm | None = None) -> HttpResponse:
    content, actor = _content(mail), _actor(request, mail)
    viewing.looked_at_mail(mail, by=actor)
    return desk_page(
        request,
        "mail_page",
        section="mail",
        status=422 if opens or sets_aside else 200,
        houses=[mail.organisation],
        mail=mail,
        content=content,
        actor=actor,
        flags=[*flag_words(mail.flags), *filter(None, [unkept_words(mail.attachments).strip("[]")])],
        verdicts=verdict_words(mail.authentication),
        reason=str(REASONS.get(mail.reason, "")),
        opens=opens or OpenForm(),
        sets_aside=sets_aside or AsideForm(),
        form=opens or sets_aside,
    )


def _content(mail: InboundMail) -> dict[str, str]:
    """Empty once it was destroyed."""
    try:
        return mail.content
    except Sealed:
        return {}


def _line(mail: InboundMail) -> Line:
    content = _content(mail)
    sender = content.get("sender", "")
    return Line(mail, mask_email(sender) if sender else "", content.get("subject", ""), str(REASONS.get(mail.reason, "")))


def _boxes(houses: list[Organisation]) -> list[Box]:
    known = {mailbox.organisation_id: mailbox for mailbox in Mailbox.objects.filter(organisation__in=houses)}
    read = [house for house in houses if house.key in settings.MAILBOXES]
    return [Box(house, known.get(house.pk), str(UNREAD.get(known[house.pk].error, "")) if house.pk in known else "") for house in read]
