"""A host that answers badly: slow, cut off, in moving pages, with redirects and riddles. Nothing is cut short without a word."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from exports.connectors import http_calls, http_network
from exports.connectors.base import ColumnSchema, Reader, Schema, SourceBusy, SourceError, SourceMismatch, SourceUnreachable, TableSchema
from exports.connectors.http_connector import HttpConnector
from exports.connectors.http_network import is_public
from exports.connectors.http_settings import HttpSettings
from exports.query import EVERYTHING, ByKey, Equals, Key, Query
from tests.engine.far_host import TOKEN, Asked, Host, Said, serving
from tests.engine.products import calls_of

pytestmark = pytest.mark.thorough
COLUMNS = {"id": ColumnSchema("id", "integer", ""), "words": ColumnSchema("words", "any", "")}
NOTES = Schema("http", {"notes": TableSchema("notes", COLUMNS, key=("id",))})
ALL = Query("notes", EVERYTHING)
ROWS = [{"id": number, "words": f"word {number}"} for number in range(7)]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it was waited, instead of waiting."""
    pauses: list[float] = []
    monkeypatch.setattr(http_calls, "sleep", pauses.append)
    return pauses


@pytest.fixture
def host(tmp_path: Path, slept: list[float]) -> Iterator[Host]:
    with serving(tmp_path / "none.sqlite3") as made:
        made.behaviour = lambda asked: Said(200, {}) if asked.path == "/" else page(asked, ROWS)
        yield made


def page(asked: Asked, rows: list[dict[str, Any]], size: int = 3) -> Said:
    start = int(asked.query.get("offset") or (int(asked.query.get("page", "1")) - 1) * size)
    return Said(200, {"items": rows[start : start + size], "total": len(rows)})


def connector(host: Host, paging: dict[str, Any] | None = None, **more: Any) -> HttpConnector:
    calls = calls_of("notes", "id")
    calls["list"] = [{"path": "/notes", **({"paging": paging} if paging else {})}]
    stored = {"private": True, "collections": {"notes": calls}, **more}
    return HttpConnector(HttpSettings.from_json(host.base, stored), NOTES)


def keys(asked: HttpConnector) -> list[Key]:
    with asked.reading() as reader:
        return [(row["id"],) for batch in reader.read(ALL) for row in batch]


PAGES = {"kind": "page", "name": "page"}
OFFSET = {"kind": "offset", "name": "offset", "total": "total"}


@pytest.mark.parametrize("paging", [PAGES, {**PAGES, "total": "total"}, OFFSET, {"kind": "offset", "name": "offset"}])
def test_pages_are_read_to_the_end_whatever_size_the_host_gives_them(host: Host, paging: dict[str, Any]) -> None:
    assert keys(connector(host, paging)) == [(number,) for number in range(7)]


def chained(asked: Asked, host: Host, kind: str) -> Said:
    start = int(asked.query.get("cursor", "0"))
    more = start + 3 < len(ROWS)
    address = f"{host.base}/notes?cursor={start + 3}"
    body: dict[str, Any] = {"items": ROWS[start : start + 3], "meta": {"next": None}}
    if more and kind != "link":
        body["meta"]["next"] = str(start + 3) if kind == "cursor" else address
    return Said(200, body, {"Link": f'<{address}>; rel="next"'} if more and kind == "link" else {})


@pytest.mark.parametrize("kind", ["cursor", "next_url", "link"])
def test_a_list_that_says_where_it_goes_on_is_followed(host: Host, kind: str) -> None:
    host.behaviour = lambda asked: chained(asked, host, kind)
    paging = {"kind": kind, "name": "cursor", "next": "meta.next"}
    assert keys(connector(host, paging)) == [(number,) for number in range(7)]


@pytest.mark.parametrize(
    ("following", "sentence"),
    [("http://127.0.0.1:1/notes", "another host"), ("//example.org/x", "another host"), ("again", "does not come to an end")],
)
def test_a_list_is_not_followed_to_another_host_nor_in_a_circle(host: Host, following: str, sentence: str) -> None:
    host.behaviour = lambda asked: Said(200, {"items": ROWS[:1], "next": following})
    kind = {"kind": "cursor", "name": "cursor"} if following == "again" else {"kind": "next_url"}
    with pytest.raises(SourceMismatch, match=sentence):
        keys(connector(host, {**kind, "next": "next"}))


def test_a_record_that_stands_on_two_pages_is_found_once(host: Host) -> None:
    twice = [*ROWS[:3], *ROWS[2:]]
    host.behaviour = lambda asked: page(asked, twice)
    assert keys(connector(host, PAGES)) == [(number,) for number in range(7)]


