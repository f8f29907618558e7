"""From spools to an archive: the release gate, reading back, downloads, and how an archive ends."""

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from exports import api
from exports.flows import packing
from exports.models import Archive, Job, Step
from portal.kit import crypto, leases
from portal.kit.clock import now
from portal.kit.sealing import SealedReader, SealedWriter
from tests.engine.shop import OTHER, RITA, Shop

pytestmark = pytest.mark.django_db


def a_cover(shop: Shop, **words: object) -> api.Cover:
    policy = shop.organisation.current_policy
    day = date(2026, 11, 20)
    return api.Cover("DR-TEST-01", "Northwind", policy.read(), policy.version, day, day, **words)  # type: ignore[arg-type]


def packed(shop: Shop, email: str = RITA) -> UUID:
    job_id = shop.searched(email)
    api.pack(job_id, a_cover(shop))
    return job_id


def opened(job_id: UUID) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(api.open_archive(job_id))))


def member(bag: zipfile.ZipFile, end: str) -> bytes:
    (name,) = [name for name in bag.namelist() if name.endswith(end)]
    return bag.read(name)


def test_the_archive_holds_what_was_disclosed_and_says_what_was_not(shop: Shop) -> None:
    job_id = packed(shop)
    bag = opened(job_id)
    assert json.loads(member(bag, "records/shop-customer.json"))[0]["email"] == RITA
    assert [order["id"] for order in json.loads(member(bag, "records/shop-orders.json"))] == [1, 2]
    everything = b"".join(bag.read(name) for name in bag.namelist())
    for hidden in (b"argon2", b"sesame", b"Petra", OTHER.encode(), b"RITA@"):
        assert hidden not in everything
    page = member(bag, "index.html").decode()
    assert "Loyalty card could not be searched" in page
    assert "never sent to anybody" in page


def test_what_is_told_about_the_archive_is_true(shop: Shop) -> None:
    job_id = packed(shop)
    facts = api.archive(job_id)
    assert facts is not None
    content = b"".join(api.open_archive(job_id))
    assert (facts.size, facts.records, facts.available) == (len(content), 5, True)
    assert facts.files == len(opened(job_id).namelist())
    assert timedelta(days=shop.organisation.current_policy.read().archive_days) - (facts.expires_at - facts.sealed_at) < timedelta(
        seconds=5
    )
    assert api.progress(job_id).state == "packed"


def test_a_part_of_the_archive_may_be_asked_for(shop: Shop) -> None:
    job_id = packed(shop)
    whole = b"".join(api.open_archive(job_id))
    assert b"".join(api.open_archive(job_id, start=100, length=50)) == whole[100:150]


def test_the_archive_is_sealed_at_rest(shop: Shop) -> None:
    job_id = packed(shop)
    content = (Path(settings.ARCHIVE_FOLDER) / Archive.objects.get(job_id=job_id).path).read_bytes()
    assert not content.startswith(b"PK")
    assert b"customer" not in content


def test_another_persons_spool_never_passes_the_gate(shop: Shop) -> None:
    """Even when it opens: the same key, another stamp."""
    job_id, other = shop.searched(RITA), shop.searched(OTHER)
    mine, theirs = (Step.objects.get(run__job=job, collection="shop.orders") for job in (job_id, other))
    folder = Path(settings.SPOOL_FOLDER)
    with SealedWriter(folder / mine.spool, Job.objects.get(pk=job_id).box) as out:
        for piece in SealedReader(folder / theirs.spool, Job.objects.get(pk=other).box):
            out.write(piece)
    with pytest.raises(api.StampMismatch, match="Nothing was released"):
        api.pack(job_id, a_cover(shop))
    assert api.archive(job_id) is None
    assert list(Path(settings.ARCHIVE_FOLDER).glob(f"*{job_id}*")) == []


def test_a_spool_that_was_cut_short_is_not_released(shop: Shop) -> None:
    job_id = shop.searched()
    step = Step.objects.get(run__job=job_id, collection="shop.orders")
    Step.objects.filter(pk=step.pk).update(found=3, disclosed=3)
    with pytest.raises(api.EngineRefusal, match="3 records were to be disclosed, 2 were read"):
        api.pack(job_id, a_cover(shop))
    assert api.archive(job_id) is None


