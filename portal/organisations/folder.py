"""An organisation's folder: organisation.yaml and sources.yaml, read and checked before anything is written."""

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from portal.organisations.http_words import http_address, http_words
from portal.organisations.kinds import list_of, record, text, word
from portal.organisations.marked_yaml import Kind, PolicyError, Problem, Reading, read_yaml, scalar
from portal.organisations.person_words import person_words
from portal.organisations.policy import PolicyDocument, read_with_lines
from portal.organisations.policy_shape import SLUG

ADDRESS = re.compile(r"[a-z][a-z0-9+]*://\S*")
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
STORES = "{folder}"
KINDS = ("sql", "http", "person")


@dataclass(frozen=True)
class SourceDraft:
    """One data source as sources.yaml names it, its addresses resolved. They hold passwords: never print them."""

    key: str
    title: str
    url: str = field(repr=False)
    write_url: str = field(default="", repr=False)
    datasets: tuple[Path, ...] = ()
    note: str = ""
    line: int = 0
    kind: str = "sql"
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Folder:
    """Everything an organisation's folder says, but for the insides of its datasets."""

    policy: PolicyDocument
    sources: tuple[SourceDraft, ...]
    lines: Mapping[str, int]


def read_folder(folder: Path, *, stores: Path | None = None, regimes: Collection[str] | None = None) -> Folder:
    """Read both files; one PolicyError holds the problems of both. `{folder}` in an address means `stores`."""
    problems: list[Problem] = []
    policy = _or_problems(problems, lambda: read_with_lines(folder / "organisation.yaml", regimes=regimes))
    is_processor = policy is not None and policy[0].role == "processor"
    sources = _or_problems(problems, lambda: _read_sources(_Setting(folder, stores, os.environ), may_be_none=is_processor))
    if problems:
        raise PolicyError(problems)
    return Folder(policy[0], sources, policy[1])


def _or_problems(problems: list[Problem], read: Callable[[], Any]) -> Any:
    try:
        return read()
    except PolicyError as refusal:
        problems.extend(refusal.problems)
        return None


@dataclass(frozen=True)
class _Setting:
    """Where relative things of a sources.yaml are looked for."""

    folder: Path
    stores: Path | None
    environment: Mapping[str, str] = field(repr=False)


def _read_sources(setting: _Setting, *, may_be_none: bool) -> tuple[SourceDraft, ...]:
    """The sources. A processor may have none: what it holds stands in the sources of those it works for."""
    reading, node = read_yaml(setting.folder / "sources.yaml")
    source = record(
        dict,
        {
            "key": SLUG,
            "title": text(is_line=True),
            "kind": word(*KINDS),
            "http": http_words,
            "person": person_words,
            "url": _address(setting.stores),
            "write_url": _address(setting.stores),
            "env": _variable(setting.environment),
            "write_env": _variable(setting.environment),
            "datasets": list_of(_dataset_path(setting.folder)),
            "note": text(empty=True),
        },
        needed=("key", "title", "datasets"),
    )
    read = record(dict, {"sources": list_of(source)}, needed=("sources",))(reading, node, "") or {}
    drafts = [_draft(reading, number, given) for number, given in enumerate(read.get("sources", ())) if given is not None]
    if not drafts and not may_be_none and not reading.problems:
        reading.refuse("sources", "names no source, so nothing could ever be found")
    _refuse_twice(reading, drafts)
    reading.finish()
    return tuple(draft for draft in drafts if draft is not None)


