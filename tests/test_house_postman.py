"""While the samples are played, visitors get their mail, and the play keeps its days."""

from datetime import timedelta

from portal.demo import play, postman, then
from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app import letters
from requests_app.models import Letter
from requests_app.models.letter import LetterState
from tests.people import RITA, a_case


def test_only_letters_written_since_then_are_posted(northwind: Organisation) -> None:
    case, since = a_case(northwind), clock.now()
    with then.at(since - timedelta(minutes=3)):
        letters.queue(case, "received", to=RITA)
    letters.queue(case, "withdrawn", to=RITA)

    assert postman.round_of(since) == 1
    assert dict(Letter.objects.values_list("kind", "state")) == {"received": LetterState.QUEUED, "withdrawn": LetterState.SENT}
    assert postman.round_of(since) == 0


def test_no_scene_of_the_play_is_so_near_that_the_postman_takes_its_letters(db: None) -> None:
    days = [after - request.days_ago for requests in play.PLAYED.values() for request in requests for after, _act in request.scenes]

    assert not [one for one in days if timedelta(minutes=-3) < timedelta(days=one) < timedelta(hours=1)]
