"""Everybody's rows at MCPWorks while they are being made."""

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from examples.mcpworks.code import CITIES, DESCRIPTIONS, ENDPOINTS, STAFF, source_code, stack_trace
from examples.people import Person

RITA = Person("Rita Lindqvist", "rita.lindqvist@example.org", "sv")
DANIEL = Person("Daniel Okafor", "daniel.okafor@example.com")
NIL = Person("Zéro Néant", "nil@example.net", "fr")  # the row with key 0
BARE = Person("Blanca Vacía", "bare.account@example.org", "es")  # an account and nothing else
# How much the two people of the stories have; everybody else gets a small, drawn share.
RICH = {
    RITA: {
        "functions": 8,
        "versions": 27,
        "runs": 1508,
        "counts": 9,
        "requests": 412,
        "errors": 6,
        "audit": 96,
        "periods": 12,
        "security": 58,
    },
    DANIEL: {
        "functions": 23,
        "versions": 89,
        "runs": 2905,
        "counts": 9,
        "requests": 1127,
        "errors": 3,
        "audit": 143,
        "periods": 7,
        "security": 58,
    },
}
NOTHING = dict.fromkeys(("functions", "versions", "runs", "counts", "requests", "errors", "audit", "periods", "security"), 0)


@dataclass(frozen=True)
class _Draft:
    """A function before it is stored."""

    name: str
    words: str
    created: datetime
    versions: int = 1
    author: str = ""


