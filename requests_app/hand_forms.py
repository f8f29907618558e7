"""What somebody says who was asked to look something up, or to delete it, by hand. Whether it is allowed is the engine's to say."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.api import HandAnswer, HandedIn, HandView
from requests_app.forms import Line, PlainForm

CHOOSE = gettext_lazy("Choose one of the answers")
BECAUSE = [
    ("", gettext_lazy("Choose a reason")),
    ("law", gettext_lazy("A law says that it must be kept")),
    ("system", gettext_lazy("The place where it is stored does not allow it")),
    ("other", gettext_lazy("Another reason: I write it below")),
]
KEPT = gettext_lazy("It is kept with your answer.")


class Several(forms.FileInput):
    """A control for one file or more."""

    allow_multiple_selected = True


class Files(forms.FileField):
    """Any number of files. The engine looks into them, and says what it does not take."""

    widget = Several

    def clean(self, data: Any, initial: Any = None) -> Any:
        return data


class HandForm(PlainForm):
    """One answer, with a control for the files of each collection when something is looked up."""

    said = forms.ChoiceField(
        label=gettext_lazy("What did you find?"), error_messages={"required": gettext_lazy("Choose one of the answers")}
    )
    on = forms.DateField(
        label=gettext_lazy("When was it deleted?"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=gettext_lazy("Like 2026-11-20."),
        error_messages={"invalid": gettext_lazy("Enter a day, like 2026-11-20")},
    )
    because = forms.ChoiceField(label=gettext_lazy("If you could not delete it: why?"), required=False, choices=BECAUSE)
    name = Line(label=gettext_lazy("Your name"), missing=gettext_lazy("Enter your name"), help_text=KEPT)
    words = Line(
        label=gettext_lazy("Anything we should know?"), required=False, is_text=True, longest=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, task: HandView, **words: Any) -> None:
        super().__init__(*args, **words)
        self.task = task
        self.fields["said"].choices = _answers(task)  # type: ignore[attr-defined]  # it is a ChoiceField
        if task.is_deletion:
            self.fields["said"].label = _("What did you do?")
            return
        del self.fields["on"], self.fields["because"]
        for number, title in enumerate(task.collections.values()):
            label = _("Files: %(title)s") % {"title": title}
            self.fields[f"files-{number}"] = Files(label=label, required=False)
        self.order_fields(["said", *(name for name in self.fields if name.startswith("files-")), "name", "words"])

    @property
    def is_with_files(self) -> bool:
        """Whether files can be handed in."""
        return not self.task.is_deletion

    def answer(self, *, by_link: bool) -> HandAnswer:
        """The answer as the engine takes it."""
        said = self.cleaned_data
        files = [
            HandedIn(collection, file.name or "", file.read())
            for number, collection in enumerate(self.task.collections)
            for file in self.files.getlist(f"files-{number}")
        ]
        return HandAnswer(said["said"], said["name"], said.get("on"), said["words"], files, by_link, said.get("because", ""))


def _answers(task: HandView) -> list[tuple[str, str]]:
    if task.is_deletion:
        return [("deleted", _("I have deleted it")), ("nothing", _("Nothing is held here")), ("not_done", _("I could not delete it"))]
    return [("held", _("I found something and send it here")), ("nothing", _("Nothing is held here"))]