def test_a_list_that_changed_while_it_was_read_is_read_again(host: Host) -> None:
    """The first record goes away after the first page: what stood on top of the second page moves to the first, and is hidden."""
    seen: list[str] = []

    def moving(asked: Asked) -> Said:
        seen.append(asked.query.get("page", ""))
        return page(asked, ROWS if len(seen) < 3 else ROWS[1:])

    host.behaviour = moving
    assert keys(connector(host, PAGES)) == [(number,) for number in range(1, 7)]


@pytest.mark.parametrize("paging", [PAGES, OFFSET])
def test_a_list_that_keeps_changing_is_never_taken_for_whole(host: Host, paging: dict[str, Any]) -> None:
    count = [0]

    def restless(asked: Asked) -> Said:
        count[0] += 1
        rows = [{"id": number + count[0], "words": ""} for number in range(7)]
        said = page(asked, rows)
        return Said(200, {**said.body, "total": 7 + count[0]})

    host.behaviour = lambda asked: Said(200, {}) if asked.path == "/" else restless(asked)
    with pytest.raises(SourceBusy, match="kept changing"):
        keys(connector(host, paging))


def test_fewer_records_than_the_host_says_it_has_are_never_the_whole_answer(host: Host) -> None:
    host.behaviour = lambda asked: Said(200, {"items": ROWS[:2] if asked.query.get("offset") == "0" else [], "total": 7})
    with pytest.raises(SourceBusy):
        keys(connector(host, OFFSET))


def first(*answers: Said) -> Any:
    """These answers to the first questions about notes, then the usual one."""
    left = list(answers)

    def behaviour(asked: Asked) -> Said:
        if asked.path == "/":
            return Said(200, {})
        return left.pop(0) if left else Said(200, {"items": ROWS})

    return behaviour


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([Said(429, headers={"Retry-After": "7"})], [7.0]),
        ([Said(503, headers={"Retry-After": "2"}), Said(429, headers={"Retry-After": "soon"})], [2.0, 1.0]),
        ([Said(500), Said(502)], [0.5, 2.0]),
        ([Said(200, raw=b'{"items": [', cut=True)], [0.5]),
    ],
)
def test_a_question_is_asked_again_after_the_pause_that_is_asked_for(host: Host, slept: list[float], answers: Any, pauses: Any) -> None:
    host.behaviour = first(*answers)
    assert len(keys(connector(host))) == 7
    assert slept == pauses


@pytest.mark.parametrize(
    ("answers", "problem", "sentence"),
    [
        ([Said(429, headers={"Retry-After": "3600"})], SourceBusy, "asks us to come back later"),
        ([Said(500)] * 3, SourceUnreachable, r"a fault of its own \(500\)"),
        ([Said(200, raw=b'{"items": [', cut=True)] * 3, SourceUnreachable, "broke off"),
        ([Said(200, raw=b"<html>rita@example.org")], SourceMismatch, "not JSON"),
        ([Said(200, raw=b'{"items": [{"id": NaN}]}')], SourceMismatch, "not JSON"),
        ([Said(200, {"other": []})], SourceMismatch, "no list of records"),
        ([Said(200, {"items": ["rita@example.org"]})], SourceMismatch, "no list of records"),
        ([Said(200, {"items": [{"words": "rita@example.org"}]})], SourceMismatch, "without its key"),
        ([Said(404)], SourceMismatch, r"does not exist there \(404\)"),
        ([Said(422, {"error": "rita@example.org"})], SourceMismatch, r"refused the question \(422\)"),
        ([Said(401)], SourceUnreachable, "does not accept our credentials"),
        ([Said(302, headers={"Location": "http://127.0.0.1:1/"})], SourceMismatch, "redirect, which is not followed"),
        ([Said(200, raw=b" " * 5000)], SourceMismatch, "longer than 4000 bytes"),
    ],
)
def test_a_bad_answer_is_a_sentence_and_never_nothing_held(host: Host, answers: Any, problem: type[SourceError], sentence: str) -> None:
    host.behaviour = first(*answers)
    with pytest.raises(problem, match=sentence) as told:
        keys(connector(host, most_bytes=4000))
    assert "rita" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_slow_answer_is_broken_off(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_calls, "patience_of", lambda settings: -1.0)
    with pytest.raises(SourceUnreachable, match="took too long"):
        keys(connector(host))


def test_more_records_than_are_allowed_are_refused_not_cut(host: Host) -> None:
    with pytest.raises(SourceMismatch, match="More than 3 records"):
        keys(connector(host, PAGES, most_records=3))


