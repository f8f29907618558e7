"""Writes the draft as a dataset file. Every guess has its reason in a comment above it. Plain Python."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from exports.connectors.base import ColumnSchema
from exports.drafting.guesses import Guess
from exports.drafting.paths import APART, LOOKUP, NAMED, OWNED, PERSON, USED, Follow, Part

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*")
NOT_PLAIN = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
TYPES = {"string": "string", "integer": "integer", "number": "float", "boolean": "boolean"}
ORDER = (PERSON, NAMED, OWNED, USED, APART, LOOKUP)
HEAD = """\
# A first draft, made from the live schema; every line that begins with "guess" is one, with its reason. No value of any row is in it.
# Left to decide, in this order:
#   1. collections marked APART: nothing leads there yet; give them an identity or a reference, or skip them
#   2. references and identities: is each row that they find really the person's?
#   3. third_party and never_disclose: what is about others, what is a secret
#   4. habeas_meta of each collection: category (a key of the policy) and erase (delete, mask or keep)
# `check_sources` then says what is left."""


def written(parts: Mapping[str, Part], keys: Mapping[str, str], *, unwritten: Iterable[str]) -> str:
    """The whole file. `keys` are the datasets by the schema that their tables live in; an empty one need not be named."""
    lines = [HEAD, *(f"# not written: {_comment(sentence)}" for sentence in unwritten), "dataset:"]
    for schema, key in keys.items():
        lines += [f"  - fides_key: {scalar(key)}", f"    name: {scalar(key.replace('_', ' ').replace('-', ' ').capitalize())}"]
        lines += [f"    fides_meta: {{namespace: {{schema: {scalar(schema)}}}}}"] if schema else []
        lines += ["    collections:"]
        mine = [part for part in parts.values() if not schema or part.table.name.startswith(f"{schema}.")]
        for part in sorted(mine, key=lambda one: (ORDER.index(one.role), one.distance, one.table.name)):
            lines += _collection(part, keys)
    return "\n".join([*lines, ""])


def scalar(text: str) -> str:
    """A word that YAML reads as this text and nothing else."""
    return text if PLAIN.fullmatch(text) and text.lower() not in NOT_PLAIN else json.dumps(text)


def bare(table: str) -> str:
    """The table without its schema."""
    return table.rpartition(".")[2]


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)


def _collection(part: Part, keys: Mapping[str, str]) -> Iterator[str]:
    word = "APART: " if part.role == APART else ""
    yield f"      # guess: {word}{_comment(part.reason)}"
    yield f"      - name: {scalar(bare(part.table.name))}"
    if part.role == LOOKUP:
        yield "        fides_meta: {skip_processing: true}"
    else:
        yield "        # decide: habeas_meta: {category: …, erase: delete | mask | keep}"
    if not part.table.key and not part.table.is_view:
        yield "        # its rows have no key, so they can be copied and not erased"
    yield "        fields:"
    for column in part.table.columns.values():
        follows = [one for one in part.follows if column.name in one.pointer.columns]
        yield from _field(part, column, keys, follows=follows)


def _field(part: Part, column: ColumnSchema, keys: Mapping[str, str], *, follows: Sequence[Follow]) -> Iterator[str]:
    guess = part.guesses[column.name]
    speaks = part.role != LOOKUP
    if speaks and guess.reason:
        yield f"          # guess: {_comment(guess.reason)}"
    if speaks:
        for one in follows:
            yield f"          # guess: {_comment(one.reason)}"
    yield f"          - name: {scalar(column.name)}"
    if speaks and guess.category:
        yield f"            data_categories: [{guess.category}]"
    meta = _meta(part, column, keys, follows=follows if speaks else ())
    if meta:
        yield f"            fides_meta: {{{', '.join(meta)}}}"
    ours = _ours(guess, follows) if speaks else []
    if ours:
        yield f"            habeas_meta: {{{', '.join(ours)}}}"


def _meta(part: Part, column: ColumnSchema, keys: Mapping[str, str], *, follows: Sequence[Follow]) -> list[str]:
    guess = part.guesses[column.name]
    words = ["primary_key: true"] if column.name in part.table.primary_key else []
    words += [f"identity: {guess.identity}"] if guess.identity and part.role != LOOKUP else []
    words += [f"data_type: {TYPES[column.type]}"] if column.type in TYPES else []
    words += [f"length: {column.length}"] if column.type == "string" and column.length and column.length > 0 else []
    references = [_reference(one, column.name, keys) for one in follows if one.direction]
    return [*words, f"references: [{', '.join(references)}]"] if references else words


def _reference(follow: Follow, column: str, keys: Mapping[str, str]) -> str:
    there = follow.pointer.target_columns[follow.pointer.columns.index(column)]
    key = keys[follow.pointer.target.rpartition(".")[0]] if "" not in keys else keys[""]
    target = scalar(f"{bare(follow.pointer.target)}.{there}")
    return f"{{dataset: {scalar(key)}, field: {target}, direction: {follow.direction}}}"


def _ours(guess: Guess, follows: Sequence[Follow]) -> list[str]:
    if guess.never:
        return ["never_disclose: true"]
    if guess.third_party:
        return [f"third_party: {guess.third_party}"] if not any(one.direction == "from" for one in follows) else []
    return []
