"""The portal keeps to the periods that it preaches: what was kept long enough cannot be read again by anybody."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db.models import GenericIPAddressField, Model
from django.urls import reverse

from exports.api import JobNotReady
from portal.kit import clock
from portal.kit.crypto import Sealed
from portal.organisations.models import Organisation, User
from requests_app import letters, tasks
from requests_app.flows import closing, forgetting, triage
from requests_app.flows.history import check_history
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Challenge, Event, Identifier, InboundMail, Letter, Message, Note, RegisterEntry
from requests_app.models.challenge import Purpose
from requests_app.models.mail import Outcome
from requests_app.rules.states import State
from requests_app.views.visits import BY_ADDRESS, BY_ORGANISATION
from tests.desk.acting import as_actor
from tests.desk.fake_engine import FakeEngine
from tests.people import RITA, a_case, an_organisation, at_desk

DAYS = 730


def a_closed_case(organisation: Organisation, ago: timedelta, by: User) -> Case:
    """With a note, a message and a letter that was posted."""
    case = a_case(organisation, answered_at=clock.now() - ago, outcome="given")
    triage.note(case, "She called.", by=as_actor(by, case))
    triage.write(case, "It takes a week.", by=as_actor(by, case))
    Case.objects.filter(pk=case.pk).update(state=State.CLOSED, closed_at=clock.now() - ago)
    letters.post(case.letters.get().pk)
    case.refresh_from_db()
    case.save()
    return case


def test_the_content_of_a_closed_request_is_destroyed_after_its_period(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    old = a_closed_case(northwind, timedelta(days=DAYS), ada)
    young = a_closed_case(northwind, timedelta(days=DAYS - 1), ada)
    moving = a_case(northwind, received_at=clock.now() - timedelta(days=2 * DAYS))

    tasks.forget()
    tasks.forget()

    old.refresh_from_db()
    assert (bytes(old.key_sealed), bytes(old.name_sealed), bytes(old.details_sealed)) == (b"", b"", b"")
    with pytest.raises(Sealed):
        assert old.name
    assert not Identifier.objects.filter(case=old).exists()
    for model in (Letter, Message, Note):
        assert [bytes(row.body_sealed) for row in model.objects.filter(case=old)] == [b""]  # type: ignore[attr-defined]
    for other in (young, moving):
        assert Case.objects.get(pk=other.pk).name == "Rita Lindqvist"


def test_the_register_and_the_history_stay_and_say_when(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = a_closed_case(northwind, timedelta(days=DAYS), ada)
    before = RegisterEntry.objects.filter(reference=case.reference).values("right", "outcome", "ending", "answered_on", "due_on").get()

    tasks.forget()

    entry = RegisterEntry.objects.get(reference=case.reference)
    assert before == {name: getattr(entry, name) for name in before}
    line = Event.objects.get(case_reference=case.reference, code=forgetting.DESTROYED)
    assert (line.facts, line.actor) == ({"days": DAYS, "identifiers": 1, "letters": 1, "messages": 1, "notes": 1}, "system")
    assert entry.content_destroyed_at == line.at
    assert check_history().broken_at is None


def test_what_was_gathered_goes_with_the_request(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = a_closed_case(northwind, timedelta(days=DAYS), ada)
    job_id = "0b7f7c8e-0000-4000-8000-000000000001"
    Case.objects.filter(pk=case.pk).update(job_id=job_id)

    tasks.forget()

    assert [str(one) for one in engine.destroyed] == [job_id]


def test_a_deletion_that_is_not_finished_keeps_what_leads_to_the_rest(
    northwind: Organisation, ada: User, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, sound = (a_closed_case(northwind, timedelta(days=DAYS), ada) for _ in range(2))
    Case.objects.filter(pk=stuck.pk).update(job_id="0b7f7c8e-0000-4000-8000-000000000002")

    def refuses(job_id: object) -> None:
        raise JobNotReady("It has begun.")

    monkeypatch.setattr("exports.api.destroy", refuses)
    tasks.forget()

    assert Case.objects.get(pk=stuck.pk).name == "Rita Lindqvist"
    assert Identifier.objects.filter(case=stuck).exists()
    assert not Case.objects.get(pk=sound.pk).key_sealed


def test_an_organisation_may_set_its_own_period(ada: User, engine: FakeEngine) -> None:
    quick = an_organisation("quickwind", case_days=90)
    case = a_case(quick, state=State.CLOSED, closed_at=clock.now() - timedelta(days=91))

    tasks.forget()

    assert not Case.objects.get(pk=case.pk).key_sealed


def test_nothing_but_closing_starts_the_period(northwind: Organisation, engine: FakeEngine) -> None:
    kept = [a_case(northwind, state=state, answered_at=clock.now() - timedelta(days=5 * DAYS)) for state in State if state != State.CLOSED]

    assert not forgetting.due().exists()
    assert all(not forgetting.destroy_content(case) for case in kept)


def test_staff_see_that_it_is_gone_and_cannot_open_it_again(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = a_closed_case(northwind, timedelta(days=DAYS), ada)
    letter = case.letters.get()
    tasks.forget()
    browser = at_desk(ada)

    page = browser.get(reverse("desk:case", args=[case.reference]))
    assert page.status_code == 200
    assert "Content destroyed" in page.content.decode()
    assert "The content of the request was destroyed: it had been closed for 730 days" in page.content.decode()
    assert browser.get(reverse("desk:letter", args=[case.reference, letter.pk])).status_code == 409
    assert "was destroyed" in browser.get(reverse("desk:message", args=[case.reference])).content.decode()
    assert case.reference not in browser.post(reverse("desk:search"), {"find": RITA}).content.decode()
    assert browser.post(reverse("desk:search"), {"find": case.reference}).status_code == 302
    assert browser.get(reverse("desk:queue") + "?who=everyone&closed=1").status_code == 200
    with pytest.raises(NotYet, match="was destroyed"):
        closing.reopen(case, "They ask again.", by=as_actor(ada, case))


def test_ended_sessions_and_codes_that_nobody_can_use_are_forgotten(northwind: Organisation) -> None:
    moment = clock.now()
    for name, ends in (("old", -1), ("live", 1)):
        Session.objects.create(session_key=name, session_data="", expire_date=moment + timedelta(minutes=ends))
    answered, arrived = a_case(northwind, state=State.ANSWERED), a_case(northwind, state=State.ARRIVED)
    for case, days in ((answered, 31), (answered, 29), (arrived, 31)):
        ended = moment - timedelta(days=days)
        Challenge.objects.create(
            case=case, purpose=Purpose.CONFIRM, link_hash=f"{case.pk}/{days}", created_at=ended, expires_at=ended, code_hash=""
        )
    signs = {"flags": ["reply_to"], "authentication": {"dmarc": "fail"}, "outcome": Outcome.REPLIED, "received_at": moment}
    for days in (366, 364):
        InboundMail.objects.create(organisation=northwind, token=str(days), taken_at=moment - timedelta(days=days), **signs)

    assert forgetting.forget_notes() == {"sessions": 1, "codes": 1, "signs": 1, "remarks": 0}

    assert list(Session.objects.values_list("session_key", flat=True)) == ["live"]
    assert set(Challenge.objects.values_list("link_hash", flat=True)) == {f"{answered.pk}/29", f"{arrived.pk}/31"}
    assert [mail.token for mail in InboundMail.objects.exclude(flags=[])] == ["364"]


def test_no_internet_address_outlives_a_day() -> None:
    assert max(seconds for _times, seconds in [*BY_ADDRESS.values(), *BY_ORGANISATION.values()]) <= 24 * 3600
    ours = [model for model in apps.get_models() if model.__module__.startswith(("requests_app", "exports", "portal"))]
    assert ours
    assert [model for model in ours if _holds_addresses(model)] == []


def _holds_addresses(model: type[Model]) -> bool:
    fields = model._meta.get_fields()
    return any(isinstance(field, GenericIPAddressField) or "ip" in field.name.split("_") for field in fields)
