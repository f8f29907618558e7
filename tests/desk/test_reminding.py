"""Staff hear of a request before it is late and when it is: the owner, then the leads; each once, and nothing about the person."""

from collections import Counter
from datetime import date, timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.urls import reverse

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import Reminders
from requests_app import hints, notices, tasks
from requests_app.flows import closing, reminding
from requests_app.models import Case, Event, Notice, RegisterEntry, Reminder
from requests_app.models.letter import LetterState
from requests_app.rules.reminding import Kind
from requests_app.rules.states import State
from tests.desk.acting import as_actor
from tests.people import a_case, a_member, an_organisation, at_desk


def in_days(organisation: Organisation, days: int) -> date:
    return clock.today(organisation.timezone) + timedelta(days=days)


def due_in(organisation: Organisation, days: int, **fields: object) -> Case:
    """A case whose date is so many days away, and which was acknowledged and has no target."""
    case = a_case(organisation, due_on=in_days(organisation, days), target_on=None, **fields)  # type: ignore[arg-type]
    RegisterEntry.objects.filter(reference=case.reference).update(acknowledged_at=case.received_at)
    return case


def said(case: Case) -> list[str]:
    return [row.kind for row in case.reminders.all() if not row.is_passed_over]


def heard(case: Case) -> set[str]:
    return set(Notice.objects.filter(reminder__case=case).values_list("to__name", flat=True))


def sent() -> None:
    for notice in Notice.objects.all():
        notices.post(notice.pk)


@pytest.mark.parametrize(
    ("days", "kinds"), [(8, []), (7, ["at_risk"]), (2, ["due_soon"]), (0, ["due_soon"]), (-1, ["overdue"]), (-7, ["breach"])]
)
def test_the_most_urgent_is_said_once(northwind: Organisation, ada: User, days: int, kinds: list[str]) -> None:
    case = due_in(northwind, days)

    tasks.remind()
    tasks.remind()

    assert said(case) == kinds
    assert Notice.objects.count() == len(kinds)


def test_the_owner_hears_first_and_the_leads_once_it_is_late(northwind: Organisation, otto: User, ada: User, priya: User) -> None:
    soon, late, nobodys = due_in(northwind, 2, owner=otto), due_in(northwind, -1, owner=otto), due_in(northwind, 2)

    tasks.remind()

    assert (heard(soon), heard(late), heard(nobodys)) == ({"Otto"}, {"Otto", "Ada"}, {"Ada"})


def test_where_there_is_no_lead_everybody_who_handles_hears(northwind: Organisation, otto: User, priya: User) -> None:
    case = due_in(northwind, 2)

    tasks.remind()

    assert heard(case) == {"Otto"}


def test_an_owner_who_has_left_is_not_written_to(northwind: Organisation, otto: User, ada: User) -> None:
    case = due_in(northwind, 2, owner=otto)
    otto.is_active = False
    otto.save()

    tasks.remind()

    assert heard(case) == {"Ada"}


def test_strangers_hear_nothing(northwind: Organisation, ada: User, mallory: User) -> None:
    due_in(northwind, -1)

    tasks.remind()

    assert set(Notice.objects.values_list("to__name", flat=True)) == {"Ada"}


