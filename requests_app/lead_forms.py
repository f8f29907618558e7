"""What a lead chooses when something cannot be done, must stay, or needs a second person. Whether it is allowed is the flows' to say."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_app.desk_forms import Text
from requests_app.flows.holding import Terms
from requests_app.holds import GROUNDS
from requests_app.undone import REASONS, Why


class ShortfallForm(forms.Form):
    """Why a place is closed for a request."""

    reason = forms.ChoiceField(
        label=_("Why can it not be done?"),
        help_text=_("The person reads this sentence."),
        choices=list(REASONS.items()),
        error_messages={"required": _("Choose why it cannot be done")},
    )
    text = Text(
        label=_("What was not done"),
        rows=5,
        help_text=_("The person reads it below the sentence: which data it is about, and what you tried."),
        error_messages={"required": _("Write what was not done")},
    )

    @property
    def why(self) -> Why:
        """The reason as the flow takes it."""
        said: dict[str, Any] = self.cleaned_data
        return Why(said["reason"], said["text"])


class AppealForm(forms.Form):
    """Whether the first decision stands."""

    verdict = forms.ChoiceField(
        label=_("Does the decision stand?"),
        choices=[("upheld", _("It stands")), ("overturned", _("It is overturned: the request is opened again"))],
        error_messages={"required": _("Choose whether it stands")},
    )
    text = Text(label=_("Why"), rows=8, help_text=_("The person reads it in our letter."), error_messages={"required": _("Write why")})


class AboutForm(forms.Form):
    """Which request an appeal is about."""

    about = forms.ChoiceField(label=_("Which request is it about?"), error_messages={"required": _("Choose the request")})

    def __init__(self, *args: Any, cases: Sequence[tuple[str, str]], **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["about"].choices = list(cases)  # type: ignore[attr-defined]


class HoldForm(forms.Form):
    """What stays, why, and when somebody looks again."""

    line = forms.ChoiceField(label=_("What must stay?"), required=False)
    ground = forms.ChoiceField(
        label=_("Why?"),
        help_text=_("The person reads this sentence."),
        choices=list(GROUNDS.items()),
        error_messages={"required": _("Choose why it must stay")},
    )
    until = forms.DateField(
        label=_("Look at it again by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Nothing is deleted by this day coming."),
        error_messages={"invalid": _("Write the date as 2026-12-24")},
    )
    text = Text(
        label=_("What shows it"),
        rows=4,
        help_text=_("For colleagues and for whoever checks us. The person does not read it."),
        error_messages={"required": _("Write what shows it")},
    )

    def __init__(self, *args: Any, lines: Sequence[tuple[str, str]], **words: Any) -> None:
        super().__init__(*args, **words)
        whole = ("", str(_("The whole request")))
        self.fields["line"].choices = [whole, *lines]  # type: ignore[attr-defined]

    @property
    def terms(self) -> Terms:
        """The hold as the flow takes it."""
        said: dict[str, Any] = self.cleaned_data
        return Terms(said["ground"], said["text"], said["until"])


class LiftForm(forms.Form):
    """When and why a restriction ends."""

    on = forms.DateField(
        label=_("From when is the data used again?"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Enter the day"), "invalid": _("Write the date as 2026-12-24")},
    )
    text = Text(label=_("Why"), rows=4, help_text=_("The person reads it."), error_messages={"required": _("Write why it is lifted")})
