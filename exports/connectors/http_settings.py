"""What sources.yaml says about a source that answers over HTTP, as frozen values. Secrets are in it: never print one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Auth:
    """`kind` is none, bearer, basic, header or oauth2; `name` is the header, the account or the client; `secret` what proves it."""

    kind: str = "none"
    name: str = ""
    secret: str = field(default="", repr=False)
    token_url: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Paging:
    """How the rest of a list is asked for. `kind`: page, offset, cursor, next_url (in the answer) or link (in its header)."""

    kind: str
    name: str = ""
    size: str = ""
    each: int = 100
    first: int = 1
    next: str = ""
    total: str = ""


@dataclass(frozen=True)
class Call:
    """One call. In path, query, headers and body `{name}` stands for a value. `records`: where in the answer the records lie."""

    path: str
    method: str = "GET"
    by: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    records: str = ""
    paging: Paging | None = None
    none_is_404: bool = False


@dataclass(frozen=True)
class HttpCollection:
    """The calls of one collection. `fields` says where a field lies in a record, when not under its own name; `if_match`, that its
    records carry an ETag, and that a change is refused when somebody else was faster (RFC 9110 section 13.1.1)."""

    name: str
    lists: tuple[Call, ...] = ()
    get: Call | None = None
    delete: Call | None = None
    update: Call | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    if_match: bool = False

    @property
    def whole(self) -> Call | None:
        """The call that lists everything, whoever it is about."""
        return next((call for call in self.lists if not call.by), None)

    def call_by(self, fields: Sequence[str]) -> Call | None:
        """The list call that these fields can be given to; the one that uses most of them."""
        fitting = [call for call in self.lists if call.by and set(call.by) <= set(fields)]
        return max(fitting, key=lambda call: len(call.by), default=None)


@dataclass(frozen=True)
class HttpSettings:
    """Everything about one source. `private`: it may stand inside one's own network, and there be asked without TLS."""

    base: str
    auth: Auth = field(default_factory=Auth)
    write_auth: Auth | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    check: str = ""
    private: bool = False
    per_minute: int = 0
    timeout: int = 30
    most_bytes: int = 20_000_000
    most_records: int = 100_000
    idempotency: str = "Idempotency-Key"
    collections: Mapping[str, HttpCollection] = field(default_factory=dict)

    @classmethod
    def from_json(cls, base: str, stored: Mapping[str, Any]) -> HttpSettings:
        """From what was read out of sources.yaml, its secrets resolved."""
        plain = {name: stored[name] for name in stored if name not in ("auth", "write_auth", "collections")}
        named = stored.get("collections", {})
        return cls(
            base=base.rstrip("/"),
            auth=Auth(**stored.get("auth", {})),
            write_auth=Auth(**stored["write_auth"]) if stored.get("write_auth") else None,
            collections={name: _collection(name, one) for name, one in named.items()},
            **plain,
        )


def _collection(name: str, stored: Mapping[str, Any]) -> HttpCollection:
    records = stored.get("records", "")
    return HttpCollection(
        name=name,
        lists=tuple(_call(one, records) for one in stored.get("list", ())),
        **{verb: _call(stored[verb], "") for verb in ("get", "delete", "update") if stored.get(verb)},
        fields=stored.get("fields", {}),
        required=tuple(stored.get("required", ())),
        if_match=stored.get("if_match", False),
    )


def _call(stored: Mapping[str, Any], records: str) -> Call:
    rest = {name: stored[name] for name in stored if name not in ("by", "paging", "records")}
    paging = Paging(**stored["paging"]) if stored.get("paging") else None
    return Call(**rest, by=tuple(stored.get("by", ())), records=stored.get("records", records), paging=paging)
