"""What officers type and choose. Whether it is allowed is the flows' to say."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.kit.signs import hidden_in_text
from portal.organisations.models import User
from requests_app.answers import DECISIONS
from requests_app.flows.triage import LONGEST_TEXT
from requests_app.rules.extensions import Reason
from requests_app.rules.refusals import EVIDENCE_LETTERS, RefusalGround

TOO_LITTLE = _("Write what shows this ground, in at least 20 letters: the burden of proof is ours")


def without_hidden(text: str) -> None:
    """Refuses signs that nobody can see; officers paste, too."""
    if hidden_in_text(text):
        raise ValidationError(_("There is a sign in it that nobody can see. Type it instead of pasting it."))


class Text(forms.CharField):
    """A few lines of plain text, all of which can be seen."""

    default_validators = [without_hidden]

    def __init__(self, **words: Any) -> None:
        rows = words.pop("rows", 6)
        super().__init__(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": rows}), **words)


class NoteForm(forms.Form):
    text = Text(label=_("Note"), error_messages={"required": _("Write the note first")})


class MessageForm(forms.Form):
    """A message, or a question that the case waits for."""

    KINDS = [
        ("message", _("Just tell them"), _("The work goes on meanwhile.")),
        ("clarification", _("Ask what is meant"), _("The request waits for the answer. Some laws let the date wait too.")),
        ("identity", _("Ask who is asking"), _("The request waits for the answer. Some laws let the date wait too.")),
    ]
    text = Text(label=_("Your words"), error_messages={"required": _("Write something first")})
    kind = forms.ChoiceField(label=_("What is it?"), choices=[(key, label) for key, label, _hint in KINDS], initial="message")


class OwnerForm(forms.Form):
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, blank=True, empty_label=_("Nobody"), widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, staff: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["owner"].queryset = staff  # type: ignore[attr-defined]  # it is a ModelChoiceField


class ReasonForm(forms.Form):
    """Why; for colleagues and for whoever checks us later."""

    text = Text(label=_("Why"), rows=4, error_messages={"required": _("Say why")})


class ExtendForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why does it take longer?"), error_messages={"required": _("Choose a reason")})
    until = forms.DateField(
        label=_("New date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The date by which you will answer. Leave it empty for the latest that the laws allow, where they name one."),
        error_messages={"invalid": _("Write the date as 2026-12-24")},
    )

    def __init__(self, *args: Any, reasons: Sequence[Reason], **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["reason"].choices = [(one.code, one.sentence) for one in reasons]  # type: ignore[attr-defined]


class RefuseForm(forms.Form):
    ground = forms.ChoiceField(
        label=_("On what ground?"),
        help_text=_("Where each stands in law, and what it takes, is under it."),
        error_messages={"required": _("Choose a ground")},
    )
    text = Text(
        label=_("What shows it"),
        required=False,
        help_text=_("For colleagues and for an authority that asks. The person does not read it."),
    )

    def __init__(self, *args: Any, grounds: Sequence[RefusalGround], proposed: str = "", **words: Any) -> None:
        super().__init__(*args, **words)
        self.proposed = proposed
        self.takes_evidence = {one.code for one in grounds if one.needs_evidence}
        self.fields["ground"].choices = [(one.code, one.title) for one in grounds]  # type: ignore[attr-defined]
        self.fields["text"].required = len(self.takes_evidence) == len(grounds) and not proposed
        self.fields["text"].error_messages["required"] = str(TOO_LITTLE)

    def clean(self) -> dict[str, Any]:
        """What is too little for the rules is said beside the field, and nothing that was typed is lost."""
        said: dict[str, Any] = self.cleaned_data
        ground, text = said.get("ground", ""), str(said.get("text", "")).strip()
        is_enough = len(text) >= EVIDENCE_LETTERS or (not text and ground == self.proposed)
        if "text" in said and ground in self.takes_evidence and not is_enough:
            self.add_error("text", str(TOO_LITTLE))
        return said


class JoinForm(forms.Form):
    """Which of the same requests stands for this one."""

    other = forms.ChoiceField(label=_("Which request do we answer?"), error_messages={"required": _("Choose the request that we answer")})

    def __init__(self, *args: Any, twins: Sequence[tuple[str, str]], **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["other"].choices = list(twins)  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    """A correction as the person said it in a mail, on the phone or on paper."""

    thing = forms.ChoiceField(label=_("What is wrong?"), error_messages={"required": _("Choose what is wrong")})
    title = forms.CharField(
        label=_("In the person’s words"),
        required=False,
        max_length=200,
        validators=[without_hidden],
        help_text=_("For “Something else” only."),
    )
    old = forms.CharField(label=_("What it says now"), required=False, max_length=2000, validators=[without_hidden])
    new = forms.CharField(
        label=_("What it should say"),
        max_length=2000,
        validators=[without_hidden],
        error_messages={"required": _("Write what it should say")},
    )
    evidence = Text(label=_("How one can see it"), required=False, rows=3)

    def __init__(self, *args: Any, things: Sequence[tuple[str, str]], **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["thing"].choices = list(things)  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("What did you decide?"),
        help_text=_("Our letter begins with this sentence."),
        choices=list(DECISIONS.items()),
        error_messages={"required": _("Choose what you decided")},
    )
    text = Text(
        label=_("What we did"),
        rows=8,
        help_text=_("The person reads it in our letter, under “What we did”."),
        error_messages={"required": _("Write what was done")},
    )

    def __init__(self, *args: Any, uses: Sequence[tuple[str, str]] = (), pauses: bool = False, **words: Any) -> None:
        super().__init__(*args, **words)
        if uses:
            stops = forms.MultipleChoiceField(
                label=_("Which uses pause?") if pauses else _("Which uses end?"),
                help_text=_("The letter names them, and the history keeps them."),
                choices=list(uses),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
            self.fields = {"stops": stops, **self.fields}
