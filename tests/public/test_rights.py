"""Every right of a policy by form: its own questions, the same for everybody, and what becomes of the answers."""

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertRedirects

from exports.models import DataSource
from portal.organisations.models import Organisation
from portal.organisations.promises import RIGHTS, Category, RightPromise
from requests_app.models import Case, Letter
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.wishes import wish_of
from tests.engine.test_correcting import DATASET
from tests.people import CATEGORIES, RITA, a_case, an_organisation
from tests.public.walking import FOUND, mailed, mailed_code, page_of, post, send

ASK = "/o/wide/ask/{}/"
CONSENT = Category(key="news", title="Your newsletter", topic="News", purposes=("to send you news",), basis=("consent",))


@pytest.fixture
def wide(db: None) -> Organisation:
    """An organisation that offers every right there is, and says that there is nothing to opt out of."""
    rights = {right: RightPromise(right=right, days=30) for right in RIGHTS}
    rights["opt_out_sale"] = RightPromise(right="opt_out_sale", self_service="There is nothing to opt out of.")
    rights["withdrawal"] = RightPromise(right="withdrawal", self_service="Make new keys yourself.")
    return an_organisation("wide", rights=rights, categories=(*CATEGORIES, CONSENT))


@pytest.fixture
def described(wide: Organisation) -> Organisation:
    """The same with a dataset; its source cannot be reached, and nobody should want to."""
    source = DataSource(organisation=wide, key="shop", title="Shop")
    source.url = "sqlite:////nowhere/at/all.sqlite3"
    source.datasets = [{"fides_key": "shop", "collections": _collections()}]
    source.save()
    return wide


def _collections() -> list[object]:
    read: list[object] = yaml.safe_load(DATASET)

    return read


def chosen(browser: Client, right: str) -> str:
    """Where the first question leads."""
    return post(browser, ASK.format("right"), right=right).headers["Location"]


def found(browser: Client) -> None:
    post(browser, ASK.format("find-you"), **FOUND)


def sent(browser: Client) -> Case:
    assert send(browser, "wide").status_code == 302
    return Case.objects.order_by("-pk")[0]


def test_no_right_is_left_to_email(wide: Organisation) -> None:
    page = Client().get("/o/wide/").content.decode()
    assert "By email to" not in page
    assert "There is nothing to opt out of." in page
    for right in RIGHTS:
        assert chosen(Client(), right).startswith("/o/wide/ask/"), right


@pytest.mark.parametrize(
    ("right", "step"),
    [
        ("access", "find-you"),
        ("portability", "find-you"),
        ("correction", "what-is-wrong"),
        ("restriction", "which-use"),
        ("objection", "which-use"),
        ("withdrawal", "which-use"),
        ("opt_out_sale", "before-you-ask"),
        ("limit_sensitive", "before-you-ask"),
        ("complaint", "your-words"),
        ("grievance", "your-words"),
        ("appeal", "your-words"),
    ],
)
def test_each_right_has_its_own_first_question(wide: Organisation, right: str, step: str) -> None:
    browser = Client()
    assert chosen(browser, right) == ASK.format(step)
    assert browser.get(ASK.format(step)).status_code == 200


def test_a_portable_request_says_what_is_in_it(wide: Organisation) -> None:
    browser = Client()
    chosen(browser, "portability")
    found(browser)
    page = browser.get(ASK.format("check")).content.decode()
    assert "Your account; Your orders" in page
    assert "Your invoices" not in page


def test_an_objection_names_its_uses_and_its_reason_and_both_are_kept_sealed(wide: Organisation) -> None:
    browser = Client()
    chosen(browser, "objection")
    assert post(browser, ASK.format("which-use"), uses=["account", "orders"]).headers["Location"] == ASK.format("your-words")
    assert post(browser, ASK.format("your-words"), words="It makes me\nuneasy").headers["Location"] == ASK.format("find-you")
    found(browser)
    assert "It makes me<br>uneasy" in browser.get(ASK.format("check")).content.decode()
    case = sent(browser)
    assert wish_of(case).uses == ("account", "orders")
    assert wish_of(case).words == "It makes me\nuneasy"
    with connection.cursor() as cursor:
        cursor.execute("SELECT details_sealed FROM requests_app_case")
        assert b"uneasy" not in bytes(cursor.fetchall()[0][0])


