"""What the engine's commands share: reading their words, waiting for a job, refusing in one line."""

from __future__ import annotations

import time
import unicodedata
from uuid import UUID

from django.core.management.base import CommandError

from exports import api
from exports.archive.unlocking import read_password
from exports.sources import all_datasets
from portal.kit.clock import today
from portal.organisations.models import Organisation

USAGE = 2
PATIENCE = 0.3


def organisation_named(key: str) -> Organisation:
    """The organisation, or a refusal that names those there are."""
    found = Organisation.objects.filter(key=key).first()
    if found is None:
        known = ", ".join(Organisation.objects.values_list("key", flat=True)) or "none"
        raise CommandError(f"There is no organisation '{key}' here (known: {known}). Nothing was done.")
    return found


def identities_of(organisation: Organisation, words: list[str]) -> dict[str, str]:
    """`kind=value` words as a search; a kind that no dataset names finds nothing and is refused."""
    identities: dict[str, str] = {}
    for word in words:
        kind, equals, value = word.partition("=")
        if not equals or not kind.strip() or not value.strip():
            raise CommandError(f"'{kind}' is not of the form kind=value, such as email=name@example.com.", returncode=USAGE)
        if kind.strip() in identities:
            raise CommandError(f"The identity '{kind.strip()}' is given twice.", returncode=USAGE)
        if not can_be(kind.strip(), value.strip()):
            raise CommandError(f"The value given for '{kind.strip()}' cannot be one. Nothing was done.", returncode=USAGE)
        identities[kind.strip()] = value
    datasets = all_datasets(organisation)
    known = {leaf.identity for d in datasets for c in d.collections for leaf in c.leaves() if leaf.identity}
    for kind in identities:
        if datasets and kind not in known:  # a processor without sources still answers: it holds nothing itself
            raise CommandError(f"No dataset can be searched by '{kind}' (known: {', '.join(sorted(known)) or 'none'}). Nothing was done.")
    return identities


def can_be(kind: str, value: str) -> bool:
    """Whether the value can be an identity of this kind at all: an address has two sides, a telephone number has digits and no letters."""
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in value):
        return False
    name, _at, domain = value.rpartition("@")
    if kind == "email":
        return bool(name and domain) and not any(letter.isspace() for letter in value)
    if kind in ("phone", "phone_number"):
        return any(letter.isdigit() for letter in value) and not any(letter.isalpha() for letter in value)
    return True


def password_in(name: str | None) -> str | None:
    """The password in a file, or on standard input for `-`; None where no file was named. What it is stands in no refusal."""
    if not name:
        return None
    try:
        return read_password(name)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise CommandError(f"{name} cannot be used as a password file: {reason}. Nothing was done.", returncode=USAGE) from None


def run_to_rest(job_id: UUID) -> api.Progress:
    """Run the job here, or wait for the worker that has taken it."""
    while True:
        api.run(job_id)
        progress = api.progress(job_id)
        if progress.finished:
            return progress
        time.sleep(PATIENCE)


def cover_for(organisation: Organisation, reference: str, progress: api.Progress) -> api.Cover:
    """The first page of an archive that was asked for at the shell."""
    policy, day = organisation.current_policy, today(organisation.timezone)
    return api.Cover(
        reference=reference,
        organisation_name=organisation.name,
        policy=policy.read(),
        policy_version=policy.version,
        requested_on=day,
        answered_on=day,
        collected_on=day,
        gaps=progress.gaps,
    )