def test_calls_keep_the_pace_that_the_host_allows(host: Host, slept: list[float]) -> None:
    keys(connector(host, PAGES, per_minute=60))
    assert len(slept) == len(host.asked) - 1
    assert all(0 < pause <= 1 for pause in slept)


def test_an_answer_about_another_row_is_no_proof_that_a_row_is_gone(host: Host) -> None:
    host.behaviour = lambda asked: Said(200, {"id": 5, "words": "another"})
    with connector(host).reading() as reader, pytest.raises(SourceMismatch, match="gives another row"):
        list(reader.read_back("notes", [(1,)]))


def test_a_key_cannot_lead_to_another_place_of_the_host(host: Host) -> None:
    text = Schema("http", {"notes": TableSchema("notes", {"id": ColumnSchema("id", "string", "")}, key=("id",))})
    made = connector(host)
    host.behaviour = lambda asked: Said(200, {}) if asked.path == "/" else Said(404)
    with HttpConnector(made._settings, text).reading() as reader:
        assert reader.count(Query("notes", ByKey((("../admin?x=1#",),)))) == 0
        assert host.asked[-1].path == "/notes/..%2Fadmin%3Fx%3D1%23"
        with pytest.raises(SourceMismatch, match="cannot stand in an address"):
            reader.count(Query("notes", ByKey((("..",),))))


def test_what_no_call_can_find_is_said(host: Host) -> None:
    by_words = {"path": "/notes", "by": ["words"], "query": {"w": "{words}"}}
    made = HttpSettings.from_json(host.base, {"private": True, "collections": {"notes": {"list": [by_words]}}})
    with HttpConnector(made, NOTES).reading() as reader, pytest.raises(SourceMismatch, match="No call finds rows of 'notes' by id"):
        reader.count(Query("notes", Equals("id", (1,))))


def test_a_pass_is_fetched_used_and_renewed_once(host: Host) -> None:
    given: list[str] = []

    def guarded(asked: Asked) -> Said:
        if asked.path == "/token":
            given.append(f"pass-{len(given)}")
            return Said(200, {"access_token": given[-1], "expires_in": 1})
        is_fresh = asked.headers.get("Authorization") == f"Bearer {given[-1]}" and len(given) == 2
        return Said(200, {"items": ROWS}) if is_fresh else Said(401)

    host.behaviour = guarded
    auth = {"kind": "oauth2", "name": "us", "secret": TOKEN, "token_url": f"{host.base}/token", "scope": "read"}
    assert len(keys(connector(host, auth=auth))) == 7
    assert "grant_type=client_credentials&scope=read" in host.asked[0].body


@pytest.mark.parametrize("answer", [Said(500), Said(200, {"token": 1}), Said(200, {"access_token": "two\nlines"}), Said(200, raw=b"no")])
def test_a_pass_that_cannot_be_had_means_out_of_reach(host: Host, answer: Said) -> None:
    host.behaviour = lambda asked: answer
    auth = {"kind": "oauth2", "name": "us", "secret": TOKEN, "token_url": f"{host.base}/token"}
    with pytest.raises(SourceUnreachable, match="no pass could be had") as told:
        keys(connector(host, auth=auth))
    assert TOKEN not in str(told.value)


INSIDE = "127.0.0.1 10.1.2.3 192.168.0.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 ::1 fe80::1%eth0 fd00::1 ff02::1"
CARRIED = "::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::"


@pytest.mark.parametrize("address", [*INSIDE.split(), *CARRIED.split()])
def test_an_address_inside_our_own_network_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_an_address_of_the_open_network_is_public() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"]])
def test_a_name_that_leads_into_our_own_network_is_refused_before_a_word_is_sent(
    host: Host, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    monkeypatch.setattr(http_network, "addresses_of", lambda host, port: addresses)
    with pytest.raises(SourceUnreachable, match="leads into a private network"):
        keys(connector(host, private=False))
    assert not host.asked


def test_the_word_that_a_library_has_about_each_call_never_reaches_the_log() -> None:
    loggers = settings.LOGGING["loggers"]
    assert (loggers["httpx"]["level"], loggers["httpcore"]["level"]) == ("WARNING", "WARNING")


def test_the_answers_of_a_session_are_kept_for_it(host: Host) -> None:
    def count(reader: Reader) -> int:
        return reader.count(Query("notes", EVERYTHING))

    with connector(host).reading() as reader:
        before = count(reader)
        host.behaviour = lambda asked: Said(200, {"items": []})
        assert count(reader) == before
    with connector(host).reading() as reader:
        assert count(reader) == 0
