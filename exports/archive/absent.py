"""What is not in the archive, and why. Nothing is left out silently: every gap and every withheld part has its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from exports.archive.cover import Cover, Withheld
from exports.archive.parts import Part
from exports.archive.uses import present
from exports.archive.words import number


@dataclass(frozen=True)
class Absent:
    """One line: what, and the sentences that say why. Kind: gap, withheld, covered, not_held, aged, nothing, note."""

    kind: str
    what: str
    why: tuple[str, ...]
    count: int = 0


def absent(cover: Cover, parts: Sequence[Part]) -> list[Absent]:
    """Everything that is not here, the gravest first."""
    lines = [Absent("gap", str(source), (str(sentence),)) for source, sentence in cover.gaps]
    lines += _together("withheld", ((part, item) for part in parts for item in part.table.withheld))
    lines += _together("covered", ((part, item) for part in parts for item in part.table.covered))
    lines += _missing_reasons(parts)
    lines += _nothing(cover, parts)
    lines += [Absent("not_held", what, (why,)) for what, why in cover.policy.not_held]
    lines += _declared_only(cover)
    lines += _aged(cover, parts)
    return lines + [Absent("note", str(note), ()) for note in cover.notes]


def _together(kind: str, items: Iterable[tuple[Part, Withheld]]) -> Iterator[Absent]:
    """The same thing held back in several collections is one line that names them all."""
    groups: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for part, item in items:
        said = (str(item.what), str(item.why))  # a caller may hand over text that is still to be translated
        count, where = groups.get(said, (0, []))
        groups[said] = (count + item.count, [*where, part.table.title])
    for (what, why), (count, where) in groups.items():
        yield Absent(kind, what, tuple(filter(None, (why, _how_often(kind, count, where)))), count)


def _how_often(kind: str, count: int, where: Sequence[str]) -> str:
    facts = {"count": number(count), "where": ", ".join(dict.fromkeys(where))}
    if not count:
        return gettext("Where: %(where)s.") % facts
    if kind == "covered":
        return ngettext("Covered in %(count)s place: %(where)s.", "Covered in %(count)s places: %(where)s.", count) % facts
    return ngettext("Left out %(count)s time: %(where)s.", "Left out %(count)s times: %(where)s.", count) % facts


def _missing_reasons(parts: Iterable[Part]) -> Iterator[Absent]:
    """Records that were found and are not here must be accounted for, even where nobody gave a reason."""
    for part in parts:
        table = part.table
        if (missing := table.found - table.disclosed) > 0 and not table.withheld:
            sentence = ngettext(
                "We found %(count)s more record and did not put it here. Ask us why.",
                "We found %(count)s more records and did not put them here. Ask us why.",
                missing,
            )
            yield Absent("withheld", table.title, (sentence % {"count": number(missing)},), missing)


def _declared_only(cover: Cover) -> Iterator[Absent]:
    for category in cover.policy.categories:
        if not category.held and category.processor:
            yield Absent("not_held", category.title, (gettext("We hold it for another organisation, which decides about it. Ask there."),))
        elif not category.held:
            yield Absent("not_held", category.title, (gettext("We use it and do not store it."),))


def _aged(cover: Cover, parts: Sequence[Part]) -> Iterator[Absent]:
    aged = [
        gettext("%(title)s, older than %(period)s") % {"title": category.title, "period": period}
        for category in present(cover, parts)
        if category.sweep and (period := in_words(category.sweep))
    ]
    if aged:
        yield Absent("aged", gettext("Older records, which we delete as our policy says"), tuple(aged))


def _nothing(cover: Cover, parts: Sequence[Part]) -> Iterator[Absent]:
    empty = [part.table.title for part in parts if not part.table.found]
    if names := ", ".join(dict.fromkeys([*cover.nothing, *empty])):
        yield Absent("nothing", gettext("Places where we looked and found nothing about you"), (names,))


def in_words(period: str) -> str:
    """P90D as 90 days; P1Y as 1 year; nothing for a form that mixes units."""
    found = re.fullmatch(r"P(\d+)([YMWD])|PT(\d+)(H)", period)
    if not found:
        return ""
    count, unit = (int(found[1]), found[2]) if found[1] else (int(found[3]), found[4])
    words = {
        "Y": ngettext("%(count)s year", "%(count)s years", count),
        "M": ngettext("%(count)s month", "%(count)s months", count),
        "W": ngettext("%(count)s week", "%(count)s weeks", count),
        "D": ngettext("%(count)s day", "%(count)s days", count),
        "H": ngettext("%(count)s hour", "%(count)s hours", count),
    }
    return words[unit] % {"count": number(count)}
