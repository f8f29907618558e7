"""A source that is a person: asked once, chased, believed as a person and never as a proof; three sources of which some are silent."""

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
import yaml
from django.core import mail
from django.db import models

from exports import api
from exports.api import EngineRefusal, HandAnswer, HandedIn, HandView
from exports.archive.receipts import check_receipt
from exports.flows import hand_mail
from exports.models import DataSource, HandFile, HandTask, Job
from portal.kit import clock, crypto
from tests.engine.desk_over_http import shop_with_desk
from tests.engine.erasing import Store, approve_and_run
from tests.engine.far_host import Host, Said
from tests.engine.shop import counts
from tests.engine.test_http_source import of_somebody_else, search

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a letter of Rita"
PAPERS = """
- {name: letters, habeas_meta: {category: account, title: Letters on paper}, fields: [{name: file}]}
- {name: contracts, habeas_meta: {category: orders, title: Contracts}, fields: [{name: file}]}
"""
MAILBOX = "records@example.net"


def add_papers(store: Store, **person: Any) -> DataSource:
    source = DataSource(organisation=store.organisation, key="papers", title="Paper files", position=20, kind="person")
    source.url, source.settings = "", {"who": "The records office", "look": "Look in room 12.", **person}
    source.datasets = [{"fides_key": "papers", "collections": yaml.safe_load(PAPERS)}]
    source.save()
    return source


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Host]]:
    """A database, a service, and a person who is written to."""
    with shop_with_desk(tmp_path, monkeypatch) as (store, host):
        add_papers(store, to=MAILBOX)
        yield store, host


def states(job_id: UUID) -> dict[str, str]:
    return {source.key: source.state for source in api.progress(job_id).sources}


def copy_of(store: Store) -> UUID:
    job_id = api.start_access(search(store))
    api.run(job_id)
    return job_id


def task_of(job_id: UUID) -> HandView:
    (task,) = api.asked_by_hand(job_id)
    return task


def held(name: str = "letter.pdf", content: bytes = PDF, collection: str = "papers.letters") -> HandAnswer:
    return HandAnswer("held", "Paula", files=[HandedIn(collection, name, content)], by_link=True)


def link_in(message: Any) -> str:
    return str(message.body).split("/by-hand/")[1].split("/")[0]


@pytest.mark.thorough
def test_three_sources_of_which_two_are_silent_arrive_one_by_one_in_the_same_search(three: tuple[Store, Host]) -> None:
    store, host = three
    host.behaviour = lambda asked: Said(503)
    job_id = copy_of(store)
    assert states(job_id) == {"shop": "done", "desk": "failed", "papers": "failed"}
    gaps = dict(api.progress(job_id).gaps)
    assert set(gaps) == {"Help desk", "Paper files"}
    assert "The records office was asked on" in gaps["Paper files"]
    assert api.answer_by_hand(task_of(job_id).id, held())
    api.retry(job_id, "papers")
    api.run(job_id)
    assert states(job_id) == {"shop": "done", "desk": "failed", "papers": "done"}
    assert [title for title, _why in api.progress(job_id).gaps] == ["Help desk"]
    host.behaviour = lambda asked: None
    api.retry(job_id, "desk")
    api.run(job_id)
    assert states(job_id) == {"shop": "done", "desk": "done", "papers": "done"}
    assert api.progress(job_id).gaps == ()
    assert counts(job_id)["letters"] == (1, 1, 0, 0)
    assert HandTask.objects.count() == 1


def test_what_a_person_hands_in_lies_in_the_archive_and_is_sealed_until_then(three: tuple[Store, Host], tmp_path: Path) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = copy_of(store)
    api.answer_by_hand(task_of(job_id).id, held())
    file = HandFile.objects.get()
    assert PDF not in file.place.read_bytes()
    assert b"letter.pdf" not in bytes(file.name_sealed)
    api.retry(job_id, "papers")
    api.run(job_id)
    policy = store.organisation.current_policy
    today = clock.today("UTC")
    api.pack(job_id, api.Cover("DR-1", "Shop", policy.read(), policy.version, today, today))
    with zipfile.ZipFile(BytesIO(b"".join(api.open_archive(job_id)))) as bag:
        assert bag.read("DR-1/data/files/papers/letters-1.pdf") == PDF
        (record,) = json.loads(bag.read("DR-1/data/records/papers-letters.json"))
        package = json.loads(bag.read("DR-1/data/datapackage.json"))
    assert (record["file"], record["name"]) == ("files/papers/letters-1.pdf", "letter.pdf")
    attached = next(one for one in package["resources"] if one["path"].startswith("files/"))
    assert (attached["mediatype"], attached["bytes"], "encoding" in attached) == ("application/pdf", len(PDF), False)
    assert "The records office looked it up by hand" in attached["description"]


