"""Single calls: signed in, paced, limited in time and size, tried again only when harmless. No word of an answer is repeated."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import orjson

from exports.connectors.base import SourceBusy, SourceError, SourceMismatch, SourceRefused, SourceUnreachable
from exports.connectors.http_network import client_for
from exports.connectors.http_settings import Auth, Call, HttpSettings
from exports.connectors.http_signing import Signing
from exports.connectors.http_templates import filled, path_of, words
from exports.connectors.standing import current
from portal.kit.clock import now

TRIES = 3
PAUSES = (0.5, 2.0)
PATIENCE = 20.0  # seconds that one call may be told to wait
LOST = "It cannot be reached: the connection broke off or took too long."
FAULT = "It cannot be reached: it answered with a fault of its own ({status})."
OVERTAKEN = "A record was changed by somebody else while we looked at it. That record was not changed."
UNSURE = "It cannot be reached: its answer to a change was lost, so it is not known whether the change was made."

sleep = time.sleep


@dataclass(frozen=True)
class Answer:
    """`body` is what the JSON says, None where there is none; `version` its strong ETag, empty where it has none."""

    status: int
    body: Any = None
    version: str = ""
    links: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Told:
    """What an answer was before anybody looked into it."""

    status: int
    content: bytes = field(repr=False)
    headers: httpx.Headers = field(repr=False)
    links: Mapping[str, Any] = field(repr=False)


class Wire:
    """One session's line to a source."""

    def __init__(self, settings: HttpSettings, auth: Auth) -> None:
        self.settings = settings
        self._client = client_for(private=settings.private, timeout=settings.timeout)
        self._signing = Signing(auth, self._client)
        self._free_at = 0.0

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def look(self) -> None:
        """Find out that somebody is there and lets us in; raises SourceUnreachable."""
        try:
            told = self._patiently(self._request("GET", self.settings.base + self.settings.check))
        except SourceUnreachable:
            raise
        except SourceError as problem:
            raise SourceUnreachable(f"It cannot be reached. {problem}") from None
        if self.settings.check and not 200 <= told.status < 300:
            raise SourceUnreachable(f"It cannot be reached: it answered the first question with {told.status}.")

    def ask(self, call: Call, values: Mapping[str, Any], *, more: Mapping[str, str] | None = None) -> Answer:
        """Ask something that changes nothing; tried again when it is lost. A 404 or 410 is an answer without body."""
        query = {name: words(filled(text, values)) for name, text in call.query.items()}
        body = filled(call.body, values) if call.body is not None else None
        if more and body is not None and isinstance(body, dict):
            body = {**body, **more}
        else:
            query |= more or {}
        return self.answer(self._request(call.method, self.settings.base + path_of(call.path, values), query=query, body=body))

    def follow(self, address: str) -> Answer:
        """The next part of a list, at an address that the source names: only on its own host."""
        wanted, own = urljoin(self.settings.base + "/", address), urlsplit(self.settings.base)
        there = urlsplit(wanted)
        if (there.scheme, there.netloc) != (own.scheme, own.netloc):
            raise SourceMismatch("It says that its list goes on at another host. That was not followed.")
        return self.answer(self._request("GET", wanted))

    def answer(self, request: httpx.Request) -> Answer:
        """What the source says, opened; raises SourceError for everything but 2xx, 404 and 410."""
        told = self._patiently(request)
        if told.status in (404, 410):
            return Answer(told.status)
        if 300 <= told.status < 400:
            raise SourceMismatch("It answers with a redirect, which is not followed.")
        if told.status >= 400:
            raise SourceMismatch(f"It refused the question ({told.status}).")
        tag = told.headers.get("etag", "")
        return Answer(told.status, _opened(told), "" if tag.startswith("W/") else tag, told.links)

    def change(self, call: Call, values: Mapping[str, Any], body: Any, *, step: str, version: str = "") -> bool:
        """Change something, once. False when it was not there. `step` is the same for the same change in the same work; with a
        `version` only what is still of that version is changed, else SourceBusy is raised."""
        query = {name: words(filled(text, values)) for name, text in call.query.items()}
        request = self._request(call.method, self.settings.base + path_of(call.path, values), query=query, body=body)
        if self.settings.idempotency:
            request.headers[self.settings.idempotency] = step
        if version:
            request.headers["If-Match"] = version
        told = self._until_heard(request)
        if told.status in (404, 410):
            return False
        if version and told.status == 412:
            raise SourceBusy(OVERTAKEN)
        if 200 <= told.status < 300:
            return True
        if told.status >= 500 or told.status == 408:
            raise SourceUnreachable(UNSURE)
        if told.status == 401:
            raise SourceUnreachable("It cannot be reached: it does not accept our credentials (401).")
        raise SourceRefused(f"It refused the change ({told.status}).")

    def _until_heard(self, request: httpx.Request) -> Told:
        """Sent again only while the source says that it did not even look: too many calls, or a pass that has run out."""
        waited, is_renewed = 0.0, False
        while True:
            try:
                told = self._once(request)
            except httpx.ConnectError:
                raise SourceUnreachable(LOST) from None
            except (httpx.HTTPError, httpx.InvalidURL):
                raise SourceUnreachable(UNSURE) from None
            if told.status == 401 and not is_renewed and self._signing.renew():
                is_renewed = True
            elif told.status == 429:
                waited += self._wait(told, waited)
            else:
                return told

    def _patiently(self, request: httpx.Request) -> Told:
        """A question that changes nothing, tried again some times with longer and longer pauses."""
        waited, is_renewed, tries = 0.0, False, 0
        while True:
            try:
                told = self._once(request)
            except (httpx.HTTPError, httpx.InvalidURL):
                told = None
            tries += 1
            if told is not None and told.status == 401 and not is_renewed and self._signing.renew():
                is_renewed = True
            elif told is not None and told.status in (401, 403, 407):
                raise SourceUnreachable(f"It cannot be reached: it does not accept our credentials ({told.status}).")
            elif told is not None and (told.status == 429 or (told.status == 503 and "retry-after" in told.headers)):
                waited += self._wait(told, waited)
            elif told is not None and told.status < 500:
                return told
            elif tries >= TRIES:
                raise SourceUnreachable(LOST if told is None else FAULT.format(status=told.status))
            else:
                sleep(PAUSES[tries - 1])

    def _once(self, request: httpx.Request) -> Told:
        """Send it and read the whole answer, within the limits of time and size."""
        current().beat()
        self._pace()
        self._signing.sign(request)
        ends = time.monotonic() + patience_of(self.settings)
        response = self._client.send(request, stream=True)
        try:
            content = bytearray()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > self.settings.most_bytes:
                    raise SourceMismatch(f"One answer is longer than {self.settings.most_bytes} bytes; it was not read.")
                if time.monotonic() > ends:
                    raise httpx.ReadTimeout("")
            return Told(response.status_code, bytes(content), response.headers, {str(name): link for name, link in response.links.items()})
        finally:
            response.close()

    def _request(self, method: str, address: str, *, query: Mapping[str, str] | None = None, body: Any = None) -> httpx.Request:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "habeas", **self.settings.headers}
        content = None
        if body is not None:
            content, headers["Content-Type"] = orjson.dumps(body, default=str), "application/json"
        try:
            return self._client.build_request(method, address, params=dict(query) if query else None, headers=headers, content=content)
        except (httpx.InvalidURL, ValueError):
            raise SourceMismatch("An address that was put together is none. Nothing was asked.") from None

    def _pace(self) -> None:
        """No more calls in a minute than the source allows."""
        if self.settings.per_minute:
            pause = self._free_at - time.monotonic()
            if pause > 0:
                sleep(pause)
            self._free_at = time.monotonic() + 60 / self.settings.per_minute

    def _wait(self, told: Told, waited: float) -> float:
        """Wait as long as the source asks for, if that is not too long; says how long it was."""
        pause = max(_seconds(told.headers.get("retry-after", "")), 0.0)
        if waited + pause > PATIENCE:
            raise SourceBusy("It is busy: it asks us to come back later. Nothing was changed.")
        sleep(pause)
        return pause or 1.0


def patience_of(settings: HttpSettings) -> float:
    """How long one whole answer may take, in seconds, however it drips."""
    return 2.0 * settings.timeout


def _seconds(text: str) -> float:
    """`Retry-After` as seconds: a number, or a moment. One second where nothing can be read."""
    if text.strip().isdigit():
        return float(text)
    with suppress(TypeError, ValueError):
        moment = parsedate_to_datetime(text)
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - now()).total_seconds()
    return 1.0


def _opened(told: Told) -> Any:
    if told.status == 204 or not told.content.strip():
        return None
    try:
        return orjson.loads(told.content)
    except orjson.JSONDecodeError:
        raise SourceMismatch("It answered with something that is not JSON.") from None
