"""What one column probably holds, by its name and by the shapes of sampled values, with the reason. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exports.connectors.base import ColumnSchema
from exports.drafting import names
from exports.drafting.names import Sense
from exports.drafting.shapes import Shapes

BY_SHAPE = {
    "email": Sense("email", "user.contact.email", strong=True),
    "hash": Sense("password", "user.authorization.credentials", strong=True, secret=True),
    "token": Sense("secret", "user.authorization.credentials", secret=True),
    "card": Sense("card", "user.financial.credit_card", strong=True, secret=True),
    "iban": Sense("bank", "user.financial.bank_account", strong=True, secret=True),
    "ip": Sense("ip", "user.device.ip_address", strong=True),
    "phone": Sense("phone", "user.contact.phone_number", strong=True),
}
SHAPE_OF = {"email": "email", "password": "hash", "secret": "token", "card": "card", "bank": "iban", "ip": "ip", "phone": "phone"}
MOMENTS = ("birth", "seen")
NUMBERS = ("phone", "card", "bank", "government", "income")
BY_TYPE = {**dict.fromkeys(("boolean", "date", "datetime", "time"), MOMENTS), **dict.fromkeys(("integer", "number"), NUMBERS)}
SAID = {"seen": "a last visit", "words": "free text", "government": "a government number", "place": "a location", "bank": "a bank account"}
IDENTITIES = {"email": "email", "phone": "phone_number"}


@dataclass(frozen=True)
class Guess:
    """What a column probably is. `reason` stands in the file; it holds names and counts, never a value."""

    column: ColumnSchema
    kind: str = ""
    category: str = ""
    identity: str = ""
    strong: bool = False
    never: bool = False
    third_party: str = ""
    reason: str = ""


def guess(column: ColumnSchema, shapes: Shapes) -> Guess:
    """The guess for a column of a table about which nothing else is known."""
    named = names.sense_of(column.name)
    shaped = next((kind for kind in BY_SHAPE if shapes.mostly(kind)), "")
    if named and named.kind not in BY_TYPE.get(column.type, (named.kind,)):
        named = None
    if named and SHAPE_OF.get(named.kind) and shaped and shaped != SHAPE_OF[named.kind]:
        named = None  # a column called mail that holds telephone numbers
    if named is None and not shaped and column.type == "json":
        return Guess(column, reason="a document; what is in it has to be said, in sub-fields or by a category for the whole")
    sense = named or (BY_SHAPE[shaped] if shaped else None)
    found = Guess(column) if sense is None else _of(column, sense, shapes, called=named is not None)
    return _others(found, shapes)


def personal_name(found: Guess) -> Guess:
    """The same for a column that is just called name, in a table about people."""
    if names.snake(found.column.name) != "name" or found.category:
        return found
    return replace(found, kind="name", category=names.NAME.category, reason="its table is about people")


def in_table(found: Guess, table: str) -> Guess:
    """The same for a column whose table tells what it is: the number in bank_cards."""
    is_number = names.snake(found.column.name) in ("number", "no") and not found.category
    if not (is_number and names.is_about_cards(table)):
        return found
    return replace(found, kind="card", category="user.financial.credit_card", never=True, strong=True, reason="its table is about cards")


def shared_address(found: Guess) -> Guess:
    """An address in a row that is also found over its owner may be somebody else's: the owner's friend, the buyer of a gift."""
    if not found.identity or found.third_party:
        return found
    reason = f"{found.reason}; the row is found over its owner too, and an address that is not the owner's is covered"
    return replace(found, third_party="cover", reason=reason)


def _of(column: ColumnSchema, sense: Sense, shapes: Shapes, *, called: bool) -> Guess:
    reasons = [f"the name says {SAID.get(sense.kind, sense.kind)}"] if called else []
    shape = SHAPE_OF.get(sense.kind, "")
    if shape and shapes.seen:
        reasons.append(shapes.said(shape))
    is_house = sense.kind == "email" and bool(names.HOUSE.search(names.snake(column.name)))
    doubted = bool(called and shape in ("email", "phone") and shapes.seen >= 3 and not shapes.counts.get(shape))
    identity = "" if is_house or doubted else IDENTITIES.get(sense.kind, "")
    if is_house:
        reasons.append("probably the organisation's own, so no identity")
    if doubted:
        reasons.append("so no identity")
    return Guess(
        column=column,
        kind=sense.kind,
        category=sense.category,
        identity=identity,
        strong=sense.strong and not is_house and not doubted,
        never=sense.secret,
        reason=" and ".join(reasons),
    )


def _others(found: Guess, shapes: Shapes) -> Guess:
    word = names.about_others(found.column.name)
    if word and found.column.type in ("string", "any", "integer", "json") and not found.never:
        who = "a member of staff" if word == "staff" else "somebody else"
        reason = " and ".join(part for part in (found.reason, f"the name speaks of {who}") if part)
        return replace(found, third_party=word, identity="", strong=found.column.type in ("string", "any"), reason=reason)
    texts = shapes.counts.get("passage", 0)
    if not found.never and not found.identity and (found.kind == "words" or texts):
        reason = shapes.said("passage") if texts else "free text may speak of others"
        joined = " and ".join(part for part in (found.reason, reason) if part)
        return replace(found, third_party="passages", category=found.category or "user.content", strong=texts > 0, reason=joined)
    return found
