"""What the profile of Data Package 2.0 demands of a descriptor, judged by jsonschema.

The demands are written down here from the published profile (datapackage.org/profiles/2.0): it is long, and most of it is explanation.
"""

import json
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from tests.archive.samples import a_cover, accounts, orders, sealed, visits
from tests.archive.test_parts import long, written

TEXT = {"type": "string"}
PATH = r"^((?=[^./~])(?!file:)((?!/\.\./)(?!\\)(?!://).)*|(http|ftp)s?://.*)$"
FORMATS = {"string": ["default", "email", "uri", "binary", "uuid"], "datetime": None, "date": None, "time": None}
TYPES = ["string", "integer", "number", "boolean", "object", "array", "date", "datetime", "time", "year", "yearmonth", "duration", "any"]
SOURCE = {"type": "object", "minProperties": 1, "properties": {"title": TEXT, "email": {**TEXT, "format": "email"}}}


def a_field(kind: str) -> dict[str, Any]:
    allowed = FORMATS.get(kind, ["default"])
    form = TEXT if allowed is None else {"enum": allowed}
    words = {"name": TEXT, "title": TEXT, "description": TEXT, "type": {"const": kind}, "format": form}
    return {"type": "object", "required": ["name", "type"], "properties": words}


SCHEMA = {
    "type": "object",
    "required": ["fields"],
    "properties": {
        "fields": {"type": "array", "minItems": 1, "items": {"oneOf": [a_field(kind) for kind in TYPES]}},
        "missingValues": {"type": "array", "items": TEXT},
    },
}
RESOURCE = {
    "type": "object",
    "required": ["name", "path"],
    "not": {"required": ["data"]},
    "properties": {
        "name": TEXT,
        "path": {**TEXT, "pattern": PATH},
        "type": {"enum": ["table"]},
        "title": TEXT,
        "description": TEXT,
        "sources": {"type": "array", "items": SOURCE},
        "format": TEXT,
        "mediatype": {**TEXT, "pattern": "^(.+)/(.+)$"},
        "encoding": TEXT,
        "bytes": {"type": "integer"},
        "hash": {**TEXT, "pattern": "^([^:]+:[a-fA-F0-9]+|[a-fA-F0-9]{32}|)$"},
        "schema": SCHEMA,
    },
}
PACKAGE = {
    "type": "object",
    "required": ["resources"],
    "properties": {
        "$schema": TEXT,
        "name": TEXT,
        "id": TEXT,
        "title": TEXT,
        "created": {**TEXT, "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "contributors": {
            "type": "array",
            "minItems": 1,
            "items": {**SOURCE, "properties": {**SOURCE["properties"], "roles": {"type": "array", "minItems": 1, "items": TEXT}}},  # type: ignore[dict-item]
        },
        "sources": {"type": "array", "items": SOURCE},
        "resources": {"type": "array", "minItems": 1, "items": RESOURCE},
    },
}
JUDGE = Draft7Validator(PACKAGE, format_checker=FormatChecker())


def descriptor(archive: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(BytesIO(archive)) as bag:
        (name,) = [name for name in bag.namelist() if name.endswith("data/datapackage.json")]
        package: dict[str, Any] = json.loads(bag.read(name))
        return package


def objections(package: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in JUDGE.iter_errors(package)]


def an_archive() -> dict[str, Any]:
    return descriptor(sealed(a_cover(), [accounts(), orders(), visits()])[0])


def test_an_archive_meets_every_demand() -> None:
    assert objections(an_archive()) == []


def test_an_archive_of_nothing_does_too() -> None:
    assert objections(descriptor(sealed(a_cover(), [])[0])) == []


def test_every_part_of_a_large_archive_does_too(tmp_path: Path) -> None:
    paths, _ = written(tmp_path, [replace(accounts(), size=400), *long(), orders(), visits()])
    assert [objections(descriptor(path.read_bytes())) for path in paths] == [[]] * 4


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../elsewhere.json"},
        {"path": "/etc/passwd"},
        {"mediatype": "json"},
        {"hash": "sha256:xyz"},
        {"bytes": "12"},
        {"type": "json"},
        {"schema": {"fields": []}},
        {"schema": {"fields": [{"name": "a", "type": "text"}]}},
        {"schema": {"fields": [{"name": "a", "type": "string", "format": "base64"}]}},
    ],
)
def test_the_judge_objects_to_what_the_profile_forbids(change: dict[str, Any]) -> None:
    package = an_archive()
    package["resources"][0] |= change
    assert len(objections(package)) == 1
