"""A handful of requests at the smaller sample organisations: one answers by itself, one only helps on to three that it works for.

None is Rita's: so many mails go to one address in an hour and no more, and newcomers need theirs.
"""

from examples.people import Person
from portal.demo.plot import CONFIRMED, CROWD, GATHERED, MINUTES, REHEARSED, Request
from portal.demo.stage import answers, approves, asks, closes, confirms, fetches, releases, says, takes, workers_work, writes
from requests_app.rules.rights import Right

WANDA = Person("Wanda Achterberg", "wanda.achterberg@example.net", "nl")
PRIYANKA = Person("Priyanka Rao", "priyanka.rao@example.com", "hi")
PASSED_ON = (
    "We have passed your request on to the company whose Pyplan you use. It decides about your data there and will answer you itself."
)
REVOKED = "The tokens of your sessions are revoked: no assistant can reach your Pyplan any more. Connect one again whenever you like."

# Nobody releases here: whoever proved their address has the copy a minute later.
MCPR = (
    Request(CROWD[30], Right.DELETION, 25, "DE", (*REHEARSED, (2, takes("officer")), (4, approves), (33, closes))),
    Request(PRIYANKA, Right.ACCESS, 12, "SE", (*GATHERED, (0.1, fetches))),
    Request(CROWD[32], Right.PORTABILITY, 6, "", GATHERED),
    Request(CROWD[33], Right.DELETION, 2.5, "GR", REHEARSED),
    Request(CROWD[31], Right.ACCESS, 0.4, "US-CA", ((0, asks),)),
)
PYPLAN = (
    Request(WANDA, Right.ACCESS, 8, "DE", (*GATHERED, (1, takes("officer")), (1.1, writes(PASSED_ON)))),
    Request(CROWD[20], Right.OBJECTION, 2, "FR", CONFIRMED),
)
BAKERY = (
    Request(CROWD[11], Right.ACCESS, 14, "US-CA", (*GATHERED, (2, takes("officer")), (5, releases), (5.5, fetches))),
    Request(CROWD[15], Right.DELETION, 9, "US-CA", (*REHEARSED, (3, takes("lead")))),
    Request(CROWD[12], Right.WITHDRAWAL, 4, "US", (*CONFIRMED, (1, takes("officer")), (1.5, answers(REVOKED)))),
)
HARBOUR = (
    Request(WANDA, Right.ACCESS, 7, "NL", (*GATHERED, (2, takes("officer")))),
    Request(CROWD[120], Right.RESTRICTION, 6, "SE", (*CONFIRMED, (1, takes("lead")))),
    Request(CROWD[110], Right.DELETION, 1.5, "SE", REHEARSED),
)
GARDEN = (
    Request(CROWD[200], Right.ACCESS, 30, "CA-BC", (*GATHERED, (2, takes("lead")), (9, releases), (10, fetches), (29, closes))),
    Request(
        CROWD[210],
        Right.CORRECTION,
        5,
        "CA",
        (
            (0, asks),
            (MINUTES, confirms),
            (0.1, says("I have moved from sales to planning; my department is still the old one.")),
            (0.2, workers_work),
            (1, takes("officer")),
        ),
    ),
)

SUBPLOTS = {"mcpr": MCPR, "pyplan": PYPLAN, "bakery": BAKERY, "harbour": HARBOUR, "garden": GARDEN}
