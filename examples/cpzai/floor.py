"""Everybody's rows at CPZAI while they are being made."""

import json
import random
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from examples.people import Person

RITA = Person("Rita Lindqvist", "rita.lindqvist@example.org", "sv")
AMARA = Person("Amara Nwosu", "amara.nwosu@example.net", "ig")
NIL = Person("Zéro Néant", "nil@example.net", "fr")  # the row with key 0
BARE = Person("Blanca Vacía", "bare.account@example.org", "es")  # an account and nothing else
RICH = {
    RITA: {"keys": 3, "strategies": 7, "orders": 640, "notes": 5, "sessions": 40},
    AMARA: {"keys": 2, "strategies": 4, "orders": 1210, "notes": 9, "sessions": 75},
}
NOTHING = {"keys": 0, "strategies": 0, "orders": 0, "notes": 0, "sessions": 0}
TOWNS = (
    ("Storgatan", "Uppsala", "753 31", "SE"),
    ("Ogunlana Drive", "Lagos", "101241", "NG"),
    ("梅田", "大阪", "530-0001", "JP"),
    ("улица Лесная", "Алматы", "050000", "KZ"),
    ("شارع الحمرا", "بيروت", "1103", "LB"),
    ("Λεωφόρος Νίκης", "Θεσσαλονίκη", "546 22", "GR"),
)
SYMBOLS = ("AAPL", "BRK.B", "VOD", "7203", "SHOP", "ASML")
CLIENTS = ("Claude Desktop", "Claude Code", "claude.ai")
TOOLS = ("/mcp", "/oauth/token", "/health")


class Floor:
    """All rows, table by table."""

    def __init__(self, today: date, draw: random.Random) -> None:
        self.today = today
        self.now = datetime.combine(today, time(6))
        self.draw = draw
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.rows["desks"].append((1, "Northern desk · Nordpult · 北方", _text(self.now - timedelta(days=600))))

    def settle(self, number: int, person: Person) -> None:
        """One person with an account and their share of everything."""
        share = RICH.get(person) or (NOTHING if person is BARE else self._small_share())
        opened = self.now - timedelta(days=self.draw.randint(60, 900))
        phone = f"+999 555 {number:06d}" if number % 3 == 1 else None
        referred = number // 9 if number % 9 == 5 and number // 9 != 3 else None  # not by the person who has nothing
        account = (number, person.email, person.name, phone, self._address(number, person), referred, "active", _text(opened))
        self.rows["accounts"].append(account)
        self._keys(number, share["keys"], opened=opened)
        strategies = self._strategies(number, person, share["strategies"])
        self._orders(number, share["orders"], strategies=strategies, opened=opened)
        self._sessions(number, share["sessions"])

    def share(self) -> None:
        """A desk that five people use, with their notes about each other, and a desk of one."""
        when = _text(self.now - timedelta(days=300))
        self.rows["desks"].append((2, "Desk of one", when))
        self.rows["desk_members"] += [(1, number, "lead" if number == 1 else "trader", when) for number in (1, 2, 14, 15, 16)]
        self.rows["desk_members"].append((2, 17, "lead", when))
        texts = (
            "Close the position before noon",
            "Rita Lindqvist agreed, see rita.lindqvist@example.org",
            "Ask Amara Nwosu (amara.nwosu@example.net) about the limit",
        )
        for number, person in ((1, RITA), (2, AMARA)):
            for place in range(RICH[person]["notes"]):
                written = _text(self.now - timedelta(days=3 * place + number))
                self.rows["desk_notes"].append((self._next("desk_notes"), 1, number, texts[place % 3], written))

    def _small_share(self) -> dict[str, int]:
        draw = self.draw.randint
        orders = draw(0, 25) if draw(0, 2) else 0
        return {"keys": draw(0, 2), "strategies": draw(0, 2), "orders": orders, "notes": 0, "sessions": draw(0, 3)}

    def _address(self, number: int, person: Person) -> int | None:
        """Every fourth person shares the address of the one before; some gave none."""
        if person is BARE:
            return None
        if number % 4 == 2:
            return len(self.rows["addresses"])
        street, city, code, country = TOWNS[number % len(TOWNS)]
        self.rows["addresses"].append((self._next("addresses"), f"{street} {number + 1}", city, code, country))
        return len(self.rows["addresses"])

    def _keys(self, number: int, count: int, *, opened: datetime) -> None:
        for place in range(count):
            made = opened + timedelta(days=place)
            anew = _text(made + timedelta(days=30)) if place % 2 else None
            secret = f"$argon2id$v=19$m=65536,t=3,p=4${self._hex(22)}${self._hex(43)}"
            key = (self._next("api_keys"), number, f"key {place + 1}", f"cpz_{self._hex(16)}", secret, _text(made), anew)
            self.rows["api_keys"].append(key)

    def _strategies(self, number: int, person: Person, count: int) -> list[int]:
        first = self._next("strategies")
        for place in range(count):
            rules = json.dumps({"buy_below": 10 + place, "note": f"for {person.name}"}, ensure_ascii=False)
            made = _text(self.now - timedelta(days=40 + place))
            self.rows["strategies"].append((first + place, number, f"{person.name} {place + 1}", rules, made))
        return list(range(first, first + count))

    def _orders(self, number: int, count: int, *, strategies: list[int], opened: datetime) -> None:
        if not count:
            return
        link = self._next("broker_connections")
        broker = ("Alpaca", "IBKR")[number % 2]
        self.rows["broker_connections"].append((link, number, broker, f"U{number:07d}", _text(opened + timedelta(days=1))))
        for place in range(count):
            order, at = self._next("orders"), self.now - timedelta(minutes=20 + place * 70_000 // count)
            what = (self.draw.choice(SYMBOLS), ("buy", "sell")[place % 2], 1 + place % 40, 10.5 + place % 90 if place % 3 else None)
            strategy = strategies[place % len(strategies)] if strategies and place % 4 else None
            self.rows["orders"].append((order, number, link, strategy, *what, f"{broker[:2]}-{self._hex(12)}", _text(at)))
            self.rows["order_events"].append((order, 1, "forwarded", _text(at + timedelta(seconds=1))))
            end = "cancelled" if place % 11 == 10 else "filled"
            self.rows["order_events"].append((order, 2, end, _text(at + timedelta(seconds=9))))

    def _sessions(self, number: int, count: int) -> None:
        for place in range(count):
            ident, ip = self._hex(16), f"2001:db8::{number:x}" if number % 2 else f"203.0.113.{number % 250}"
            opened = self.now - timedelta(minutes=100 + place * 42_000 // count)
            self.rows["connections"].append((ident, number, ip, self.draw.choice(CLIENTS), _text(opened)))
            for step in range(self.draw.randint(1, 6)):
                call = ("POST", TOOLS[step % 3], 200 if step < 5 else 429, self.draw.randint(80, 9000))
                self.rows["requests"].append((self._next("requests"), ident, ip, *call, _text(opened + timedelta(minutes=step))))

    def _next(self, table: str) -> int:
        return len(self.rows[table]) + 1

    def _hex(self, length: int) -> str:
        return f"{self.draw.getrandbits(4 * length):0{length}x}"


def _text(moment: datetime) -> str:
    return moment.isoformat(" ", "seconds")
