"""Following a request: a reference and an address open nothing; the code that is mailed to the address does.

The page takes what was typed and answers the same to everybody; a worker looks afterwards whether it matches. So neither the
answer, nor its queries, nor its time tell whether there is such a request.
"""

import json
from uuid import UUID

from django.db import transaction

from portal.kit import clock, codes, crypto, limits
from portal.organisations.models import Organisation
from requests_app import hints
from requests_app.askers import MAY_READ
from requests_app.flows import challenges
from requests_app.flows.challenges import Outcome
from requests_app.models import Case, Enquiry
from requests_app.models.challenge import Purpose
from requests_app.rules.verification import CODE_MINUTES, MAX_ATTEMPTS, CodeRefused

BOX = "enquiries"


@transaction.atomic
def enquire(organisation: Organisation, reference: str, address: str, *, browser: str) -> Enquiry:
    """Writes down who wants to follow which request; looks at nothing."""
    claim = crypto.installation_box(BOX).seal(json.dumps([reference, address]))
    enquiry = Enquiry.objects.create(organisation=organisation, claim_sealed=claim, browser_hash=browser, created_at=clock.now())
    hints.on_commit(hints.SETTLE_ENQUIRY, enquiry.pk)
    return enquiry


@transaction.atomic
def settle(enquiry_id: UUID) -> bool:
    """Mails a code if reference and address belong together. Run again, it does nothing again."""
    enquiry = Enquiry.objects.select_for_update(of=("self",)).select_related("organisation").filter(pk=enquiry_id).first()
    if enquiry is None:
        return False
    reference, address = json.loads(crypto.installation_box(BOX).unseal(enquiry.claim_sealed))
    enquiry.delete()
    case = matching(enquiry.organisation, reference, address)
    if case is None:
        return False
    try:
        challenges.issue_on_demand(case, Purpose.FOLLOW, browser=enquiry.browser_hash, to=address)
    except CodeRefused:
        return False  # a fresh one is on its way, or there were too many: nobody is told
    return True


def settle_due() -> int:
    """Everything that waits; the dispatcher calls this, in case a hint got lost."""
    return sum(settle(pk) for pk in list(Enquiry.objects.values_list("pk", flat=True)[:200]))


def matching(organisation: Organisation, reference: str, address: str) -> Case | None:
    """The case of this reference that is open to this exact address."""
    token = crypto.blind_index("email", address)
    rows = Case.objects.select_related("organisation", "policy", "submission")
    return rows.filter(organisation=organisation, reference=reference).filter(MAY_READ, identifiers__token=token).first()


def enter(organisation: Organisation, claim: tuple[str, str], typed: str, *, browser: str) -> Case | None:
    """The case, if the code is the one that was mailed. Every other ending looks the same, so that it tells nothing."""
    slot = f"follow/{browser}/{crypto.blind_index('follow', ' '.join(claim))}"
    is_allowed = limits.allow(slot, times=MAX_ATTEMPTS, seconds=CODE_MINUTES * 60)
    case = matching(organisation, *claim)
    if case is None or not is_allowed:
        return None
    outcome = challenges.try_code(case, Purpose.FOLLOW, codes.normalise_code(typed), browser=browser)
    return case if outcome is Outcome.RIGHT else None
