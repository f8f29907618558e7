"""`subject_access ORG --identity email=… [--category KEY …] --output FILE.zip [--json]`: one person's archive, from the shell."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError

from exports import api
from exports.management import asking
from exports.selection import unknown_keys
from exports.sources import all_datasets
from portal.organisations.models import Organisation


class Command(BaseCommand):
    help = "Find one person's records in every source of an organisation and write them to an archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("--identity", action="append", required=True, metavar="KIND=VALUE", help="repeatable")
        parser.add_argument("--category", action="append", default=[], metavar="KEY", help="only these categories; repeatable")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE.zip")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = asking.organisation_named(options["organisation"])
        identities = asking.identities_of(organisation, options["identity"])
        output = _free(options["output"])
        _check_categories(organisation, options["category"])
        job_id = _started(organisation, identities, tuple(options["category"]))
        try:
            _write(organisation, job_id, output)
            told = _told(job_id, output)
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


def _write(organisation: Organisation, job_id: UUID, output: Path) -> None:
    progress = asking.run_to_rest(job_id)
    if progress.state != "collected":
        raise CommandError(f"{progress.error or 'The search did not finish.'} Nothing was written.")
    try:
        api.pack(job_id, asking.cover_for(organisation, output.stem, progress))
        for number, path in enumerate([_free(path) for path in _paths(job_id, output)], 1):
            with open(path, "xb", opener=_for_me_alone) as out:
                for piece in api.open_archive(job_id, part=number):
                    out.write(piece)
    except api.EngineRefusal as refusal:
        raise CommandError(str(refusal)) from refusal
    except FileExistsError:
        raise CommandError(f"{output} exists already. Nothing was written.") from None


def _paths(job_id: UUID, output: Path) -> list[Path]:
    """Where the parts of the archive go: into the file that was named, or beside it, numbered."""
    facts = api.archive(job_id)
    of = len(facts.parts) if facts else 1
    return [output] if of == 1 else [output.with_name(f"{output.stem}-part-{number}-of-{of}{output.suffix}") for number in range(1, of + 1)]


def _for_me_alone(path: str, flags: int) -> int:
    """What is in an archive is for nobody else on this machine."""
    return os.open(path, flags, 0o600)


def _told(job_id: UUID, output: Path) -> dict[str, Any]:
    progress, facts, paths = api.progress(job_id), api.archive(job_id), _paths(job_id, output)
    return {
        "archive": str(paths[0]),
        "parts": [str(path) for path in paths],
        "sha256": facts.sha256 if facts else "",
        "size": facts.size if facts else 0,
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
