"""Packed archives: who may still have one, its bytes, and how it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from exports.archive.locking import Inner, inner_name, locked
from exports.facts import ArchiveFacts, ArchivePart
from exports.models import Archive
from exports.refusals import ArchiveUnavailable
from portal.kit import crypto
from portal.kit.clock import now
from portal.kit.sealing import SealedReader
from portal.organisations.models import Organisation


def files_of(archive: Archive) -> list[Path]:
    """Where the sealed files lie, the first part first."""
    return [Path(settings.ARCHIVE_FOLDER) / path for path in (archive.path, *(one["path"] for one in archive.further))]


def name_of(job_id: UUID, number: int) -> str:
    """What the sealed file of a part is called."""
    return f"{job_id}.zip" if number == 1 else f"{job_id}.{number}.zip"


def files_named(job_id: UUID) -> list[Path]:
    """Every sealed file of the job, those of a packing that came to nothing too."""
    return list(Path(settings.ARCHIVE_FOLDER).glob(f"{job_id}*.zip"))


def remove(archive: Archive) -> None:
    """Delete its files."""
    for path in files_of(archive):
        path.unlink(missing_ok=True)


def archive(job_id: UUID) -> ArchiveFacts | None:
    """What is known about the job's archive."""
    found = Archive.objects.filter(job_id=job_id).first()
    if found is None:
        return None
    whole = [(found.size, found.sha256), *((one["size"], one["sha256"]) for one in found.further)]
    parts = tuple(_part(number, len(whole), size, sha256) for number, (size, sha256) in enumerate(whole, 1))
    return ArchiveFacts(
        job_id=job_id,
        files=found.files,
        records=found.records,
        size=sum(part.size for part in parts),
        sha256=found.sha256,
        parts=parts,
        sealed_at=found.sealed_at,
        expires_at=found.expires_at,
        revoked_at=found.revoked_at,
        downloads=found.downloads,
        max_downloads=found.max_downloads,
        available=not _closed(found) and found.downloads < found.max_downloads,
    )


def _part(number: int, of: int, size: int, sha256: str) -> ArchivePart:
    return ArchivePart(number, size, sha256, locked_size=Inner(inner_name(number, of), size).locked_size)


def open_archive(job_id: UUID, *, part: int = 1, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The bytes of one part of the archive, or `length` of them from `start`; refused before the first byte when it is closed."""
    _found, reader = _reader(job_id, part)
    return reader.read(start, reader.size if length is None else length)


@sensitive_variables("password")
def open_locked(job_id: UUID, *, password: str, part: int = 1) -> Iterator[bytes]:
    """One part inside a ZIP file that the password locks; refused as `open_archive` refuses. The password goes nowhere else."""
    found, reader = _reader(job_id, part)
    name = inner_name(part, 1 + len(found.further))
    return locked(Inner(name, reader.size, found.sealed_at.date()), reader.__iter__, password)


def _reader(job_id: UUID, part: int) -> tuple[Archive, SealedReader]:
    found = Archive.objects.filter(job_id=job_id).first()
    reason = _("There is no archive.") if found is None else _closed(found)
    if found is None or reason:
        raise ArchiveUnavailable(reason)
    files = dict(enumerate(files_of(found), 1))
    if part not in files:
        raise ArchiveUnavailable(_("The archive has no such part."))
    try:
        return found, SealedReader(files[part], found.box)
    except (OSError, crypto.Sealed):
        raise ArchiveUnavailable(_("The archive can no longer be opened.")) from None


def count_download(job_id: UUID) -> None:
    """Count one download, or refuse it: one conditional UPDATE, so that two at once cannot pass the limit."""
    still_open = Archive.objects.filter(job_id=job_id, revoked_at__isnull=True, expires_at__gt=now(), downloads__lt=F("max_downloads"))
    if not still_open.update(downloads=F("downloads") + 1):
        found = Archive.objects.filter(job_id=job_id).first()
        reason = _("There is no archive.") if found is None else _closed(found)
        raise ArchiveUnavailable(reason or _("The archive has been downloaded as often as it may be."))


def revoke(job_id: UUID) -> None:
    """Close the archive at once and destroy its key and file."""
    for found in Archive.objects.filter(job_id=job_id):
        Archive.objects.filter(pk=found.pk, revoked_at__isnull=True).update(revoked_at=now())
        Archive.objects.filter(pk=found.pk).update(key_sealed=b"")
        remove(found)


def revoke_all(organisation: Organisation, identities: Mapping[str, str], *, keep: Collection[UUID] = ()) -> int:
    """Revoke every open archive made for any of these identities, but for those of the jobs to keep."""
    tokens = [crypto.blind_index(kind, value) for kind, value in identities.items()]
    theirs = Archive.objects.filter(job__organisation=organisation, job__tokens__token__in=tokens, revoked_at__isnull=True)
    jobs = list(theirs.exclude(job_id__in=keep).values_list("job_id", flat=True).distinct())
    for job_id in jobs:
        revoke(job_id)
    return len(jobs)


def _closed(found: Archive) -> str:
    """Why it cannot be had any more; empty while it can."""
    if found.revoked_at is not None:
        return _("The archive was withdrawn.")
    if found.expires_at <= now():
        return _("The archive has expired.")
    return ""
