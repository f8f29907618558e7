import pytest

from portal.organisations.models import Organisation
from portal.organisations.promises import RightPromise
from tests.people import an_organisation

SUBJECTS = {
    "access": "Data Access Request",
    "correction": "Data Correction Request",
    "deletion": "Data Deletion Request",
    "portability": "Data Portability Request",
}


@pytest.fixture
def harbour(db: None) -> Organisation:
    """An organisation whose policy names a subject for each of four rights, and asks twice before it deletes."""
    twice = {"deletion": ("email_code", "second_code")}
    rights = {
        right: RightPromise(right=right, days=30, mail_subject=subject, verification=twice.get(right, ("email_code",)))
        for right, subject in SUBJECTS.items()
    }
    return an_organisation("harbour", rights={**rights, "objection": RightPromise(right="objection")})
