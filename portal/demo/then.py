"""The sample cases happened on other days: this moves the clock of one process there and back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from django.utils import timezone


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside, it is that moment and time goes on from it. Only for a process that serves nobody."""
    began = time.monotonic()
    with patch.object(timezone, "now", lambda: moment + timedelta(seconds=time.monotonic() - began)):
        yield
