"""Reads the `http` block of a source in sources.yaml: how its calls look, with its secrets taken from the environment."""

import os
import re
from collections.abc import Mapping
from typing import Any

import yaml

from portal.organisations.kinds import list_of, mapping_of, record, text, truth, whole, word
from portal.organisations.marked_yaml import Kind, Reading, scalar

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
PLACE = r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*"
HEADER = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
SHOWN = r"[\x20-\x7e]*"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
BLANK = re.compile(r"\{([A-Za-z_][\w.]*)\}")
ADDRESS = re.compile(r"https?://[^/\s?#@]+(/[^\s?#]*)?")
AUTH_NEEDS = {"none": (), "bearer": ("secret",), "basic": ("name", "secret"), "header": ("name", "secret")}
AUTH_NEEDS["oauth2"] = ("name", "secret", "token_url")
PAGING_NEEDS = {"page": ("name",), "offset": ("name",), "cursor": ("name", "next"), "next_url": ("next",), "link": ()}


def http_words(reading: Reading, node: yaml.Node, path: str) -> dict[str, Any] | None:
    """The block as plain values; each thing that cannot be meant is refused with its line."""
    kinds: dict[str, Kind] = {
        "auth": _auth,
        "write_auth": _auth,
        "headers": mapping_of(text(pattern=SHOWN, reason="holds a sign that no header may hold"), keys=HEADER, reason="is no header"),
        "check": text(pattern=r"/[^\s?#]*", reason="is not a path; it begins with /"),
        "private": truth,
        "per_minute": whole(1, 60_000),
        "timeout": whole(1, 120),
        "most_bytes": whole(1_000, 500_000_000),
        "most_records": whole(1, 5_000_000),
        "idempotency": text(pattern=HEADER, reason="is no header", empty=True),
        "collections": mapping_of(_collection, keys=r"[\w-]+(\.[\w-]+)?", reason="is not the name of a collection"),
    }
    found: dict[str, Any] | None = record(dict, kinds, needed=("collections",))(reading, node, path)
    return found


def http_address(value: str, *, private: bool) -> str:
    """Why a text cannot be the address of such a source; empty when it can."""
    if not ADDRESS.fullmatch(value):
        return "is not the address of a service, like https://api.example.com/v2, without account, query or #"
    if value.startswith("http://") and not private:
        return "begins with http://, so everybody on the way could read along; only a source that is `private: true` may"
    return ""


def _auth(reading: Reading, node: yaml.Node, path: str) -> dict[str, str] | None:
    kinds: dict[str, Kind] = {
        "kind": word(*AUTH_NEEDS),
        "name": text(pattern=SHOWN, reason="holds a sign that no header may hold"),
        "name_env": _secret,
        "secret_env": _secret,
        "token_url": text(pattern=ADDRESS.pattern, reason="is not an address"),
        "scope": text(pattern=SHOWN, reason="holds a sign that no scope may hold"),
    }
    given = record(dict, kinds, needed=("kind",))(reading, node, path)
    if given is None or "kind" not in given:
        return None
    found = {name.removesuffix("_env"): value for name, value in given.items()}
    missing = [name for name in AUTH_NEEDS[found["kind"]] if name not in found and f"{path}.{name}_env" not in reading.lines]
    for name in missing:
        reading.refuse(path, f"of the kind {found['kind']} needs {name if name == 'token_url' else name + '_env'}")
    return found


def _secret(reading: Reading, node: yaml.Node, path: str) -> str | None:
    """The value of an environment variable, or of the file that NAME_FILE names. No reason ever repeats it."""
    name = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if not VARIABLE.fullmatch(name) or name.startswith("HABEAS_"):
        reading.refuse(path, "is not the name of an environment variable, like SHOP_API_TOKEN; HABEAS_ names are the product's own")
        return None
    value = os.environ.get(name) or _in_file(os.environ.get(f"{name}_FILE"))
    if not value or not value.isascii() or not value.isprintable():
        reading.refuse(path, f"the environment variable {name} {'holds signs that cannot be sent' if value else 'is not set'}")
        return None
    return value


def _in_file(path: str | None) -> str:
    try:
        with open(path or "", encoding="utf-8") as opened:
            return opened.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _collection(reading: Reading, node: yaml.Node, path: str) -> dict[str, Any] | None:
    kinds: dict[str, Kind] = {
        "records": text(pattern=PLACE, reason="is not a place, like data.items", empty=True),
        "fields": mapping_of(text(pattern=PLACE, reason="is not a place, like properties.email"), keys=NAME, reason="is not a field"),
        "required": list_of(text(pattern=NAME, reason="is not a field")),
        "if_match": truth,
        "list": list_of(_call({"by": list_of(text(pattern=PLACE, reason="is not a field"))}, is_question=True)),
        "get": _call({}, is_question=True),
        "delete": _call({}, method="DELETE"),
        "update": _call({}, method="PATCH"),
    }
    found: dict[str, Any] | None = record(dict, kinds, needed=("list",))(reading, node, path)
    if found and found.get("if_match") and "get" not in found:
        reading.refuse(f"{path}.if_match", "needs get: what a change must match stands in the answer about one record")
    for number, call in enumerate((found or {}).get("list", ())):
        if call is not None:
            extra = sorted(_blanks([call["path"], call.get("query"), call.get("body")]) - set(call.get("by", ())))
            if extra:
                reading.refuse(f"{path}.list.{number}", f"has the blank {{{extra[0]}}}, which `by` does not name")
    return found


def _call(more: Mapping[str, Kind], *, method: str = "GET", is_question: bool = False) -> Kind:
    kinds: dict[str, Kind] = {
        "path": text(pattern=r"/[^\s?#]*", reason="is not a path; it begins with /, and what follows a ? stands under query"),
        "method": word(*METHODS),
        "query": mapping_of(text(empty=True), keys=r"[^\s=&#]+", reason="is not the name of a parameter"),
        "body": _anything,
        **more,
    }
    if is_question:
        kinds |= {"records": text(pattern=PLACE, reason="is not a place", empty=True), "none_is_404": truth, "paging": _paging}
    read = record(dict, kinds, needed=("path",))

    def call(reading: Reading, node: yaml.Node, path: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = read(reading, node, path)
        return {"method": method, **found} if found and "path" in found else None

    return call


def _paging(reading: Reading, node: yaml.Node, path: str) -> dict[str, Any] | None:
    kinds: dict[str, Kind] = {
        "kind": word(*PAGING_NEEDS),
        "name": text(),
        "size": text(),
        "each": whole(1, 100_000),
        "first": whole(0, 1),
        "next": text(pattern=PLACE, reason="is not a place"),
        "total": text(pattern=PLACE, reason="is not a place"),
    }
    found: dict[str, Any] | None = record(dict, kinds, needed=("kind",))(reading, node, path)
    for name in PAGING_NEEDS.get((found or {}).get("kind", ""), ()):
        if found is not None and name not in found:
            reading.refuse(path, f"of the kind {found['kind']} needs {name}")
    return found


def _anything(reading: Reading, node: yaml.Node, path: str) -> Any:
    """Whatever a body holds, as plain values."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _anything(reading, inner, path) for key, inner in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_anything(reading, inner, path) for inner in node.value]
    value = scalar(node)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _blanks(template: Any) -> set[str]:
    if isinstance(template, str):
        return set(BLANK.findall(template))
    inner = template.values() if isinstance(template, Mapping) else template if isinstance(template, list | tuple) else ()
    return {name for one in inner for name in _blanks(one)}
