"""What happened at the sample organisations before you came: whose request, how long ago, and what each did on which day."""

from dataclasses import dataclass

from examples.people import Person, crowd
from portal.demo.stage import (
    Act,
    answers,
    approves,
    asks,
    asks_back,
    attests,
    closes,
    confirms,
    confirms_again,
    extends,
    fetches,
    notes,
    refuses,
    releases,
    says,
    settles,
    takes,
    time_runs_out,
    while_away,
    withdraws,
    workers_work,
    writes,
)
from requests_app.rules.rights import Right

CROWD = crowd(240)
RITA = Person("Rita Lindqvist", "rita.lindqvist@example.org", "sv")
DANIEL = Person("Daniel Okafor", "daniel.okafor@example.com")
AMARA = Person("Amara Nwosu", "amara.nwosu@example.net", "ig")
BARE = Person("Blanca Vacía", "bare.account@example.org", "es")
STRANGER = Person("Jonas Fremd", "jonas.fremd@example.net", "de")


@dataclass(frozen=True)
class Request:
    """A person's request so many days ago; each scene is (days after it arrived, what happened)."""

    person: Person
    right: Right
    days_ago: float
    country: str
    scenes: tuple[tuple[float, Act], ...] = ()
    copy_first: bool = False


MINUTES = 4 / 1440
CONFIRMED = ((0, asks), (MINUTES, confirms))
GATHERED = (*CONFIRMED, (2 * MINUTES, workers_work))
REHEARSED = (*CONFIRMED, (2 * MINUTES, confirms_again), (3 * MINUTES, workers_work))

MCPWORKS = (
    Request(
        CROWD[54],
        Right.DELETION,
        97,
        "DE",
        (
            *REHEARSED,
            (2, takes("lead")),
            (5, settles("now")),
            (5.1, approves),
            (66, attests("Every backup of that time has been overwritten; checked with the list of backups.")),
            (72, closes),
        ),
    ),
    Request(CROWD[35], Right.ACCESS, 81, "CA-BC", (*GATHERED, (1, takes("officer")), (6, releases), (7.2, fetches), (40, closes))),
    Request(CROWD[17], Right.DELETION, 43, "GB", (*REHEARSED, (1, takes("officer")), (4, settles("now")), (6, approves))),
    Request(CROWD[18], Right.ACCESS, 33, "DE", (*GATHERED, (3, takes("lead")), (20, notes("She wrote from a second address as well.")))),
    Request(
        DANIEL,
        Right.ACCESS,
        27,
        "US-CA",
        (*CONFIRMED, (2 * MINUTES, while_away("telemetry.sqlite3", workers_work))),
    ),
    Request(CROWD[39], Right.ACCESS, 26, "FR", (*GATHERED, (2, takes("lead")), (21, extends("volume")))),
    Request(RITA, Right.DELETION, 22, "DE", (*REHEARSED, (2, takes("lead")))),
    Request(CROWD[53], Right.ACCESS, 19, "CA", (*GATHERED, (1, takes("officer")), (7, releases), (7.3, fetches))),
    Request(
        CROWD[1],
        Right.CORRECTION,
        18,
        "SE",
        (
            *CONFIRMED,
            (0.2, takes("officer")),
            (1, asks_back("Which of your invoices shows the wrong name, and what should it say?")),
        ),
    ),
    Request(
        CROWD[38],
        Right.CORRECTION,
        17,
        "PL",
        (
            *CONFIRMED,
            (0.1, says("My family name is Dąbrowski, with ą. Your billing page drops the tail.")),
            (2, takes("officer")),
            (4, answers("Your name now reads Dąbrowski, with its ą, on your account and on every invoice from today.")),
        ),
    ),
    Request(STRANGER, Right.ACCESS, 16, "DE", ((0, asks), (14.2, time_runs_out))),
    Request(CROWD[55], Right.PORTABILITY, 13, "CA-AB", (*GATHERED, (2, takes("officer")), (3, releases))),
    Request(BARE, Right.ACCESS, 11, "ES", (*GATHERED, (1, releases))),
    Request(
        CROWD[20],
        Right.ACCESS,
        10,
        "CA",
        (
            *GATHERED,
            (2, takes("officer")),
            (6, refuses("not_verifiable", "The owner of the account called: the mailbox was taken over last week, and this was not her.")),
        ),
    ),
    Request(CROWD[26], Right.OBJECTION, 9, "GR", (*CONFIRMED, (1, takes("officer")))),
    Request(
        CROWD[36],
        Right.RESTRICTION,
        8,
        "DE",
        (
            *CONFIRMED,
            (0.3, says("Please stop using my run times until we have agreed whether they are right.")),
            (1, takes("officer")),
            (1.2, writes("Thank you. We have stopped, and will tell you before we start again.")),
        ),
    ),
    Request(CROWD[43], Right.ACCESS, 6, "US-CA", (*GATHERED, (1.5, withdraws))),
    Request(CROWD[21], Right.DELETION, 4, "FR", REHEARSED, copy_first=True),
    Request(CROWD[9], Right.WITHDRAWAL, 3, "GB", CONFIRMED),
    Request(CROWD[44], Right.DELETION, 2, "GR", CONFIRMED),
    Request(CROWD[24], Right.ACCESS, 1.2, "CA-BC", GATHERED),
    Request(CROWD[2], Right.ACCESS, 0.3, "GB", ((0, asks),)),
    Request(CROWD[10], Right.ACCESS, 0.005, "US-CA", CONFIRMED),
    Request(CROWD[5], Right.COMPLAINT, 0.2, "CA", CONFIRMED),
)