class Town:
    """Everybody's rows, table by table, while they are being made."""

    def __init__(self, today: date, draw: random.Random) -> None:
        self.today = today
        self.now = datetime.combine(today, time(6))
        self.draw = draw
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.functions_of: dict[int, list[int]] = defaultdict(list)
        self.requests = 0

    def settle(self, number: int, person: Person) -> None:
        """One person with an account and their share of everything."""
        share = RICH.get(person) or (NOTHING if person is BARE else _small_share(self.draw))
        joined = self.now - timedelta(days=self.draw.randint(300, 980))
        paid = share["periods"] > 0
        tier = self.draw.choice(("builder", "pro", "enterprise")) if paid else "free"
        status = "suspended" if number % 97 == 96 else "active"
        verified = None if number % 31 == 30 else _text(joined + timedelta(minutes=7))
        self.rows["accounts"].append((number, person.email, verified, _argon2(self.draw), tier, status, _text(joined)))
        if person is BARE:
            return
        self._sign_in(number, person, share, joined=joined)
        self._found_workspace(number, person, joined=joined)
        self._write_functions(number, person, share, joined=joined)
        self._run(number, person, share)
        self._bill(number, share, tier=tier)
        self._watch(number, share)

    def share_lab(self) -> None:
        """One namespace that Rita, Daniel and three others use together; others run what Rita wrote there."""
        lab, when = len(self.rows["workspaces"]) + 1, _text(self.now - timedelta(days=280))
        self.rows["workspaces"].append((lab, "lindqvist-lab", "Lindqvist Lab · Labor · 研究室", when))
        self.rows["memberships"] += [(lab, number, "owner" if number == 1 else "member", when) for number in (1, 2, 14, 15, 16)]
        first = len(self.rows["functions"]) + 1
        for place, author in enumerate((1, 2, 14)):
            draft = _Draft(f"shared_{place + 1}", "Cleans the lab's measurements", created=self.now - timedelta(days=200))
            self._function(lab, author, draft)
        for runner in (2, 14, 15):
            self._execution(runner, first, minutes=60 * runner, output='{"rows": 12}')

    def _sign_in(self, number: int, person: Person, share: dict[str, int], *, joined: datetime) -> None:
        for place in range(4 if person in RICH else self.draw.randint(0, 2)):
            made = joined + timedelta(days=20 * place + 1)
            used = _text(self.now - timedelta(hours=self.draw.randint(1, 900)))
            revoked = _text(self.now - timedelta(days=9)) if place == 2 else None
            name = ("laptop", f"{person.name} · CI", "Notebook", "phone")[place]
            scopes = json.dumps(["functions:read", "functions:run"][: 1 + place % 2])
            key = (
                self._next("api_keys"),
                number,
                name,
                _argon2(self.draw),
                scopes,
                _text(made),
                used,
                _text(made + timedelta(days=730)),
                revoked,
            )
            self.rows["api_keys"].append(key)
        for _ in range(self.draw.randint(0, 2) if person not in RICH else 1):
            issued = self.now - timedelta(minutes=self.draw.randint(60, 9000))
            token = (self._next("refresh_tokens"), number, _hex(self.draw, 64), _text(issued), _text(issued + timedelta(days=7)))
            self.rows["refresh_tokens"].append(token)
        for _ in range(share["security"]):
            kind = self.draw.choices(("login", "login_failed", "permission_refused", "password_changed", "key_revoked"), (70, 15, 8, 4, 3))[
                0
            ]
            at = self.now - timedelta(minutes=self.draw.randint(30, 520_000))
            event = (self._next("security_events"), number, kind, _ip(number), self.draw.choice(CITIES), _text(at))
            self.rows["security_events"].append(event)
        if share["requests"]:
            window = self.now - timedelta(minutes=number % 1200 + 5)
            hits = (_ip(number), _text(window), number, self.draw.randint(1, 60), self.draw.choice(CITIES))
            self.rows["rate_limit_hits"].append(hits)

    def _found_workspace(self, number: int, person: Person, *, joined: datetime) -> None:
        space = self._next("workspaces")
        local = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in person.email.split("@")[0].lower()).strip("-")
        self.rows["workspaces"].append((space, f"{local or 'space'}-{number}", person.name, _text(joined)))
        self.rows["memberships"].append((space, number, "owner", _text(joined)))

    def _write_functions(self, number: int, person: Person, share: dict[str, int], *, joined: datetime) -> None:
        space = len(self.rows["workspaces"])
        spare = share["versions"] - share["functions"]
        for place in range(share["functions"]):
            extra = spare // share["functions"] + (1 if place < spare % share["functions"] else 0)
            name, words = DESCRIPTIONS[(number + place) % len(DESCRIPTIONS)]
            name, words = f"{name}_{place + 1}", words.format(name=person.name)
            draft = _Draft(name, words, created=joined + timedelta(days=place + 2), versions=1 + extra, author=person.name)
            self._function(space, number, draft)

    def _function(self, space: int, author_id: int, draft: "_Draft") -> None:
        ident = self._next("functions")
        shape = json.dumps({"type": "object", "properties": {"text": {"type": "string"}}})
        packages = json.dumps(["pandas"] if ident % 3 else [])
        function = (ident, space, author_id, draft.name, draft.words, shape, shape, packages, 0, _text(draft.created))
        self.rows["functions"].append(function)
        for version in range(1, draft.versions + 1):
            code = source_code(draft.name, author=draft.author, version=version)
            made = _text(draft.created + timedelta(hours=version))
            self.rows["function_versions"].append((self._next("function_versions"), ident, version, code, made))
        self.functions_of[author_id].append(ident)

    def _run(self, number: int, person: Person, share: dict[str, int]) -> None:
        mine = self.functions_of[number]
        for place in range(share["runs"]):
            minutes = 10 + place * 129_000 // share["runs"]
            output = self._output(person, place)
            self._execution(number, mine[place % len(mine)], minutes=minutes, output=output)
        month = self.today.replace(day=1)
        for _ in range(share["counts"]):
            end, month = month, (month - timedelta(days=1)).replace(day=1)
            runs = share["runs"] * 3 // share["counts"]
            self.rows["execution_counts"].append((number, month.isoformat(), end.isoformat(), runs, runs * 40))

    def _output(self, person: Person, place: int) -> str:
        """What a run returned; two of Daniel's runs speak of Rita and of a third person."""
        if person is DANIEL and place == 40:
            return json.dumps({"reply_to": RITA.email, "subject": "Invoice 12", "to": "Rita Lindqvist"})
        if person is DANIEL and place == 41:
            return json.dumps({"summary": "Call Ann Lee (ann.lee@example.net) on Monday"})
        return json.dumps({"rows": place % 50, "greeting": f"Hello {person.name}"}, ensure_ascii=False)

    def _execution(self, number: int, function: int, *, minutes: int, output: str) -> None:
        ident, correlation = _hex(self.draw, 32), _hex(self.draw, 16)
        failed = self.draw.random() < 0.04
        error = "ValueError: could not read the date in line 3" if failed else None
        started = _text(self.now - timedelta(minutes=minutes))
        run = (ident, function, number, "failed" if failed else "succeeded", started, self.draw.randint(4, 4000), error)
        self.rows["executions"].append((*run, self.draw.randint(0, 900), correlation))
        if failed and number % 4 == 3:
            self._report(correlation, minutes, started, context={"function": function})
        question = json.dumps({"text": f"rows of batch {minutes}"})
        self.rows["execution_payloads"].append((ident, question, None if failed else output))

    def _bill(self, number: int, share: dict[str, int], *, tier: str) -> None:
        if not share["periods"]:
            return
        customer, subscription = self._next("billing_customers"), self._next("subscriptions")
        start = self.today - timedelta(days=30 * share["periods"])
        self.rows["billing_customers"].append((customer, number, f"cus_{_hex(self.draw, 14)}", f"{start} 09:00:00"))
        self.rows["subscriptions"].append((subscription, customer, tier, "active", start.isoformat()))
        for place in range(share["periods"]):
            first = start + timedelta(days=30 * place)
            period = (self._next("billing_periods"), subscription, first.isoformat(), (first + timedelta(days=30)).isoformat())
            self.rows["billing_periods"].append(period)

    def _watch(self, number: int, share: dict[str, int]) -> None:
        """The audit log, the request log and the index of error reports."""
        for place in range(share["audit"]):
            staff = STAFF[place % len(STAFF)] if place % 24 == 5 else None
            at = _text(self.now - timedelta(minutes=90 + place * 7001 % 1_000_000))
            action, kind = self.draw.choice((("key.create", "api_key"), ("function.deploy", "function"), ("plan.change", "subscription")))
            actor, details = ("staff", {"ticket": place}) if staff else ("account", {"ip": _ip(number)})
            entry = (self._next("audit_log"), number, actor, staff, action, kind, str(place + 1), json.dumps(details), at)
            self.rows["audit_log"].append(entry)
        for place in range(share["requests"]):
            correlation, self.requests = _hex(self.draw, 16), self.requests + 1
            at = self.now - timedelta(minutes=15 + place * 42_000 // share["requests"])
            failed = place < share["errors"]
            entry = (self.requests, number, self.draw.choice(ENDPOINTS), 500 if failed else 200, correlation, _text(at))
            self.rows["request_log"].append(entry)
            if failed:
                self._report(correlation, place, _text(at), context={"endpoint": entry[2], "account_id": number})

    def _report(self, correlation: str, line: int, at: str, *, context: dict[str, Any]) -> None:
        ident, event = self._next("error_reports"), _hex(self.draw, 32)
        self.rows["error_reports"].append((ident, event, correlation, "TimeoutError", stack_trace(line), json.dumps(context), at))

    def _next(self, table: str) -> int:
        return len(self.rows[table]) + 1


def _text(moment: datetime) -> str:
    return moment.isoformat(" ", "seconds")


def _hex(draw: random.Random, length: int) -> str:
    return f"{draw.getrandbits(4 * length):0{length}x}"


def _argon2(draw: random.Random) -> str:
    return f"$argon2id$v=19$m=65536,t=3,p=4${_hex(draw, 22)}${_hex(draw, 43)}"


def _ip(number: int) -> str:
    return f"2001:db8:{number:x}::{number % 7 + 1}" if number % 5 == 0 else f"198.51.{number // 250 + 100}.{number % 250 + 1}"


def _small_share(source: random.Random) -> dict[str, int]:
    draw = source.randint
    functions = draw(0, 3)
    return {
        "functions": functions,
        "versions": functions + draw(0, 2) if functions else 0,
        "runs": draw(3, 30) if functions else 0,
        "counts": 3 if functions else 0,
        "requests": draw(0, 12),
        "errors": draw(0, 1),
        "audit": draw(1, 6),
        "periods": draw(1, 8) if draw(0, 2) == 0 else 0,
        "security": draw(0, 4),
    }
