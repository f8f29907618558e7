"""Whether a column holds a day or a moment, and one that lies before another, by what each product takes for one.

What has no time zone is taken as UTC, and a day is before a moment once it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from sqlalchemy import Boolean, ColumnElement, String, and_, case, func

from exports.connectors.base import ColumnSchema
from exports.connectors.sql_values import in_utc

FIRST_DAY = date(1000, 1, 1)
DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
LENGTH_OF_DAY = 10

Part = ColumnElement[str]


def dated(product: str, part: Part) -> ColumnElement[bool]:
    """The column holds a day or a moment; infinity, zeroes and numbers are none."""
    return DATED[product](part)


def before(product: str, part: Part, column: ColumnSchema, moment: datetime) -> ColumnElement[bool]:
    """It holds one before this moment, which has a time zone."""
    limit = in_utc(moment)
    if product == "sqlite":
        as_moment = func.datetime(part, type_=String()) < limit.isoformat(" ", "seconds")
        earlier: ColumnElement[bool] = case((func.length(part) == LENGTH_OF_DAY, part < limit.date().isoformat()), else_=as_moment)
    elif column.type == "date":
        earlier = part < limit.date()
    else:
        earlier = part < (moment if "with time zone" in column.native.lower() else limit)
    return and_(dated(product, part), earlier)


def _text_of_day(part: Part) -> ColumnElement[bool]:
    """SQLite would also take a number for a day, and a time alone for one of the year 2000."""
    return and_(func.typeof(part) == "text", part.op("GLOB")(DAY), func.datetime(part).is_not(None))


DATED: Mapping[str, Callable[[Part], ColumnElement[bool]]] = {
    "sqlite": _text_of_day,
    "postgresql": lambda part: func.isfinite(part, type_=Boolean()),
    "other": lambda part: part.is_not(None),
    "mariadb": lambda part: part >= FIRST_DAY,  # 0000-00-00 is its word for no day
}
