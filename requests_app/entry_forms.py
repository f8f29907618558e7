"""What officers type when they take a request in: from a mail, from a call, from the post."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.desk_forms import Text
from requests_app.entry_asker_forms import AskerEntry, Typed
from requests_app.flows.entering import BY_HAND
from requests_app.flows.intake import Application
from requests_app.forms import Address, Line
from requests_app.mail.words import REASONS
from requests_app.models.case import AskedBy
from requests_app.rules.rights import Right
from requests_app.words import RIGHTS

RIGHT_CHOICES = [(right.value, title) for right, title in RIGHTS.items()]


class OpenForm(forms.Form):
    """Which right a mail asks for."""

    right = forms.ChoiceField(
        label=lazy("What does it ask for?"),
        choices=RIGHT_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose what it asks for")},
    )


class AsideForm(forms.Form):
    """Why a mail is no request."""

    reason = forms.ChoiceField(
        label=lazy("Why is it not a request?"),
        choices=list(REASONS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose why it is not a request")},
    )


class EntryForm(AskerEntry):
    """A request that came by phone, by post, in person, or by a mail that was read elsewhere."""

    use_required_attribute = False
    only: Organisation | None = None

    organisation = forms.ModelChoiceField(
        label=lazy("Whose request is it?"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose an organisation")},
    )
    right = forms.ChoiceField(
        label=lazy("What was asked for?"),
        choices=RIGHT_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose what was asked for")},
    )
    channel = forms.ChoiceField(
        label=lazy("How did it come?"),
        choices=[(one.value, one.label) for one in BY_HAND],
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose how it came")},
    )
    received_on = forms.DateField(
        label=lazy("On which day did it arrive?"),
        help_text=lazy("The day it reached your house, not today if that was earlier. The date to reply by counts from it."),
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        error_messages={"required": lazy("Enter the day it arrived"), "invalid": lazy("Enter a day like 2026-11-20")},
    )
    name = Line(label=lazy("Name of the person"), missing=lazy("Enter the name of the person whose data it is about"))
    email = Address(
        label=lazy("Email address of the person"),
        required=False,
        help_text=lazy(
            "We send a link there, unless a guardian asks, and nothing goes on before it is confirmed. Leave it empty if there is none: "
            "the request then stands on the desk with its date. Nothing can be gathered or sent for it here, because only an address can "
            "be proved."
        ),
    )
    note = Text(label=lazy("Note"), required=False, rows=4, help_text=lazy("For colleagues. The person never reads it."))

    def __init__(self, *args: Any, houses: Sequence[Organisation], **words: Any) -> None:
        super().__init__(*args, **{**words, "auto_id": "%s"})
        chosen: Any = self.fields["organisation"]
        chosen.queryset = Organisation.objects.filter(pk__in=[house.pk for house in houses]).order_by("name")
        if len(houses) == 1:
            chosen.initial, chosen.required, chosen.widget = houses[0], False, forms.HiddenInput()
            self.only = houses[0]

    def clean_organisation(self) -> Organisation:
        house: Organisation | None = self.cleaned_data.get("organisation") or self.only
        if house is None:
            raise ValidationError(_("Choose an organisation"))
        return house

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        house, day = cleaned.get("organisation"), cleaned.get("received_on")
        if house and day and day > clock.today(house.timezone):
            self.add_error("received_on", ValidationError(_("This day is still to come. Enter the day it arrived")))
        self.check_asker(Typed(house, cleaned.get("right", ""), cleaned.get("email", "")))
        return cleaned

    @property
    def application(self) -> Application:
        """The request that this form describes."""
        typed = self.cleaned_data
        house: Organisation = typed["organisation"]
        return Application(
            organisation=house,
            policy=house.current_policy,
            right=Right(typed["right"]),
            name=typed["name"],
            identities={"email": typed["email"]},
            asker=self.asker,
            is_child=typed["asks"] == AskedBy.CHILD.value,
            channel=typed["channel"],
            received_at=_moment(typed["received_on"], house.timezone),
        )


def _moment(day: date, zone: str) -> datetime:
    """Noon of an earlier day, where the organisation is; for today, now: the law counts days."""
    return clock.now() if day == clock.today(zone) else datetime.combine(day, time(12), ZoneInfo(zone))