def _draft(reading: Reading, number: int, given: dict[str, Any]) -> SourceDraft | None:
    """A source with exactly one reading address and at most one writing address, and with what its kind needs."""
    path, kind = f"sources.{number}", given.get("kind", "sql")
    read = [key for key in ("url", "env") if f"{path}.{key}" in reading.lines]
    write = [key for key in ("write_url", "write_env") if f"{path}.{key}" in reading.lines]
    if kind == "person" and read:
        reading.refuse(path, "of the kind person has no address of its own; who is written to stands under person.to")
    elif kind != "person" and len(read) != 1:
        reading.refuse(path, "needs url or env, to know where it is" if not read else "has both url and env; only one can hold")
    if len(write) > 1:
        reading.refuse(path, "has both write_url and write_env; only one can hold")
    if not given["datasets"]:
        reading.refuse(f"{path}.datasets", "names no dataset, so nothing could be found there")
    for other in ("http", "person"):
        if (f"{path}.{other}" in reading.lines) != (kind == other):
            needs = f"of the kind {other} needs {other}, to know " + ("its calls" if other == "http" else "who is asked")
            reading.refuse(path, needs if kind == other else f"has {other}, but is not of the kind {other}")
    if reading.problems:
        return None
    if kind == "http":
        _check_http(reading, path, given, write=write, address=given[read[0]])
    return SourceDraft(
        key=given["key"],
        title=given["title"],
        url=given[read[0]] if read else "",
        write_url=given[write[0]] if write else "",
        datasets=given["datasets"],
        note=given.get("note", ""),
        line=reading.line_of(f"{path}.key"),
        kind=kind,
        settings=given.get(kind, {}),
    )


def _check_http(reading: Reading, path: str, given: dict[str, Any], *, write: list[str], address: str) -> None:
    is_private = bool(given["http"].get("private"))
    if write:
        reading.refuse(f"{path}.{write[0]}", "is for databases; a service is changed under http.write_auth")
    named = [f"{path}.{key}" for key in ("url", "env") if f"{path}.{key}" in reading.lines]
    tokens = [(f"{path}.http.{key}", given["http"].get(key, {}).get("token_url", "")) for key in ("auth", "write_auth")]
    for place, value in ((named[0], address), *tokens):
        reason = http_address(value, private=is_private) if value else ""
        if reason:
            reading.refuse(place, reason)


def _refuse_twice(reading: Reading, drafts: list[SourceDraft | None]) -> None:
    seen: set[str] = set()
    for number, draft in enumerate(drafts):
        if draft and draft.key in seen:
            reading.refuse(f"sources.{number}.key", f"'{draft.key}' is the key of another source already")
        seen.add(draft.key if draft else "")


def _address(stores: Path | None) -> Kind:
    """The address of a database. It may hold a password, so no reason ever repeats it."""

    def read(reading: Reading, node: yaml.Node, path: str) -> str | None:
        value = scalar(node)
        if not isinstance(value, str) or not ADDRESS.fullmatch(value):
            reading.refuse(path, "is not the address of a database, like postgresql+psycopg://… or sqlite:///{folder}/name.sqlite3")
            return None
        if value.startswith("sqlite:///") and not value.startswith(("sqlite:////", f"sqlite:///{STORES}/")):
            reading.refuse(path, "names an SQLite file by a relative path; begin with {folder}/ for the data folder, or with /")
            return None
        if STORES in value and stores is None:
            reading.refuse(path, "says {folder}, but no data folder was given; name one with --stores")
            return None
        return value.replace(STORES, str(stores))

    return read


def _variable(environment: Mapping[str, str]) -> Kind:
    """The name of an environment variable that holds an address, or of which NAME_FILE names a file that does."""

    def read(reading: Reading, node: yaml.Node, path: str) -> str | None:
        name = scalar(node)
        if not isinstance(name, str) or not VARIABLE.fullmatch(name) or name.startswith("HABEAS_"):
            reading.refuse(path, "is not the name of an environment variable, like SHOP_DATABASE_URL; HABEAS_ names are the product's own")
            return None
        value = environment.get(name) or _from_file(environment.get(f"{name}_FILE"))
        if not ADDRESS.fullmatch(value):
            state = "holds no address of a database" if value else "is not set"
            reading.refuse(path, f"the environment variable {name} {state}")
            return None
        return value

    return read


def _from_file(path: str | None) -> str:
    return Path(path).read_text(encoding="utf-8").strip() if path and Path(path).is_file() else ""


def _dataset_path(folder: Path) -> Kind:
    """A dataset file inside the organisation's folder."""

    def read(reading: Reading, node: yaml.Node, path: str) -> Path | None:
        name = scalar(node)
        found = (folder / str(name)).resolve()
        if not isinstance(name, str) or folder.resolve() not in found.parents:
            reading.refuse(path, "must name a file inside the organisation's folder, like datasets/shop.yml")
            return None
        if not found.is_file():
            reading.refuse(path, f"the file '{name}' does not exist")
            return None
        return found

    return read