def test_a_mail_names_the_request_and_nobody(northwind: Organisation, otto: User, ada: User) -> None:
    case = due_in(northwind, -1, owner=otto)
    tasks.remind()
    sent()
    sent()

    assert sorted(one.to[0] for one in mail.outbox) == ["ada@example.org", "otto@example.org"]
    words = mail.outbox[0].subject + mail.outbox[0].body
    assert mail.outbox[0].subject.startswith(f"{case.reference}: overdue since")
    assert reverse("desk:case", args=[case.reference]) in words
    assert "Rita" not in words
    assert "rita" not in words
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_mail_that_cannot_be_sent_is_tried_again_and_then_given_up(
    northwind: Organisation, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    due_in(northwind, 2)
    tasks.remind()

    def fails(message: object) -> None:
        raise SMTPServerDisconnected

    monkeypatch.setattr("requests_app.notices.EmailMessage.send", fails)
    for _ in range(8):
        Notice.objects.update(due_at=clock.now())
        sent()

    notice = Notice.objects.get()
    assert (notice.state, notice.due_at, notice.attempts) == (LetterState.FAILED, None, 8)


def test_the_dispatcher_sends_what_a_lost_message_meant(northwind: Organisation, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    due_in(northwind, 2)
    tasks.remind()
    told: list[tuple[str, object]] = []
    monkeypatch.setattr(hints, "send", lambda task, pk: told.append((task, pk)))

    tasks.dispatch()

    assert (hints.POST_NOTICE, Notice.objects.get().pk) in told


def test_requests_that_wait_or_failed_are_late_all_the_same(northwind: Organisation, ada: User) -> None:
    states = (State.ARRIVED, State.WAITING, State.COLLECTING, State.EXECUTING, State.REVIEW)
    cases = [due_in(northwind, -1, state=state, job_id="0b7f7c8e-0000-4000-8000-000000000001") for state in states]

    tasks.remind()

    assert [said(case) for case in cases] == [["overdue"]] * len(states)


def test_what_is_over_or_a_test_reminds_nobody(northwind: Organisation, ada: User) -> None:
    over = [due_in(northwind, -1, state=state) for state in State if state in {"answered", "refused", "withdrawn", "expired", "closed"}]
    test = due_in(northwind, -1, is_test=True)

    tasks.remind()

    assert not Reminder.objects.exists()
    assert not any(reminding.remind(case, clock.today("UTC")) for case in [*over, test])


def test_what_happened_while_nothing_ran_is_made_up_once(northwind: Organisation, ada: User) -> None:
    case = due_in(northwind, -10)

    for _ in range(3):
        tasks.remind()

    assert Counter((row.kind, row.is_passed_over) for row in case.reminders.all()) == {
        ("at_risk", True): 1,
        ("due_soon", True): 1,
        ("overdue", True): 1,
        ("breach", False): 1,
    }
    assert Notice.objects.count() == 1


def test_a_new_date_has_reminders_of_its_own(northwind: Organisation, ada: User) -> None:
    case = due_in(northwind, 2)
    tasks.remind()
    Case.objects.filter(pk=case.pk).update(due_on=in_days(northwind, 6))
    tasks.remind()

    assert said(case) == ["due_soon", "at_risk"]


def test_acknowledging_in_time_is_reminded_of_until_it_was_done(northwind: Organisation, ada: User) -> None:
    facts = {"country": "US-CA", "received_at": clock.now() - timedelta(days=18), "state": State.ARRIVED}
    open_one, done = (a_case(northwind, **facts) for _ in range(2))
    RegisterEntry.objects.filter(reference=done.reference).update(acknowledged_at=clock.now())

    tasks.remind()

    assert (said(open_one), said(done)) == (["acknowledge"], [])


def test_an_organisation_sets_its_own_days(ada: User) -> None:
    slow = an_organisation("slowwind", reminders=Reminders(at_risk=20))
    a_member("Sam", "lead", slow)
    case = due_in(slow, 18)

    tasks.remind()

    assert said(case) == ["at_risk"]


def test_backups_are_a_task_for_the_leads_on_their_day(northwind: Organisation, otto: User, ada: User) -> None:
    facts = {"state": State.ANSWERED, "right": "deletion", "owner": otto, "outcome": "erased", "answered_at": clock.now()}
    case = a_case(northwind, backups_until=in_days(northwind, 0), **facts)
    early = a_case(northwind, backups_until=in_days(northwind, 1), **facts)

    tasks.remind()

    assert (said(case), heard(case), said(early)) == (["backups"], {"Ada"}, [])
    closing.attest_backups(case, "Rolled over.", by=as_actor(ada, case))
    assert RegisterEntry.objects.get(reference=case.reference).backups_attested_at


def test_a_reminder_stands_in_the_history_the_register_and_on_the_page(northwind: Organisation, otto: User, ada: User) -> None:
    case = due_in(northwind, 2, owner=otto)
    tasks.remind()

    assert Event.objects.get(code=reminding.MADE).facts == {"kind": "due_soon", "about": case.due_on.isoformat(), "told": 1}
    assert RegisterEntry.objects.get(reference=case.reference).counts["reminders"] == 1
    page = at_desk(otto).get(reverse("desk:case", args=[case.reference])).content.decode()
    assert "Staff were reminded: Due soon" in page
    assert "to Otto" in page
    assert "passed over, because something more urgent was due" in page
    assert "Overdue" in page
    assert "to be said on" in page


def test_one_request_that_cannot_be_reminded_of_does_not_stop_the_others(
    northwind: Organisation, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = due_in(northwind, -1), due_in(northwind, -1)
    say = reminding.remind

    def sometimes(case: Case, today: date) -> bool:
        if case.pk == broken.pk:
            raise ValueError
        return say(case, today)

    monkeypatch.setattr(reminding, "remind", sometimes)
    tasks.remind()

    assert (said(broken), said(sound)) == ([], ["overdue"])


def test_finding_what_is_due_takes_the_same_queries_whatever_the_number(
    northwind: Organisation, ada: User, django_assert_max_num_queries: object
) -> None:
    for days in (20, 20, 20, 20):
        due_in(northwind, days)

    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert reminding.waiting(northwind, clock.today(northwind.timezone)) == []


def test_every_kind_has_its_words() -> None:
    assert set(notices.SUBJECTS) == set(notices.TITLES) == set(Kind)
