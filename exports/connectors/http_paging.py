"""Reads a list to its end. A list that changes while it is read is read again, and given up with a sentence rather than cut short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from exports.connectors.base import SourceBusy, SourceMismatch
from exports.connectors.http_calls import Answer, Wire
from exports.connectors.http_settings import Call, Paging
from exports.connectors.http_templates import MISSING, at

Record = dict[str, Any]

READINGS = 4
MOST_PAGES = 10_000
ENDLESS = "Its list does not come to an end; it was not read."
CHANGING = "It is busy: its list kept changing while it was read. Try again later. Nothing was changed."


class Listing:
    """One list call with its values, read page by page. `name` of the collection stands in refusals."""

    def __init__(self, wire: Wire, call: Call, values: Mapping[str, Any], *, name: str, same: Callable[[Record], str]) -> None:
        self._wire, self._call, self._values, self._name = wire, call, values, name
        self._same = same
        self._total: int | None = None
        self._pages = 0

    def records(self) -> list[Record]:
        """Every record, in the order of the answer; those that stand on two pages come twice. Raises SourceError, never a part.

        Numbered pages that move while they are read hide a record now and then. So either the source says how many there are, or
        two readings must agree.
        """
        if self._call.paging is None:
            return self._of(self._wire.ask(self._call, self._values))
        is_numbered, before = self._call.paging.kind in ("page", "offset"), None
        for _reading in range(READINGS):
            found = self._reading()
            those = {self._same(one) for one in found}
            if self._total is not None:
                if self._total == len(those):
                    return found
            elif not is_numbered or self._pages < 2 or those == before:
                return found
            before = those
        raise SourceBusy(CHANGING)

    def _reading(self) -> list[Record]:
        self._pages, self._total = 0, None
        found: list[Record] = []
        for page in self._all_pages():
            found += page
            if len(found) > self._wire.settings.most_records:
                most = self._wire.settings.most_records
                raise SourceMismatch(f"More than {most} records of '{self._name}' were found; this is not followed.")
        return found

    def _all_pages(self) -> Iterator[list[Record]]:
        paging = self._call.paging
        if paging is not None:
            yield from self._numbered(paging) if paging.kind in ("page", "offset") else self._chained(paging)

    def _numbered(self, paging: Paging) -> Iterator[list[Record]]:
        """Until a page brings nothing, whatever size the source makes its pages of."""
        number, seen, got = paging.first if paging.kind == "page" else 0, set[str](), 0
        for _page in range(MOST_PAGES):
            answer = self._wire.ask(self._call, self._values, more=self._more(paging, str(number)))
            if answer.status in (404, 410) and self._pages:
                return
            records = self._of(answer)
            fresh = {self._same(one) for one in records} - seen
            if not fresh:
                return  # nothing, or the last page again
            self._pages += 1
            yield records
            seen |= fresh
            got += len(records)
            number = number + 1 if paging.kind == "page" else number + len(records)
            if self._total is not None and len(seen) >= self._total:
                return
        raise SourceMismatch(ENDLESS)

    def _more(self, paging: Paging, place: str) -> dict[str, str]:
        return {paging.name: place} | ({paging.size: str(paging.each)} if paging.size else {})

    def _chained(self, paging: Paging) -> Iterator[list[Record]]:
        """Each page says where the next one is."""
        size = {paging.size: str(paging.each)} if paging.size else {}
        answer, been = self._wire.ask(self._call, self._values, more=size), set[str]()
        for _page in range(MOST_PAGES):
            yield self._of(answer)
            following = answer.links.get("next", {}).get("url") if paging.kind == "link" else at(answer.body, paging.next)
            if following in (None, MISSING, "", False):
                return
            place = str(following)
            if place in been:
                raise SourceMismatch(ENDLESS)
            been.add(place)
            if paging.kind == "cursor":
                answer = self._wire.ask(self._call, self._values, more={**size, paging.name: place})
            else:
                answer = self._wire.follow(place)
            if answer.status in (404, 410):
                raise SourceMismatch(f"A later page of '{self._name}' was not there, so the list could not be read to its end.")
        raise SourceMismatch(ENDLESS)

    def _of(self, answer: Answer) -> list[Record]:
        """The records of one answer; raises SourceMismatch where they do not lie where they should."""
        if answer.status in (404, 410):
            if self._call.none_is_404:
                return []
            raise SourceMismatch(f"The call that lists '{self._name}' does not exist there ({answer.status}).")
        if answer.body is None:
            return []
        found = at(answer.body, self._call.records)
        if isinstance(found, dict):
            found = [found]
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise SourceMismatch(f"The answer about '{self._name}' has no list of records where it should be.")
        self._note_total(answer)
        return found

    def _note_total(self, answer: Answer) -> None:
        paging = self._call.paging
        if paging is not None and paging.total:
            total = at(answer.body, paging.total)
            if not isinstance(total, int) or isinstance(total, bool):
                raise SourceMismatch(f"The answer about '{self._name}' does not say how many records there are.")
            self._total = total
