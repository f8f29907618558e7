"""The first two sentences of the first page. They claim no more than the search has shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from django.utils.translation import gettext

from exports.archive import words
from exports.archive.cover import Cover
from exports.archive.parts import Part


def headline(cover: Cover, parts: Sequence[Part]) -> str:
    """What the person gets, in one sentence; without a name it still stands."""
    with_name, without = _sentences(cover, parts)
    return with_name % {"name": _isolated(cover.greeting)} if cover.greeting else without


def lead(cover: Cover, parts: Sequence[Part]) -> str:
    """How much, from where, as of when."""
    searched = {part.table.source_title for part in parts} | set(cover.nothing)
    facts = {
        "records": words.records(sum(part.table.disclosed for part in parts)),
        "places": words.places(len({part.table.source for part in parts if part.table.disclosed})),
        "searched": words.places(len(searched)),
        "day": words.day(cover.collected_on or cover.answered_on),
    }
    if any(part.table.disclosed for part in parts):
        return gettext("%(records)s from %(places)s, as they were on %(day)s. This page works without the internet.") % facts
    if any(part.table.found for part in parts):
        return gettext("We looked in %(searched)s on %(day)s. What we found has to stay closed; the reasons are below.") % facts
    if cover.gaps and not searched:
        return gettext("No place answered when we looked on %(day)s. They are named below.") % facts
    if cover.gaps:
        return gettext("We looked in %(searched)s on %(day)s. Some places did not answer; they are named below.") % facts
    return gettext("We looked in %(searched)s on %(day)s and found no record of yours. Below is how we use data of people we know.") % facts


def _sentences(cover: Cover, parts: Sequence[Part]) -> tuple[str, str]:
    if any(part.table.disclosed for part in parts):
        if cover.right == "portability":
            return gettext("%(name)s, this is your data to take with you."), gettext("This is your data to take with you.")
        return gettext("%(name)s, this is what we hold about you."), gettext("This is what we hold about you.")
    if any(part.table.found for part in parts):
        return gettext("%(name)s, there is no record we can give you."), gettext("There is no record we can give you.")
    if cover.gaps:
        return gettext("%(name)s, so far we have found nothing about you."), gettext("So far we have found nothing about you.")
    return gettext("%(name)s, we hold nothing about you."), gettext("We hold nothing about you.")


def _isolated(name: str) -> str:
    """A name written from right to left must not turn the sentence around it."""
    runs_left = any(unicodedata.bidirectional(sign) in ("R", "AL", "AN") for sign in name)
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if runs_left else name