CPZAI = (
    Request(CROWD[45], Right.ACCESS, 64, "GB", (*GATHERED, (2, takes("officer")), (9, releases), (10, fetches), (45, closes))),
    Request(CROWD[37], Right.DELETION, 38, "CA", (*REHEARSED, (3, takes("officer")), (8, approves))),
    Request(CROWD[6], Right.ACCESS, 31, "DE", (*GATHERED, (4, takes("officer")))),
    Request(AMARA, Right.ACCESS, 28, "GB", (*GATHERED, (2, takes("lead")))),
    Request(RITA, Right.ACCESS, 20, "SE", (*GATHERED, (3, takes("officer")), (5, releases), (5.4, fetches))),
    Request(CROWD[0], Right.ACCESS, 17, "", ((0, asks), (14.1, time_runs_out))),
    Request(CROWD[41], Right.DELETION, 15, "DE", (*REHEARSED, (3, takes("lead")))),
    Request(
        CROWD[3],
        Right.WITHDRAWAL,
        12,
        "FR",
        (*CONFIRMED, (1, takes("officer")), (2, answers("The connector's access to your account is switched off; its tokens are void."))),
    ),
    Request(
        CROWD[25],
        Right.ACCESS,
        9,
        "",
        (
            *GATHERED,
            (1, takes("officer")),
            (5, refuses("not_verifiable", "The address belongs to a desk that several people read; nobody there knows of this request.")),
        ),
    ),
    Request(
        CROWD[56],
        Right.WITHDRAWAL,
        7,
        "PL",
        (*CONFIRMED, (1, takes("officer")), (1.4, asks_back("Which of your two accounts do you mean, the one of 2024 or the new one?"))),
    ),
    Request(CROWD[2], Right.PORTABILITY, 5, "", (*GATHERED, (2, withdraws))),
    Request(CROWD[57], Right.DELETION, 3, "FR", CONFIRMED),
    Request(CROWD[23], Right.ACCESS, 1.1, "", GATHERED),
    Request(CROWD[7], Right.WITHDRAWAL, 0.5, "", CONFIRMED),
    Request(CROWD[19], Right.ACCESS, 0.2, "", ((0, asks),)),
    Request(CROWD[27], Right.ACCESS, 0.005, "", CONFIRMED),
)

PLOT = {"mcpworks": MCPWORKS, "cpzai": CPZAI}
