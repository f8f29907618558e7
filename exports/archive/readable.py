"""The pages for people: a first page and one or more pages per collection. No script, nothing from elsewhere, everything escaped."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info, gettext

from exports.archive import record_rows, uses, words
from exports.archive.absent import absent
from exports.archive.cover import ArchiveRefused, Column, Cover, Row, Volume
from exports.archive.headline import headline, lead
from exports.archive.parts import PAGE_ROWS, Member, Part

COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")
KEYS_PATH = "/.well-known/habeas-keys.json"
OWN_STYLE = Path(__file__).with_name("archive.css")
TABLE_COLUMNS = 5
TABLE_CELL = 40


@dataclass(frozen=True)
class Line:
    """One collection in the table of topics."""

    title: str
    source: str
    months: str
    records: str
    read: str
    json: str
    csv: str
    kind: str
    volume: int  # of several ZIP files, the one that holds it; 0 where that is this one


class Pages:
    """Draws the pages of one archive."""

    def __init__(self, cover: Cover, *, is_signed: bool, volume: Volume) -> None:
        self.cover = cover
        self.is_signed = is_signed
        self.volume = volume
        self._as_table: dict[str, bool] = {}

    def styles(self) -> list[tuple[str, bytes]]:
        """The style sheets that lie beside the first page."""
        return [("portal.css", _style_sheet()), ("archive.css", OWN_STYLE.read_bytes() + _brand_style(self.cover))]

    def index(self, parts: Sequence[Part], payload: Sequence[Member]) -> bytes:
        """The first page."""
        cover, disclosed = self.cover, [part for part in parts if part.json]
        facts = {
            "headline": headline(cover, parts),
            "lead": lead(cover, parts),
            "records": words.number(sum(part.table.disclosed for part in disclosed)),
            "topics": _topics(disclosed, self.volume),
            "volume": self.volume,
            "others": [(number, words.size(sealed.size)) for number, sealed in self.volume.others],
            "absent": absent(cover, parts),
            "uses": uses.uses(cover, parts),
            "recipients": [(who, uses.said(who.place)) for who in uses.recipients(cover, parts)],
            "rights": uses.rights(cover),
            "authorities": uses.authorities(cover),
            "location": uses.said(cover.policy.location),
            "files": words.number(len(payload) + 2),
            "size": words.size(sum(member.size for member in payload)),
            "fingerprint": fingerprint(payload),
            "is_signed": self.is_signed,
            "keys_url": cover.keys_url or f"{settings.BASE_URL}{KEYS_PATH}",
            "requested": words.day(cover.requested_on),
            "answered": words.day(cover.answered_on),
            "has_csv": any(part.csv for part in parts),
        }
        return self._draw("archive/index.html", facts, above="")

    def records(self, part: Part, number: int, rows: Sequence[Row]) -> bytes:
        """One page of a collection's records in ordinary words."""
        columns = part.learned.columns if part.learned else part.table.columns
        titles = [_title(column) for column in columns]
        drawn = record_rows.shown(columns, rows)
        if part.name not in self._as_table:
            self._as_table[part.name] = _fits_table(titles, drawn)
        as_table, start = self._as_table[part.name], (number - 1) * PAGE_ROWS
        count = part.table.slice.records if part.table.slice else part.table.disclosed
        facts = {
            "part": part,
            "table": part.table,
            "titles": list(zip(titles, (column.description for column in columns), strict=True)),
            "as_table": as_table,
            "rows": record_rows.table_rows(titles, drawn) if as_table else record_rows.sections(titles, drawn, first=start + 1),
            "records": words.records(count),
            "span": {"first": words.number(start + 1), "last": words.number(start + len(rows)), "count": words.number(count)},
            "pages": _page_links(part, number),
            "is_cut": part.page_count * PAGE_ROWS < count,
            "shown": words.number(part.page_count * PAGE_ROWS),
            "not_here": [*part.table.withheld, *part.table.covered],
            "json": f"../{part.json_path}",
            "slices": part.table.slice.of if part.table.slice else 0,
            "csv": f"../tables/{part.name}.csv" if part.csv else "",
        }
        return self._draw("archive/records.html", facts, above="../")

    def pointer(self) -> bytes:
        """The page beside the data folder that leads to the first page."""
        return self._draw("archive/start.html", {}, above="data/")

    def _draw(self, template: str, facts: dict[str, Any], *, above: str) -> bytes:
        language = get_language() or self.cover.language
        frame = {
            "cover": self.cover,
            "policy": self.cover.policy,
            "above": above,
            "language": language,
            "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
            "collected_on": self.cover.collected_on or self.cover.answered_on,
        }
        return render_to_string(template, {**frame, **facts}).encode()


