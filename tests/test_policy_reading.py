"""organisation.yaml: what is read, and what a refusal says."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.organisations.policy import RIGHTS, PolicyDocument, PolicyError, read_policy
from portal.organisations.policy_checks import contrast
from requests_app.rules.rights import Right
from tests.policies import SMALL, refused, written


def test_a_small_policy_is_read_as_it_stands(tmp_path: Path) -> None:
    policy = read_policy(written(tmp_path, SMALL))

    assert policy.effective_on == date(2026, 2, 17)
    assert policy.rights["access"].days is None
    assert policy.rights["access"].start == "verified"
    assert policy.rights["deletion"].verification == ("email_code", "second_code")
    assert [c.key for c in policy.categories] == ["orders", "account"]
    assert policy.categories[0].on_deletion.period == "P7Y"
    assert policy.categories[1].alternative is not None
    assert policy.categories[1].retention == "unspecified"
    assert policy.category("orders") is policy.categories[0]
    assert policy.offers("access")
    assert not policy.offers("correction")


def test_a_date_may_stand_in_quotes(tmp_path: Path) -> None:
    text = SMALL.replace("effective_on: 2026-02-17", 'effective_on: "2026-02-17"')
    assert read_policy(written(tmp_path, text)).effective_on == date(2026, 2, 17)


def test_a_policy_survives_the_way_through_json(tmp_path: Path) -> None:
    policy = read_policy(written(tmp_path, SMALL))

    assert PolicyDocument.from_json(policy.to_json()) == policy


def test_json_of_another_shape_is_not_taken_for_a_policy(tmp_path: Path) -> None:
    document = read_policy(written(tmp_path, SMALL)).to_json()

    with pytest.raises(TypeError, match="PolicyDocument has no surprise"):
        PolicyDocument.from_json({**document, "surprise": 1})


def test_the_rights_are_those_of_the_rules() -> None:
    assert set(RIGHTS) == {right.value for right in Right}


def test_a_refusal_holds_file_line_key_and_reason_apart(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refusal:
        read_policy(written(tmp_path, SMALL.replace("when: now", "when: soon")))

    error = refusal.value
    assert (error.file, error.line, error.key) == ("organisation.yaml", 45, "categories.1.on_deletion.when")
    assert error.reason == "'soon' is not one of now, after, kept"


def test_all_problems_are_told_in_one_reading_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        SMALL.replace("days: 30", "days: many")
        .replace("when: now", "when: soon")
        .replace("[post]", "[pest]")
        .replace("Vancouver", "Nowhere")
    )

    told = refused(tmp_path, text)

    assert [line.split(": ")[:2] for line in told] == [
        ["organisation.yaml:4", "timezone"],
        ["organisation.yaml:18", "rights.deletion.days"],
        ["organisation.yaml:39", "categories.0.recipients.0"],
        ["organisation.yaml:45", "categories.1.on_deletion.when"],
    ]


@pytest.mark.parametrize(
    ("text", "said"), [("", "is empty"), ("# only words\n", "is empty"), ("- a\n- b\n", "must be a group of keys, not a list")]
)
def test_a_file_without_a_policy_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert refused(tmp_path, text)[0].endswith(said)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"^organisation.yaml:1: cannot be read: No such file or directory$"):
        read_policy(tmp_path / "organisation.yaml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "organisation.yaml"
    path.write_bytes(b"name: \xff\xfe")

    with pytest.raises(PolicyError, match="is not UTF-8 text"):
        read_policy(path)


def test_a_law_that_nobody_knows_is_refused_when_the_laws_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)

    assert read_policy(path, regimes={"EU_GDPR"})
    with pytest.raises(
        PolicyError, match=r"organisation.yaml:10: regimes.0: 'EU_GDPR' is no law that is known here; did you mean UK_GDPR\?"
    ):
        read_policy(path, regimes={"UK_GDPR", "CA_PIPEDA"})


def test_a_block_may_be_written_once_and_used_again(tmp_path: Path) -> None:
    text = "x-gone: &gone {when: now}\n" + SMALL.replace("on_deletion:\n      when: now", "on_deletion: *gone")

    assert read_policy(written(tmp_path, text)).categories[1].on_deletion.when == "now"


def test_every_key_of_the_document_can_be_written(tmp_path: Path) -> None:
    """The fullest example leaves out only what says nothing there; no field of the dataclass is unknown to the reader."""
    plain: dict[str, Any] = yaml.safe_load(SMALL)
    document = read_policy(written(tmp_path, SMALL)).to_json()
    for key, value in document.items():
        if key not in plain and value not in ([], {}, None, ""):
            plain[key] = value

    assert read_policy(written(tmp_path, yaml.safe_dump(plain, allow_unicode=True))).to_json() == document


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("#000000", "#ffffff", 21.0), ("#1d4f91", "#ffffff", 8.1), ("#1d4f91", "#f5f6f8", 7.5)]
)
def test_contrast_is_counted_as_the_guidelines_say(one: str, other: str, expected: float) -> None:
    assert round(contrast(one, other), 1) == expected
    assert contrast(one, other) == contrast(other, one)
