"""What the desk asks: its list by urgency, its counts, and the search. The number of queries does not depend on the number of cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Max, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.kit import clock, codes, crypto
from portal.organisations.models import User
from requests_app.models import Case, Identifier, Message
from requests_app.models.case import Standing
from requests_app.models.letter import Via
from requests_app.rules.rights import Right

SOON = timedelta(days=7)
ROWS = 50  # of one group on one page
COUNTED = 2000  # above it a count says “2,000+”: counting a million rows is not worth an officer's second
PEOPLE = ("ours", "mine", "unassigned", "everyone")
OTHER = "other"
CLOSED = "closed"
# Not `is_moving=True`: Django writes that without a comparison, and then no index serves it.
MOVING = Q(is_moving__in=[True])
GROUPS: dict[str, Promise | str] = {
    "overdue": _("Overdue"),
    "soon": _("Due within 7 days"),
    "waiting": _("Waiting for the person"),
    "on_time": _("On time"),
    "undated": _("Without a date"),
    "after": _("Answered, backups still to attest"),
    CLOSED: _("Closed"),
}


@dataclass(frozen=True)
class Lens:
    """How an officer looks at the desk; kept in the address of the page. `after` continues one group below its last row."""

    who: str = "ours"
    right: str = ""
    closed: bool = False
    group: str = ""
    after: tuple[date | None, int] | None = None

    def address(self, **changes: str) -> str:
        """The query string of this look with something changed."""
        parts = {"who": self.who, "right": self.right, "closed": "1" if self.closed else "", **changes}
        kept = {key: value for key, value in parts.items() if value and (key, value) != ("who", "ours")}
        return f"?{urlencode(kept)}" if kept else "?"


@dataclass
class Group:
    """The rows of one urgency; `more` is the address that goes on below them."""

    key: str
    title: Promise | str
    rows: list[Case] = field(default_factory=list)
    count: int = 0
    more: str = ""


@dataclass(frozen=True)
class Desk:
    """One look at the desk."""

    groups: list[Group]
    counts: dict[str, int]
    shown: int
    today: date

    @property
    def overdue(self) -> int:
        return self.counts["overdue"]

    @property
    def is_cut_short(self) -> bool:
        """Whether there are more open cases than were counted: then every count is a least."""
        return self.counts["read"] >= COUNTED


def lens(asked: Mapping[str, str]) -> Lens:
    """The look that an address asks for; what it does not know it leaves aside."""
    who, right, group = asked.get("who", ""), asked.get("right", ""), asked.get("group", "")
    return Lens(
        who=who if who in PEOPLE else "ours",
        right=right if right in {*Right, OTHER} else "",
        closed=asked.get("closed") == "1",
        group=group if group in GROUPS else "",
        after=_edge(asked.get("after", "")),
    )


def _edge(text: str) -> tuple[date | None, int] | None:
    """2026-12-16.42 as the last row that was shown; `-.42` where it had no date."""
    day, _dot, pk = text.rpartition(".")
    try:
        return (None if day == "-" else date.fromisoformat(day)), int(pk)
    except ValueError:
        return None


def desk(cases: QuerySet[Case], user: User, looked: Lens, *, zone: str) -> Desk:
    """The list by urgency, with counts. Every part is read by its own index range, first rows first."""
    today = clock.today(zone)
    counts = _counts(cases, user, looked, today)
    chosen = _of_right(_of_people(cases, user, looked.who), looked.right)
    groups = [group for group in _groups(chosen, looked, today) if group.rows or group.more]
    for group in groups:
        group.count = max(counts.get(group.key, 0), len(group.rows))
    shown = [case for group in groups for case in group.rows]
    _with_addresses(shown)
    _with_last_writer(shown)
    return Desk(groups, counts, shown=len(shown), today=today)


def _groups(cases: QuerySet[Case], looked: Lens, today: date) -> list[Group]:
    if looked.closed:
        return [_group(CLOSED, cases.filter(standing=Standing.OVER), looked)]
    ranges = {key: cases.filter(rule) for key, rule in _urgencies(today).items()}
    if looked.group in ranges:
        return [_group(looked.group, ranges[looked.group], looked)]
    urgent = _urgent(cases.filter(MOVING, due_on__lte=today + SOON), looked, today)
    return [*urgent, *(_group(key, rows, looked) for key, rows in ranges.items() if key not in ("overdue", "soon"))]


def _urgent(cases: QuerySet[Case], looked: Lens, today: date) -> list[Group]:
    """Overdue and due soon are one range of one index: read once, parted here. What is most overdue is never pushed off."""
    rows = _first(cases, ("due_on", "pk"), 2 * ROWS + 1)
    parted: dict[str, list[Case]] = {"overdue": [], "soon": []}
    for case in rows[: 2 * ROWS]:
        parted["overdue" if case.due_on and case.due_on < today else "soon"].append(case)
    groups = [Group(key, GROUPS[key], found) for key, found in parted.items()]
    if len(rows) > 2 * ROWS:
        overdue, soon = groups
        soon.more = _more(soon, looked) if soon.rows else looked.address(group="soon")
        overdue.more = "" if soon.rows else _more(overdue, looked)
    return groups


def found(cases: QuerySet[Case], typed: str) -> list[Case]:
    """The cases of a reference or of an exact email address. Names are sealed: nothing can search them."""
    if "@" in typed:  # no reference has one; asked for both at once, the database would look at every case
        theirs = Identifier.objects.filter(token=crypto.blind_index("email", typed)).values("case")
        cases = cases.filter(pk__in=theirs)
    else:
        cases = cases.filter(reference=codes.normalise_reference(typed))
    rows = list(cases.order_by("-pk")[:ROWS])
    _with_addresses(rows)
    _with_last_writer(rows)
    return rows


def next_date(cases: QuerySet[Case]) -> Case | None:
    """The case whose date comes first, for a desk on which nothing waits."""
    return cases.filter(MOVING, due_on__isnull=False).order_by("due_on", "pk").first()


def _with_addresses(cases: Sequence[Case]) -> None:
    """One query for the email addresses of all rows."""
    prefetch_related_objects(cases, Prefetch("identifiers", queryset=Identifier.objects.filter(kind="email"), to_attr="addresses"))
    for case in cases:
        for address in case.addresses:  # type: ignore[attr-defined]  # set by the line above
            address.case = case  # its value is sealed under the key of this very row


def _with_last_writer(cases: Sequence[Case]) -> None:
    """Who wrote last in each thread, and when, in one query: the person's message is the next step."""
    newest = Message.objects.filter(case__in=cases).exclude(via=Via.REQUEST).values("case").annotate(newest=Max("pk")).values("newest")
    last = {message.case_id: message for message in Message.objects.filter(pk__in=newest)} if cases else {}
    for case in cases:
        message = last.get(case.pk)
        case.last_writer = message.author if message else ""  # type: ignore[attr-defined]  # for `steps`
        case.last_at = message.at if message else None  # type: ignore[attr-defined]  # for `rows`


