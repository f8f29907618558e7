import pytest
from django.test import Client

from portal.organisations.models import Organisation
from portal.organisations.promises import RightPromise
from tests.desk.conftest import engine
from tests.people import an_organisation

__all__ = ["engine"]  # the same stand-in for the sources as at the desk


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


@pytest.fixture
def youthful(db: None) -> Organisation:
    """An organisation that does not mean its service for people under sixteen."""
    return an_organisation("youthful", minimum_age=16)


@pytest.fixture
def anna() -> Client:
    """The browser of whoever asks for Mia."""
    return Client()


@pytest.fixture
def mia() -> Client:
    return Client()
