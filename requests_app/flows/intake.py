"""A request arrives. The clock starts here, before anybody proved anything; nothing is looked up in any source.

The same work is done whoever asks, known or unknown.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from portal.kit import clock, codes, crypto
from portal.organisations.models import Organisation, Policy
from requests_app import addresses, askers
from requests_app.askers import ADDRESS, Asker
from requests_app.flows import challenges, moving, timing, unproved
from requests_app.lines import check_lines
from requests_app.models import Case, Identifier, Submission
from requests_app.models.case import AskedBy, Channel
from requests_app.models.challenge import Purpose
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof
from requests_app.wishes import Wish, sealed_details


@dataclass(frozen=True, kw_only=True)
class Application:
    """What a person asks, whichever door it came through. Sent twice with the same `key`, it arrives once."""

    organisation: Organisation
    policy: Policy
    right: Right
    name: str
    identities: Mapping[str, str]
    asker: Asker | None = None  # who asks, where it is not the person
    is_child: bool = False  # the person says that they are under the age of the policy
    country: str = ""
    copy_first: bool = False
    channel: str = Channel.FORM.value
    language: str = "en"
    received_at: datetime | None = None
    is_test: bool = False
    wish: Wish | None = None
    by: str = "person"  # who history says took it in
    key: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def known(self) -> dict[str, str]:
        """What was typed to be found or written to by, of both people."""
        return {**self.identities, **({ADDRESS: self.asker.address} if self.asker else {})}

    @property
    def rights(self) -> tuple[Right, ...]:
        """The copy that was asked for first comes first; the right itself comes last."""
        return (Right.ACCESS, self.right) if self.copy_first and self.right is Right.DELETION else (self.right,)


@transaction.atomic
def submit(application: Application, *, browser: str = "") -> Submission:
    """Opens the cases, seals what was said, sets the dates and mails the first code. Without an address there is nothing to mail.

    Raises `LineRefused` for a name or an identifier with hidden signs: every door leads through here.
    """
    check_lines(application.name, application.known)
    if application.asker:
        check_lines(application.asker.name, {})
    submission, is_new = Submission.objects.get_or_create(
        pk=application.key,
        defaults={
            "organisation": application.organisation,
            "policy": application.policy,
            "channel": application.channel,
            "received_at": application.received_at or clock.now(),
            "language": application.language,
            "country": application.country,
        },
    )
    if not is_new:
        return submission
    before: Case | None = None
    for right in application.rights:
        before = _open(application, submission, right, copy_first=before)
    if needs_no_proof(application.right):
        unproved.open_at_once(lead_case(submission))
    else:
        _invite(application, lead_case(submission), browser=browser)
    return submission


def _invite(application: Application, case: Case, *, browser: str) -> None:
    """Whoever asks proves their mailbox; where an agent asks, the person is asked as well."""
    if askers.address_for(case, Purpose.CONFIRM):
        challenges.issue(case, Purpose.CONFIRM, browser=browser)
    if askers.is_agents(case) and application.identities.get("email"):
        challenges.issue(case, Purpose.AUTHORISE)


def lead_case(submission: Submission) -> Case:
    """The case that stands for all that were sent together: the right that was asked for."""
    return submission.cases.select_related("organisation", "policy", "submission").order_by("-pk")[0]


def _open(application: Application, submission: Submission, right: Right, *, copy_first: Case | None) -> Case:
    case = Case(
        reference=free_reference(),
        submission=submission,
        organisation=application.organisation,
        policy=application.policy,
        right=right.value,
        received_at=submission.received_at,
        country=application.country,
        copy_first=copy_first,
        is_test=application.is_test,
    )
    flags = addresses.flags(application.identities.get("email", ""))
    case.name_sealed = case.seal(application.name)
    case.asked_by = _asked_by(application)
    case.asker_sealed = askers.sealed_asker(case, application.asker) if application.asker else b""
    case.details_sealed = sealed_details(case, application.wish if right is application.right else None, flags)
    timing.set_clock(case)
    case.save()
    Identifier.objects.bulk_create(
        Identifier(case=case, kind=kind, value_sealed=case.seal(value), token=_token(kind, value))
        for kind, value in application.known.items()
        if value
    )
    moving.record(
        case, "case.arrived", by=application.by, right=right.value, channel=application.channel, address_flags=flags, asked_by=case.asked_by
    )
    return case


def _asked_by(application: Application) -> str:
    if application.asker:
        return application.asker.role.value
    return (AskedBy.CHILD if application.is_child else AskedBy.SELF).value


def _token(kind: str, value: str) -> str:
    """Addresses are found by one index, whoever's they are."""
    return crypto.blind_index("email" if kind == ADDRESS else kind, value)


def free_reference() -> str:
    """References are short enough to read out, so two may meet."""
    while Case.objects.filter(reference=(reference := codes.new_reference())).exists():
        continue
    return reference
