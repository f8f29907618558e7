"""One person's archive, from the shell.

subject_access ORG --identity email=… [--category KEY …] --output FILE.zip [--password-file FILE] [--json]
"""

from __future__ import annotations

import hashlib
import json
import os
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError

from exports import api
from exports.management import asking
from exports.selection import unknown_keys
from exports.sources import all_datasets
from portal.organisations.models import Organisation


class Written(NamedTuple):
    """A file that was written: where, how many bytes, their SHA-256."""

    path: str
    size: int
    sha256: str


class Command(BaseCommand):
    help = "Find one person's records in every source of an organisation and write them to an archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("--identity", action="append", required=True, metavar="KIND=VALUE", help="repeatable")
        parser.add_argument("--category", action="append", default=[], metavar="KEY", help="only these categories; repeatable")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE.zip")
        parser.add_argument("--password-file", metavar="FILE", help="lock the archive with the password in it; - reads standard input")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = asking.organisation_named(options["organisation"])
        identities = asking.identities_of(organisation, options["identity"])
        output = _free(options["output"])
        _check_categories(organisation, options["category"])
        password = _password(options["password_file"])
        job_id = _started(organisation, identities, tuple(options["category"]))
        try:
            written = _write(organisation, job_id, output, password=password)
            told = _told(job_id, written) | {"locked": password is not None}
        finally:
            api.destroy(job_id)  # the archive is the caller's now; nothing of it stays here
        self.stdout.write(json.dumps(told, indent=2) if options["json"] else _in_words(told))
        for gap in told["gaps"]:
            self.stderr.write(f"{gap['source']}: {gap['reason']}")


def _free(output: Path) -> Path:
    if output.exists():
        raise CommandError(f"{output} exists already. Nothing was written.")
    if not output.absolute().parent.is_dir():
        raise CommandError(f"The folder {output.absolute().parent} does not exist. Nothing was written.")
    return output


def _check_categories(organisation: Organisation, keys: list[str]) -> None:
    policy_keys = [category.key for category in organisation.current_policy.read().categories]
    unknown = unknown_keys(all_datasets(organisation), policy_keys, keys)
    if unknown:
        known = ", ".join(policy_keys)
        raise CommandError(f"'{unknown[0]}' is not a category. The policy knows {known}. Nothing was written.", returncode=2)


def _started(organisation: Organisation, identities: dict[str, str], categories: tuple[str, ...]) -> UUID:
    search = api.Search(
        organisation=organisation,
        policy=organisation.current_policy,
        identities=identities,
        subject=uuid4().hex,
        reference="shell",
        categories=categories,
    )
    return api.start_access(search)


def _password(file: str | None) -> str | None:
    password = asking.password_in(file)
    if password is not None and (fault := api.password_fault(password)):
        raise CommandError(f"Nothing is locked with the password in {file}. {fault} Nothing was written.", returncode=asking.USAGE)
    return password


def _write(organisation: Organisation, job_id: UUID, output: Path, *, password: str | None) -> list[Written]:
    progress = asking.run_to_rest(job_id)
    if progress.state != "collected":
        raise CommandError(f"{progress.error or 'The search did not finish.'} Nothing was written.")
    begun: list[Path] = []
    written: list[Written] = []
    try:
        api.pack(job_id, asking.cover_for(organisation, output.stem, progress))
        for number, path in enumerate([_free(path) for path in _paths(job_id, output)], 1):
            pieces = api.open_locked(job_id, password=password, part=number) if password else api.open_archive(job_id, part=number)
            with open(path, "xb", opener=_for_me_alone) as out:
                begun.append(path)
                written.append(_one(path, out, pieces))
    except api.EngineRefusal as refusal:
        raise CommandError(str(refusal)) from refusal
    except FileExistsError:
        raise CommandError(f"{output} exists already. Nothing was written.") from None
    except OSError as problem:
        for path in begun:
            path.unlink(missing_ok=True)
        raise CommandError(f"{output} cannot be written: {problem.strerror}. Nothing was left there.") from None
    return written


def _one(path: Path, out: IO[bytes], pieces: Iterator[bytes]) -> Written:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += out.write(piece)
    return Written(str(path), size, digest.hexdigest())


def _paths(job_id: UUID, output: Path) -> list[Path]:
    """Where the parts of the archive go: into the file that was named, or beside it, numbered."""
    facts = api.archive(job_id)
    of = len(facts.parts) if facts else 1
    return [output] if of == 1 else [output.with_name(f"{output.stem}-part-{number}-of-{of}{output.suffix}") for number in range(1, of + 1)]


def _for_me_alone(path: str, flags: int) -> int:
    """What is in an archive is for nobody else on this machine."""
    return os.open(path, flags, 0o600)


def _told(job_id: UUID, written: list[Written]) -> dict[str, Any]:
    progress, facts = api.progress(job_id), api.archive(job_id)
    return {
        "archive": written[0].path,
        "parts": [one.path for one in written],
        "sha256": written[0].sha256,
        "size": sum(one.size for one in written),
        "files": facts.files if facts else 0,
        "found": progress.found,
        "disclosed": progress.disclosed,
        "withheld": progress.withheld,
        "covered": progress.covered,
        "collections": list(_collections(progress)),
        "sources": [{"source": s.key, "title": s.title, "state": s.state, "error": s.error} for s in progress.sources],
        "gaps": [{"source": title, "reason": sentence} for title, sentence in progress.gaps],
        "complete": not progress.gaps,
    }


def _collections(progress: api.Progress) -> Iterator[dict[str, Any]]:
    for source in progress.sources:
        for part in source.collections:
            yield {
                "source": source.key,
                "collection": part.collection,
                "title": part.title,
                "category": part.category,
                "state": part.state,
                "found": part.found,
                "disclosed": part.disclosed,
                "withheld": part.withheld,
                "covered": part.covered,
                "note": part.note,
            }


def _in_words(told: dict[str, Any]) -> str:
    lines = [
        f"{one['source']}.{one['collection']}: {one['found']} found, {one['disclosed']} disclosed, {one['withheld']} withheld"
        for one in told["collections"]
    ]
    return "\n".join([*lines, f"{told['disclosed']} records were written to {', '.join(told['parts'])}."])
