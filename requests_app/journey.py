"""The journey of a request: derived from the answers, never from a stored page.

Answers wait in the session, sealed under a key of this installation: the session store never holds them in clear.
"""

import base64
import json
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _

from portal.kit import crypto
from portal.kit.crypto import Sealed
from portal.organisations.promises import PolicyDocument
from requests_app import asking
from requests_app.askers import FOR_ANOTHER, Asker
from requests_app.models.case import AskedBy
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof
from requests_app.wishes import Wanted, Wish

EXTENT = "which-data"
RIGHT, FIND_YOU, KEEP, CHECK = "right", "find-you", "keep-and-delete", "check"
FIRST, USES, WORDS = "before-you-ask", "which-use", "your-words"
WHICH, VALUES, MORE = "what-is-wrong", "what-is-right", "your-corrections"
WHOM, ASKER = "whom", "about-you"
CODE = "code"
DRAFTS = "drafts"
MOST_CORRECTIONS = 20


@dataclass
class Draft:
    """What somebody has answered so far. `key` becomes the id of the submission, so that it can arrive only once."""

    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    right: str = ""
    found: dict[str, str] = field(default_factory=dict)  # name, email, other identities, country
    whom: str = ""  # who asks: the person, unless something else was said
    own: dict[str, str] = field(default_factory=dict)  # name, address and capacity of whoever asks for somebody else
    kinds: list[str] = field(default_factory=list)  # of a copy: only these
    outline: bool = False  # of a copy: which kinds there are, without the records
    keep_seen: bool = False
    copy_first: bool = False
    first_seen: bool = False
    uses: list[str] = field(default_factory=list)
    words: str = ""
    words_seen: bool = False
    thing: str = ""  # the field whose correction is being typed
    corrections: list[dict[str, str]] = field(default_factory=list)
    more_seen: bool = False

    @classmethod
    def again(cls, right: str, found: dict[str, str], wish: Wish) -> "Draft":
        """The answers of a request that was sent, as a new draft in which every question was seen."""
        corrections = [asdict(one) for one in wish.corrections]
        draft = cls(right=right, found=found, uses=list(wish.uses), words=wish.words, corrections=corrections)
        draft.kinds, draft.outline = list(wish.uses), wish.outline
        draft.keep_seen = draft.first_seen = draft.words_seen = draft.more_seen = True
        return draft

    @property
    def is_for_another(self) -> bool:
        """Whether somebody asks for somebody else. Where no proof may be asked for, it does not matter who asks."""
        return self.whom in FOR_ANOTHER and not (self.right and needs_no_proof(Right(self.right)))

    @property
    def asker(self) -> Asker | None:
        """Who asks for somebody else."""
        if not self.is_for_another:
            return None
        capacity = "agent" if self.whom == AskedBy.AGENT.value else self.own.get("capacity", "")
        return Asker(self.own.get("own_name", ""), self.own.get("own_email", ""), capacity)

    @property
    def wish(self) -> Wish:
        """What is asked in particular, as far as it belongs to the chosen right."""
        right = Right(self.right)
        is_copy = right is Right.ACCESS
        return Wish(
            uses=tuple(self.kinds if is_copy else self.uses) if is_copy or right in asking.USES else (),
            outline=is_copy and self.outline,
            words=self.words if right in asking.WORDS else "",
            corrections=tuple(Wanted(**one) for one in self.corrections) if right is Right.CORRECTION else (),
        )


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
    """What can be asked for here, page by page: every right that the policy offers."""
    return [right for right in asking.LABELS if promises.offers(right.value)]


def right_words(promises: PolicyDocument, right: Right) -> str:
    """“Delete my data”, in the policy's words where it has some."""
    promise = promises.rights.get(right.value)
    return promise.title if promise and promise.title else str(asking.LABELS[right][0])


@dataclass(frozen=True)
class Journey:
    """Which pages there are for these answers, and which come first."""

    promises: PolicyDocument
    draft: Draft
    here: str = RIGHT

    @property
    def steps(self) -> list[str]:
        """Each right has questions of its own; who you are and the check come last."""
        right = self.draft.right
        is_known = right in rights_by_form(self.promises)
        own = [*self._own(Right(right)), *self._who(Right(right))] if is_known else []
        return [RIGHT, *own, FIND_YOU, *([KEEP] if right == Right.DELETION else []), CHECK]

    def _who(self, right: Right) -> list[str]:
        """Whom it is about is asked where the policy names an age, and where somebody said that they ask for somebody else."""
        if needs_no_proof(right):
            return []
        is_asked = self.promises.minimum_age is not None or self.draft.whom or self.here == WHOM
        return [*([WHOM] if is_asked else []), *([ASKER] if self.draft.is_for_another else [])]

    def _own(self, right: Right) -> list[str]:
        if right is Right.CORRECTION:
            return [WHICH, VALUES, MORE]
        if needs_no_proof(right):
            return [FIRST]
        if right is Right.ACCESS and (self.here == EXTENT or self.draft.kinds or self.draft.outline):
            return [EXTENT]
        uses = asking.choices_of(self.promises, right)
        first = [FIRST] if right is Right.WITHDRAWAL and not uses else []
        return [*first, *([USES] if uses else []), *([WORDS] if right in asking.WORDS else [])]

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
            WHOM: bool(self.draft.whom) or self.promises.minimum_age is None,
            ASKER: bool(self.draft.own.get("own_email")) and bool(self.draft.own.get("capacity") or self.draft.whom == AskedBy.AGENT.value),
            FIND_YOU: bool(self.draft.found.get("email") and self.draft.found.get("name")),
            EXTENT: True,  # everything, unless something else was said
            KEEP: self.draft.keep_seen,
            FIRST: self.draft.first_seen,
            USES: bool(self.draft.uses),
            WORDS: self.draft.words_seen and self._has_words,
            WHICH: bool(self.draft.thing or self.draft.corrections),
            VALUES: bool(self.draft.corrections) and not self.draft.thing,
            MORE: self.draft.more_seen,
            CHECK: False,
        }
        return bool(answered[step])

    @property
    def _has_words(self) -> bool:
        question = asking.WORDS.get(Right(self.draft.right))
        return question is None or not question.is_needed or bool(self.draft.words)

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
        """The code counts as a step, where one is asked for."""
        return len(self.steps) + (0 if self.draft.right and needs_no_proof(Right(self.draft.right)) else 1)

    @property
    def words(self) -> str:
        return _("Step %(position)d of %(length)d") % {"position": self.position, "length": self.length}
