"""One wrong thing each in organisation.yaml, and the sentence that must come out."""

from pathlib import Path

import pytest

from tests.policies import SMALL, refused

# One change to the small policy each: what is replaced, by what, and the line that must come out.
BROKEN = {
    "an unknown word": (
        "when: now",
        "when: soon",
        "organisation.yaml:45: categories.1.on_deletion.when: 'soon' is not one of now, after, kept",
    ),
    "a misspelt key": ("timezone:", "timezon:", "organisation.yaml:4: timezon: is not a known key; known here: key, name,"),
    "the nearest key": ("    retention: 7 years", "    retentoin: 7 years", "did you mean retention?"),
    "a missing key": ("    topic: Your orders\n", "", "organisation.yaml:34: categories.0.topic: is missing"),
    "a missing part": (
        "  privacy_email: privacy@shop.example.org",
        "  postal: Here",
        "organisation.yaml:9: contacts.privacy_email: is missing",
    ),
    "an unknown right": ("  access:", "  acess:", "organisation.yaml:12: rights.acess: 'acess' is not one of access, portability"),
    "an unknown right to tell of": (
        "told_on: [deletion]",
        "told_on: [delete]",
        "organisation.yaml:28: recipients.0.told_on.0: 'delete' is not one of",
    ),
    "an unknown recipient": (
        "recipients: [post]",
        "recipients: [past]",
        "organisation.yaml:39: categories.0.recipients.0: 'past' is not one of post; did",
    ),
    "a key written twice": (
        "name: Shop\n",
        "name: Shop\nname: Shup\n",
        "organisation.yaml:3: name: stands here for the second time, first in line 2",
    ),
    "two categories of one key": ("- key: account", "- key: orders", "categories.1.key: 'orders' is the key of categories.0 already"),
    "a number for text": ('version: "1.0"', "version: 1.0", "organisation.yaml:5: version: must be text, not '1.0'; put it in quotes"),
    "a date for text": ("legal_name: Shop Ltd", "legal_name: 2026-01-01", "legal_name: must be text, not '2026-01-01'; put it in quotes"),
    "a bad date": ("2026-02-17", "17 February 2026", "effective_on: '17 February 2026' is not a date; write it like 2026-02-17"),
    "a date that does not exist": ("2026-02-17", "2026-02-30", "effective_on: '2026-02-30' is not a date; write it like 2026-02-17"),
    "a time for a date": ("2026-02-17", "2026-02-17 10:00:00", "effective_on: '2026-02-17 10:00:00' is not a date"),
    "a bad period": ("P7Y", "7 years", "categories.0.on_deletion.period: '7 years' is not a period; write it like P30D, P7Y or PT24H"),
    "an empty period": ("P7Y", "P", "categories.0.on_deletion.period: 'P' is not a period"),
    "a word for a number": (
        "days: 30",
        "days: thirty",
        "organisation.yaml:18: rights.deletion.days: 'thirty' is not a whole number or unspecified",
    ),
    "a truth for a number": ("days: 30", "days: true", "rights.deletion.days: 'true' is not a whole number or unspecified"),
    "no days at all": ("days: 30", "days: 0", "rights.deletion.days: 0 is not between 1 and 365"),
    "a word for a truth": (
        "required: true",
        "required: often",
        "organisation.yaml:23: identities.0.required: must be true or false, not 'often'",
    ),
    "an unknown clock": ("start: verified", "start: opened", "rights.access.start: 'opened' is not one of received, verified"),
    "a proof nobody makes": (
        "second_code]",
        "passport]",
        "rights.deletion.verification.1: 'passport' is not one of email_code, second_code",
    ),
    "no proof of the address": (
        "[email_code, second_code]",
        "[second_code]",
        "organisation.yaml:19: rights.deletion.verification: must hold email_code",
    ),
    "no email address": (
        "privacy@shop.example.org",
        "privacy at shop",
        "contacts.privacy_email: 'privacy at shop' is not an email address",
    ),
    "no time zone": ("America/Vancouver", "America/Vancuver", "organisation.yaml:4: timezone: 'America/Vancuver' is not a time zone"),
    "no law": (
        "regimes: [EU_GDPR]\nrights",
        "regimes: []\nrights",
        "organisation.yaml:10: regimes: is empty, so no request would have a date",
    ),
    "no id of a law": (
        "regimes: [EU_GDPR]\nrights",
        "regimes: [gdpr]\nrights",
        "regimes.0: 'gdpr' is not the id of a regime such as EU_GDPR",
    ),
    "an authority of another law": (
        "    regimes: [EU_GDPR]",
        "    regimes: [UK_GDPR]",
        "authorities.0.regimes.0: 'UK_GDPR' is not one of EU_GDPR; did you",
    ),
    "nothing that seeds": ("seeds: true", "seeds: false", "organisation.yaml:20: identities: no kind has seeds: true"),
    "a pale colour": (
        "#1d4f91",
        "#8fb8f0",
        "organisation.yaml:7: brand: #8fb8f0 has a contrast of 2.0 on paper and on the words of a button",
    ),
    "a colour too pale for panels": (
        "#1d4f91",
        "#757575",
        "organisation.yaml:7: brand: #757575 has a contrast of 4.3 on quiet panels; it must",
    ),
    "a name of two lines": (
        "name: Shop\n",
        'name: "Shop\\r\\nBcc: everybody@example.org"\n',
        "organisation.yaml:2: name: is a name or a title and holds an end of line or a sign that nobody can see",
    ),
    "a title that hides something": (
        "    title: Orders\n",
        '    title: "Or\\u200Bders"\n',
        "categories.0.title: is a name or a title and holds an end of line or a sign that nobody can see",
    ),
    "a text that turns": ("retention: 7 years", 'retention: "7 \\u202Eyears"', "categories.0.retention: holds a sign that nobody can see"),
    "no colour": ("#1d4f91", "blue", "organisation.yaml:7: brand: 'blue' is not a colour such as #1d4f91"),
    "kept without basis": (", basis: legal_obligation", "", "categories.0.on_deletion: what is kept after a deletion needs a basis"),
    "kept without words": (", because: Tax law says so", "", "categories.0.on_deletion: what does not go at once needs because"),
    "an unknown basis": (
        "basis: legal_obligation",
        "basis: habit",
        "categories.0.on_deletion.basis: 'habit' is not one of legal_obligation",
    ),
    "later without a date": ("      period: P30D\n", "", "categories.1.alternative: when is after, so it needs a period such as P30D"),
    "now with a date": (
        "      when: now\n",
        "      when: now\n      period: P1D\n",
        "categories.1.on_deletion.period: what goes now has no period",
    ),
    "one thing said twice": (
        "      when: after\n      period: P30D\n",
        "      when: now\n",
        "categories.1.alternative: says the same as on_deletion",
    ),
    "an empty word": (
        "    title: Orders\n",
        '    title: ""\n',
        "categories.0.title: is empty; write unspecified if the policy does not say",
    ),
    "a secret to take along": (
        "    topic: Your orders",
        "    topic: T\n    secret: true\n    portable: true",
        "categories.0.portable: a secret is never",
    ),
    "nothing to take along": (
        "    topic: Your orders",
        "    topic: T\n    held: false\n    portable: true",
        "categories.0.portable: nothing is held",
    ),
    "a list for a group": (
        "contacts:\n  privacy_email: privacy@shop.example.org",
        "contacts: [a]",
        "organisation.yaml:8: contacts: must be a group of keys",
    ),
    "a group for a list": ("regimes: [EU_GDPR]\nrights", "regimes: {a: b}\nrights", "regimes: must be a list, not a group of keys"),
    "a word for a list": ("recipients: [post]", "recipients: post", "categories.0.recipients: must be a list, not 'post'"),
    "a key with blanks": ("- key: post", "- key: The Post", "recipients.0.key: 'The Post' is not a key: small letters"),
    "a tab": ("  privacy_email", "\tprivacy_email", "organisation.yaml:9: is not YAML: found character"),
    "an open quote": ('brand: "#1d4f91"', 'brand: "#1d4f91', "is not YAML:"),
    "a second document": ("categories:", "---\ncategories:", "organisation.yaml:33: is not YAML: but found another document"),
}


@pytest.mark.parametrize(("old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_nonsense_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SMALL

    told = refused(tmp_path, SMALL.replace(old, new, 1))

    assert any(said in line for line in told), told
    assert all(line.startswith("organisation.yaml:") for line in told)