def test_nothing_is_called_packed_that_does_not_read_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = shop.searched()
    read_again = packing._read_again

    def after_damage(path: Path, box: crypto.Box, sealed: object) -> None:
        with path.open("r+b") as file:
            file.seek(200)
            file.write(b"damage")
        read_again(path, box, sealed)  # type: ignore[arg-type]

    monkeypatch.setattr(packing, "_read_again", after_damage)
    with pytest.raises((api.EngineRefusal, crypto.Sealed)):
        api.pack(job_id, a_cover(shop))
    assert api.archive(job_id) is None
    assert api.progress(job_id).state == "packing"


def test_a_worker_that_lost_its_lease_stops_writing_and_leaves_no_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = shop.searched()

    def lost(_held: object) -> None:
        raise leases.LeaseLost

    monkeypatch.setattr(packing.Held, "renew", lost)
    with pytest.raises(leases.LeaseLost):
        api.pack(job_id, a_cover(shop))
    assert list(Path(settings.ARCHIVE_FOLDER).glob(f"*{job_id}*")) == []


def test_packing_goes_on_after_a_crash_and_a_second_call_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = shop.searched()

    def dies(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(packing, "_read_again", dies)
        with pytest.raises(KeyboardInterrupt):
            api.pack(job_id, a_cover(shop))
    api.pack(job_id, a_cover(shop))
    first = api.archive(job_id)
    api.pack(job_id, a_cover(shop))
    assert api.archive(job_id) == first


def test_a_job_that_another_worker_has_just_packed_is_packed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It seals after this one was asked for and before this one takes the job."""
    job_id, begin = shop.searched(), packing._begin

    def after_the_other(pk: UUID) -> packing.Held | None:
        with monkeypatch.context() as patched:
            patched.setattr(packing, "_begin", begin)
            api.pack(job_id, a_cover(shop))
        return begin(pk)

    monkeypatch.setattr(packing, "_begin", after_the_other)
    api.pack(job_id, a_cover(shop))
    assert api.progress(job_id).state == "packed"


def test_only_a_complete_search_is_packed(shop: Shop) -> None:
    job_id = shop.search()
    with pytest.raises(api.JobNotReady):
        api.pack(job_id, a_cover(shop))


def test_an_archive_that_another_worker_packs_is_busy(shop: Shop) -> None:
    job_id = shop.searched()
    Job.objects.filter(pk=job_id).update(due_at=now())
    assert leases.claim(Job, job_id) is not None
    with pytest.raises(api.JobBusy):
        api.pack(job_id, a_cover(shop))


def test_downloads_are_counted_and_end(shop: Shop) -> None:
    job_id = packed(shop)
    Archive.objects.filter(job_id=job_id).update(max_downloads=2)
    api.count_download(job_id)
    api.count_download(job_id)
    with pytest.raises(api.ArchiveUnavailable, match="as often as it may be"):
        api.count_download(job_id)
    facts = api.archive(job_id)
    assert facts is not None
    assert (facts.downloads, facts.available) == (2, False)


def test_an_expired_archive_is_closed(shop: Shop) -> None:
    job_id = packed(shop)
    Archive.objects.filter(job_id=job_id).update(expires_at=now() - timedelta(seconds=1))
    for ask in (api.open_archive, api.count_download):
        with pytest.raises(api.ArchiveUnavailable, match="expired"):
            ask(job_id)


def test_a_revoked_archive_is_gone_with_its_key(shop: Shop) -> None:
    job_id = packed(shop)
    api.revoke(job_id)
    with pytest.raises(api.ArchiveUnavailable, match="withdrawn"):
        api.open_archive(job_id)
    assert Archive.objects.get(job_id=job_id).key_sealed == b""
    assert not (Path(settings.ARCHIVE_FOLDER) / f"{job_id}.zip").exists()


def test_every_open_archive_of_a_person_is_revoked_and_nobody_elses(shop: Shop) -> None:
    mine, again, theirs = packed(shop), packed(shop), packed(shop, OTHER)
    assert api.revoke_all(shop.organisation, {"email": "rita@EXAMPLE.org"}) == 2
    available = [facts.available for job in (mine, again, theirs) if (facts := api.archive(job))]
    assert available == [False, False, True]


def test_an_archive_may_be_empty_and_says_where_was_searched(shop: Shop) -> None:
    job_id = packed(shop, "nobody@example.org")
    page = member(opened(job_id), "index.html").decode()
    assert "The shop" in page
    assert "The desk" in page
