"""People in sources.yaml: the example of the documentation loads as it stands, and what cannot be meant is refused with its line."""

import re
import shutil
from pathlib import Path

import pytest

from exports import api
from exports.flows.checking import check_sources
from exports.flows.registering import load_organisation
from portal.organisations.marked_yaml import PolicyError
from portal.organisations.models import Organisation
from tests.people import RITA

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "people.md").read_text(), re.DOTALL)
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An organisation whose only source is that of the documentation."""
    (tmp_path / "datasets").mkdir()
    shutil.copy(ROOT / "examples" / "cpzai" / "organisation.yaml", tmp_path)
    (tmp_path / "sources.yaml").write_text(BLOCKS[0])
    (tmp_path / "datasets" / "papers.yml").write_text(BLOCKS[1])
    return tmp_path


def test_the_worked_example_is_loaded_checked_and_asked(folder: Path) -> None:
    load_organisation(folder)
    assert not load_organisation(folder).changed
    organisation = Organisation.objects.get()
    report = check_sources(organisation)
    assert (report["ok"], report["sources"][0]["state"]) == (True, "asked by hand")
    job_id = api.start_access(api.Search(organisation, organisation.current_policy, {"email": RITA}, "s" * 32))
    api.run(job_id)
    (task,) = api.asked_by_hand(job_id)
    assert (task.who, task.is_mailed, task.instructions) == ("The records office", True, "Look in room 12, by name and by date of birth.")
    assert task.collections == {"papers.letters": "Letters on paper"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("kind: person", "kind: sql", "sources.0: has person, but is not of the kind person"),
        ("kind: person", "kind: persons", "'persons' is not one of sql, http, person"),
        ("kind: person", "kind: person\n    url: https://example.com", "of the kind person has no address of its own"),
        ("to: records@example.com", "to: records", "sources.0.person.to: 'records' is not one mail address"),
        ("      who: The records office", "      whom: x", "sources.0.person.who: is missing"),
        ("look: Look", "see: Look", "sources.0.person.see: is not a known key"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(folder: Path, old: str, new: str, sentence: str) -> None:
    assert old in BLOCKS[0]
    (folder / "sources.yaml").write_text(BLOCKS[0].replace(old, new, 1))
    with pytest.raises(PolicyError) as told:
        load_organisation(folder)
    assert sentence in str(told.value)
