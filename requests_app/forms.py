"""What people type, checked in the words of the page. An error says what to do; nothing is corrected behind their back."""

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from exports.api import password_fault
from portal.kit import codes
from portal.kit.signs import LONGEST_LINE, hidden_in_line, hidden_in_text
from portal.organisations.promises import UNSPECIFIED, PolicyDocument
from requests_app import addresses
from requests_app.flows.conversation import LONGEST_MESSAGE
from requests_app.flows.opining import LONGEST_REMARK
from requests_app.models.opinion import Opinion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CODE_SIGNS = 8


class Line(forms.CharField):
    """One line of text, or several if it says so. Signs that nobody can see are refused, not removed."""

    def __init__(self, *, longest: int = LONGEST_LINE, missing: "StrOrPromise" = "", is_text: bool = False, **words: Any) -> None:
        self.longest, self.is_text = longest, is_text
        super().__init__(error_messages={"required": missing}, **words)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if (hidden_in_text if self.is_text else hidden_in_line)(text):
            raise ValidationError(_("There is a sign in it that nobody can see. Type it instead of pasting it."))
        if len(text) > self.longest:
            said = ngettext(
                "Use %(most)d sign or fewer. You used %(used)d.", "Use %(most)d signs or fewer. You used %(used)d.", self.longest
            )
            raise ValidationError(said % {"most": self.longest, "used": len(text)})
        return unicodedata.normalize("NFC", text)


class Address(Line):
    """An email address, kept exactly as it was typed."""

    widget = forms.EmailInput

    def __init__(self, **words: Any) -> None:
        super().__init__(longest=addresses.LONGEST, missing=gettext_lazy("Enter an email address, like name@example.com"), **words)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if text and not addresses.is_address(text):
            raise ValidationError(_("Enter an email address, like name@example.com"))
        return text


class PlainForm(forms.Form):
    """Ids are names, the browser's own validation is off, and a wrong control says so."""

    use_required_attribute = False

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **{**words, "auto_id": "%s"})


class RightForm(PlainForm):
    """One right."""

    right = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, rights: list[tuple[str, str]], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["right"] = forms.ChoiceField(
            choices=rights,
            widget=forms.RadioSelect,
            error_messages={
                "required": _("Choose what you would like us to do"),
                "invalid_choice": _("Choose what you would like us to do"),
            },
        )


class FindYouForm(PlainForm):
    """Name, address, and what else the organisation can look by."""

    def __init__(self, promises: PolicyDocument, *args: Any, of_another: bool = False, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["name"] = Line(
            label=_("Their name") if of_another else _("Your name"),
            help_text=_("As we know them.") if of_another else _("So that we know how to write to you."),
            missing=_("Enter their name") if of_another else _("Enter your name"),
            widget=forms.TextInput(attrs={"autocomplete": "off" if of_another else "name", "spellcheck": "false"}),
        )
        email = self._their_email(promises) if of_another else self._email
        for kind in promises.identities:
            self.fields[kind.kind] = email(kind.hint) if kind.kind == "email" else _other(kind.title, kind.hint, kind.required)
        if "email" not in self.fields:
            self.fields["email"] = email("")
        if promises.countries:
            self.fields["country"] = _country(promises)
            if of_another:
                self.fields["country"].label = _("Where do they live?")

    @staticmethod
    def _email(hint: str) -> Address:
        return Address(
            label=_("Email address"),
            help_text=hint if hint and hint != UNSPECIFIED else _("We send a code there."),
            widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
        )

    @staticmethod
    def _their_email(promises: PolicyDocument) -> Callable[[str], Address]:
        said = _("The one that %(name)s knows them by. If it is your own, enter that.") % {"name": promises.name}
        attributes = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        return lambda _hint: Address(label=_("Their email address"), help_text=said, widget=forms.EmailInput(attrs=attributes))

    @property
    def names(self) -> list[str]:
        return list(self.fields)


def _other(title: str, hint: str, required: bool) -> Line:
    attributes = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none", "class": "short"}
    said = _("Enter this: %(title)s") % {"title": title}
    return Line(label=title, help_text=hint, required=required, missing=said, widget=forms.TextInput(attrs=attributes))


def _country(promises: PolicyDocument) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Where do you live?"),
        help_text=_("Your law may give you an earlier date. We use the earliest."),
        required=False,
        choices=[("", _("Choose a place")), *promises.countries, ("other", _("Somewhere else"))],
        error_messages={"invalid_choice": _("Choose a place from the list, or leave it empty")},
        widget=forms.Select(attrs={"class": "short", "autocomplete": "off"}),
    )


class CodeForm(PlainForm):
    """The code; spaces and dashes are forgiven."""

    code = Line(
        label=gettext_lazy("Code"),
        missing=gettext_lazy("Enter the code that we emailed to you"),
        widget=forms.TextInput(
            attrs={"class": "code", "autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        code = codes.normalise_code(self.cleaned_data["code"])
        if len(code) != CODE_SIGNS or not code.isascii():
            raise ValidationError(_("A code has 8 letters and numbers, like K7MX-9QTF. Copy it from our email."))
        return code


class LockForm(CodeForm):
    """The code, and the password that locks the file. It is shown while it is typed, and is kept neither by the browser nor by us."""

    prefix = "lock"
    password = forms.CharField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy(
            "We made this one up for you. Write it down before you download. You may type one of your own, 12 signs or longer."
        ),
        strip=False,
        error_messages={"required": gettext_lazy("Enter a password, or load the page again for one from us")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **{"initial": {"password": codes.new_password()}, **words})
        self.fields["code"].help_text = _("The one that we emailed to you.")
        if self.is_bound:
            self.fields["password"].help_text = _("12 signs or longer. Write it down before you download.")

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if fault := password_fault(password):
            raise ValidationError(fault)
        return password


class FollowForm(PlainForm):
    """What somebody must know to follow a request; it opens nothing by itself."""

    reference = Line(
        label=gettext_lazy("Your reference"),
        help_text=gettext_lazy("It begins with DR and stands in every letter from us, like DR-4F7K-9Q."),
        missing=gettext_lazy("Enter the reference, like DR-4F7K-9Q"),
        widget=forms.TextInput(attrs={"class": "short ref", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    email = Address(
        label=gettext_lazy("Email address"),
        help_text=gettext_lazy("The one that you gave us for this request."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def clean_reference(self) -> str:
        reference = codes.normalise_reference(self.cleaned_data["reference"])
        if len(reference) != 10 or not reference.startswith("DR-"):
            raise ValidationError(_("A reference looks like DR-4F7K-9Q. You find it in every letter from us."))
        return reference


class OpinionForm(PlainForm):
    """How it went: one press of a button, and a sentence for whoever wants to add one."""

    opinion = forms.ChoiceField(
        choices=Opinion.choices,
        error_messages={
            "required": gettext_lazy("Choose one of the three answers"),
            "invalid_choice": gettext_lazy("Choose one of the three answers"),
        },
    )
    remark = Line(
        label=gettext_lazy("Why?"),
        help_text=gettext_lazy("One sentence, please without names. It is kept apart from your request for a year."),
        longest=LONGEST_REMARK,
        is_text=True,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),  # in a line the Enter key would press the first button
    )


class MessageForm(PlainForm):
    """What the person writes to the people who handle the request."""

    message = Line(
        label=gettext_lazy("Your message"),
        help_text=gettext_lazy("Only the people who handle your request can read it."),
        missing=gettext_lazy("Write something before you send it"),
        longest=LONGEST_MESSAGE,
        is_text=True,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_message(self) -> str:
        return "\n".join(self.cleaned_data["message"].splitlines())
