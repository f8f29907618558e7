"""Which job belongs to a case, and what the engine may know for it: proved identifiers, opaque keys, and the wish itself."""

from uuid import UUID

from django.utils.translation import gettext as _

from exports import api
from exports.api import Amendment, Search
from portal.organisations.promises import PolicyDocument
from requests_app.askers import ADDRESS
from requests_app.holds import held_keys, held_lines
from requests_app.models import Case
from requests_app.rules.errors import RuleError
from requests_app.rules.rights import GATHERED, Right
from requests_app.wishes import wish_of

PLANNED = frozenset({Right.DELETION.value, Right.WITHDRAWAL.value})
ALWAYS = frozenset({*GATHERED, Right.DELETION.value})
# For these the engine has something to do only sometimes: a field that was named, a token that can be revoked.
LOOKED_FOR = frozenset({Right.CORRECTION.value, Right.WITHDRAWAL.value})
STARTED = ALWAYS | LOOKED_FOR
# A policy key never looks like this: it stands for “no category at all”.
NO_CATEGORY = ("-",)


class NotYet(RuleError):
    """A step that makes no sense now, or for which something is missing. Nothing was changed."""


def engine_works(case: Case) -> bool:
    """Whether a job belongs to this case."""
    if case.right == Right.CORRECTION.value:
        return bool(wish_of(case).for_engine)
    if case.right == Right.WITHDRAWAL.value:
        return bool(api.revocable(case.organisation))
    return case.right in ALWAYS


def start_job(case: Case) -> UUID:
    """Opens the job of this case; what is held is held in it too."""
    job_id = _start(case)
    if held := held_keys(case):
        api.keep_back(case.organisation, case.reference, held, by="system")
    return job_id


def _start(case: Case) -> UUID:
    search = search_of(case)
    if case.right == Right.DELETION.value:
        job_id = api.start_erasure(search)
        if held := held_lines(case):
            api.hold(job_id, held, by="system")
        return job_id
    if case.right == Right.WITHDRAWAL.value:
        return api.start_revocation(search)
    if case.right == Right.CORRECTION.value:
        return api.start_correction(search, [Amendment(one.thing, one.new, one.old) for one in wish_of(case).for_engine])
    return api.start_access(search)


def search_of(case: Case) -> Search:
    """What the engine may know: proved identifiers, and opaque keys instead of names."""
    document = case.policy.read()
    return Search(
        organisation=case.organisation,
        policy=case.policy,
        identities=proved_identities(case),
        subject=case.subject,
        reference=case.reference,
        categories=_categories(case, document),
    )


def _categories(case: Case, document: PolicyDocument) -> tuple[str, ...]:
    """Which kinds are looked for; all where none is named."""
    if case.right == Right.PORTABILITY.value:
        return tuple(category.key for category in document.categories if category.portable) or NO_CATEGORY
    return wish_of(case).uses if case.right == Right.ACCESS.value else ()


def proved_identities(case: Case) -> dict[str, str]:
    """Kind → value of what was proved. Claimed values are for officers to compare, never to search by."""
    proved = case.identifiers.filter(verified_at__isnull=False).exclude(kind=ADDRESS)
    identities = {one.kind: case.unseal(one.value_sealed) for one in proved}
    if not identities:
        raise NotYet(_("No identifier of this request is proved, so there is nothing to search by. Nothing was changed."))
    return identities
