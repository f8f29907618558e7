"""What people type about one right: which use, in which words, and what should be corrected."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.asking import Choice, Question
from requests_app.flows.conversation import LONGEST_MESSAGE
from requests_app.forms import Line, PlainForm
from requests_app.wishes import OTHER

LONGEST_VALUE = 2000


class UsesForm(PlainForm):
    """One or more of the uses that the policy names."""

    def __init__(self, question: Question, choices: Sequence[Choice], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        told = {"required": str(question.missing), "invalid_choice": str(question.missing)}
        listed = [(one.key, one.title) for one in choices]
        self.fields["uses"] = forms.MultipleChoiceField(choices=listed, widget=forms.CheckboxSelectMultiple, error_messages=told)


EVERYTHING, SOME, OUTLINE = "everything", "some", "outline"


class ExtentForm(PlainForm):
    """How much of a copy somebody wants."""

    extent = forms.ChoiceField(
        choices=[
            (EVERYTHING, gettext_lazy("Everything that you hold about me")),
            (SOME, gettext_lazy("Only some kinds of data")),
            (OUTLINE, gettext_lazy("Only a description, without the data itself")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how much you want"), "invalid_choice": gettext_lazy("Choose how much you want")},
    )

    def __init__(self, kinds: Sequence[Choice], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        missing = _("Choose at least one kind of data from the list")
        self.fields["kinds"] = forms.MultipleChoiceField(
            choices=[(one.key, one.title) for one in kinds],
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": missing},
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("extent") == SOME and not cleaned.get("kinds") and "kinds" not in self.errors:
            self.add_error("kinds", ValidationError(_("Choose at least one kind of data from the list")))
        return cleaned


class WordsForm(PlainForm):
    """The person's own words."""

    def __init__(self, question: Question, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["words"] = Line(
            label=question.label,
            required=question.is_needed,
            missing=question.missing,
            longest=LONGEST_MESSAGE,
            is_text=True,
            widget=forms.Textarea(attrs={"rows": 6}),
        )

    def clean_words(self) -> str:
        return "\n".join(self.cleaned_data["words"].splitlines())


class ThingForm(PlainForm):
    """Which thing is wrong."""

    def __init__(self, things: Sequence[tuple[str, str]], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        missing = _("Choose what is wrong")
        self.fields["thing"] = forms.ChoiceField(
            choices=things, widget=forms.RadioSelect, error_messages={"required": missing, "invalid_choice": missing}
        )


class ValuesForm(PlainForm):
    """What stands there, what should stand there, and how one can see it."""

    what = Line(
        label=gettext_lazy("What is wrong?"),
        help_text=gettext_lazy("In your own words, like “the name on my last invoice”."),
        missing=gettext_lazy("Say what is wrong"),
    )
    old = Line(
        label=gettext_lazy("What it says now"),
        help_text=gettext_lazy("If you know it. It helps us to find the right place."),
        required=False,
        longest=LONGEST_VALUE,
        is_text=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    new = Line(
        label=gettext_lazy("What it should say"),
        missing=gettext_lazy("Write what it should say"),
        longest=LONGEST_VALUE,
        is_text=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    evidence = Line(
        label=gettext_lazy("How can we see that it is so?"),
        help_text=gettext_lazy("In words. Send no papers: if we need one, we ask."),
        required=False,
        longest=LONGEST_MESSAGE,
        is_text=True,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, thing: str, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        if thing != OTHER:
            del self.fields["what"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new") and cleaned.get("new") == cleaned.get("old"):
            self.add_error("new", ValidationError(_("This is the same as what it says now. Write what it should say")))
        return cleaned
