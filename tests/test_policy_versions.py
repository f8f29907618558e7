"""Which version of its promises an organisation stands by today."""

from datetime import date, timedelta

import pytest

from portal.kit.clock import today
from portal.organisations.models import Organisation, Policy


def version(organisation: Organisation, name: str, day: date) -> Policy:
    first = organisation.policies.first()
    assert first
    return Policy.objects.create(organisation=organisation, version=name, effective_on=day, document=first.document, digest=name)


@pytest.mark.django_db
def test_a_version_that_is_still_to_come_promises_nothing_yet(northwind: Organisation) -> None:
    now = northwind.current_policy
    version(northwind, "9", today(northwind.timezone) + timedelta(days=1))

    assert northwind.current_policy == now


@pytest.mark.django_db
def test_from_its_day_on_the_new_version_holds(northwind: Organisation) -> None:
    newest = version(northwind, "9", today(northwind.timezone))

    assert northwind.current_policy == newest


@pytest.mark.django_db
def test_before_the_first_version_takes_effect_it_is_the_one(northwind: Organisation) -> None:
    northwind.policies.update(effective_on=today(northwind.timezone) + timedelta(days=30))

    assert northwind.current_policy == northwind.policies.get()
