"""The part of a request taken in by hand that is about who asks, where that is not the person themself."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.askers import CAPACITIES, Asker
from requests_app.desk_forms import Text
from requests_app.flows.entering import Evidence
from requests_app.forms import Address, Line
from requests_app.models.case import AskedBy
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof

MAY, THEIRS, TO_AGENT = "may", "theirs", "to_agent"
ASKS = [(AskedBy.SELF.value, lazy("The person")), *CAPACITIES.items()]
ASKS.insert(1, (AskedBy.CHILD.value, lazy("The person, who says that they are under the age of the policy")))


@dataclass(frozen=True)
class Typed:
    """What was typed about the request itself, as far as it matters here."""

    house: Organisation | None
    right: str
    email: str


class AskerEntry(forms.Form):
    """Who asks, and what showed that they may. Without that it waits for it, as at the public door."""

    asks = forms.ChoiceField(
        label=lazy("Who asks?"),
        choices=ASKS,
        initial=AskedBy.SELF.value,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": lazy("Choose who asks")},
    )
    own_name = Line(label=lazy("Name of whoever asks"), required=False, help_text=lazy("Needed, unless the person asks."))
    own_email = Address(
        label=lazy("Email address of whoever asks"),
        required=False,
        help_text=lazy(
            "We send a link there: they prove that it is theirs. The person's own address is never searched by before that is settled."
        ),
    )
    evidence = Text(
        label=lazy("What shows that they may ask?"),
        required=False,
        rows=3,
        help_text=lazy(
            "What you saw, such as “signed permission, came with the letter”. Keep no copy. Leave it empty if you have seen nothing yet."
        ),
    )
    seen_on = forms.DateField(
        label=lazy("On which day did you see it?"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        error_messages={"invalid": lazy("Enter a day like 2026-11-20")},
    )
    shows = forms.MultipleChoiceField(
        label=lazy("It shows that"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (MAY, lazy("They may ask for the person")),
            (THEIRS, lazy("The email address above is the one of the person")),
            (TO_AGENT, lazy("The answer goes to whoever asks, not to the person (only for somebody whom the person asked)")),
        ],
    )

    @property
    def is_for_another(self) -> bool:
        """Whether that part of the form stands open."""
        names = ("own_name", "own_email", "evidence", "seen_on", "shows")
        return self.data.get("asks") in CAPACITIES or any(name in self.errors or self.data.get(name) for name in names)

    @property
    def asker(self) -> Asker | None:
        """Whoever asks for the person; None where they ask themself."""
        said = self.cleaned_data
        return Asker(said["own_name"], said["own_email"], said["asks"]) if said["asks"] in CAPACITIES else None

    @property
    def seen(self) -> Evidence | None:
        """What showed that they may; None where nothing was seen yet."""
        said = self.cleaned_data
        return Evidence(said["evidence"], said["seen_on"], TO_AGENT in said["shows"]) if said.get("evidence") else None

    def check_asker(self, typed: Typed) -> None:
        """Adds a sentence to each field that does not fit together with the others."""
        said = self.cleaned_data
        asks = said["asks"] = said.get("asks") or AskedBy.SELF.value
        for field, sentence in (_about_asker if asks in CAPACITIES else _about_person)(said, typed):
            self.add_error(field, ValidationError(sentence))


def _about_person(said: dict[str, Any], typed: Typed) -> list[tuple[str, str]]:
    found = []
    if any(said.get(name) for name in ("own_name", "own_email", "evidence", "seen_on", "shows")):
        found.append(("asks", _("You wrote down who asks for the person. Choose what they are to them, or empty those fields")))
    if said["asks"] == AskedBy.CHILD.value and typed.house and typed.house.current_policy.read().minimum_age is None:
        found.append(("asks", _("The policy names no age. Choose “The person”")))
    return found


def _about_asker(said: dict[str, Any], typed: Typed) -> list[tuple[str, str]]:
    found = [] if said.get("own_name") else [("own_name", _("Enter the name of whoever asks"))]
    if typed.right and needs_no_proof(Right(typed.right)):
        found.append(("asks", _("For this nobody has to prove anything. Choose “The person”, and name whoever asked in the note")))
    if not said.get("evidence"):
        return found + (
            [("evidence", _("Write what you saw, or empty the fields about it"))] if said.get("shows") or said.get("seen_on") else []
        )
    return found + list(_about_evidence(said, typed))


def _about_evidence(said: dict[str, Any], typed: Typed) -> list[tuple[str, str]]:
    found, day, shown = [], said.get("seen_on"), set(said.get("shows") or ())
    if not day:
        found.append(("seen_on", _("Enter the day you saw it")))
    elif typed.house and day > clock.today(typed.house.timezone):
        found.append(("seen_on", _("This day is still to come. Enter the day you saw it")))
    if not {MAY, THEIRS} <= shown:
        found.append(("shows", _("Without these two nothing may be searched: ask them for more, and leave what you saw empty until then")))
    if TO_AGENT in shown and said["asks"] != AskedBy.AGENT.value:
        found.append(("shows", _("A guardian gets the answer anyway. Take that line away")))
    if not typed.email:
        found.append(("email", _("Enter the person's address: without one nothing could be searched by, whatever you have seen")))
    return found
