"""Posts what visitors of a demo are sent while the sample requests are still being played: nobody waits a minute for a code.

The play is not disturbed: its letters are written on days that are over, and it posts those itself, on their days.
"""

import time
from datetime import datetime

from django.db.models import Q

from portal.demo import play
from portal.kit import clock
from requests_app import letters
from requests_app.flows import following
from requests_app.models import Letter

ROUND = 0.3
PATIENCE = 180.0  # with a play that no longer moves: by then the workers are there


def carry() -> int:
    """Round after round until the play is over; the number of letters that went out."""
    since, seen, moved_at = clock.now(), play.progress(), time.monotonic()
    posted = 0
    while not play.is_over() and time.monotonic() - moved_at < PATIENCE:
        following.settle_due()
        posted += round_of(since)
        if (now := play.progress()) != seen:
            seen, moved_at = now, time.monotonic()
        time.sleep(ROUND)
    return posted


def round_of(since: datetime) -> int:
    """Whatever is due and was written since then, which no letter of the play was."""
    fresh = Letter.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=clock.now()), created_at__gte=since)
    due = fresh.filter(due_at__lte=clock.now()).order_by("due_at")
    return sum(letters.post(pk) for pk in due.values_list("pk", flat=True)[:50])
