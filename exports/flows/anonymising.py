"""What is emptied in a row that may stay as a count: everything about a person, and whatever still leads to one.

Each mask is a constant, so that a row that was made anonymous can be told from one that was not, and is never touched again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exports.connectors.base import ColumnSchema
from exports.fitting import fit_checks
from exports.masking import NULL, PRESERVE, STUCK, Mask, mask_of
from exports.query import AnyOf, Equals, Filled, Outside, Predicate
from exports.verdicts import Place, is_about_people, speaks


def anonymous_masks(place: Place, *, spared: str, links: Collection[str]) -> tuple[dict[str, Mask], list[str], list[str]]:
    """The masks, notes, and what cannot be emptied. `spared` tells the row's age; `links` are fields that lead to a person."""
    masks = {name: _mask(place, column, links) for name, column in place.table.columns.items()}
    masks[spared] = Mask(spared, PRESERVE)
    fitted, notes, stuck = fit_checks(place.table, masks)
    return {name: mask for name, mask in fitted.items() if mask.writes}, notes, stuck


def not_anonymous(masks: Mapping[str, Mask]) -> Predicate:
    """Rows in which something is left to be emptied."""
    empty = [Filled(name) if mask.strategy == NULL else Outside(Equals(name, (mask.value,))) for name, mask in masks.items()]
    return AnyOf(tuple(empty))


def _mask(place: Place, column: ColumnSchema, links: Collection[str]) -> Mask:
    name, part = column.name, place.field(column.name)
    if name in place.table.key or name in place.table.primary_key:
        tells = name in links or speaks(part)
        return Mask(name, STUCK, note="It is part of the rows' key and leads to a person.") if tells else Mask(name, PRESERVE)
    if name in links:
        return Mask(name, NULL) if column.nullable else Mask(name, STUCK, note="It leads to a person and may not be empty.")
    if not is_about_people(part):
        return Mask(name, PRESERVE)
    if name in place.pointed_at:
        return Mask(name, STUCK, note="Other tables point at it, so it cannot be emptied.")
    if any(name in key.columns for key in place.table.foreign_keys):
        return Mask(name, NULL) if column.nullable else Mask(name, PRESERVE)  # it points at a row that is anonymous too
    mask = mask_of(column, part, unique=any(name in one for one in place.table.uniques))
    if mask.is_own:
        note = "It must differ from row to row, so nobody could see that the row is anonymous."
        return Mask(name, NULL) if column.nullable else Mask(name, STUCK, note=note)
    return mask
