"""The records of one page as HTML. Made without templates: these are the many, and a page has a thousand cells and more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from exports.archive import words
from exports.archive.cover import Column, Row
from exports.archive.words import Shown

Records = Sequence[Sequence[Shown]]


def shown(columns: Sequence[Column], rows: Iterable[Row]) -> list[list[Shown]]:
    """The cells of these records in ordinary words."""
    kinds = [(column.name, column.type) for column in columns]
    return [[words.shown(words.as_meant(row.get(name), kind)) for name, kind in kinds] for row in rows]


def table_rows(titles: Sequence[str], records: Records) -> SafeString:
    """Rows of a table; each cell carries its column's title, for narrow screens."""
    starts = [f'<td data-label="{escape(title)}" dir="auto"' for title in titles]
    return _html("\n", (f"<tr>{''.join(map(_table_cell, starts, cells))}</tr>" for cells in records))


def sections(titles: Sequence[str], records: Records, *, first: int) -> SafeString:
    """One section per record, with its number, counted from `first`, and its fields one below the other."""
    starts = [f'<div><dt dir="auto">{escape(title)}</dt><dd dir="auto"' for title in titles]
    heading = escape(gettext("Record %(place)s")).replace("%(place)s", "{0}")
    opening = f'<section class="section split record" id="r{{0}}">\n<h2 class="side">{heading}</h2>\n<dl class="facts">\n'
    return _html(
        "\n",
        (
            f"{opening.format(localize(place))}{''.join(map(_field, starts, cells))}</dl>\n</section>"
            for place, cells in enumerate(records, first)
        ),
    )


def _html(between: str, parts: Iterable[str]) -> SafeString:
    return mark_safe(between.join(parts))  # noqa: S308  (every title and every value was escaped)


def _table_cell(start: str, cell: Shown) -> str:
    return f"{start}{_quiet(cell)}>{escape(cell.text)}</td>"


def _field(start: str, cell: Shown) -> str:
    text = escape(cell.text)
    body = f'<pre class="scroll" tabindex="0"><code>{text}</code></pre>' if cell.code else _with_breaks(text)
    cut = f' <span class="small muted">… {escape(cell.cut)}</span>' if cell.cut else ""
    return f"{start}{_quiet(cell)}>{body}{cut}</dd></div>\n"


def _quiet(cell: Shown) -> str:
    return ' class="muted"' if cell.quiet else ""


def _with_breaks(text: str) -> str:
    if "\n" in text or "\r" in text:
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")
    return text
