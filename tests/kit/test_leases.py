import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from exports.models import Job
from portal.kit import leases
from portal.kit.clock import now
from portal.organisations.models import Organisation, Policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def job():
    organisation = Organisation.objects.create(key=f"o-{uuid.uuid4().hex[:8]}", name="O", legal_name="O Ltd")
    policy = Policy.objects.create(organisation=organisation, version="1", effective_on="2026-01-01", document={}, digest="0" * 64)
    return Job.objects.create(organisation=organisation, policy=policy, kind="access", subject="s", identities_sealed=b"-", due_at=now())


def test_only_one_worker_gets_a_row(job):
    assert leases.claim(Job, job.pk) == 1
    assert leases.claim(Job, job.pk) is None


def test_a_row_that_is_not_due_is_left_alone(job):
    Job.objects.update(due_at=now() + timedelta(minutes=5))

    assert leases.claim(Job, job.pk) is None


def test_a_dead_workers_row_can_be_taken_over_and_the_dead_one_may_not_write(job):
    first = leases.claim(Job, job.pk)
    with time_machine.travel(now() + leases.LEASE + timedelta(seconds=1)):
        second = leases.claim(Job, job.pk)

        assert second == first + 1
        with pytest.raises(leases.LeaseLost), transaction.atomic():
            leases.check(Job, job.pk, first)
        with pytest.raises(leases.LeaseLost):
            leases.renew(Job, job.pk, first)


def test_a_renewed_lease_is_not_taken_over(job):
    with time_machine.travel(now(), tick=False) as clock:
        token = leases.claim(Job, job.pk)
        clock.shift(leases.LEASE - timedelta(seconds=5))
        leases.renew(Job, job.pk, token)
        clock.shift(leases.LEASE - timedelta(seconds=5))

        assert leases.claim(Job, job.pk) is None


def test_what_is_done_is_not_due_again(job):
    token = leases.claim(Job, job.pk)
    leases.release(Job, job.pk, token)

    assert leases.due_pks(Job) == []


def test_what_failed_is_due_later(job):
    token = leases.claim(Job, job.pk)
    leases.release(Job, job.pk, token, again_in=timedelta(minutes=1))

    assert leases.due_pks(Job) == []
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert leases.due_pks(Job) == [job.pk]
