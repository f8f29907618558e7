"""The people of the tests, an organisation with small plain promises, and cases in any state."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client

from portal.kit import clock, crypto
from portal.organisations.models import Membership, Organisation, Policy, User
from portal.organisations.promises import (
    Authority,
    Category,
    Contacts,
    Fate,
    IdentityKind,
    PolicyDocument,
    Recipient,
    RightPromise,
)
from requests_app.flows import timing
from requests_app.flows.intake import Application
from requests_app.models import Case, Identifier, Submission
from requests_app.rules.rights import Right
from requests_app.rules.states import State

RITA = "rita@example.org"
PASSWORD = "a long enough password"

CATEGORIES = (
    Category(
        key="account",
        title="Your account",
        topic="Account",
        examples="name, email address",
        purposes=("to give you an account",),
        basis=("contract",),
        retention="as long as you have an account",
        portable=True,
        recipients=("postbote",),
        origin="you",
        goes_line="Your name and address",
    ),
    Category(
        key="orders",
        title="Your orders",
        topic="Orders",
        examples="what you bought and when",
        purposes=("to deliver what you bought",),
        basis=("contract",),
        retention="as long as you have an account",
        portable=True,
        origin="you",
        goes_line="What you ordered",
    ),
    Category(
        key="invoices",
        title="Your invoices",
        topic="Payments",
        examples="amounts and dates",
        purposes=("to keep books",),
        basis=("legal_obligation",),
        retention="seven years",
        on_deletion=Fate("kept", period="P7Y", basis="legal_obligation", because="Tax law asks for invoices for seven years."),
        origin="us",
        goes_line="Invoices stay for seven years",
    ),
)


def a_policy_document(key: str = "northwind", **changes: Any) -> PolicyDocument:
    """Promises small enough to keep in mind: access, correction and deletion by Canada's law and in 30 days."""
    offered = ("access", "portability", "correction", "deletion", "objection", "restriction", "withdrawal")
    promises: dict[str, Any] = {
        "key": key,
        "name": key.title(),
        "legal_name": f"{key.title()} Trading Ltd",
        "establishment": "CA-BC",
        "timezone": "America/Vancouver",
        "version": "1.0.0",
        "effective_on": date(2026, 1, 1),
        "url": f"https://{key}.example.org/privacy",
        "contacts": Contacts(privacy_email=f"privacy@{key}.example.org", officer_title="Privacy Officer"),
        "regimes": ("CA_PIPEDA",),
        "residence_regimes": {"EU": "EU_GDPR", "DE": "EU_GDPR", "US-CA": "US_CA_CCPA"},
        "rights": {right: RightPromise(right=right, days=30) for right in offered},
        "identities": (IdentityKind(kind="email", title="Email address", required=True, seeds=True),),
        "categories": CATEGORIES,
        "recipients": (Recipient(key="postbote", name="Postbote", purpose="to deliver parcels", told_on=("deletion", "correction")),),
        "authorities": (Authority(key="opc", name="Office of the Privacy Commissioner of Canada", regimes=("CA_PIPEDA",)),),
        "not_held": (("card numbers", "the payment company keeps them"),),
        "backups_days": 60,
        "countries": (("CA", "Canada"), ("DE", "Germany"), ("US-CA", "California")),
    }
    return PolicyDocument(**{**promises, **changes})


def an_organisation(key: str = "northwind", **changes: Any) -> Organisation:
    """An organisation with its policy, as loading would leave it."""
    document = a_policy_document(key, **changes)
    organisation = Organisation.objects.create(
        key=key, name=document.name, legal_name=document.legal_name, timezone=document.timezone, brand="", brand_deep=""
    )
    a_policy(organisation, document)
    return organisation


def a_policy(organisation: Organisation, document: PolicyDocument) -> Policy:
    """One more version of an organisation's promises."""
    return Policy.objects.create(
        organisation=organisation,
        version=document.version,
        effective_on=document.effective_on,
        document=document.to_json(),
        digest=crypto.keyed_digest("policy", document.version),
    )


def a_member(name: str, role: str, *organisations: Organisation) -> User:
    """A member of staff, with the same role wherever they belong."""
    user = User.objects.create_user(f"{name.lower()}@example.org", PASSWORD, name=name)
    Membership.objects.bulk_create(Membership(user=user, organisation=organisation, role=role) for organisation in organisations)
    return user


def at_desk(user: User) -> Client:
    """A browser in which this member of staff is signed in."""
    browser = Client()
    browser.force_login(user)
    return browser


def a_case(
    organisation: Organisation,
    *,
    right: Right | str = Right.ACCESS,
    state: State | str = State.OPEN,
    email: str = RITA,
    **fields: Any,
) -> Case:
    """Rita's case: confirmed unless it has only arrived, with the dates that the rules reckon."""
    received = fields.pop("received_at", None) or clock.now() - timedelta(days=2)
    name = fields.pop("name", "Rita Lindqvist")
    has_arrived_only = State(state) in (State.ARRIVED, State.EXPIRED)
    policy = fields.pop("policy", None) or organisation.current_policy
    submission = fields.pop("submission", None) or Submission.objects.create(
        organisation=organisation, policy=policy, received_at=received, country=fields.get("country", "")
    )
    facts: dict[str, Any] = {
        "received_at": received,
        "confirmed_at": None if has_arrived_only else received + timedelta(minutes=3),
        "closed_at": received + timedelta(days=20) if State(state) == State.CLOSED else None,
    }
    case = Case(submission=submission, organisation=organisation, policy=policy, right=str(right), state=str(state), **{**facts, **fields})
    case.name_sealed = case.seal(name)
    case.save()
    timing.set_clock(case)
    for date_of, value in fields.items():
        setattr(case, date_of, value)  # a date that a test insists on
    case.save()
    identified_by(case, email=email, verified=not has_arrived_only)
    return case


def identified_by(case: Case, *, email: str, verified: bool = True) -> Identifier:
    """The case knows this address, and whether it was proved."""
    return Identifier.objects.create(
        case=case,
        kind="email",
        value_sealed=case.seal(email),
        token=crypto.blind_index("email", email),
        verified_at=case.confirmed_at or case.received_at if verified else None,
        verified_how="email_code" if verified else "",
    )


def moment(day: str, hour: int = 12) -> datetime:
    """Noon, UTC, of a day written as 2026-11-16."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def references(cases: Sequence[Case]) -> set[str]:
    return {case.reference for case in cases}


def an_application(organisation: Organisation, right: Right = Right.ACCESS, **changes: Any) -> Application:
    """Rita asks by the form."""
    facts: dict[str, Any] = {"name": "Rita Lindqvist", "identities": {"email": RITA}, "country": "DE"}
    return Application(organisation=organisation, policy=organisation.current_policy, right=right, **{**facts, **changes})
