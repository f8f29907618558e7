"""load_organisation: whole or not at all, once or many times."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from exports.flows.registering import LoadReport, load_organisation
from exports.models import DataSource, Handle, Job
from portal.organisations.marked_yaml import PolicyError
from portal.organisations.models import Organisation, Policy

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
pytestmark = pytest.mark.django_db
Change = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of CPZAI's folder, to be changed."""
    return Path(shutil.copytree(EXAMPLES / "cpzai", tmp_path / "cpzai", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


@pytest.fixture
def change(folder: Path) -> Change:
    def _change(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return _change


def load(folder: Path) -> LoadReport:
    return load_organisation(folder, stores=folder / "stores")


def problems(folder: Path, stores: Path | None = Path("/stores")) -> list[str]:
    before = everything()
    with pytest.raises(PolicyError) as refusal:
        load_organisation(folder, stores=stores)
    assert everything() == before
    return str(refusal.value).splitlines()


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Organisation, Policy, DataSource)]


def test_a_folder_becomes_an_organisation_with_its_policy_and_sources(folder: Path) -> None:
    report = load(folder)

    organisation = Organisation.objects.get(key="cpzai")
    assert organisation.current_policy.version == "2026-03-10"
    assert organisation.current_policy.read().name == "CPZAI"
    assert organisation.brand == "#0b5a4a"
    assert report.changed
    assert dict(report.sources) == {"platform": "created", "server-logs": "created"}
    sources = DataSource.objects.filter(organisation=organisation)
    assert [source.key for source in sources] == ["platform", "server-logs"]
    assert sources[0].url == f"sqlite:///{folder}/stores/platform.sqlite3"
    assert sources[0].write_url == ""
    assert sources[0].datasets[0]["fides_key"] == "cpzai_platform"


def test_the_same_folder_again_changes_nothing(folder: Path) -> None:
    load(folder)
    before = everything()

    report = load(folder)

    assert not report.changed
    assert everything() == before


def test_both_examples_live_side_by_side(tmp_path: Path) -> None:
    for key in ("mcpworks", "cpzai"):
        load_organisation(EXAMPLES / key, stores=tmp_path)

    assert Organisation.objects.count() == 2
    assert DataSource.objects.count() == 4


def test_other_promises_need_another_version(folder: Path, change: Change) -> None:
    load(folder)
    change("organisation.yaml", "sweep: P30D", "sweep: P60D")

    assert problems(folder) == [
        "organisation.yaml:11: version: version 2026-03-10 is loaded already and its promises differ here: categories; write a new version"
    ]


def test_a_new_version_stands_beside_the_old_one(folder: Path, change: Change) -> None:
    load(folder)
    change("organisation.yaml", "sweep: P30D", "sweep: P60D")
    change("organisation.yaml", 'version: "2026-03-10"\neffective_on: 2026-03-10', 'version: "2"\neffective_on: 2026-06-01')

    report = load(folder)

    organisation = Organisation.objects.get(key="cpzai")
    assert (report.policy_change, report.organisation_change) == ("created", "unchanged")
    assert [policy.version for policy in organisation.policies.order_by("pk")] == ["2026-03-10", "2"]
    assert organisation.current_policy.version == "2"


def test_an_older_version_is_added_to_the_history_and_does_not_rename_the_organisation(folder: Path, change: Change) -> None:
    load(folder)
    change("organisation.yaml", 'version: "2026-03-10"\neffective_on: 2026-03-10', 'version: "0"\neffective_on: 2025-01-01')
    change("organisation.yaml", "name: CPZAI", "name: Old name")

    load(folder)

    organisation = Organisation.objects.get(key="cpzai")
    assert organisation.name == "CPZAI"
    assert organisation.current_policy.version == "2026-03-10"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: CPZAI", "name: CPZ"),
        ('brand: "#0b5a4a"', 'brand: "#1d4f91"'),
        ("postal: unspecified", "postal: 1 Street, Town"),
        ("  - The policy names no law", "  - Note well. The policy names no law"),
    ],
)
def test_facts_and_officers_notes_may_be_put_right_without_a_new_version(folder: Path, change: Change, old: str, new: str) -> None:
    load(folder)
    change("organisation.yaml", old, new)

    report = load(folder)

    assert report.changed
    assert Policy.objects.get().version == "2026-03-10"


def test_a_source_that_is_named_no_more_is_removed(folder: Path, change: Change) -> None:
    load(folder)
    text = (folder / "sources.yaml").read_text()
    (folder / "sources.yaml").write_text(text[: text.index("  - key: server-logs")])

    report = load(folder)

    assert dict(report.sources) == {"platform": "unchanged", "server-logs": "removed"}
    assert [source.key for source in DataSource.objects.all()] == ["platform"]


def test_a_source_with_rows_that_wait_for_their_deletion_cannot_be_dropped(folder: Path) -> None:
    load(folder)
    organisation = Organisation.objects.get()
    job = Job(organisation=organisation, policy=organisation.current_policy, kind="erasure", subject=uuid4().hex)
    job.identities = {"email": "rita@example.org"}
    job.save()
    Handle.objects.create(job=job, source_key="server-logs", collection="requests", pk_digest="x", action="delete")
    text = (folder / "sources.yaml").read_text()
    (folder / "sources.yaml").write_text(text[: text.index("  - key: server-logs")])

    assert "rows of it still wait for their deletion" in problems(folder)[0]


