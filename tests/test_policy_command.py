"""`load_organisation FOLDER` at the shell: what it prints and how it ends."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from examples.cpzai import sample
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


def test_what_a_source_has_not_got_is_named_with_its_line_and_loaded(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stores = tmp_path / "stores"
    stores.mkdir()
    sample.build(stores, today=date(2026, 11, 20))
    dataset = folder / "datasets" / "platform.yml"
    text = dataset.read_text()
    column = re.search(r"^( +)- name: (email)$", text, re.MULTILINE)
    assert column
    dataset.write_text(text.replace(column[0], f"{column[1]}- name: shoe_size\n{column[0]}", 1))

    call_command("load_organisation", str(folder), "--stores", str(stores), "--json")

    told = capsys.readouterr()
    line = text[: column.start()].count("\n") + 1
    assert f"{dataset.name}:{line}: " in told.err
    assert "has no column 'shoe_size'. `check_sources cpzai` tells more." in told.err
    assert "shoe_size" in str(json.loads(told.out)["notes"])
    assert Organisation.objects.filter(key="cpzai").exists()