def test_a_reason_may_be_left_out_but_a_complaint_needs_words(wide: Organisation) -> None:
    browser = Client()
    chosen(browser, "restriction")
    post(browser, ASK.format("which-use"), uses=["account"])
    assert post(browser, ASK.format("your-words"), words="").headers["Location"] == ASK.format("find-you")
    chosen(browser, "complaint")
    page = post(browser, ASK.format("your-words"), words=" ")
    assert page.status_code == 200
    assert "Write what you would like to complain about" in page.content.decode()


@pytest.mark.parametrize("uses", [[], ["nonsense"]])
def test_a_use_that_the_policy_does_not_name_is_refused(wide: Organisation, uses: list[str]) -> None:
    browser = Client()
    chosen(browser, "objection")
    page = post(browser, ASK.format("which-use"), uses=uses).content.decode()
    assert "<title>Error: " in page
    assert "Choose at least one use" in page


def test_a_withdrawal_shows_first_what_people_can_do_themselves_and_offers_what_rests_on_consent(wide: Organisation) -> None:
    browser = Client()
    chosen(browser, "withdrawal")
    page = browser.get(ASK.format("which-use")).content.decode()
    assert page.index("Make new keys yourself.") < page.index("Which of these may we no longer use?</h1>")
    assert "Your newsletter" in page
    assert "Your orders" not in page


def test_where_nothing_rests_on_consent_the_hint_is_the_whole_question(db: None) -> None:
    rights = {"withdrawal": RightPromise(right="withdrawal", self_service="Make new keys yourself.")}
    an_organisation("wide", rights=rights)
    browser = Client()
    assert chosen(browser, "withdrawal") == ASK.format("before-you-ask")
    assert "Make new keys yourself." in browser.get(ASK.format("before-you-ask")).content.decode()


def test_an_opt_out_asks_for_no_proof_and_is_open_at_once(wide: Organisation) -> None:
    browser = Client()
    chosen(browser, "opt_out_sale")
    assert "There is nothing to opt out of." in browser.get(ASK.format("before-you-ask")).content.decode()
    post(browser, ASK.format("before-you-ask"))
    found(browser)
    case = sent(browser)
    assert case.state == State.OPEN
    assert not case.challenges.exists()
    assert not case.identifiers.filter(verified_at__isnull=False).exists()
    assertRedirects(browser.get("/o/wide/code/"), "/o/wide/done/")
    assert "We ask for no proof" in browser.get("/o/wide/done/").content.decode()
    assert "needs no proof" in mailed("received")
    assert browser.get(page_of(case)).status_code == 404  # its page opens by a code, as always
    assert Client().get("/o/wide/done/").status_code == 302


def test_somebody_who_floods_a_mailbox_by_opt_outs_is_heard_and_not_answered_each_time(wide: Organisation) -> None:
    for _time in range(9):
        browser = Client()
        chosen(browser, "opt_out_sale")
        post(browser, ASK.format("before-you-ask"))
        found(browser)
        sent(browser)
    assert Case.objects.filter(state=State.OPEN).count() == 9
    assert Letter.objects.count() == 6


def test_a_correction_names_a_field_and_both_values(described: Organisation) -> None:
    browser = Client()
    assert chosen(browser, "correction") == ASK.format("what-is-wrong")
    assert "Height" in browser.get(ASK.format("what-is-wrong")).content.decode()
    assert post(browser, ASK.format("what-is-wrong"), thing="shop.person.height").headers["Location"] == ASK.format("what-is-right")
    correct = post(browser, ASK.format("what-is-right"), old="170", new="171", evidence="Measured again")
    assert correct.headers["Location"] == ASK.format("your-corrections")
    assert post(browser, ASK.format("your-corrections"), another="yes").headers["Location"] == ASK.format("what-is-wrong")
    post(browser, ASK.format("what-is-wrong"), thing="other")
    post(browser, ASK.format("what-is-right"), what="My cat's name", new="Mitzi")
    page = browser.get(ASK.format("your-corrections")).content.decode()
    assert "My cat&#x27;s name" in page
    assert "Height (Account)" in page
    assert post(browser, ASK.format("your-corrections")).headers["Location"] == ASK.format("find-you")
    found(browser)
    assert "170 → <b>171</b>" in browser.get(ASK.format("check")).content.decode()
    case = sent(browser)
    first, second = wish_of(case).corrections
    assert (first.thing, first.old, first.new, first.evidence) == ("shop.person.height", "170", "171", "Measured again")
    assert second.is_other
    assert Letter.objects.filter(kind="confirm").count() == 1


