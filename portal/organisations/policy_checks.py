"""What no single value can tell: references between parts of a policy, and promises that contradict themselves."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any
from zoneinfo import available_timezones

from portal.organisations.marked_yaml import Reading, one_of
from portal.organisations.promises import Category, Fate, PolicyDocument

PAPER, WASH, ON_BRAND = "#ffffff", "#f5f6f8", "#ffffff"
READABLE = 4.5


def check(reading: Reading, policy: PolicyDocument, *, regimes: Collection[str] | None = None) -> None:
    """Refuse what a reader of single values cannot see."""
    _check_keys(reading, policy)
    _check_rights(reading, policy)
    _check_identities(reading, policy)
    for number, category in _read(policy.categories):
        _check_category(reading, policy, category, path=f"categories.{number}")
    _check_places(reading, policy)
    _check_regimes(reading, policy, regimes)
    for key in ("brand", "brand_deep"):
        colour = getattr(policy, key)
        if colour:
            _check_colour(reading, key, colour)


def _read(values: Sequence[Any]) -> list[tuple[int, Any]]:
    """The values of a list with their places, without those that were refused."""
    return [(number, value) for number, value in enumerate(values) if value is not None]


def _check_keys(reading: Reading, policy: PolicyDocument) -> None:
    for part in ("categories", "recipients", "authorities", "reported_classes", "identities"):
        name = "kind" if part == "identities" else "key"
        first: dict[str, int] = {}
        for number, each in _read(getattr(policy, part)):
            key = getattr(each, name)
            if key in first:
                reading.refuse(f"{part}.{number}.{name}", f"'{key}' is the key of {part}.{first[key]} already")
            first.setdefault(key, number)


def _check_rights(reading: Reading, policy: PolicyDocument) -> None:
    if not policy.rights:
        reading.refuse("rights", "names no right; a policy that promises none still lists them with offered: false")
    for right, promise in policy.rights.items():
        if "email_code" not in promise.verification:
            reading.refuse(f"rights.{right}.verification", "must hold email_code: no request is answered to an address that nobody proved")


def _check_identities(reading: Reading, policy: PolicyDocument) -> None:
    if not any(identity.seeds for _, identity in _read(policy.identities)):
        reading.refuse("identities", "no kind has seeds: true, so no search could ever begin; email must seed")
    for number, identity in _read(policy.identities):
        if identity.seeds and identity.kind != "email":
            reason = "only email may seed a search: the portal cannot verify another kind"
            reading.refuse(f"identities.{number}.seeds", reason)


def _check_category(reading: Reading, policy: PolicyDocument, category: Category, *, path: str) -> None:
    for key, part in (("recipients", policy.recipients), ("reported_as", policy.reported_classes)):
        known = [named.key for _, named in _read(part)]
        for number, value in _read(getattr(category, key)):
            if value not in known and None not in part:  # a part that was refused itself says enough
                reading.refuse(f"{path}.{key}.{number}", one_of(value, known or ["(none named)"]))
    _check_fate(reading, category.on_deletion, path=f"{path}.on_deletion")
    if category.alternative:
        _check_fate(reading, category.alternative, path=f"{path}.alternative")
        if (category.alternative.when, category.alternative.period) == (category.on_deletion.when, category.on_deletion.period):
            reading.refuse(f"{path}.alternative", "says the same as on_deletion; leave it out")
    if category.secret and category.portable:
        reading.refuse(f"{path}.portable", "a secret is never disclosed, so it cannot be portable")
    if not category.held and category.portable:
        reading.refuse(f"{path}.portable", "nothing is held in this category, so nothing can be portable")


def _check_fate(reading: Reading, fate: Fate, *, path: str) -> None:
    if fate.when == "now" and fate.period:
        reading.refuse(f"{path}.period", "what goes now has no period; write when: after")
    if fate.when == "after" and not fate.period:
        reading.refuse(path, "when is after, so it needs a period such as P30D")
    if fate.when == "kept" and not fate.basis:
        reading.refuse(path, "what is kept after a deletion needs a basis such as legal_obligation")
    if fate.when != "now" and not fate.because:
        reading.refuse(path, "what does not go at once needs because: words that the person will read")


def _check_places(reading: Reading, policy: PolicyDocument) -> None:
    if policy.timezone not in available_timezones():
        reading.refuse("timezone", f"'{policy.timezone}' is not a time zone such as America/Vancouver")
    if not policy.regimes:
        reading.refuse("regimes", "is empty, so no request would have a date; name THIRTY_DAYS where no law is known to bind")
    known = dict.fromkeys((*policy.regimes, *policy.residence_regimes.values()))
    for number, authority in _read(policy.authorities):
        for place, regime in _read(authority.regimes):
            if regime not in known and None not in known:
                reading.refuse(f"authorities.{number}.regimes.{place}", one_of(regime, list(known)))


def _check_regimes(reading: Reading, policy: PolicyDocument, known: Collection[str] | None) -> None:
    named = [(f"regimes.{number}", regime) for number, regime in _read(policy.regimes)]
    named += [(f"residence_regimes.{place}", regime) for place, regime in policy.residence_regimes.items()]
    for key, regime in named:
        if known is not None and regime and regime not in known:
            near = get_close_matches(regime, list(known), n=1)
            reading.refuse(key, f"'{regime}' is no law that is known here{f'; did you mean {near[0]}?' if near else ''}")


def _check_colour(reading: Reading, key: str, colour: str) -> None:
    for ground, name in ((PAPER, "paper and on the words of a button"), (WASH, "quiet panels")):
        found = contrast(colour, ground)
        if found < READABLE:
            reading.refuse(key, f"{colour} has a contrast of {found:.1f} on {name}; it must have at least {READABLE}")
            return


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2 counts it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
