"""`load_organisation FOLDER` at the shell: what it prints and how it ends."""

import json
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.organisations.models import Organisation

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "cpzai", tmp_path / "cpzai", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


def test_the_command_says_what_it_did(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_organisation", str(folder))
    call_command("load_organisation", str(folder), "--json")

    first, second = capsys.readouterr().out.splitlines()
    assert first == "cpzai: organisation created, policy 2026-03-10 created, source platform created, source server-logs created."
    assert json.loads(second)["changed"] is False


def test_the_command_refuses_with_one_line_per_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = folder / "organisation.yaml"
    policy.write_text(policy.read_text().replace("EU: EU_GDPR", "EU: EU_GDRP"))

    with pytest.raises(CommandError, match=r"^Nothing was changed\.$") as refusal:
        call_command("load_organisation", str(folder), "--json")

    told = capsys.readouterr()
    assert refusal.value.returncode == 1
    assert told.err == "organisation.yaml:30: residence_regimes.EU: 'EU_GDRP' is no law that is known here; did you mean EU_GDPR?\n"
    assert json.loads(told.out)["problems"][0]["line"] == 30
    assert not Organisation.objects.exists()


def test_the_command_wants_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"is not a folder\. Nothing was changed\.") as refusal:
        call_command("load_organisation", str(tmp_path / "nowhere"))

    assert refusal.value.returncode == 2
