"""A calendar for a demo: its processes go by it, so that weeks pass in a story while nobody writes into a row."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.processes import Demo, eventually

AHEAD = Path(__file__).resolve().parent / "ahead"

FURTHEST = timedelta(hours=12)  # between a sample organisation and UTC, at most
SWEPT = 6  # every sample organisation but Pyplan, which has no store of its own


class Days:
    """How far ahead of the real day a demo lives; it only goes on."""

    def __init__(self, place: Path) -> None:
        self.place, self.ahead = place, timedelta()
        place.write_bytes(bytes(8))

    @property
    def settings(self) -> dict[str, str]:
        """What a demo runs with that goes by this calendar."""
        return {"PYTHONPATH": str(AHEAD), "STORY_AHEAD": str(self.place)}

    def pass_by(self, days: int, demo: Demo) -> None:
        """So many days go by, for every process at once; then the daily sweep of old rows has been, which nobody's story is about."""
        late = (datetime.now(UTC) + self.ahead + FURTHEST).date().isoformat()  # no place on earth has come beyond it yet
        self.ahead += timedelta(days=days)
        with self.place.open("r+b") as file:
            file.write((round(self.ahead.total_seconds()) * 1_000_000_000).to_bytes(8, "little"))
        swept = "SELECT id FROM exports_job WHERE kind = 'sweep' AND day > ? AND state IN ('finished', 'failed')"
        begun = "SELECT id FROM exports_job WHERE kind = 'sweep' AND day > ?"
        assert eventually(lambda: SWEPT <= len(demo.rows(begun, late)) == len(demo.rows(swept, late)), within=90), demo.rows(begun, late)

    def today(self, zone: str) -> date:
        return (datetime.now(UTC) + self.ahead).astimezone(ZoneInfo(zone)).date()
