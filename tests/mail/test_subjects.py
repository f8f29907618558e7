"""Subjects, in whatever dress they come."""

import pytest

from portal.organisations.promises import PolicyDocument, RightPromise
from requests_app.mail.subjects import reference_named, right_asked
from requests_app.rules.rights import Right
from tests.mail.conftest import SUBJECTS
from tests.people import a_policy_document


@pytest.fixture(scope="module")
def promises() -> PolicyDocument:
    rights = {right: RightPromise(right=right, mail_subject=subject) for right, subject in SUBJECTS.items()}
    return a_policy_document(rights={**rights, "objection": RightPromise(right="objection", offered=False, mail_subject="I object")})


@pytest.mark.parametrize(
    "subject",
    [
        "Data Deletion Request",
        "data deletion request",
        "RE: Data Deletion Request",
        "AW: WG: Re[2]: Fwd: Data  Deletion\tRequest",
        "[EXTERNAL] Data Deletion Request - Rita Lindqvist, please!",
        "Data-Deletion-Request",
        "“Data Deletion Request”",
        "Ｄａｔａ Deletion Request",
        "GDPR data deletion request (urgent)",
    ],
)
def test_the_words_count_and_not_their_dress(promises: PolicyDocument, subject: str) -> None:
    assert right_asked(subject, promises) is Right.DELETION


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "Data",
        "Deletion Request",
        "Data Deletion Requests",
        "Request Data Deletion",
        "Metadata Deletion Request",
        "I object",
        "Dаta Deletion Request",
    ],
)
def test_other_words_are_no_right(promises: PolicyDocument, subject: str) -> None:
    assert right_asked(subject, promises) is None


def test_two_rights_at_once_are_for_an_officer(promises: PolicyDocument) -> None:
    assert right_asked("Data Access Request and Data Deletion Request", promises) is None


@pytest.mark.parametrize("subject", ["DR-4F7K-9Q", "Re: your request dr-4f7k-9q, again", "DR 4F7K 9Q", "dr4f7k9q", "(DR-4F7K-9Q)"])
def test_a_reference_is_found_however_it_is_written(subject: str) -> None:
    assert reference_named(subject) == "DR-4F7K-9Q"


@pytest.mark.parametrize("subject", ["", "DR-4F7K", "XDR-4F7K-9Q", "DR-4F7K-9QX", "DR-0O1I-LS"])
def test_what_only_looks_like_one_is_none(subject: str) -> None:
    assert reference_named(subject) == ""
