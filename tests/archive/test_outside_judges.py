"""Tools that have never heard of this product judge its archives."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import bagit
import pytest
from frictionless import validate

from tests.archive.samples import a_cover, accounts, opened, orders, sealed, visits

MANIFESTS = ("manifest-sha256.txt", "tagmanifest-sha256.txt")


@pytest.fixture(scope="module")
def archive() -> bytes:
    cover = a_cover(gaps=(("Newsletter", "We could not reach it."),))
    return sealed(cover, [accounts(), orders(), visits(600)], lambda content: "a..b")[0]


@pytest.fixture
def bag(archive: bytes, tmp_path: Path) -> Path:
    return opened(archive, tmp_path)


def sha256sum(bag: Path, listing: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sha256sum", "-c", "--strict", listing], cwd=bag, capture_output=True, text=True)


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_bagit_finds_a_complete_and_valid_bag(bag: Path) -> None:
    assert bagit.Bag(str(bag)).validate()


@pytest.mark.parametrize("listing", MANIFESTS)
def test_sha256sum_finds_every_listed_file_unaltered(bag: Path, listing: str) -> None:
    judged = sha256sum(bag, listing)
    assert judged.returncode == 0, judged.stderr
    assert judged.stdout.count(": OK") == len((bag / listing).read_text().splitlines())


def test_frictionless_accepts_the_descriptor_every_hash_and_every_cell(bag: Path) -> None:
    judged = validate(str(bag / "data" / "datapackage.json"))
    assert judged.valid, judged.flatten(["type", "message"])
    assert {task.type for task in judged.tasks} >= {"table", "json"}


def test_unzip_finds_no_fault(archive: bytes, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(archive)
    judged = subprocess.run([sys.executable, "-m", "zipfile", "-t", str(path)], capture_output=True, text=True)
    assert (judged.returncode, judged.stdout.strip()) == (0, "Done testing")


def test_one_altered_byte_is_noticed_by_three_tools(bag: Path) -> None:
    spoil(bag / "data" / "tables" / "shop-orders.csv")

    assert "data/tables/shop-orders.csv: FAILED" in sha256sum(bag, MANIFESTS[0]).stdout
    with pytest.raises(bagit.BagValidationError, match=r"data/tables/shop-orders\.csv"):
        bagit.Bag(str(bag)).validate()
    judged = validate(str(bag / "data" / "datapackage.json"))
    assert [task.name for task in judged.tasks if not task.valid] == ["shop-orders-csv"]


def test_an_altered_list_is_noticed_by_the_list_of_lists(bag: Path) -> None:
    spoil(bag / MANIFESTS[0])
    assert f"{MANIFESTS[0]}: FAILED" in sha256sum(bag, MANIFESTS[1]).stdout


def test_every_payload_file_is_a_resource_with_its_size_and_hash(bag: Path) -> None:
    package = json.loads((bag / "data" / "datapackage.json").read_text())
    files = {str(path.relative_to(bag / "data")) for path in (bag / "data").rglob("*") if path.is_file()}

    assert {resource["path"] for resource in package["resources"]} == files - {"datapackage.json"}
    assert all(resource["bytes"] == (bag / "data" / resource["path"]).stat().st_size for resource in package["resources"])
    assert len({resource["name"] for resource in package["resources"]}) == len(package["resources"])


def test_the_descriptor_follows_the_shape_of_data_package_2(bag: Path) -> None:
    package = json.loads((bag / "data" / "datapackage.json").read_text())
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert package["id"].startswith("urn:uuid:")
    for resource in package["resources"]:
        assert resource.keys() >= {"name", "path", "mediatype", "encoding", "bytes", "hash"}
        assert not resource["path"].startswith(("/", "."))
        assert ".." not in resource["path"]
    orders = next(resource for resource in package["resources"] if resource["name"] == "shop-orders")
    assert orders["title"] == "Your orders"
    assert orders["sources"] == [{"title": "Shop database"}]
    assert orders["portability"] == "art15"
    assert orders["habeas:withheld"] == [{"what": "Password hash", "why": "Whoever has it could sign in as you.", "count": 2}]


def test_bag_info_names_request_organisation_and_day(bag: Path) -> None:
    facts = bagit.Bag(str(bag)).info
    payload = [path for path in (bag / "data").rglob("*") if path.is_file()]
    assert facts["External-Identifier"] == "DR-3X9P-7W"
    assert facts["Source-Organization"] == "Northwind"
    assert facts["Bagging-Date"] == "2026-12-09"
    assert facts["Payload-Oxum"] == f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"


def test_the_zip_holds_one_folder_named_by_the_reference_and_data_comes_first(archive: bytes, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(archive)
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
    assert {name.partition("/")[0] for name in names} == {"DR-3X9P-7W"}
    tags = [index for index, name in enumerate(names) if not name.startswith("DR-3X9P-7W/data/")]
    assert tags == list(range(min(tags), len(names)))
    assert names[-2:] == ["DR-3X9P-7W/tagmanifest-sha256.txt", "DR-3X9P-7W/tagmanifest-sha256.txt.jws"]