def fingerprint(payload: Sequence[Member]) -> str:
    """SHA-256 over the manifest's lines of the records and tables: what can be written on paper and checked years later."""
    chosen = sorted((member for member in payload if member.path.startswith(("data/records/", "data/tables/"))), key=lambda m: m.path)
    lines = "".join(f"{member.sha256}  {member.path}\n" for member in chosen)
    return hashlib.sha256(lines.encode()).hexdigest()


def _topics(parts: Sequence[Part], volume: Volume) -> list[tuple[str, list[Line]]]:
    """Collections by topic. Those that need no heading come first, so that none seems to stand under another's."""
    topics: dict[str, list[Line]] = {}
    for part in parts:
        topics.setdefault(part.table.topic or part.table.title, []).append(_line(part, volume))
    headed = [(topic if len(lines) > 1 and all(line.title != topic for line in lines) else "", lines) for topic, lines in topics.items()]
    return sorted(headed, key=lambda group: bool(group[0]))


def _line(part: Part, volume: Volume) -> Line:
    table, cut = part.table, part.table.slice
    numbers = {"title": table.title, "number": words.number(cut.number), "of": words.number(cut.of)} if cut else {}
    return Line(
        title=gettext("%(title)s, %(number)s of %(of)s") % numbers if cut else table.title,
        source=table.source_title,
        months=words.months(part.learned.kinds.first_and_last()) if part.learned else "",
        records=words.number(table.disclosed),
        read=part.page_path(1) if part.pages else "",
        json=part.json_path,
        csv=f"tables/{part.name}.csv" if part.csv else "",
        kind="JSON Lines" if cut else "JSON",
        volume=0 if part.volume == volume.number else part.volume,
    )


def _title(column: Column) -> str:
    return column.title or _spoken(column.name)


def _fits_table(titles: Sequence[str], drawn: record_rows.Drawn) -> bool:
    return len(titles) <= TABLE_COLUMNS and all(_is_short(record_rows.text_of(cell)) for column in drawn for cell in column)


def _is_short(text: str) -> bool:
    return len(text) <= TABLE_CELL and "\n" not in text


def _page_links(part: Part, number: int) -> SafeString:
    """The list of the collection's pages, if there are several. Each of them has it twice, so it is made without a template."""
    names = [part.page_path(page).removeprefix("read/") for page in range(1, part.page_count + 1)] if part.page_count > 1 else []
    here = {number: ' aria-current="page"'}
    links = (f'<li><a href="{name}"{here.get(page, "")}>{words.number(page)}</a></li>' for page, name in enumerate(names, 1))
    return mark_safe("".join(links))  # noqa: S308  (names hold nothing but letters, figures, hyphens and dots)


def _spoken(name: str) -> str:
    """created_at as Created at: better than a raw name where the dataset gives no title."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace(".", " › ").strip()
    return spaced[:1].upper() + spaced[1:] if spaced else name


def _style_sheet() -> bytes:
    for folder in _style_folders():
        sheet = folder / "css" / "portal.css"
        if sheet.is_file():
            return sheet.read_bytes()
    raise ArchiveRefused(gettext("The style sheet css/portal.css is in no static folder. No archive was made."))


def _style_folders() -> Iterator[Path]:
    yield Path(settings.BASE_DIR) / "static"
    if settings.STATIC_ROOT:
        yield Path(settings.STATIC_ROOT)


def _brand_style(cover: Cover) -> bytes:
    """The organisation's two colours, if they are colours."""
    names = {"--brand": cover.policy.brand, "--brand-deep": cover.policy.brand_deep}
    lines = [f"{name}:{value}" for name, value in names.items() if value and COLOUR.fullmatch(value)]
    return f":root{{{';'.join(lines)}}}\n".encode() if lines else b""
