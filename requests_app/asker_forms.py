"""What people type about who asks, where that is not always the person themself."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.askers import CAPACITIES
from requests_app.desk_forms import Text
from requests_app.forms import Address, CodeForm, Line, PlainForm
from requests_app.models.case import AskedBy

GUARDIANS = [(key, title) for key, title in CAPACITIES.items() if key != "agent"]
TO_PERSON, TO_AGENT = "person", "agent"


class WhomForm(PlainForm):
    """Whom the request is about."""

    def __init__(self, choices: Sequence[tuple[str, Any]], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        missing = _("Choose whom this is about")
        self.fields["whom"] = forms.ChoiceField(
            choices=choices, widget=forms.RadioSelect, error_messages={"required": missing, "invalid_choice": missing}
        )


class AskerForm(PlainForm):
    """Whoever asks for somebody else: who they are, and, for a guardian, in what capacity."""

    own_name = Line(
        label=gettext_lazy("Your own name"),
        missing=gettext_lazy("Enter your own name"),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
    )
    own_email = Address(
        label=gettext_lazy("Your own email address"),
        help_text=gettext_lazy("We send a code there, and write to you there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
    )
    capacity = forms.ChoiceField(
        label=gettext_lazy("What are you to them?"),
        choices=GUARDIANS,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what you are to them"),
            "invalid_choice": gettext_lazy("Choose what you are to them"),
        },
    )

    def __init__(self, whom: str, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        if whom == AskedBy.AGENT.value:
            del self.fields["capacity"]


class AllowForm(CodeForm):
    """The person's code, and who gets the answer."""

    answer = forms.ChoiceField(
        choices=[(TO_PERSON, gettext_lazy("Me")), (TO_AGENT, gettext_lazy("Whoever asked for me"))],
        widget=forms.RadioSelect,
        initial=TO_PERSON,
        error_messages={
            "required": gettext_lazy("Choose who gets the answer"),
            "invalid_choice": gettext_lazy("Choose who gets the answer"),
        },
    )


class EvidenceForm(forms.Form):
    """What an officer has seen."""

    text = Text(
        label=gettext_lazy("What did you see?"),
        rows=4,
        help_text=gettext_lazy("In words, such as “birth certificate, shown in a call”. Keep no copy of it."),
        error_messages={"required": gettext_lazy("Write what you saw")},
    )
    seen_on = forms.DateField(
        label=gettext_lazy("On which day?"),
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        error_messages={"required": gettext_lazy("Enter the day you saw it"), "invalid": gettext_lazy("Enter a day like 2026-11-20")},
    )
    shows = forms.MultipleChoiceField(
        label=gettext_lazy("It shows that"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Without these two nothing may be searched: ask them for more")},
    )

    def __init__(self, *args: Any, today: date, address: str, is_agents: bool, **words: Any) -> None:
        super().__init__(*args, **words)
        self.today = today
        self.needed = {
            "may": _("They may ask for the person"),
            "theirs": _("This address is the one of the person: %(address)s") % {"address": address},
        }
        agent = {"to_agent": _("The paper says that the answer goes to them, not to the person")} if is_agents else {}
        shows: Any = self.fields["shows"]
        shows.choices = list({**self.needed, **agent}.items())

    def clean_shows(self) -> list[str]:
        shown: list[str] = self.cleaned_data["shows"]
        if not set(self.needed) <= set(shown):
            raise ValidationError(_("Without these two nothing may be searched: ask them for more"))
        return shown

    def clean_seen_on(self) -> date:
        day: date = self.cleaned_data["seen_on"]
        if day > self.today:
            raise ValidationError(_("This day is still to come. Enter the day you saw it"))
        return day
