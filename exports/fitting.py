"""Fits the masks of a row into the CHECK rules of its live table, all together. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice, product
from typing import Any

from exports.check_rules import allowed_numbers, allowed_words, columns_in, holds, patterns_filled
from exports.connectors.base import ColumnSchema, TableSchema
from exports.masking import NULL, REWRITE, STUCK, Mask, addressed, own_value

MOST_TRIED = 400
SAMPLE = b"sample"


def fit_checks(table: TableSchema, masks: Mapping[str, Mask]) -> tuple[dict[str, Mask], list[str], list[str]]:
    """The masks, changed where a rule of the table asks for it; notes on rules that only the source can judge; and what is stuck."""
    fitted, notes = dict(masks), []
    for check in table.checks:
        named = columns_in(check, table.columns)
        written = [name for name in named if fitted[name].writes]
        if not written:
            continue
        if len(written) < len(named):
            found = _alone(check, table, fitted, written=written, named=named)
        else:
            found = _together(check, table, fitted, names=named)
        if found is None:
            notes.append(f"The rule “{check}” of '{table.name}' is judged by the source itself when the cells are masked.")
        elif not found:
            for name in written:
                fitted[name] = Mask(name, STUCK, note=f"No empty value fits the rule “{check}”.")
        else:
            fitted.update(found)
    stuck = [f"'{name}' of '{table.name}' cannot be masked. {mask.note}" for name, mask in fitted.items() if mask.strategy == STUCK]
    return fitted, notes, stuck


def _together(check: str, table: TableSchema, masks: Mapping[str, Mask], *, names: Iterable[str]) -> dict[str, Mask] | None:
    """The first combination that the rule allows; empty when none is, None when the rule cannot be judged here."""
    listed = list(names)
    choices = [_candidates(table.columns[name], masks[name], table.checks) for name in listed]
    judged = False
    for chosen in islice(product(*choices), MOST_TRIED):
        answer = holds(check, {mask.column: _shown(mask) for mask in chosen})
        if answer:
            return {mask.column: mask for mask in chosen}
        judged = judged or answer is False
    return {} if judged else None


def _alone(
    check: str, table: TableSchema, masks: Mapping[str, Mask], *, written: list[str], named: Iterable[str]
) -> dict[str, Mask] | None:
    """Other columns of the rule keep values that are not known here: a NULL that makes the rule unknown always passes."""
    del table
    if all(masks[name].strategy == NULL for name in written):
        others = [name for name in named if name not in written]
        outcomes = [holds(check, {**dict.fromkeys(written), **dict.fromkeys(others, value)}) for value in (0, 1, "", "x", None)]
        if all(outcomes):
            return {name: masks[name] for name in written}
    return None


def _candidates(column: ColumnSchema, mask: Mask, checks: Iterable[str]) -> list[Mask]:
    found = [mask]
    if mask.shape == "text" and mask.is_own:
        found.append(addressed(mask, column))
    if column.nullable and mask.strategy != NULL:
        found.append(Mask(column.name, NULL))
    if mask.is_own:
        return found
    values: list[Any] = []
    if column.type in ("string", "any"):
        limit = column.length or 10_000
        words = (*allowed_words(checks, column.name), "erased", "erased@erased.invalid", *patterns_filled(checks, column.name))
        values = [word for word in words if len(word) <= limit]
    elif column.type in ("integer", "number"):
        values = list(allowed_numbers(checks, column.name))
    return [*found, *(Mask(column.name, REWRITE, value, note="The emptiest value that its rule allows.") for value in values)]


def _shown(mask: Mask) -> Any:
    return own_value(replace(mask), "sample", SAMPLE) if mask.is_own else mask.value
