import pytest
from django.test import Client

from portal.organisations.models import Organisation
from portal.organisations.promises import RightPromise
from tests.people import an_organisation


@pytest.fixture
def rita(northwind: Organisation) -> Client:
    """Rita's browser."""
    return Client()


@pytest.fixture
def careful(db: None) -> Organisation:
    """An organisation that asks for a second code before a deletion."""
    rights = {
        "access": RightPromise(right="access", days=30, start="verified"),
        "deletion": RightPromise(right="deletion", days=30, start="verified", verification=("email_code", "second_code")),
        "objection": RightPromise(right="objection", title="Object", mail_subject="Objection"),
    }
    return an_organisation("careful", rights=rights)
