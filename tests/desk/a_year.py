"""A year at twelve organisations under twelve laws: who asks what on which day, what staff do, and what the clock does by itself."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from time_machine import Traveller

from exports import api
from exports.api import ArchiveFacts
from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import RightPromise
from requests_app import tasks
from requests_app.flows import closing, erasing, fulfilment, holding, intake, triage, withdrawal
from requests_app.flows.holding import Terms
from requests_app.models import Case, Hold, Letter, Message, Notice, RegisterEntry
from requests_app.models.case import Standing
from requests_app.models.letter import Author
from requests_app.rules.deadlines import Clock
from requests_app.rules.extensions import extension_reasons
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.a_year_of_rows import CATEGORIES, HELD_FOR, HELD_FROM, Rows
from tests.desk.acting import as_actor, proved
from tests.desk.fake_engine import FakeEngine
from tests.people import a_case, an_application, an_organisation

LAWS = {
    "EU_GDPR": "Europe/Berlin",
    "UK_GDPR": "Europe/London",
    "CH_FADP": "Europe/Zurich",
    "CA_PIPEDA": "America/Toronto",
    "US_CA_CCPA": "America/Los_Angeles",
    "US_VA": "America/New_York",
    "BR_LGPD": "America/Sao_Paulo",
    "AU_APP_ORG": "Australia/Sydney",
    "NZ_PRIVACY": "Pacific/Auckland",
    "SG_PDPA": "Asia/Singapore",
    "ZA_PAIA": "Africa/Johannesburg",
    "TH_PDPA": "Asia/Bangkok",
}
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)
DOWN = [date(2027, 5, 10) + timedelta(days=number) for number in range(7)]
FATES = ("silent", "refused", "given", "given", "given", "erased", "erased", "late", "extended", "questioned", "withdrawn")
CASES, CASE_DAYS, BACKUPS = 500, 40, 60
ACTED_ON = {State.REVIEW.value, State.WAITING.value, State.ANSWERED.value}
WHY = "The same person asked for the same data four times this month."


class Engine(FakeEngine):
    """Archives end here, as in life: else no request would ever close."""

    def archive(self, job_id: UUID) -> ArchiveFacts | None:
        facts = super().archive(job_id)
        return replace(facts, available=facts.expires_at > clock.now()) if facts else None


@dataclass
class Asked:
    """One request and what will become of it: on which day after receipt staff act."""

    case_id: int
    fate: str
    after: int
    received: date
    asked_on: date | None = None


@dataclass
class World:
    """What happens from day to day, and what was noted of it on the way."""

    engine: Engine
    rows: Rows
    otto: User
    ada: User
    chance: random.Random = field(default_factory=lambda: random.Random(20270101))
    asked: list[Asked] = field(default_factory=list)
    # (case, which date, the date) → the days on which a worker saw that it had to be kept
    seen: dict[tuple[int, str, date], list[date]] = field(default_factory=lambda: defaultdict(list))
    houses: dict[int, Organisation] = field(default_factory=dict)

    def day(self, day: date, traveller: Traveller) -> None:
        """Morning: people ask and staff act. Noon, UTC: the schedule, unless it is down."""
        traveller.move_to(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        for _ in range(self.arrivals(day)):
            self.ask(day)
        stand = dict(Case.objects.exclude(state=State.CLOSED).values_list("pk", "state"))
        for one in self.asked:
            if one.fate != "silent" and day >= one.received + timedelta(days=one.after) and stand.get(one.case_id) in ACTED_ON:
                self.act(one, day)
        if day not in DOWN:
            traveller.move_to(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
            self.run()

    def arrivals(self, day: date) -> int:
        """Five hundred over the first half of the year, some days none."""
        left = (date(2027, 6, 30) - day).days + 1
        wanted = CASES - len(self.asked)
        return 0 if left < 1 else wanted if left == 1 else min(wanted, self.chance.choice((0, 1, 2, 3, 4, 5, 5)))

    def ask(self, day: date) -> None:
        house = self.houses[self.chance.choice(sorted(self.houses))]
        fate = self.chance.choice(FATES)
        right = Right.DELETION if fate == "erased" else Right.ACCESS
        has_rows = fate == "erased" and len(self.asked) % 3 == 0  # theirs is erased by the engine itself
        email = f"{'rows' if has_rows else 'person'}{len(self.asked)}@example.org"
        if fate == "silent":
            case = intake.lead_case(intake.submit(an_application(house, right, identities={"email": email}, country="")))
        else:
            case = a_case(house, right=right, email=email, received_at=clock.now(), owner=self.chance.choice((self.otto, None)))
        if fate != "silent" and self.chance.random() < 0.8:
            RegisterEntry.objects.filter(reference=case.reference).update(acknowledged_at=clock.now())
        if fate == "erased":
            proved(case)
        if has_rows:
            self.rows.add(case.pk, email)
        self.asked.append(Asked(case.pk, fate, self.chance.randint(1, 8), day))

    def act(self, one: Asked, day: date) -> None:
        """What staff do with a request today; nothing before its day, and nothing that it is not ready for."""
        case = Case.objects.select_related("organisation").defer("clock").get(pk=one.case_id)
        getattr(self, one.fate)(one, case, day)

    def refused(self, one: Asked, case: Case, day: date) -> None:
        if case.state == State.REVIEW:
            closing.refuse(case, "not_verifiable", WHY, by=as_actor(self.ada, case))

    def given(self, one: Asked, case: Case, day: date) -> None:
        if case.state == State.REVIEW and not case.released_at:
            fulfilment.release(case, by=as_actor(self.ada, case))

    def late(self, one: Asked, case: Case, day: date) -> None:
        if case.state == State.REVIEW and case.due_on and day > case.due_on + timedelta(days=one.after + 1):
            self.given(one, case, day)

    def extended(self, one: Asked, case: Case, day: date) -> None:
        counted = Clock.from_json(case.clock)
        reasons = [reason for reason in extension_reasons(counted) if reason.until]
        if case.extended_at is None and reasons and case.state == State.REVIEW:
            closing.extend(case, reasons[0].code, by=as_actor(self.otto, case))
        elif case.due_on and day >= case.due_on:
            self.given(one, case, day)

    def questioned(self, one: Asked, case: Case, day: date) -> None:
        if case.state == State.REVIEW and one.asked_on is None:
            triage.ask(case, "Which account?", by=as_actor(self.otto, case))
            one.asked_on = day
        elif case.state == State.WAITING and one.asked_on and day == one.asked_on + timedelta(days=one.after):
            Message.objects.create(case=case, author=Author.PERSON, body_sealed=case.seal("Both."), at=clock.now())
        elif one.asked_on and day > one.asked_on + timedelta(days=2 * one.after):
            self.given(one, case, day)

    def withdrawn(self, one: Asked, case: Case, day: date) -> None:
        if case.state == State.REVIEW:
            withdrawal.withdraw(case)

    def erased(self, one: Asked, case: Case, day: date) -> None:
        if case.pk in self.rows.people:
            self.erased_with_rows(case, day)
        elif case.state == State.REVIEW:
            erasing.approve(case, digest=self.engine.digest, typed=case.reference, by=as_actor(self.ada, case))
            self.engine.ends(case.job_id, "complete")
        if case.state == State.ANSWERED and case.backups_until and clock.today(case.organisation.timezone) > case.backups_until:
            closing.attest_backups(case, "The store lists none older.", by=as_actor(self.ada, case))

    def erased_with_rows(self, case: Case, day: date) -> None:
        """The plan is the engine's own. Every fourth person's notes are held over the day on which they were to go."""
        erased, ada = self.rows.erased_on.get(case.pk), as_actor(self.ada, case)
        if case.state == State.REVIEW and case.job_id:
            erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=ada)
        elif case.state == State.ANSWERED and erased and self.rows.is_held(case.pk):
            today = clock.today(case.organisation.timezone)
            held = case.holds.first()
            if held is None and today >= erased + timedelta(days=HELD_FROM):
                until = today + timedelta(days=20) if case.pk % 2 else None
                holding.hold(case, "rows:notes", Terms("claims", WHY, until), by=ada)
            elif held and not held.released_at and today >= erased + timedelta(days=HELD_FOR):
                holding.let_go(case, held.pk, "It is settled.", by=ada)

    def run(self) -> None:
        """One round of the schedule, as beat would send it, and what the worker does with the hints."""
        self.look()
        tasks.remind()
        tasks.dispatch()
        self.rows.run(zones)
        tasks.expire()
        tasks.forget()
        for pk in Letter.objects.filter(due_at__isnull=False).values_list("pk", flat=True):
            tasks.post_letter(pk)
        for pk in Notice.objects.filter(due_at__isnull=False).values_list("pk", flat=True):
            tasks.post_notice(pk)

    def look(self) -> None:
        """What a worker can see now: which requests must keep which date."""
        columns = ("pk", "reference", "organisation_id", "standing", "due_on", "target_on", "backups_until")
        unheard = dict(RegisterEntry.objects.filter(acknowledged_at=None, ack_due_on__isnull=False).values_list("reference", "ack_due_on"))
        rows = Case.objects.filter(standing__in=[Standing.US, Standing.THEM, Standing.AFTER]).values_list(*columns)
        for pk, reference, house, standing, due_on, target_on, backups in rows:
            ours = {"due": due_on, "target": target_on, "ack": unheard.get(reference)}
            dates = {"backups": backups} if standing == Standing.AFTER else ours
            for which, about in dates.items():
                if about:
                    self.seen[pk, which, about].append(clock.today(self.houses[house].timezone))
        for pk, house, until, set_at in Hold.objects.filter(released_at=None).values_list("case", "case__organisation", "until", "set_at"):
            zone = self.houses[house].timezone
            self.seen[pk, "until" if until else "since", until or clock.local_date(set_at, zone)].append(clock.today(zone))


def zones() -> dict[UUID, tuple[int, str]]:
    """Job → case and time zone."""
    found = Case.objects.exclude(job_id=None).values_list("job_id", "pk", "organisation__timezone")
    return {job_id: (pk, zone) for job_id, pk, zone in found}


def a_house(law: str, zone: str) -> Organisation:
    """An organisation under one law, with no promise of its own about dates."""
    rights = {right: RightPromise(right=right) for right in ("access", "deletion")}
    own = {"regimes": (law,), "residence_regimes": {}, "rights": rights, "recipients": (), "authorities": (), "categories": CATEGORIES}
    key = law.lower().replace("_", "-")
    return an_organisation(key, timezone=zone, case_days=CASE_DAYS, backups_days=BACKUPS, **own)