def test_nothing_held_is_a_persons_word_for_each_collection(three: tuple[Store, Host]) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = copy_of(store)
    api.answer_by_hand(task_of(job_id).id, HandAnswer("nothing", "Paula"))
    api.retry(job_id, "papers")
    api.run(job_id)
    source = api.progress(job_id).sources[0]
    assert (source.state, api.progress(job_id).gaps) == ("nothing", ())
    assert {step.note.split(" on ")[0] for step in source.collections} == {"The records office looked"}


@pytest.mark.thorough
def test_a_deletion_by_hand_is_attested_and_never_proved(three: tuple[Store, Host]) -> None:
    store, _host = three
    of_somebody_else(store)
    job_id = store.start()
    assert "attested by a person, not proved by reading" in api.plan(job_id).by_hand[0]
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "partial"
    assert receipt["attested"] == []
    assert any("Paper files: The records office was asked on" in gap for gap in receipt["gaps"])
    assert api.sources_left(job_id) == (("papers", "Paper files"),)
    day = clock.today("UTC")
    assert api.answer_by_hand(task_of(job_id).id, HandAnswer("deleted", "Paula", on=day, by_link=True))
    api.retry(job_id, "papers")
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed
    receipt = signed["receipt"]
    assert (receipt["outcome"], receipt["gaps"], api.sources_left(job_id)) == ("complete", [], ())
    (word,) = receipt["attested"]
    assert (word["source"], word["said"], word["on"], word["by"]) == ("papers", "deleted", day.isoformat(), "a person through a link")
    papers = next(one for one in receipt["sources"] if one["source"] == "papers")
    assert (papers["how"], papers["rows_changed"]) == ("attested by a person", 0)
    assert "Paula" not in json.dumps(signed)
    assert check_receipt(json.dumps(signed).encode(), crypto.public_keys()).is_proved
    assert not Job.objects.get(pk=job_id).handles.exists()


def test_the_mail_names_nobody_is_repeated_and_stops_with_the_answer(three: tuple[Store, Host]) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = copy_of(store)
    task = HandTask.objects.get()
    with time_machine.travel(clock.now(), tick=False) as travel:
        for number in range(1, 5):
            HandTask.objects.update(due_at=clock.now()) if number == 1 else travel.shift(timedelta(days=7, minutes=1))
            assert hand_mail.post(task.pk)
            assert not hand_mail.post(task.pk)
            assert len(mail.outbox) == number
        travel.shift(timedelta(days=30))
        assert not hand_mail.post(task.pk)
    assert {one.to[0] for one in mail.outbox} == {MAILBOX}
    assert not any("rita" in (one.subject + one.body).lower() for one in mail.outbox)
    assert "This is a reminder." in mail.outbox[1].body
    assert "This is a reminder." not in mail.outbox[0].body
    assert job_id


def test_a_link_opens_what_is_asked_until_it_ends_or_is_closed(three: tuple[Store, Host]) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    copy_of(store)
    task = HandTask.objects.get()
    hand_mail.post(task.pk)
    token = link_in(mail.outbox[0])
    before = list(HandTask.objects.values())
    found = api.by_link(token)
    assert found
    assert (found.looks_for, found.instructions) == ({"email": "rita@example.org"}, "Look in room 12.")
    assert list(HandTask.objects.values()) == before
    assert api.by_link(token + "x") is None
    assert token.encode() not in bytes(task.token_sealed)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert api.by_link(token) is None
    api.ask_by_hand_again(task.pk)
    assert api.by_link(token) is None
    hand_mail.post(task.pk)
    fresh = link_in(mail.outbox[1])
    assert api.by_link(fresh)
    api.close_link(task.pk)
    assert api.by_link(fresh) is None
    assert api.answer_by_hand(task.pk, held())


