"""Everybody's rows at one tenant of Pyplan while they are being made."""

import json
import random
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from examples.people import Person

RITA = Person("Rita Lindqvist", "rita.lindqvist@example.org", "sv")
WANDA = Person("Wanda Achterberg", "wanda.achterberg@example.net", "nl")
NIL = Person("Zéro Néant", "nil@example.net", "fr")  # the row with key 0
BARE = Person("Blanca Vacía", "bare.account@example.org", "es")  # a user and nothing else
RICH = {
    RITA: {"applications": 3, "versions": 18, "results": 260, "requests": 180, "tokens": 2},
    WANDA: {"applications": 2, "versions": 9, "results": 420, "requests": 310, "tokens": 4},
}
NOTHING = {"applications": 0, "versions": 0, "results": 0, "requests": 0, "tokens": 0}
DEPARTMENTS = ("Planning", "Sales · Ventes", "人事", "Finanzen", "Логистика")
ROLES = ("viewer", "modeller", "admin")
NODES = ("demand", "costs", "margin", "headcount", "budget")
TOOLS = ("list_applications", "open_application", "read_node", "run_scenario", "save_version")
ASSISTANTS = ("Claude", "another assistant")
SHARERS = (1, 2, 14, 15, 16)
LOG_MINUTES = 89 * 1440


class Office:
    """All rows, table by table."""

    def __init__(self, company: str, subnet: str, *, today: date, draw: random.Random) -> None:
        self.company, self.subnet = company, subnet
        self.now = datetime.combine(today, time(6))
        self.draw = draw
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.results_of: dict[int, int] = defaultdict(int)
        self.has_named_rita = False
        self.rows["departments"] = list(enumerate(DEPARTMENTS))
        self._forget_old_requests()

    def hire(self, number: int, person: Person) -> None:
        """One person with a sign-in and their share of everything."""
        share = RICH.get(person) or (NOTHING if person is BARE else self._small_share())
        since = self.now - timedelta(days=self.draw.randint(100, 700))
        department = None if person is BARE else number % len(DEPARTMENTS)
        inviter = number // 8 if number % 8 == 5 and number // 8 != 3 else None  # not the person who has nothing
        username = f"{person.name.replace(' ', '.').lower()}.{number}"
        user = (number, username, person.email, self.company, department, ROLES[number % 7 % 3], inviter, _text(since))
        self.rows["users"].append(user)
        self._sign_in(number, share["tokens"])
        mine = [self._application(f"{person.name} {place + 1}", number, since) for place in range(share["applications"])]
        for place in range(share["versions"] if mine else 0):
            self._version(mine[place % len(mine)], number, place + 1)
        for place in range(share["results"] if mine else 0):
            self._result(number, mine[place % len(mine)], None, days=place % 300)
        for place in range(share["requests"]):
            self._request(number, person, minutes=20 + place * LOG_MINUTES // share["requests"])

    def share(self) -> None:
        """An application that five people use: versions by three of them, and results that others worked out on Rita's."""
        shared = self._application(f"{self.company}: budget · 予算", SHARERS[0], self.now - timedelta(days=90))
        for number in SHARERS[1:]:
            self.rows["application_access"].append((shared, number, "edit", _text(self.now - timedelta(days=80))))
        notes = ("first draft", "Ann Lee (ann.lee@example.net) asked for a lower number", None)
        saved = [self._version(shared, number, place + 100, note=notes[place]) for place, number in enumerate(SHARERS[:3])]
        for number in SHARERS:
            self._result(number, shared, saved[0] if number != SHARERS[0] else saved[1], days=number)

    def _small_share(self) -> dict[str, int]:
        draw = self.draw.randint
        return {"applications": draw(0, 1), "versions": draw(0, 3), "results": draw(0, 9), "requests": draw(0, 8), "tokens": draw(0, 1)}

    def _sign_in(self, number: int, count: int) -> None:
        """Tokens of sessions that run now: older ones were revoked, and are gone."""
        for place in range(count):
            issued = self.now - timedelta(minutes=30 + 50 * place)
            kind, hours = (("access", 8), ("refresh", 24))[place % 2]
            ends = _text(issued + timedelta(hours=hours))
            token = (self._next("tokens"), number, kind, f"sealed:{self._hex(64)}", ASSISTANTS[place // 2], _text(issued), ends)
            self.rows["tokens"].append(token)

    def _application(self, name: str, owner: int, made: datetime) -> int:
        ident = self._next("applications")
        self.rows["applications"].append((ident, name, "Plan for the coming year", _text(made)))
        self.rows["application_access"].append((ident, owner, "own", _text(made)))
        return ident

    def _version(self, application: int, author: int, number: int, note: str | None = None) -> int:
        ident = self._next("versions")
        inputs = json.dumps({"growth": self.draw.randint(-9, 20), "price": self.draw.randint(5, 900)})
        saved = _text(self.now - timedelta(days=self.draw.randint(1, 95)))
        self.rows["versions"].append((ident, application, author, number, f"{self.company} · scenario {number}", inputs, note, saved))
        return ident

    def _result(self, number: int, application: int, version: int | None, *, days: int) -> None:
        self.results_of[number] += 1
        result = json.dumps({"company": self.company, "total": self.draw.randint(0, 10**6)}, ensure_ascii=False)
        at = _text(self.now - timedelta(days=days, minutes=5))
        key = (number, self.results_of[number])
        self.rows["node_results"].append((*key, application, version, NODES[days % len(NODES)], result, at))

    def _request(self, number: int, person: Person, *, minutes: int) -> None:
        ident, at = self._hex(24), self.now - timedelta(minutes=minutes)
        failed = self.draw.random() < 0.05
        ip = f"{self.subnet}{number:x}"
        self.rows["requests"].append((ident, number, ip, ASSISTANTS[minutes % 7 == 0], 500 if failed else 200, _text(at)))
        for step in range(self.draw.randint(1, 2)):
            asked = json.dumps({"node": NODES[step], "for": self.company}, ensure_ascii=False)
            response = None if failed else json.dumps(self._answer(person, step), ensure_ascii=False)
            call = (self._next("tool_calls"), ident, TOOLS[(minutes + step) % len(TOOLS)], asked, response)
            self.rows["tool_calls"].append((*call, _text(at + timedelta(seconds=step))))
        if failed:
            self.rows["diagnostics"].append((self._next("diagnostics"), ident, "Timeout", "node did not answer in 30 s", _text(at)))

    def _answer(self, person: Person, step: int) -> dict[str, Any]:
        """What a tool answered; one of Wanda's answers names Rita."""
        if person is WANDA and step and not self.has_named_rita:
            self.has_named_rita = True
            return {"owner": RITA.email, "name": RITA.name, "company": self.company}
        return {"company": self.company, "user": person.email, "rows": self.draw.randint(0, 99)}

    def _forget_old_requests(self) -> None:
        """Requests of more than 90 days ago whose user was forgotten: they are nobody's."""
        for place in range(40):
            at = _text(self.now - timedelta(days=91 + place))
            self.rows["requests"].append((self._hex(24), None, None, ASSISTANTS[0], 200, at))

    def _next(self, table: str) -> int:
        return len(self.rows[table]) + 1

    def _hex(self, length: int) -> str:
        return f"{self.draw.getrandbits(4 * length):0{length}x}"


def _text(moment: datetime) -> str:
    return moment.isoformat(" ", "seconds")
