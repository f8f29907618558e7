"""What the names of columns and tables suggest. Plain Python; categories are keys of the Fideslang taxonomy."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Sense:
    """`strong`: a table with such a column is probably about people. `secret`: never disclosed. `kind` names what it is."""

    kind: str
    category: str
    strong: bool = False
    secret: bool = False


def _sense(pattern: str, sense: Sense, *, last: bool = False) -> tuple[re.Pattern[str], Sense]:
    """`last`: only at the end of a name: email is an address, email_template is none."""
    return re.compile(rf"(?:^|_)(?:{pattern})(?:_?\d)?$" if last else rf"(?:^|_)(?:{pattern})(?:_|$)"), sense


# The first that fits counts. A word stands between underscores, or at an end.
SENSES = (
    _sense("passwords?|passwd|pwd|passphrase|password_hash", Sense("password", "user.authorization.credentials", strong=True, secret=True)),
    _sense(
        "secrets?|private_key|api_?key|(?:access|refresh|auth|reset|session|id)_token|tokens?|otp|totp|mfa_data|recovery_codes?|"
        "session_(?:key|data)|salt|pin_code|security_answer",
        Sense("secret", "user.authorization.credentials", secret=True),
    ),
    _sense(
        "ccn|card_(?:number|no)|cc_number|credit_card|cvv|cvc|pan", Sense("card", "user.financial.credit_card", strong=True, secret=True)
    ),
    _sense("iban|bank_account|account_no|routing_number|bic", Sense("bank", "user.financial.bank_account", strong=True, secret=True)),
    _sense(
        "ssn|social_security|passport|national_id|tax_id|driving_licen[cs]e|driver_licen[cs]e|id_card",
        Sense("government", "user.government_id", strong=True, secret=True),
    ),
    _sense("fingerprint|face_print|biometrics?", Sense("biometric", "user.biometric", strong=True, secret=True)),
    _sense("(?:e_?)?mails?(?:_addr|_address)?", Sense("email", "user.contact.email", strong=True), last=True),
    _sense("phones?|phone_number|mobile|telephone|fax|msisdn|cell", Sense("phone", "user.contact.phone_number", strong=True), last=True),
    _sense("ip|ip_address|ip_addr|remote_addr|ipv4|ipv6", Sense("ip", "user.device.ip_address", strong=True)),
    _sense("user_agent|device_id|device|browser", Sense("device", "user.device")),
    _sense("cookie|cookie_id|visitor_id", Sense("cookie", "user.device.cookie_id")),
    _sense(
        "first_?name|last_?name|given_name|family_name|surname|full_?name|middle_name|maiden_name|display_name|nickname|contact_name",
        Sense("name", "user.name", strong=True),
    ),
    _sense("username|user_name|login_name|screen_name|handle", Sense("username", "user.account.username", strong=True)),
    _sense("birth|birthday|birthdate|date_of_birth|dob|born", Sense("birth", "user.demographic.date_of_birth", strong=True)),
    _sense("gender|sex|title_of_address|salutation", Sense("gender", "user.demographic.gender", strong=True)),
    _sense(
        "street|street_\\d|address_?line_?\\d?|address_?\\d|line_?\\d|house|house_number",
        Sense("street", "user.contact.address.street", strong=True),
    ),
    _sense("zip|zip_?code|postal_?code|postcode", Sense("zip", "user.contact.address.postal_code", strong=True)),
    _sense("address", Sense("street", "user.contact.address.street", strong=True)),
    _sense("city|town", Sense("city", "user.contact.address.city")),
    _sense("state|province|county", Sense("state", "user.contact.address.state")),
    _sense("country|country_code", Sense("country", "user.contact.address.country")),
    _sense("latitude|longitude|lat|lng|lon|geo|location", Sense("place", "user.location")),
    _sense("salary|income|wage", Sense("income", "user.financial", strong=True)),
    _sense("avatar|photo|picture|portrait", Sense("picture", "user.content")),
    _sense(
        "(?:notes?|comments?|messages?|body|bio|about|feedback|remarks?|review|question|answer)(?:_text|_html)?",
        Sense("words", "user.content"),
        last=True,
    ),
    _sense("last_login|last_seen|last_visit|login_at|last_used_at", Sense("seen", "user.behavior")),
)
NAME = Sense("name", "user.name")

# Columns about somebody who is not the one whose row it is.
STAFF = re.compile(
    r"(?:^|_)(?:agent|assignee|assigned|approver|approved|reviewer|reviewed|handler|handled|manager|staff|operator|employee|moderator|"
    r"(?:created|updated|modified|changed|edited|deleted|closed|resolved|packed|shipped|added|banned|uploaded|imported|published|verified|"
    r"processed|entered|cancelled)_by)(?:_|$)"
)
OTHERS = re.compile(
    r"(?:^|_)(?:recipient|beneficiary|emergency|kin|referrer|referred|referral|inviter|invited|friend|spouse|guardian|witness|sender|seller|"
    r"blocked|reported|mentioned|gift)(?:_|$)"
)
# Whoever sent or received a row is meant by it.
PARTIES = re.compile(r"(?:^|_)(?:recipient|sender|beneficiary)(?:_|$)")
HOUSE = re.compile(r"(?:^|_)(?:support|noreply|no_reply|reply_to|from|company|sales|shop|store|site|default)_e?mail")

PEOPLE = frozenset(
    [
        *("user", "customer", "account", "member", "person", "people", "employee", "patient", "student", "subscriber", "client", "guest"),
        *("profile", "contact", "visitor", "applicant", "candidate", "owner", "donor", "passenger", "tenant", "voter", "author"),
    ]
)
MACHINERY = re.compile(
    r"(?:^|_)(?:migrations?|migration_history|alembic_version|schema_version|schema_history|sqlite_sequence|spatial_ref_sys|content_type|"
    r"permissions?|django_site)(?:_|$)"
)
YES_OR_NO = re.compile(r"^(?:is|has|can|was|wants?|allows?|accepts?|verified)_")


def snake(name: str) -> str:
    """customerEmail and Customer-Email are customer_email."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def sense_of(column: str) -> Sense | None:
    """What the column's name suggests, or None."""
    name = snake(column)
    if YES_OR_NO.search(name) or name.endswith(("_id", "_at", "_count")):
        return next(
            (sense for pattern, sense in SENSES if sense.kind in ("device", "cookie", "government", "seen") and pattern.search(name)), None
        )
    return next((sense for pattern, sense in SENSES if pattern.search(name)), None)


def about_others(column: str) -> str:
    """`staff` or `cover` where the name speaks of other people; empty otherwise."""
    name = snake(column)
    if YES_OR_NO.search(name):
        return ""
    return "staff" if STAFF.search(name) else "cover" if OTHERS.search(name) else ""


def points_at_others(column: str) -> bool:
    """A pointer at people by which the row is not theirs."""
    return bool(about_others(column)) and not PARTIES.search(snake(column))


def names_people(table: str) -> bool:
    """The table is called as people are: users, shop_customer, auth_user."""
    return singular(snake(table).rpartition("_")[2]) in PEOPLE


def is_about_cards(table: str) -> bool:
    """bankcard, credit_cards, payment_card."""
    return bool(re.search(r"(?:bank|credit|debit|payment)_?card", snake(table)))


def is_machinery(table: str) -> bool:
    """Tables that frameworks keep for themselves."""
    return bool(MACHINERY.search(snake(table)))


def singular(word: str) -> str:
    """addresses, companies, orders: the word for one of them."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
