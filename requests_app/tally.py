"""How an organisation keeps its dates: answers per month and right, on time or late. Test requests are left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.models import Case
from requests_app.rules.counting import add_months
from requests_app.words import right_title

MONTHS = 9
REFUSED = frozenset({"refused", "not_verifiable", "unanswered"})
# The drawing: 440 wide, the axis at 200, room for 150 above it.
LEFT, WIDTH, AXIS, ROOM, BAR = 30, 410, 200, 150, 26


@dataclass(frozen=True)
class Bar:
    """One month as it is drawn; all lengths in the units of the drawing."""

    words: str
    on_time: int
    late: int
    x: float
    on_y: float
    on_height: float
    late_y: float
    late_height: float

    @property
    def total(self) -> int:
        return self.on_time + self.late

    @property
    def middle(self) -> float:
        return self.x + BAR / 2

    @property
    def label_y(self) -> float:
        return self.late_y - 7


@dataclass(frozen=True)
class Tally:
    """Everything on the page of one organisation."""

    organisation: Organisation
    since: date
    until: date
    bars: list[Bar]
    grid: list[tuple[int, float]]
    rights: list[tuple[str, int, int]]
    on_time: int
    late: int
    refused: int
    half_within: int | None

    @property
    def answered(self) -> int:
        return self.on_time + self.late

    @property
    def share(self) -> int:
        """Percent on time, rounded down: 100 means all."""
        return self.on_time * 100 // self.answered if self.answered else 100


def tally(organisation: Organisation) -> Tally:
    """Answers of the last nine months, this one included."""
    until = clock.today(organisation.timezone)
    since = add_months(until.replace(day=1), 1 - MONTHS)
    answered = Case.objects.filter(organisation=organisation, is_test=False, answered_at__isnull=False, answered_at__date__gte=since)
    columns = answered.exclude(outcome="withdrawn").values_list("right", "received_at", "answered_at", "due_on", "outcome")
    zone = ZoneInfo(organisation.timezone)
    rows = [
        (right, came.astimezone(zone).date(), went.astimezone(zone).date(), due, outcome)
        for right, came, went, due, outcome in columns
        if went is not None
    ]
    kept = Counter((went.year, went.month, due is None or went <= due) for _right, _came, went, due, _outcome in rows)
    by_right = Counter((right, due is None or went <= due) for right, _came, went, due, _outcome in rows)
    months = [add_months(since, n) for n in range(MONTHS)]
    days = [(went - came).days for _right, came, went, _due, _outcome in rows]
    bars, grid = _drawn([(month, kept[month.year, month.month, True], kept[month.year, month.month, False]) for month in months])
    return Tally(
        organisation=organisation,
        since=since,
        until=until,
        bars=bars,
        grid=grid,
        rights=[
            (right_title(right), by_right[right, True], by_right[right, False]) for right in sorted({right for right, _kept in by_right})
        ],
        on_time=sum(bar.on_time for bar in bars),
        late=sum(bar.late for bar in bars),
        refused=sum(outcome in REFUSED for *_rest, outcome in rows),
        half_within=int(median(days)) if days else None,
    )


def _drawn(months: Sequence[tuple[date, int, int]]) -> tuple[list[Bar], list[tuple[int, float]]]:
    """Bars and grid lines, scaled so that the highest month fills the room."""
    highest = max([on_time + late for _month, on_time, late in months] + [1])
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 1000, 10_000, 100_000) if highest / size <= 4)
    unit = ROOM / (step * -(-highest // step))
    slot = WIDTH / len(months)
    bars = []
    for number, (month, on_time, late) in enumerate(months):
        on_y = AXIS - on_time * unit
        late_y = on_y - late * unit
        x = LEFT + slot * number + (slot - BAR) / 2
        words = dateformat.format(month, _("M"))
        bars.append(Bar(words, on_time, late, _round(x), _round(on_y), _round(on_time * unit), _round(late_y), _round(late * unit)))
    lines = [(count, _round(AXIS - count * unit)) for count in range(0, step * -(-highest // step) + 1, step)]
    return bars, lines


def _round(length: float) -> float:
    return round(length, 1)
