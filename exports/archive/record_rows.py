"""The records of one page as HTML. Made without templates and column by column: these are the many, and a page has a thousand cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from html import escape

from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from exports.archive import words
from exports.archive.cover import Column, Row
from exports.archive.words import Shown

Drawn = Sequence[Sequence[str | Shown]]  # column by column
APART = "\x00"


def shown(columns: Sequence[Column], rows: Sequence[Row]) -> list[list[str | Shown]]:
    """The cells of these records in ordinary words, column by column."""
    return [words.column([row.get(column.name) for row in rows], column.type) for column in columns]


def table_rows(titles: Sequence[str], drawn: Drawn) -> SafeString:
    """Rows of a table; each cell carries its column's title, for narrow screens."""
    cells = [
        _cells(column, f'<td data-label="{escape(title)}" dir="auto"', "</td>", _as_is) for title, column in zip(titles, drawn, strict=True)
    ]
    return _html(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))


def sections(titles: Sequence[str], drawn: Drawn, *, first: int) -> SafeString:
    """One section per record, with its number, counted from `first`, and its fields one below the other."""
    fields = [
        _cells(column, f'<div><dt dir="auto">{escape(title)}</dt><dd dir="auto"', "</dd></div>\n", _with_breaks)
        for title, column in zip(titles, drawn, strict=True)
    ]
    before, after = escape(gettext("Record %(place)s")).split("%(place)s")
    language = get_language()
    return _html(
        f'<section class="section split record" id="r{_number(place, language)}">\n'
        f'<h2 class="side">{before}{_number(place, language)}{after}</h2>\n<dl class="facts">\n{"".join(cells)}</dl>\n</section>'
        for place, cells in enumerate(zip(*fields, strict=True), first)
    )


def _html(parts: Iterable[str]) -> SafeString:
    return mark_safe("\n".join(parts))  # noqa: S308  (every title and every value was escaped)


@lru_cache(maxsize=10_000)
def _number(place: int, language: str | None) -> str:
    del language
    return str(localize(place))


def text_of(cell: str | Shown) -> str:
    """What it says, whatever else is to be said about it."""
    return cell if isinstance(cell, str) else cell.text


def _cells(column: Sequence[str | Shown], start: str, end: str, drawn: Callable[[Shown, str], str]) -> list[str]:
    """The column's cells, each between start and end."""
    usual, quiet = f"{start}>", f'{start} class="muted">'
    texts = _escaped([cell if isinstance(cell, str) else cell.text for cell in column])
    return [
        f"{usual}{text}{end}" if isinstance(cell, str) else f"{quiet if cell.quiet else usual}{drawn(cell, text)}{end}"
        for cell, text in zip(column, texts, strict=True)
    ]


def _escaped(texts: Sequence[str]) -> Sequence[str]:
    """All at once: one by one takes three times as long."""
    whole = APART.join(texts)
    return escape(whole).split(APART) if whole.count(APART) == len(texts) - 1 else [escape(text) for text in texts]


def _as_is(cell: Shown, text: str) -> str:
    del cell
    return text


def _with_breaks(cell: Shown, text: str) -> str:
    if cell.code:
        text = f'<pre class="scroll" tabindex="0"><code>{text}</code></pre>'
    elif "\n" in text or "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")
    return f'{text} <span class="small muted">… {escape(cell.cut)}</span>' if cell.cut else text