def test_what_was_noted_can_be_removed_again(described: Organisation) -> None:
    browser = Client()
    chosen(browser, "correction")
    post(browser, ASK.format("what-is-wrong"), thing="shop.person.height")
    post(browser, ASK.format("what-is-right"), new="171")
    assert post(browser, ASK.format("your-corrections"), remove="0").headers["Location"] == ASK.format("what-is-wrong")


@pytest.mark.parametrize(
    ("thing", "typed", "said"),
    [
        ("shop.person.height", {"new": ""}, "Write what it should say"),
        ("shop.person.height", {"new": "170", "old": "170"}, "This is the same as what it says now"),
        ("shop.person.height", {"new": "1\x0070"}, "a sign in it that nobody can see"),
        ("other", {"new": "Mitzi"}, "Say what is wrong"),
    ],
)
def test_a_correction_that_says_nothing_is_an_error_beside_the_field(
    described: Organisation, thing: str, typed: dict[str, str], said: str
) -> None:
    browser = Client()
    chosen(browser, "correction")
    post(browser, ASK.format("what-is-wrong"), thing=thing)
    page = post(browser, ASK.format("what-is-right"), **typed).content.decode()
    assert "<title>Error: " in page
    assert said in page


@pytest.mark.parametrize("thing", ["", "shop.person.id", "shop.note.secret", "shop.note.made", "nonsense"])
def test_keys_secrets_and_what_machines_note_cannot_be_chosen(described: Organisation, thing: str) -> None:
    browser = Client()
    chosen(browser, "correction")
    assert "Choose what is wrong" in post(browser, ASK.format("what-is-wrong"), thing=thing).content.decode()


def test_the_list_is_the_same_for_everybody_and_asks_no_source(described: Organisation) -> None:
    a_case(described, right=Right.ACCESS, email=RITA)
    pages, asked = [], []
    for email in (RITA, "nobody@example.org"):
        browser = Client()
        chosen(browser, "access")
        post(browser, ASK.format("find-you"), **{**FOUND, "email": email})
        chosen(browser, "correction")
        with CaptureQueriesContext(connection) as queries:
            pages.append(browser.get(ASK.format("what-is-wrong")).content.decode().split("<fieldset")[1])
        asked.append(len(queries))
    assert pages[0] == pages[1]
    assert asked[0] == asked[1]


def test_the_same_wish_twice_is_told_after_the_code_and_never_before(wide: Organisation) -> None:
    first = a_case(wide, right=Right.COMPLAINT, email=RITA)
    browser = Client()
    chosen(browser, "complaint")
    post(browser, ASK.format("your-words"), words="You do not answer")
    found(browser)
    sent(browser)
    assert first.reference not in browser.get("/o/wide/code/").content.decode()
    post(browser, "/o/wide/code/", code=mailed_code("confirm"))
    page = browser.get("/o/wide/done/").content.decode()
    assert first.reference in page
    assert "We keep both until an officer joins them." in page


def test_somebody_elses_wish_is_never_told(wide: Organisation) -> None:
    other = a_case(wide, right=Right.COMPLAINT, email="oskar@example.org")
    browser = Client()
    chosen(browser, "complaint")
    post(browser, ASK.format("your-words"), words="You do not answer")
    found(browser)
    sent(browser)
    post(browser, "/o/wide/code/", code=mailed_code("confirm"))
    assert other.reference not in browser.get("/o/wide/done/").content.decode()
