"""Who asks, where it is not the person themself: a parent or guardian, or somebody whom the person asked to act.

A case is about one person, whoever asks: its name and its identifiers are theirs. Whoever asks for them has a name, a capacity and one
address, kept as an identifier of a kind of its own: it is proved like any other, it can be written to, and it never seeds a search.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.kit.crypto import Sealed
from requests_app.models import Case
from requests_app.models.case import AskedBy
from requests_app.models.challenge import Purpose
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof

OWN, ADDRESS = "email", "asker_email"
FOR_ANOTHER = frozenset({AskedBy.GUARDIAN.value, AskedBy.AGENT.value})
BY_THE_PERSON, BY_EVIDENCE = "person", "evidence"
AUTHORITY = "authority"  # the proof that is missing until somebody has settled that they may ask
CAPACITIES: Mapping[str, Promise | str] = {
    "parent": _("Parent"),
    "guardian": _("Guardian, made so by a court or an authority"),
    "carer": _("Carer, with a power of attorney or a similar paper"),
    "agent": _("Acts for them because they asked"),
}
# Whose mailbox opens the page of a request: the person's, a guardian's, and an agent's only where the person said so.
MAY_READ = Q(identifiers__kind=OWN) & ~Q(asked_by=AskedBy.GUARDIAN) | Q(identifiers__kind=ADDRESS) & (
    Q(asked_by=AskedBy.GUARDIAN) | Q(asked_by=AskedBy.AGENT, answers_asker=True)
)


@dataclass(frozen=True)
class Asker:
    """Somebody who asks for somebody else. `capacity` is a key of `CAPACITIES`."""

    name: str
    address: str
    capacity: str

    @property
    def role(self) -> AskedBy:
        return AskedBy.AGENT if self.capacity == "agent" else AskedBy.GUARDIAN

    @property
    def title(self) -> str:
        """Parent, guardian…"""
        return str(CAPACITIES.get(self.capacity, ""))


def sealed_asker(case: Case, asker: Asker) -> bytes:
    """Name and capacity under the key of the case; the address is an identifier."""
    return case.seal(json.dumps({"name": asker.name, "capacity": asker.capacity}))


def asker_of(case: Case) -> Asker | None:
    """Who asks for the person; None where they ask themself, and once the content of the case was destroyed."""
    if case.asked_by not in FOR_ANOTHER:
        return None
    try:
        kept = json.loads(case.unseal(bytes(case.asker_sealed)) or "{}")
        return Asker(str(kept.get("name", "")), _address(case, ADDRESS), str(kept.get("capacity", "")))
    except Sealed:
        return None


def is_for_another(case: Case) -> bool:
    """Whether somebody asks for the person of this case."""
    return case.asked_by in FOR_ANOTHER


def is_agents(case: Case) -> bool:
    """Whether it was sent by somebody whom the person asked to act."""
    return case.asked_by == AskedBy.AGENT.value


def lacks_authority(case: Case) -> bool:
    """Whether it is still open that they may ask for the person: until then nothing is searched, and nothing is done."""
    return is_for_another(case) and case.authorised_at is None and not needs_no_proof(Right(case.right))


def is_asker_proved(case: Case) -> bool:
    """Whether whoever asks for the person has proved their own mailbox."""
    return case.identifiers.filter(kind=ADDRESS, verified_at__isnull=False).exists()


def own_kind(case: Case) -> str:
    """The kind of identifier that the first code proves: that of whoever asks."""
    return ADDRESS if is_for_another(case) else OWN


def address_for(case: Case, purpose: str) -> str:
    """Where a code of this purpose goes. Whether an agent may act is asked of the person; so is a second code."""
    if not is_agents(case):
        return _address(case, own_kind(case))
    if purpose == Purpose.CONFIRM:
        return _address(case, ADDRESS)
    if purpose in (Purpose.AUTHORISE, Purpose.CONFIRM_AGAIN):
        return _address(case, OWN)
    return reader_address(case)


def reader_address(case: Case) -> str:
    """Who gets our letters: a guardian; the person, unless they let their agent have the answer. Empty where no address is known."""
    kinds = {AskedBy.GUARDIAN.value: ADDRESS, AskedBy.AGENT.value: ADDRESS if goes_to_agent(case) else OWN}
    return _address(case, kinds.get(case.asked_by, OWN))


def own_address(case: Case) -> str:
    """The person's address: claimed, until they or what an officer saw bear it out."""
    return _address(case, OWN)


def goes_to_agent(case: Case) -> bool:
    """Before the person has answered only the agent is written to; after it, whom the person named."""
    return is_agents(case) and (case.answers_asker or case.authorised_at is None)


def told_apart(case: Case) -> str:
    """The address of an agent who may ask and does not get the answer: they hear that there is one. Empty for everybody else."""
    is_apart = is_agents(case) and case.authorised_at is not None and not case.answers_asker and is_asker_proved(case)
    return _address(case, ADDRESS) if is_apart else ""


def _address(case: Case, kind: str) -> str:
    """The proved one of this kind; while none is proved, the one that was typed."""
    rows = sorted(case.identifiers.filter(kind=kind), key=lambda row: row.verified_at is None)
    return case.unseal(rows[0].value_sealed) if rows else ""
