"""The journey of a request: derived from the answers, never from a stored page.

Answers wait in the session, sealed under a key of this installation: the session store never holds them in clear.
"""

import base64
import json
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import crypto
from portal.kit.crypto import Sealed
from portal.organisations.promises import PolicyDocument
from requests_app.rules.rights import Right

RIGHT, FIND_YOU, KEEP, CHECK = "right", "find-you", "keep-and-delete", "check"
AFTER_THE_FIRST = (FIND_YOU, KEEP, CHECK)
CODE = "code"
# The rights that this form can take today; the others of a policy are asked for by email.
BY_FORM = (Right.ACCESS, Right.DELETION)
DRAFTS = "drafts"
LABELS: dict[Right, tuple[Promise | str, Promise | str]] = {
    Right.ACCESS: (gettext_lazy("Send me a copy of my data"), gettext_lazy("What we hold, why, and who else has it")),
    Right.DELETION: (gettext_lazy("Delete my data"), gettext_lazy("We tell you first what we must keep, and until when")),
}


@dataclass
class Draft:
    """What somebody has answered so far. `key` becomes the id of the submission, so that it can arrive only once."""

    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    right: str = ""
    found: dict[str, str] = field(default_factory=dict)  # name, email, other identities, country
    keep_seen: bool = False
    copy_first: bool = False


def open_draft(session: SessionBase, organisation_key: str) -> Draft:
    """The draft of this browser at this organisation; a new one if there is none, or if it can no longer be opened."""
    sealed = session.get(_slot(organisation_key))
    if not sealed:
        return Draft()
    try:
        return Draft(**json.loads(crypto.installation_box(DRAFTS).unseal(base64.b64decode(sealed), context=organisation_key)))
    except (Sealed, ValueError, TypeError):
        return Draft()


def keep_draft(session: SessionBase, organisation_key: str, draft: Draft) -> None:
    """Seals the answers into the session."""
    sealed = crypto.installation_box(DRAFTS).seal(json.dumps(asdict(draft)), context=organisation_key)
    session[_slot(organisation_key)] = base64.b64encode(sealed).decode()


def drop_draft(session: SessionBase, organisation_key: str) -> None:
    """Forgets the answers: they were sent."""
    session.pop(_slot(organisation_key), None)


def _slot(organisation_key: str) -> str:
    return f"draft/{organisation_key}"


def rights_by_form(promises: PolicyDocument) -> list[Right]:
    """What can be asked for here, page by page."""
    return [right for right in BY_FORM if promises.offers(right.value)]


def right_words(promises: PolicyDocument, right: Right) -> str:
    """“Delete my data”, in the policy's words where it has some."""
    promise = promises.rights.get(right.value)
    return promise.title if promise and promise.title else str(LABELS[right][0])


@dataclass(frozen=True)
class Journey:
    """Which pages there are for these answers, and which come first."""

    promises: PolicyDocument
    draft: Draft
    here: str = RIGHT

    @property
    def steps(self) -> list[str]:
        """Deletion has a page more; the code comes last."""
        return [RIGHT, FIND_YOU, *([KEEP] if self.draft.right == Right.DELETION else []), CHECK]

    @property
    def next(self) -> str:
        """The first page that has no answer yet; the check when all have."""
        return next((step for step in self.steps if not self._is_answered(step)), CHECK)

    def is_open(self, step: str) -> bool:
        """Whether everything before this page was answered."""
        return step in self.steps and all(self._is_answered(earlier) for earlier in self.steps[: self.steps.index(step)])

    def _is_answered(self, step: str) -> bool:
        answered: dict[str, Any] = {
            RIGHT: self.draft.right in rights_by_form(self.promises),
            FIND_YOU: bool(self.draft.found.get("email") and self.draft.found.get("name")),
            KEEP: self.draft.keep_seen,
            CHECK: False,
        }
        return bool(answered[step])

    @property
    def back(self) -> str:
        """The page before this one; empty on the first."""
        place = self.steps.index(self.here) if self.here in self.steps else len(self.steps)
        return self.steps[place - 1] if place else ""

    @property
    def position(self) -> int:
        return (self.steps.index(self.here) if self.here in self.steps else len(self.steps)) + 1

    @property
    def length(self) -> int:
        return len(self.steps) + 1

    @property
    def words(self) -> str:
        return _("Step %(position)d of %(length)d") % {"position": self.position, "length": self.length}
