"""One question at the end, to whoever wants to answer it: did we deal with it well? It is counted without saying who said it."""

from django.db import transaction
from django.db.models import F

from portal.kit import clock, crypto
from requests_app.flows.moving import locked
from requests_app.models import Case, OpinionCount, Remark
from requests_app.models.opinion import REMARK, Opinion
from requests_app.rules.states import State

LONGEST_REMARK = 500
ASKED = frozenset({State.ANSWERED.value, State.REFUSED.value, State.CLOSED.value})


def may_opine(case: Case) -> bool:
    """Once, about a request that has our answer. Test requests are not asked."""
    return case.state in ASKED and case.answered_at is not None and not case.has_opined and not case.is_test


@transaction.atomic
def opine(case: Case, opinion: Opinion, words: str = "") -> bool:
    """Counts it, and keeps the sentence apart from the request. False when it was said before or is not asked: nothing is counted."""
    case = locked(case)
    if not may_opine(case):
        return False
    case.has_opined = True
    case.save(update_fields=["has_opined"])
    house, received = case.organisation, clock.local_date(case.received_at, case.organisation.timezone)
    number, _is_first = OpinionCount.objects.get_or_create(organisation=house, year=received.year, opinion=opinion)
    OpinionCount.objects.filter(pk=number.pk).update(count=F("count") + 1)
    if words.strip():
        sealed = crypto.installation_box("remarks").seal(words.strip(), context=REMARK)
        Remark.objects.create(organisation=house, month=clock.today(house.timezone).replace(day=1), opinion=opinion, words_sealed=sealed)
    return True
