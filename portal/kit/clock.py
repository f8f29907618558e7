"""The one place that asks what time it is, so that tests can travel."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """The present moment, in UTC."""
    return timezone.now()


def today(zone: str) -> date:
    """The calendar date in an organisation's time zone: the law counts local days."""
    return now().astimezone(ZoneInfo(zone)).date()


def local_date(moment: datetime, zone: str) -> date:
    """The local calendar date of a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()
