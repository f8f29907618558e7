"""docs/organisation-file.md names every key that may be written."""

from dataclasses import fields
from pathlib import Path

import pytest

from exports.datasets.words import COLLECTION_OURS, DATASET_OURS, FIELD_OURS
from portal.organisations.policy import (
    RIGHTS,
    Authority,
    Category,
    Contacts,
    Fate,
    IdentityKind,
    PolicyDocument,
    Recipient,
    Region,
    Reminders,
    ReportedClass,
    RightPromise,
)
from portal.organisations.policy_shape import BASES, PROOFS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "organisation-file.md").read_text(encoding="utf-8")
CLASSES = (Authority, Category, Contacts, Fate, IdentityKind, PolicyDocument, Recipient, Region, Reminders, ReportedClass, RightPromise)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_key_of_organisation_yaml_is_explained(kind: type) -> None:
    names = {field.name for field in fields(kind)} - {"right"}  # the key above a promise

    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


def test_every_word_that_may_be_chosen_is_listed() -> None:
    assert [word for word in (*RIGHTS, *BASES, *PROOFS) if word not in PAGE] == []


def test_every_key_under_habeas_meta_is_explained() -> None:
    assert [name for name in sorted(DATASET_OURS | COLLECTION_OURS | FIELD_OURS) if f"`{name}`" not in PAGE] == []
