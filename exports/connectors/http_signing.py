"""Proves to a source who asks. A pass (OAuth 2.0 client credentials, RFC 6749 section 4.4) is fetched when needed and never stored."""

from __future__ import annotations

import base64

import httpx
import orjson

from exports.connectors.base import SourceUnreachable
from exports.connectors.http_settings import Auth

REFUSED = "It cannot be reached: no pass could be had from the place that gives them."
LONGEST = 100_000


class Signing:
    """Signs the requests of one session."""

    def __init__(self, auth: Auth, client: httpx.Client) -> None:
        self._auth, self._client = auth, client
        self._pass = ""

    def sign(self, request: httpx.Request) -> None:
        """Put the proof into the request; raises SourceUnreachable when a pass cannot be had."""
        auth = self._auth
        if auth.kind == "bearer":
            request.headers["Authorization"] = f"Bearer {auth.secret}"
        elif auth.kind == "basic":
            request.headers["Authorization"] = _basic(auth)
        elif auth.kind == "header":
            request.headers[auth.name] = auth.secret
        elif auth.kind == "oauth2":
            self._pass = self._pass or self._fetched()
            request.headers["Authorization"] = f"Bearer {self._pass}"

    def renew(self) -> bool:
        """Throw the pass away; says whether the next request will get another."""
        had, self._pass = bool(self._pass), ""
        return had

    def _fetched(self) -> str:
        wanted = {"grant_type": "client_credentials", **({"scope": self._auth.scope} if self._auth.scope else {})}
        headers = {"Authorization": _basic(self._auth), "Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            answer = self._client.post(self._auth.token_url, data=wanted, headers=headers)
            token = orjson.loads(answer.content[:LONGEST])["access_token"] if answer.status_code == 200 else ""
        except (httpx.HTTPError, httpx.InvalidURL, orjson.JSONDecodeError, KeyError, TypeError):
            raise SourceUnreachable(REFUSED) from None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise SourceUnreachable(REFUSED)
        return token


def _basic(auth: Auth) -> str:
    return "Basic " + base64.b64encode(f"{auth.name}:{auth.secret}".encode()).decode()
