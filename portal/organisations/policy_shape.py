"""Which keys organisation.yaml may hold, and of what kind each value is."""

from typing import Any

from portal.organisations.kinds import day, list_of, mapping_of, optional, pairs, period, record, text, truth, whole, word
from portal.organisations.promises import (
    RIGHTS,
    Authority,
    Category,
    Contacts,
    Fate,
    IdentityKind,
    PolicyDocument,
    Recipient,
    Region,
    Reminders,
    ReportedClass,
    RightPromise,
)

WORDS = text()
LINE = text(is_line=True)
MAYBE_WORDS = text(empty=True)
KEY = text(pattern=r"[a-z][a-z0-9_-]{0,62}", reason="is not a key: small letters, digits, - and _, beginning with a letter")
SLUG = text(pattern=r"[a-z][a-z0-9-]{0,48}", reason="is not a key: small letters, digits and -, beginning with a letter")
EMAIL = text(pattern=r"unspecified|[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+", reason="is not an email address")
WEB = text(pattern=r"https://\S+", reason="is not an address that begins with https://")
PLACE = r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?"
PLACE_REASON = "is not a place code such as CA, CA-BC, US-CA or EU"
REGIME = text(pattern=r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*", reason="is not the id of a regime such as EU_GDPR")
COLOUR = text(pattern=r"#[0-9a-fA-F]{6}", reason="is not a colour such as #1d4f91")
RIGHT = word(*RIGHTS)
BASES = ("consent", "contract", "legal_obligation", "legitimate_interest", "vital_interests", "public_task", "unspecified")
KEEPING = ("legal_obligation", "legal_claims", "public_interest", "security", "contract")
PROOFS = ("email_code", "second_code")

FATE = record(
    Fate,
    {"when": word("now", "after", "kept"), "period": period, "basis": optional(word(*KEEPING)), "because": MAYBE_WORDS},
)
CATEGORY = record(
    Category,
    {
        "key": KEY,
        "title": LINE,
        "topic": LINE,
        "examples": MAYBE_WORDS,
        "purposes": list_of(WORDS),
        "basis": list_of(word(*BASES)),
        "basis_words": MAYBE_WORDS,
        "retention": WORDS,
        "sweep": period,
        "on_deletion": FATE,
        "alternative": optional(FATE),
        "portable": truth,
        "recipients": list_of(KEY),
        "origin": WORDS,
        "goes_line": MAYBE_WORDS,
        "secret": truth,
        "held": truth,
        "processor": truth,
        "reported_as": list_of(KEY),
        "note": MAYBE_WORDS,
    },
    needed=("key", "title", "topic", "retention", "on_deletion"),
)
RECIPIENT = record(
    Recipient,
    {
        "key": KEY,
        "name": LINE,
        "purpose": WORDS,
        "data": WORDS,
        "place": WORDS,
        "told_on": list_of(RIGHT),
        "outside_control": truth,
        "contact": optional(WORDS),
    },
)
PROMISE = record(
    dict,
    {
        "offered": truth,
        "title": LINE,
        "days": whole(1, 365, may_be_unspecified=True),
        "start": word("received", "verified"),
        "verification": list_of(word(*PROOFS)),
        "free_months": whole(1, 120, may_be_unspecified=True),
        "automatic_release": truth,
        "self_service": optional(WORDS),
        "mail_subject": optional(LINE),
    },
    needed=(),
)
AUTHORITY = record(
    Authority,
    {"key": KEY, "name": LINE, "address": MAYBE_WORDS, "phone": MAYBE_WORDS, "web": WEB, "regimes": list_of(REGIME)},
)
IDENTITY = record(IdentityKind, {"kind": KEY, "title": LINE, "hint": MAYBE_WORDS, "required": truth, "seeds": truth})
CONTACTS = record(Contacts, {"privacy_email": EMAIL, "officer_title": LINE, "postal": WORDS, "security_email": EMAIL})
REPORTED = record(ReportedClass, {"key": KEY, "title": LINE, "examples": MAYBE_WORDS, "purpose": MAYBE_WORDS, "collected": truth})

REGION = record(Region, {"title": LINE, "address": optional(WEB), "note": MAYBE_WORDS})

DAYS = whole(0, 60)
REMINDERS = record(Reminders, dict.fromkeys(("acknowledge", "target", "at_risk", "due_soon", "breach", "hold", "hold_open"), DAYS))


def _document(**given: Any) -> PolicyDocument:
    """The document; the group `rights` becomes promises that know their right, `countries` becomes pairs in the file's order."""
    rights, countries = given.pop("rights"), given.pop("countries", {})
    given["rights"] = {right: RightPromise(right=right, **promise) for right, promise in rights.items() if right in RIGHTS}
    return PolicyDocument(countries=tuple(countries.items()), **given)


DOCUMENT = record(
    _document,
    {
        "key": SLUG,
        "name": LINE,
        "legal_name": LINE,
        "role": word("controller", "processor"),
        "processor": optional(SLUG),
        "establishment": text(pattern=f"unspecified|{PLACE}", reason=PLACE_REASON),
        "timezone": LINE,
        "version": LINE,
        "effective_on": day,
        "url": WEB,
        "contacts": CONTACTS,
        "regimes": list_of(REGIME),
        "residence_regimes": mapping_of(REGIME, keys=PLACE, reason=PLACE_REASON),
        "honour_everywhere": truth,
        "rights": mapping_of(PROMISE, keys=RIGHTS),
        "identities": list_of(IDENTITY),
        "categories": list_of(CATEGORY),
        "recipients": list_of(RECIPIENT),
        "authorities": list_of(AUTHORITY),
        "not_held": pairs("what", "why"),
        "statements": list_of(WORDS),
        "transfers": list_of(WORDS),
        "reported_classes": list_of(REPORTED),
        "processor_note": WORDS,
        "backups_days": whole(0, 3650, may_be_unspecified=True),
        "expiry_within": period,
        "location": WORDS,
        "officer_notes": list_of(WORDS),
        "minimum_age": whole(1, 25, may_be_unspecified=True),
        "archive_days": whole(1, 90),
        "question_days": whole(7, 90),
        "chaser_days": list_of(whole(1, 89)),
        "second_person_rows": whole(0, 1_000_000, may_be_unspecified=True),
        "recipient_days": whole(1, 180),
        "max_downloads": whole(1, 50),
        "brand": optional(COLOUR),
        "brand_deep": optional(COLOUR),
        "countries": mapping_of(LINE, keys=PLACE, reason=PLACE_REASON),
        "regions": list_of(REGION),
        "case_days": whole(30, 3650, may_be_unspecified=True),
        "reminders": REMINDERS,
    },
    needed=(
        "key",
        "name",
        "legal_name",
        "timezone",
        "version",
        "effective_on",
        "contacts",
        "regimes",
        "rights",
        "identities",
        "categories",
    ),
)