def _of_people(cases: QuerySet[Case], user: User, who: str) -> QuerySet[Case]:
    rules = {"mine": Q(owner=user), "unassigned": Q(owner=None), "ours": Q(owner=user) | Q(owner=None), "everyone": Q()}
    return cases.filter(rules[who])


def _of_right(cases: QuerySet[Case], right: str) -> QuerySet[Case]:
    if right == OTHER:
        return cases.exclude(right__in=[Right.ACCESS, Right.DELETION])
    return cases.filter(right=right) if right else cases


def _urgencies(today: date) -> dict[str, Q]:
    """A rule per urgency; no case answers to two."""
    later = MOVING & Q(due_on__gt=today + SOON)
    return {
        "overdue": MOVING & Q(due_on__lt=today),
        "soon": MOVING & Q(due_on__gte=today, due_on__lte=today + SOON),
        "waiting": Q(standing=Standing.THEM) & later,
        "on_time": Q(standing=Standing.US) & later,
        "undated": MOVING & Q(due_on=None),
        "after": Q(standing=Standing.AFTER),
    }


def _group(key: str, cases: QuerySet[Case], looked: Lens) -> Group:
    """The first rows of a group, or those below the row where the last page ended."""
    order = ("-pk",) if key == CLOSED else ("due_on", "pk")
    if looked.after and looked.group == key:
        cases = cases.filter(_below(key, *looked.after))
    rows = _first(cases, order, ROWS + 1)
    group = Group(key, GROUPS[key], rows[:ROWS])
    if len(rows) > ROWS:
        group.more = _more(group, looked)
    return group


def _first(cases: QuerySet[Case], order: tuple[str, str] | tuple[str], most: int) -> list[Case]:
    """The first rows. Which they are is read from an index alone, however many are somebody else's; then those are read."""
    chosen = cases.order_by(*order).values("pk")[:most]
    return list(Case.objects.filter(pk__in=chosen).select_related("organisation", "owner").order_by(*order))


def _more(group: Group, looked: Lens) -> str:
    edge = group.rows[-1]
    return looked.address(group=group.key, after=f"{edge.due_on.isoformat() if edge.due_on else '-'}.{edge.pk}")


def _below(key: str, day: date | None, pk: int) -> Q:
    if key == CLOSED:
        return Q(pk__lt=pk)
    if day is None:
        return Q(due_on=None, pk__gt=pk)
    return Q(due_on__gte=day) & (Q(due_on__gt=day) | Q(due_on=day, pk__gt=pk))  # the first is what the index begins at


def _counts(cases: QuerySet[Case], user: User, looked: Lens, today: date) -> dict[str, int]:
    """The filters' counts, in one query, over at most `COUNTED` rows in the order of their dates."""
    rows = cases.filter(MOVING).order_by("due_on", "pk")[:COUNTED]
    people = {"mine": Q(owner=user), "unassigned": Q(owner=None), "ours": Q(owner=user) | Q(owner=None), "everyone": Q()}
    seen = people[looked.who]
    rights = {"all_rights": Q(), "access": Q(right=Right.ACCESS), "deletion": Q(right=Right.DELETION)}
    rights[OTHER] = ~(rights["access"] | rights["deletion"])
    of_right = rights.get(looked.right or "all_rights", Q(right=looked.right))
    asked = {key: rule & of_right for key, rule in people.items()}
    asked |= {f"right_{key}": rule & seen for key, rule in rights.items()}
    asked["read"] = Q()
    asked |= {key: rule & seen & of_right for key, rule in _urgencies(today).items() if key != "after"}
    return rows.aggregate(**{key: Count("pk", filter=rule) for key, rule in asked.items()})