def test_an_address_may_come_from_the_environment(folder: Path, change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    change("sources.yaml", "url: sqlite:///{folder}/platform.sqlite3", "env: SHOP_READ\n    write_env: SHOP_WRITE")
    secret = folder / "secret"
    secret.write_text("sqlite:////somewhere/writer.sqlite3\n")
    monkeypatch.setenv("SHOP_READ", "sqlite:////somewhere/else.sqlite3")
    monkeypatch.setenv("SHOP_WRITE_FILE", str(secret))

    load(folder)

    source = DataSource.objects.get(key="platform")
    assert source.url == "sqlite:////somewhere/else.sqlite3"
    assert source.write_url == "sqlite:////somewhere/writer.sqlite3"


BROKEN = {
    "no address": ("url: sqlite:///{folder}/platform.sqlite3\n    ", "", "sources.yaml:4: sources.0: needs url or env"),
    "two addresses": (
        "datasets: [datasets/pl",
        "env: A_B\n    datasets: [datasets/pl",
        "sources.yaml:7: sources.0.env: the environment variable A_B is not set",
    ),
    "no address at all": (
        "sqlite:///{folder}/platform.sqlite3",
        "somewhere",
        "sources.yaml:6: sources.0.url: is not the address of a database",
    ),
    "a relative file": (
        "{folder}/platform.sqlite3",
        "platform.sqlite3",
        "sources.yaml:6: sources.0.url: names an SQLite file by a relative path",
    ),
    "a strange database": (
        "sqlite:///{folder}/platform.sqlite3",
        "gopher://u:s3cret@h/x",
        "sources.yaml:4: sources.0.url: It cannot be reached",
    ),
    "one of our own settings": (
        "url: sqlite:///{folder}/platform.sqlite3",
        "env: HABEAS_DATA",
        "sources.0.env: is not the name of an environment variable",
    ),
    "a dataset that is not there": (
        "datasets/platform.yml",
        "datasets/platfrom.yml",
        "sources.yaml:7: sources.0.datasets.0: the file 'datasets/platfrom.yml' does",
    ),
    "a dataset outside": (
        "datasets/platform.yml",
        "../../../etc/passwd",
        "sources.yaml:7: sources.0.datasets.0: must name a file inside the organisation's",
    ),
    "two sources of one key": (
        "key: server-logs",
        "key: platform",
        "sources.yaml:9: sources.1.key: 'platform' is the key of another source already",
    ),
    "an unknown key": ("title: Platform database", "titel: Platform database", "sources.yaml:5: sources.0.titel: is not a known key"),
    "one dataset twice": (
        "datasets/server_logs.yml",
        "datasets/platform.yml",
        "cpzai_platform: a dataset of this key belongs to the source 'platform'",
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_sources_that_cannot_be_meant_are_refused(folder: Path, change: Change, old: str, new: str, said: str) -> None:
    change("sources.yaml", old, new)

    told = problems(folder)

    assert any(said in line for line in told), told
    assert "s3cret" not in str(told)


def test_a_category_that_the_policy_does_not_have_is_refused_in_its_dataset(folder: Path, change: Change) -> None:
    change("datasets/platform.yml", "category: api_credentials", "category: api_credential")

    (told,) = problems(folder)

    line = (folder / "datasets/platform.yml").read_text().splitlines().index("      - name: api_keys") + 1
    assert told.startswith(f"platform.yml:{line}: cpzai_platform.api_keys.habeas_meta.category: ")
    assert told.endswith("the policy has no category 'api_credential'; did you mean api_credentials?")


def test_a_reference_into_nowhere_is_refused(folder: Path, change: Change) -> None:
    change("datasets/server_logs.yml", "field: accounts.id", "field: account.id")

    assert "there is no collection 'cpzai_platform.account'" in problems(folder)[0]


def test_problems_of_both_files_are_told_at_once(folder: Path, change: Change) -> None:
    change("organisation.yaml", "timezone: UTC", "timezone: UCT+9")
    change("sources.yaml", "title: Server logs", "title: 1")

    assert [line.split(": ")[0] for line in problems(folder)] == ["organisation.yaml:9", "sources.yaml:10"]


def test_without_a_data_folder_the_place_of_the_stores_is_asked_for(folder: Path) -> None:
    assert "no data folder was given; name one with --stores" in problems(folder, stores=None)[0]


def test_a_promise_without_data_is_noted(folder: Path, change: Change) -> None:
    change("organisation.yaml", "    held: false\n    note:", "    note:")

    assert load(folder).notes == ("The policy's category 'oauth_tokens' is in no dataset.",)


def test_a_processor_must_be_loaded_first(folder: Path, change: Change) -> None:
    change("organisation.yaml", "role: controller", "role: controller\nprocessor: pyplan")

    assert problems(folder) == ["organisation.yaml:8: processor: no other organisation 'pyplan' is loaded; load it first"]