def test_an_answer_counts_once_and_ends_the_link(three: tuple[Store, Host]) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = copy_of(store)
    task = HandTask.objects.get()
    hand_mail.post(task.pk)
    api.answer_by_hand(task.pk, held())
    assert api.by_link(link_in(mail.outbox[0])) is None
    with pytest.raises(EngineRefusal, match="was answered already"):
        api.answer_by_hand(task.pk, HandAnswer("nothing", "Paula"))
    assert HandFile.objects.count() == 1
    assert task_of(job_id).said == "held"


BAD: list[tuple[HandAnswer, str]] = [
    (HandAnswer("deleted", "Paula", on=None), "Choose one of the answers"),
    (HandAnswer("nothing", " "), "Enter your name"),
    (HandAnswer("held", "Paula"), "Choose the files that you found"),
    (HandAnswer("nothing", "Paula", files=[HandedIn("papers.letters", "a.txt", b"x")]), "You chose files and said something else"),
    (held(collection="shop.people"), "Choose what each file belongs to"),
    (held("letter.exe", b"MZ"), "none of the kinds"),
    (held("letter.pdf", b"<html>"), "not what it is called"),
    (held("words.txt", b"\xff\xfe\x00"), "not what it is called"),
    (held("big.pdf", PDF + b"x" * 20_000_000), "20 MB together"),
]


@pytest.mark.parametrize(("given", "sentence"), BAD, ids=[sentence for _given, sentence in BAD])
def test_an_answer_that_cannot_be_meant_keeps_nothing(three: tuple[Store, Host], given: HandAnswer, sentence: str) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = copy_of(store)
    with pytest.raises(EngineRefusal, match=sentence):
        api.answer_by_hand(task_of(job_id).id, given)
    assert not HandFile.objects.exists()
    assert task_of(job_id).is_open
    folder = Job.objects.get(pk=job_id).spool_folder
    assert not list(folder.glob("hand-*")) if folder.exists() else True


def test_a_day_that_is_still_to_come_is_no_day_of_a_deletion(three: tuple[Store, Host]) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = store.start()
    approve_and_run(job_id)
    with pytest.raises(EngineRefusal, match="today or earlier"):
        api.answer_by_hand(task_of(job_id).id, HandAnswer("deleted", "Paula", on=clock.today("UTC") + timedelta(days=1)))


def test_destroying_a_search_destroys_what_was_handed_in(three: tuple[Store, Host]) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = copy_of(store)
    api.answer_by_hand(task_of(job_id).id, held())
    place = HandFile.objects.get().place
    api.destroy(job_id)
    assert not place.exists()
    assert not HandTask.objects.exists()


def test_an_answer_in_the_very_moment_in_which_the_search_ends_is_not_lost(
    three: tuple[Store, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    honest = models.Model.save

    def answering(self: models.Model, *args: Any, **kwargs: Any) -> None:
        honest(self, *args, **kwargs)
        if type(self).__name__ == "SourceRun" and getattr(self, "error", "") and task_of(self.job_id).is_open:  # type: ignore[attr-defined]
            api.answer_by_hand(task_of(self.job_id).id, held())  # type: ignore[attr-defined]

    monkeypatch.setattr(models.Model, "save", answering)
    job_id = copy_of(store)
    assert states(job_id) == {"papers": "done"}


def test_nobody_is_written_to_or_let_in_once_the_copy_is_packed(three: tuple[Store, Host]) -> None:
    store, _host = three
    DataSource.objects.exclude(key="papers").delete()
    job_id = copy_of(store)
    task = HandTask.objects.get()
    hand_mail.post(task.pk)
    assert api.progress(job_id).sources[0].waits
    policy, today = store.organisation.current_policy, clock.today("UTC")
    api.pack(job_id, api.Cover("DR-1", "Shop", policy.read(), policy.version, today, today))
    assert api.by_link(link_in(mail.outbox[0])) is None
    HandTask.objects.update(due_at=clock.now())
    assert not hand_mail.post(task.pk)
    with pytest.raises(EngineRefusal, match="was answered meanwhile"):
        api.answer_by_hand(task.pk, held())
