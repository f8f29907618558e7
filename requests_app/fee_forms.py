"""What an officer types to announce a fee."""

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_app.desk_forms import Text
from requests_app.flows.charging import AMOUNT


class FeeForm(forms.Form):
    """The amount, what it is for, and what an officer found about the request."""

    amount = forms.RegexField(
        f"^{AMOUNT.pattern}$",
        label=_("How much?"),
        help_text=_("The currency and the amount, like CAD 10.00."),
        error_messages={"required": _("Enter the amount, like CAD 10.00"), "invalid": _("Enter the amount, like CAD 10.00")},
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off"}),
    )
    text = Text(
        label=_("What is it for?"),
        rows=4,
        help_text=_("The person reads it in our letter."),
        error_messages={"required": _("Say what it is for")},
    )
    how = Text(
        label=_("How can it be paid?"),
        rows=3,
        help_text=_("Where to, and with the reference of this request. The person reads it in our letter."),
        error_messages={"required": _("Say how it can be paid")},
    )
    found = forms.MultipleChoiceField(
        label=_("What did you find?"),
        help_text=_("Some laws allow a fee only then. Leave it empty where neither is so."),
        choices=[("excessive", _("It is clearly unfounded or excessive")), ("further_copy", _("It asks again for a copy already given"))],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
