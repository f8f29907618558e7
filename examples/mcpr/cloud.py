"""Everybody's rows at MCPR while they are being made: metadata only, as the policy has it."""

import random
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from examples.people import Person

RITA = Person("Rita Lindqvist", "rita.lindqvist@example.org", "sv")
PRIYANKA = Person("Priyanka Rao", "priyanka.rao@example.com", "hi")
NIL = Person("Zéro Néant", "nil@example.net", "fr")  # the row with key 0
BARE = Person("Blanca Vacía", "bare.account@example.org", "es")  # an account and nothing else
# How much the two people of the stories have; everybody else gets a small, drawn share.
RICH = {
    RITA: {"links": 6, "proxies": 3, "events": 840, "looks": 120, "tunnels": 4},
    PRIYANKA: {"links": 9, "proxies": 4, "events": 2410, "looks": 260, "tunnels": 7},
}
NOTHING = {"links": 0, "proxies": 0, "events": 0, "looks": 0, "tunnels": 0}
METHODS = ("tools/call", "tools/list", "initialize", "resources/read")
TOOLS = ("search", "wetter", "查询", "résumer", "отчёт", "run_query")
CLIENTS = ("ChatGPT", "Claude", "VS Code")
FEATURES = ("slow calls", "errors", "health", "export")
SUBDOMAINS = ("demo", "lab", "staging", "test-server", "atelier")  # they go from hand to hand
EVENT_DAYS = 89
SHARERS = (1, 2, 14, 15, 16)


class Cloud:
    """All rows, table by table."""

    def __init__(self, today: date, draw: random.Random) -> None:
        self.now = datetime.combine(today, time(6))
        self.draw = draw
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.events_of: dict[int, int] = defaultdict(int)

    def settle(self, number: int, person: Person) -> None:
        """One person with an account and their share of everything."""
        share = RICH.get(person) or (NOTHING if person is BARE else self._small_share())
        joined = self.now - timedelta(days=self.draw.randint(120, 420))
        self.rows["accounts"].append((number, person.email, "leaving" if number % 89 == 88 else "active", _text(joined)))
        self._sign_in(number, share["links"])
        if person is BARE:
            return
        project = self._project(f"{_plain(person)}-{number}", person.name, joined)
        self._join(project, number, "owner", joined)
        proxies = [self._proxy(project, number, place) for place in range(share["proxies"])]
        for place in range(share["events"] if proxies else 0):
            minutes = 10 + place * EVENT_DAYS * 1440 // share["events"]
            self._event(proxies[place % len(proxies)], project, minutes=minutes)
        self._look_around(number, share["looks"], slug=f"{_plain(person)}-{number}")
        self._tunnel(number, share["tunnels"])

    def share(self) -> None:
        """One project that five people use: each set up a proxy there, and looks at the events of all of them."""
        opened = self.now - timedelta(days=110)
        lab = self._project("lindqvist-lab", "Lindqvist Lab · Labor · 研究室", opened)
        for number in SHARERS:
            self._join(lab, number, "owner" if number == 1 else "member", opened)
            proxy = self._proxy(lab, number, 0)
            for place in range(12):
                self._event(proxy, lab, minutes=number + 9000 * place)
            self._look_around(number, 3, slug="lindqvist-lab")

    def _small_share(self) -> dict[str, int]:
        draw = self.draw.randint
        return {"links": draw(1, 3), "proxies": draw(0, 2), "events": draw(0, 25), "looks": draw(0, 6), "tunnels": draw(0, 1)}

    def _sign_in(self, number: int, count: int) -> None:
        for place in range(count):
            sent = self.now - timedelta(hours=5 + 31 * place + number % 24)
            used = None if place % 5 == 4 else _text(sent + timedelta(minutes=2))
            self.rows["sign_in_links"].append((self._next("sign_in_links"), number, self._hex(64), _text(sent), used))

    def _project(self, slug: str, name: str, made: datetime) -> int:
        self.rows["projects"].append((self._next("projects"), slug, name, _text(made)))
        return len(self.rows["projects"])

    def _join(self, project: int, number: int, role: str, when: datetime) -> None:
        self.rows["project_members"].append((project, number, role, _text(when)))

    def _proxy(self, project: int, number: int, place: int) -> int:
        name = ("laptop", "server", "büro", "自宅")[place]
        proxy = (self._next("proxies"), project, number, name, _text(self.now - timedelta(days=100 - place)))
        self.rows["proxies"].append(proxy)
        return int(proxy[0])

    def _event(self, proxy: int, project: int, *, minutes: int) -> None:
        self.events_of[proxy] += 1
        method = self.draw.choice(METHODS)
        tool = self.draw.choice(TOOLS) if method == "tools/call" else None
        outcome = (self.draw.randint(2, 4000), self.draw.choices((200, 429, 500), (94, 2, 4))[0])
        session, client = self._hex(16), self.draw.choice(CLIENTS)
        sizes = (self.draw.randint(40, 2000), self.draw.randint(60, 90_000))
        at = _text(self.now - timedelta(minutes=minutes))
        self.rows["events"].append((proxy, self.events_of[proxy], project, method, tool, *outcome, session, client, *sizes, at))

    def _look_around(self, number: int, count: int, *, slug: str) -> None:
        for place in range(count):
            at = self.now - timedelta(minutes=40 + 700 * place + number)
            span = (_text(at - timedelta(days=7)), _text(at)) if place % 3 else (None, None)
            page, feature = f"/projects/{slug}", FEATURES[place % len(FEATURES)]
            self.rows["dashboard_interactions"].append((self._next("dashboard_interactions"), number, page, feature, *span, _text(at)))

    def _tunnel(self, number: int, count: int) -> None:
        for place in range(count):
            ident, subdomain = self._hex(16), SUBDOMAINS[(number + place) % len(SUBDOMAINS)]
            opened = self.now - timedelta(minutes=90 + place * 1200 + number)
            self.rows["tunnels"].append((ident, number, subdomain, _text(opened)))
            for step in range(self.draw.randint(1, 5)):
                began = opened + timedelta(minutes=10 * step)
                ended = None if step == 4 else _text(began + timedelta(minutes=4))
                flow = (self.draw.randint(100, 90_000), self.draw.randint(100, 900_000))
                self.rows["tunnel_connections"].append((self._next("tunnel_connections"), ident, _text(began), ended, *flow))

    def _next(self, table: str) -> int:
        return len(self.rows[table]) + 1

    def _hex(self, length: int) -> str:
        return f"{self.draw.getrandbits(4 * length):0{length}x}"


def _plain(person: Person) -> str:
    """The letters of an address that a short name can be made of."""
    local = person.email.partition("@")[0].lower()
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in local).strip("-") or "project"


def _text(moment: datetime) -> str:
    return moment.isoformat(" ", "seconds")
